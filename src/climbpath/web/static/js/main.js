// Starts the app: shows the view that the address names, and stays in touch with the server.

import { ask, isSending, waitingWrites } from "./api.js";
import { h, hush, icon, replace, toast } from "./dom.js";
import { T } from "./texts.js";
import { boardOf, change, fitsHere, isOnWall, layout, listen, profile, setupFor, setupInUse, state } from "./state.js";
import { keep, kept } from "./storage.js";
import { loadProfiles, refreshCopy } from "./book.js";
import { Climb } from "./climb.js";
import { Compose, faultOf } from "./compose.js";
import { Logbook } from "./logbook.js";
import { Workout } from "./workout.js";
import { ClimberView, applyTheme } from "./climber.js";
import { Who } from "./who.js";
import { showGuest } from "./guest.js";
import { DEFAULT_BOARD, boardOfLink, hasAngle, readLink, rolesOf } from "./problem.js";
import { arrived, visit } from "./trail.js";
import { resumeLights } from "./lights.js";
import { keepAwake } from "./awake.js";

const main = document.getElementById("main");
const views = { climb: Climb, workout: Workout, compose: Compose, logbook: Logbook, climber: ClimberView };
const AGAIN_MS = 5000;
const START_MS = 4000;
let current = null;
let name = null;

function tabs() {
  replace(
    document.getElementById("tabs"),
    Object.keys(views).map((view) =>
      h(
        "a",
        { href: `?view=${view}`, "aria-current": view === name ? "page" : null },
        icon(view),
        h("span", null, T.tabs[view]),
      ),
    ),
  );
}

function header() {
  const waits = isSending() ? 0 : waitingWrites();
  const words = state.online ? "" : T.offline;
  replace(
    document.getElementById("header"),
    h("strong", { class: "brand" }, "climbpath"),
    (words || waits > 0) &&
      h(
        "button",
        {
          type: "button",
          class: "offline",
          title: T.offlineHelp,
          onclick: () => {
            toast(T.offlineHelp);
            reconnect();
          },
        },
        [words, waits > 0 && T.waiting(waits)].filter(Boolean).join(" · "),
      ),
  );
}

// Show what the address says: a view, and a problem in it. A faulty problem is shown where it can be changed. Before
// anything, a new device asks who climbs.
function follow() {
  if (!profile()) {
    document.querySelector("dialog")?.close();
    current = new Who();
    name = null;
    main.replaceChildren(current.root);
    document.title = `${T.whoTitle} · climbpath`;
    replace(document.getElementById("tabs"));
    current.start();
    return;
  }
  const fields = new URLSearchParams(location.search);
  const problem = readLink(fields, state.appInfo);
  const view = Object.hasOwn(views, fields.get("view")) ? fields.get("view") : "climb";
  if (fields.get("problem") && !problem) toast(T.badLink(boardOfLink(fields, state.appInfo)));
  const size = problem && fields.get("size"); // that of whoever shared it, until the climber chooses one
  if (size && boardOf(problem).sizes[size]) state.linkedSizes[problem.board] = size;
  const isFaulty = problem && faultOf(rolesOf(problem), boardOf(problem), problem.angle);
  show(view === "climb" && isFaulty ? "compose" : view, problem, fields);
}

function show(view, problem, fields) {
  document.querySelector("dialog")?.close();
  current = null;
  const fits = view === "compose" ? isOnWall : fitsHere;
  if (problem && !fits(problem)) change({ setup: setupFor(problem) });
  name = view;
  const open = (one) => visit("?view=climb", () => show("climb", one));
  const isList = view === "logbook" || view === "workout"; // which open problems
  current = isList ? new views[view](open, fields) : new views[view](problem, fields);
  main.replaceChildren(current.root);
  document.title = `${T.tabs[view]} · climbpath`;
  tabs();
  window.scrollTo({ top: 0 });
  const started = Promise.resolve(current.start());
  const { scroll } = history.state ?? {}; // a view that is gone back to is where it was left
  if (scroll) started.then(() => window.scrollTo({ top: scroll }));
}

// Send the changes made offline, and load what the server has: with changes made on other devices, and without those
// that it refused.
async function reconnect() {
  try {
    await loadProfiles();
    await refreshCopy();
  } catch {
    // repeated while the server cannot be reached
  }
}

async function begin() {
  applyTheme();
  const skip = document.getElementById("skip");
  skip.textContent = T.skip;
  skip.onclick = (event) => {
    event.preventDefault();
    main.focus();
  };
  document.getElementById("tabs").setAttribute("aria-label", T.nav);
  try {
    const isNew = !state.profiles.length; // otherwise the climbers stored here will do until the server answers
    [state.appInfo] = await Promise.all([
      ask("GET", "/api/boards", undefined, { patience: START_MS }),
      isNew && loadProfiles(),
    ]);
    keep("appInfo", state.appInfo);
  } catch (error) {
    state.appInfo ??= kept("appInfo", null);
    if (error.status === 401) {
      header();
      await showGuest(main);
      return;
    }
    if (!state.appInfo || !state.profiles.length) {
      replace(main, h("p", { class: "message" }, error.message));
      return;
    }
  }
  header();
  listen((fields) => {
    if ("profileId" in fields && Boolean(profile()) === current instanceof Who) follow();
    else current?.heard(fields);
    header();
    if ("profileId" in fields) hush();
    if (fields.online || fields.refused || "profileId" in fields) reconnect();
    if ("playing" in fields) keepAwake(Boolean(state.playing));
  });
  keepAwake(Boolean(state.playing));
  if (setupInUse()) change({ setup: setupInUse() });
  if (!layout() || !hasAngle(layout(), state.setup.angle)) {
    const usual = state.appInfo.boards.find((one) => one.name === DEFAULT_BOARD);
    const { name: board, usual_angle: angle } = layout() ?? usual ?? state.appInfo.boards[0];
    change({ setup: { board, angle } });
  }
  follow();
  window.addEventListener("popstate", () => (profile() && arrived()) || follow());
  reconnect();
  resumeLights();
  navigator.serviceWorker?.register("/sw.js").catch(() => {}); // refused if the certificate is not trusted
}

window.addEventListener("online", reconnect);
window.addEventListener("offline", () => change({ online: false }));
setInterval(() => {
  if (!state.online || waitingWrites()) reconnect();
}, AGAIN_MS);
document.addEventListener("click", (event) => {
  const href = event.target.closest("a")?.getAttribute("href");
  if (!href?.startsWith("?") || event.ctrlKey || event.metaKey || event.shiftKey) return; // opens elsewhere
  event.preventDefault();
  visit(href, follow);
});
document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input, select, textarea, dialog, [contenteditable]");
  const isBrowsers = event.altKey || ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() !== "z");
  if (!isTyping && !isBrowsers && current?.key(event)) event.preventDefault();
});

begin();
