// Inviting another phone: the address and the access token of this server as a QR code.

import { button, dialog, h, svg, toast } from "./dom.js";
import { ask } from "./api.js";
import { profile } from "./state.js";
import { T } from "./texts.js";

const QUIET = 4; // modules of margin that scanners need

// The rows of a QR code, as "0110…", drawn dark on light in both themes.
function drawn(rows, words) {
  const size = rows.length + 2 * QUIET;
  const dark = rows
    .flatMap((row, y) => [...row].map((one, x) => (one === "1" ? `M${x + QUIET} ${y + QUIET}h1v1h-1z` : "")))
    .join("");
  return svg(
    "svg",
    { class: "code", viewBox: `0 0 ${size} ${size}`, role: "img", "aria-label": words },
    svg("path", { d: `M0 0h${size}v${size}h-${size}z`, fill: "#fff" }),
    svg("path", { d: dark, fill: "#000" }),
  );
}

const shown = ({ link, code }, words) => [
  h("p", null, words),
  drawn(code, T.codeLabel),
  h("p", { class: "link" }, h("code", null, link)),
];

export async function invite() {
  let invitation;
  try {
    const who = profile() ? `?profile=${profile().id}` : "";
    invitation = await ask("GET", `/api/invitation${who}`);
  } catch (error) {
    toast(error.message);
    return;
  }
  const { app, setup, climber } = invitation;
  if (!app) {
    dialog(
      T.inviteTitle,
      T.close,
      h("p", null, T.inviteLocal),
      h("pre", null, T.inviteCommand),
      h("p", { class: "quiet" }, T.inviteAfter),
    );
    return;
  }
  dialog(
    T.inviteTitle,
    T.close,
    h(
      "div",
      { class: "invitation" },
      setup && shown(setup, T.inviteSetup),
      shown(app, setup ? T.inviteThen : T.inviteScan),
      navigator.clipboard &&
        button("share", T.copy, async () => {
          await navigator.clipboard.writeText(app.link);
          toast(T.copied);
        }),
      h("p", { class: "warn" }, climber ? T.invitePrivate : T.inviteWarning),
      climber && shown(climber, T.inviteOwn),
    ),
  );
}
