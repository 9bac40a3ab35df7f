// A field for a climber's height or ape index: centimetres, metres, or feet and inches.

import { h, labelled } from "./dom.js";
import { imperial } from "./lengths.js";
import { T } from "./texts.js";

export const shown = (cm) => String(Math.round(cm * 10) / 10);

// What cannot be, {text, words} in `wrong`, is told below the field and stays as it was typed.
export function lengthField(field, cm, { wrong, onchange, empty } = {}) {
  const said = `${field}-said`;
  const input = h("input", {
    type: "text",
    name: field,
    autocomplete: "off",
    maxlength: 20,
    value: wrong?.text ?? (cm === null ? "" : shown(cm)),
    placeholder: empty === undefined ? null : shown(empty),
    "aria-invalid": wrong ? "true" : null,
    "aria-describedby": said,
    onchange,
  });
  const hint = wrong?.words ?? T.lengthHint[field](imperial(cm ?? empty));
  return h(
    "div",
    { class: "field" },
    labelled({ height: T.height, ape: T.ape }[field], input),
    h("small", { id: said, class: wrong ? "warn" : null, role: wrong ? "alert" : null }, hint),
  );
}
