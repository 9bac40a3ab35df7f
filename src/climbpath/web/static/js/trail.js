// The problems seen, in the order in which they were seen, also after a restart. The browser's back and forward and the
// page's own buttons go through the same ones: every problem shown has an entry in the browser's history.

import { keep, keepInTab, kept, keptInTab, newId } from "./storage.js";
import { query } from "./problem.js";

const MOST = 100;
const FAR = 45; // browsers keep 50 entries

// `at` is the index of the problem that is shown, and one past the end while there is none.
const trail = { seen: [], at: -1, ...kept("trail", {}) };
// The entries of this tab, by place: the id of the problem seen there, or null for another view. An entry of an earlier
// time in this tab, before another site was visited, say, has another `era`; how far it is from here is not known.
const tab = { era: null, ids: [], ...keptInTab("places", {}) };
let place = 0;
let going = null; // {to, then}: the browser is on its way to a place, and what is to be done there

function locate() {
  if (history.state?.era && history.state.era === tab.era) {
    place = history.state.place;
  } else {
    place = 0;
    Object.assign(tab, { era: newId(), ids: [null] });
  }
}
locate();

export const current = () => trail.seen[trail.at]?.problem ?? null;
export const hasBefore = () => trail.at > 0;
export const hasAfter = () => trail.at + 1 < trail.seen.length;
export const seen = () => trail.seen.map(({ problem }) => problem);

const store = () => keep("trail", trail);

// Write the browser's entry at this place: a new one, or over the one that is there.
function write(id, address, isNew) {
  if (isNew) {
    place += 1;
    tab.ids.length = place;
  }
  tab.ids[place] = id;
  keepInTab("places", tab);
  const state = { era: tab.era, place, id };
  if (isNew) history.pushState(state, "", address);
  else history.replaceState(state, "", address);
}

// Note something in the browser's entry that is shown, for when it is gone back to.
export const noteHere = (fields) => history.replaceState({ ...history.state, ...fields }, "");

// Do something to the browser's history, as soon as it has arrived where it is going.
function whenThere(task) {
  if (going) going.then.push(task);
  else task();
}

// To another view; `then` shows it. The entry that is left keeps how far the page was scrolled.
export function visit(address, then) {
  whenThere(() => {
    noteHere({ scroll: window.scrollY });
    write(null, address, true);
    then();
  });
}

// A message in place of a problem.
export function nowhere(address) {
  trail.seen = trail.seen.slice(0, trail.at + 1);
  trail.at = trail.seen.length;
  store();
  whenThere(() => write(null, address, tab.ids[place] !== null));
}

// A problem that was not shown before: what came after the one before it is forgotten, as browsers do.
export function see(problem) {
  const item = { id: newId(), problem };
  trail.seen = [...trail.seen.slice(0, trail.at + 1), item].slice(-MOST);
  trail.at = trail.seen.length - 1;
  store();
  whenThere(() => write(item.id, `?${query(problem)}`, tab.ids[place] !== null));
}

// The problem that is shown, perhaps with another name, at this entry of the browser's.
export function stay(problem = current()) {
  const item = trail.seen[trail.at];
  item.problem = problem;
  store();
  whenThere(() => write(item.id, `?${query(problem)}`, false));
}

// To the next problem seen (1) or the one before (-1). The browser goes to its entry, if it has one.
export function step(way) {
  trail.at += way;
  store();
  const { id, problem } = trail.seen[trail.at];
  whenThere(() => {
    const to = placeOf(id, way);
    if (to === null) {
      write(id, `?${query(problem)}`, way > 0);
    } else {
      going = { to, then: [] };
      history.go(to - place);
    }
  });
}

function placeOf(id, way) {
  const least = tab.ids.length - FAR;
  for (let to = place + way; to >= Math.max(0, least) && to < tab.ids.length; to += way) {
    if (tab.ids[to] === id) return to;
  }
  return null;
}

// The browser has gone to another entry: true if the page had sent it there and shows the right thing already.
export function arrived() {
  const asked = going;
  going = null;
  locate();
  if (asked?.to !== place) return false;
  for (const task of asked.then) whenThere(task);
  return true;
}

// Where an entry of the browser's is on the trail; false if it is not, or no longer.
export function resume() {
  const at = trail.seen.findIndex(({ id }) => id === history.state?.id);
  if (at < 0) return false;
  trail.at = at;
  store();
  return true;
}
