// Starts the app: reads the link, shows the view that it names, and keeps in touch with the server.

import { ask, send, waitingWrites } from "./api.js";
import { h, icon, replace, toast } from "./dom.js";
import { T } from "./texts.js";
import { change, listen, state } from "./state.js";
import { keep, kept } from "./storage.js";
import { loadProfiles } from "./book.js";
import { Climb } from "./climb.js";
import { Compose } from "./compose.js";
import { Logbook } from "./logbook.js";
import { ClimberView, applyTheme } from "./climber.js";
import { readLink } from "./problem.js";

const main = document.getElementById("main");
const views = { climb: Climb, compose: Compose, logbook: Logbook, climber: ClimberView };
const AGAIN_MS = 15000;
let current = null;
let name = null;

function tabs() {
  replace(document.getElementById("tabs"), Object.keys(views).map((view) =>
    h("a", { href: `?view=${view}`, "aria-current": view === name ? "page" : null,
      onclick: (event) => { event.preventDefault(); go(view); } }, icon(view), h("span", null, T.tabs[view]))));
}

function header() {
  const waits = waitingWrites();
  const words = !state.online ? T.offline : "";
  replace(document.getElementById("header"),
    h("strong", { class: "brand" }, "climbpath"),
    (words || waits > 0) && h("button", { type: "button", class: "offline", title: T.offlineTold, onclick: () => { toast(T.offlineTold); reconnect(); } },
      [words, waits > 0 && T.waiting(waits)].filter(Boolean).join(" · ")));
}

// What a link says: a view, and a problem with pins and bans where it is to be changed.
function linked() {
  const fields = new URLSearchParams(location.search);
  const problem = readLink(location.search, state.welcome.boards);
  const view = fields.get("view") in views ? fields.get("view") : "climb";
  const labels = (field) => fields.get(field)?.split("-").filter((label) => label !== "none");
  return { view, problem, pins: labels("pins"), bans: labels("bans") };
}

function go(view, { problem, pins, bans, isNew = true } = {}) {
  if (problem) change({ place: { board: problem.board, angle: problem.angle } });
  name = view;
  if (isNew) history.pushState(null, "", `?view=${view}`);
  const open = (one) => go("climb", { problem: one });
  current = view === "logbook" ? new Logbook(open) : new views[view](view === "compose" ? problem && { problem, pins, bans } : problem);
  main.replaceChildren(current.root);
  document.title = `${T.tabs[view]} · climbpath`;
  tabs();
  window.scrollTo({ top: 0 });
  current.start();
}

async function reconnect() {
  try {
    await ask("GET", "/api/profiles");
  } catch (error) {
    if (error.status === 0) { online(false); return; }
  }
  online(true);
  const waits = waitingWrites();
  if (!waits) return;
  const { refused } = await send();
  for (const error of refused.values()) toast(T.lost(error.message));
  if (!waitingWrites() && refused.size < waits) toast(T.sent);
  header();
}

function online(isOnline) {
  if (state.online !== isOnline) change({ online: isOnline });
  header();
}

async function begin() {
  applyTheme();
  document.getElementById("skip").textContent = T.skip;
  document.getElementById("tabs").setAttribute("aria-label", T.nav);
  try {
    state.welcome = await ask("GET", "/api/boards");
    keep("welcome", state.welcome);
    await loadProfiles();
  } catch (error) {
    state.welcome ??= kept("welcome", null);
    if (!state.welcome || error.status) { replace(main, h("p", { class: "told" }, error.message)); return; }
    state.online = false;
  }
  header();
  listen((fields) => {
    current?.heard(fields);
    header();
  });
  const { view, ...rest } = linked();
  go(view, { ...rest, isNew: false });
  if (navigator.serviceWorker) navigator.serviceWorker.register("/sw.js");
  if (state.online) reconnect();
}

window.addEventListener("popstate", () => { const { view, ...rest } = linked(); go(view, { ...rest, isNew: false }); });
window.addEventListener("online", reconnect);
window.addEventListener("offline", () => online(false));
setInterval(() => { if (!state.online || waitingWrites()) reconnect(); }, AGAIN_MS);
document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input, select, textarea, dialog, [contenteditable]");
  if (!isTyping && current?.key(event)) event.preventDefault();
});

begin();
