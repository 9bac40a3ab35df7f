// Walks one light over the board: which LED is where? Tapping the hold at the light that is on writes it down, and going
// on says that it is where it was expected.

import { button, dialog, h, replace } from "./dom.js";
import { T } from "./texts.js";
import { BoardView } from "./board.js";
import { lightOne } from "./lights.js";
import { sizeOf } from "./state.js";

// `leds` is the wiring so far, label -> LED; `keepMapping` takes the new one.
export function walkLeds(layout, leds, keepMapping) {
  const mapping = {};
  let at = 0;
  const expected = () => Object.keys(leds).find((label) => leds[label] === at);
  const found = () => Object.keys(mapping).find((label) => mapping[label] === at);
  const go = (to) => {
    at = Math.max(0, to);
    lightOne(layout, at);
    render();
  };
  const goOn = () => {
    const label = expected();
    if (!found() && label && !(label in mapping)) mapping[label] = at;
    go(at + 1);
  };
  // what was found, and what was expected of the other LEDs at the other holds
  const wiring = () => {
    const taken = new Set(Object.values(mapping));
    const others = Object.entries(leds).filter(
      ([label, led]) => Number.isInteger(led) && !(label in mapping) && !taken.has(led),
    );
    return { ...Object.fromEntries(others), ...mapping };
  };
  const board = new BoardView({
    tap: (label) => {
      for (const other of Object.keys(mapping)) if (mapping[other] === at) delete mapping[other];
      mapping[label] = at;
      go(at + 1);
    },
  });
  board.lay(layout, false, sizeOf(layout));
  const words = h("p", { role: "status" });
  const buttons = h("div", { class: "row buttons" });
  const box = dialog(
    T.lights.walk,
    T.close,
    h("p", { class: "quiet" }, T.lights.walkWords),
    h("div", { class: "walked" }, board.sheet),
    words,
    buttons,
  );
  const render = () => {
    const [label, count] = [found() ?? expected(), Object.keys(mapping).length];
    const marks = Object.fromEntries(Object.keys(mapping).map((one) => [one, "use"]));
    board.show({ roles: label ? { [label]: "hands" } : {}, marks, words: T.lights.ledAt(at, label) });
    replace(words, found() ? T.lights.ledFound(at, label) : T.lights.ledAt(at, label));
    replace(
      buttons,
      button("back", T.lights.ledBefore, () => go(at - 1), { disabled: at === 0 }),
      button("next", T.lights.ledNext, goOn),
      count > 0 &&
        button(
          "sent",
          T.lights.keepWiring(count),
          () => {
            keepMapping(wiring());
            box.close();
          },
          { class: "primary" },
        ),
      count > 0 && button("download", T.lights.saveWiring, () => download(wiring(), layout.name), { class: "ghost" }),
    );
  };
  go(0);
}

function download(mapping, board) {
  const link = h("a", {
    href: URL.createObjectURL(new Blob([`${JSON.stringify(mapping, null, 1)}\n`], { type: "application/json" })),
    download: `${board}-leds.json`,
  });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
