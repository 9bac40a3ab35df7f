// The current climber's logbook: on the server, with a copy of its newest entries on this device.

import { toast } from "./dom.js";
import { askAfterWrites, waitingWrites, write } from "./api.js";
import { newId, keep, kept } from "./storage.js";
import { boardOf, change, profile, rank, state, wallOn } from "./state.js";
import { bodyOf } from "./analysis.js";
import { T } from "./texts.js";
import { today } from "./dates.js";

const NEWEST = 200; // which is also the most that the server gives at once
const MOST_WALLS = 50;
const copyOf = (owner) => kept(`book.${owner}`, []);
export const inCopy = (identity, owner = profile().id) =>
  copyOf(owner).find((entry) => entry.identity === identity) ?? null;

// Put an entry into the copy, or take it out if it is null.
function note(identity, entry, owner = profile().id) {
  const others = copyOf(owner).filter((other) => other.identity !== identity);
  keep(`book.${owner}`, (entry ? [entry, ...others] : others).slice(0, NEWEST));
  if (owner === profile().id) change({ entry, noted: identity });
}

const path = (identity, more = "") => `/api/problems/${encodeURIComponent(identity)}${more}?profile=${profile().id}`;

// Change an entry: at once here, and on the server as soon as it can be reached. The write is queued before the change
// is shown; while more writes for this entry wait, the server's answer is older than what is shown. Resolves to false if
// the server refuses it.
async function put(entry, method, address, body) {
  const [{ identity }, { id }] = [entry, profile()];
  const answering = write(method, address, body);
  note(identity, entry, id);
  const answer = await answering;
  if (answer !== false && !waitingWrites(encodeURIComponent(identity))) {
    const now = answer ?? (await fetched(identity, id).catch(() => entry)); // null: another tab sent it
    if (!now) toast(T.lost([T.gone]));
    note(identity, now, id);
  }
  return answer !== false;
}

async function fetched(identity, owner) {
  const results = await askAfterWrites(
    "GET",
    `/api/problems?profile=${owner}&text=${encodeURIComponent(identity.slice(0, 100))}`,
  );
  return results.entries.find((entry) => entry.identity === identity) ?? null;
}

// The entry of a problem, or null if it is not saved.
export async function entryOf({ identity }) {
  const here = inCopy(identity);
  if (here || !state.online) return here;
  const { id } = profile();
  const entry = await fetched(identity, id);
  if (entry) note(identity, entry, id);
  return entry;
}

// Renew the copy: with changes made on other devices, and without those that the server refused.
export async function refreshCopy() {
  if (!profile()) return;
  const { id } = profile();
  const { entries } = await askAfterWrites("GET", `/api/problems?profile=${id}&limit=${NEWEST}`);
  if (waitingWrites()) return;
  keep(`book.${id}`, entries);
  change({ renewed: id });
}

export function save(problem) {
  const blank = {
    identity: problem.identity,
    problem,
    stars: 0,
    notes: "",
    felt: null,
    lists: [],
    ticks: [],
    saved: new Date().toISOString(),
  };
  return put(inCopy(problem.identity) ?? blank, "POST", `/api/problems?profile=${profile().id}`, bodyOf(problem));
}

export function edit(entry, fields) {
  const { name, ...others } = fields;
  const problem = name === undefined ? entry.problem : { ...entry.problem, name: name || null };
  return put({ ...entry, ...others, problem }, "PATCH", path(entry.identity), fields);
}

export async function remove({ identity }) {
  const removing = write("PATCH", path(identity), { deleted: true });
  note(identity, null);
  await removing;
}

export const bringBack = (entry) => put(entry, "PATCH", path(entry.identity), { deleted: false });

// Add a day's attempts, or correct those with this id: {id, day, attempts, sent, reached, angle}.
export function tick(entry, { id = newId(), ...fields }) {
  const ticks = [...entry.ticks.filter((other) => other.id !== id), { id, ...fields }];
  ticks.sort((one, other) => one.day.localeCompare(other.day));
  return put({ ...entry, ticks }, "PUT", path(entry.identity, `/ticks/${id}`), fields);
}

export const untick = (entry, done) =>
  put(
    { ...entry, ticks: entry.ticks.filter((other) => other.id !== done.id) },
    "DELETE",
    path(entry.identity, `/ticks/${done.id}`),
  );

// {entries, read, left_out, total, lists, boards} of a search, of which the first `most` are read; from the copy on this
// device if the server cannot be reached.
export async function search(fields, most) {
  const { id } = profile();
  const wanted = Object.entries(fields).filter(([, value]) => value !== "");
  const found = { entries: [], left_out: [], read: 0 };
  try {
    for (;;) {
      const limit = Math.min(most - found.read, NEWEST);
      const asked = new URLSearchParams([["profile", id], ["offset", found.read], ["limit", limit], ...wanted]);
      const { entries, left_out: leftOut, read, ...others } = await askAfterWrites("GET", `/api/problems?${asked}`);
      found.entries.push(...entries);
      found.left_out.push(...leftOut);
      found.read += read;
      if (!read || found.read >= Math.min(most, others.total)) return { ...found, ...others };
    }
  } catch (error) {
    if (error.status !== 0) throw error;
    return { ...searchCopy(copyOf(id), fields), isOffline: true };
  }
}

const rankOf = ({ problem }) => rank(problem.grade);
const nameOf = ({ problem }) => problem.name ?? "";
const hasGrade = ({ problem }) => problem.grade !== null;
const ungradedLast = (a, b) => hasGrade(b) - hasGrade(a);
const ORDERS = {
  newest: (a, b) => b.saved.localeCompare(a.saved),
  easiest: (a, b) => ungradedLast(a, b) || rankOf(a) - rankOf(b),
  hardest: (a, b) => ungradedLast(a, b) || rankOf(b) - rankOf(a),
  stars: (a, b) => b.stars - a.stars,
  name: (a, b) => nameOf(a).localeCompare(nameOf(b)),
};

const isSent = ({ ticks }) => ticks.some((one) => one.sent !== false);
const PROGRESS = {
  sent: isSent,
  tried: (entry) => entry.ticks.length > 0 && !isSent(entry),
  unsent: (entry) => !isSent(entry),
};

function counted(names) {
  const counts = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

function searchCopy(copy, { text, board, in_list: list, progress, easiest, hardest, order }) {
  const words = text.toLowerCase().split(/\s+/);
  const searched = (entry) => `${nameOf(entry)} ${entry.notes} ${entry.identity}`.toLowerCase();
  const entries = copy
    .filter(
      (entry) =>
        words.every((word) => searched(entry).includes(word)) &&
        (!board || entry.problem.board === board) &&
        (!list || entry.lists.includes(list)) &&
        (!progress || PROGRESS[progress](entry)) &&
        (!easiest || rankOf(entry) >= rank(easiest)) &&
        (!hardest || (hasGrade(entry) && rankOf(entry) <= rank(hardest))),
    )
    .sort(ORDERS[order]);
  const [lists, boards] = [copy.flatMap((entry) => entry.lists), copy.map((entry) => entry.problem.board)].map(counted);
  return { entries, read: entries.length, left_out: [], total: entries.length, lists, boards };
}

// The current climber's statistics on a board. If the server cannot be reached, those that it gave last, with the time.
export async function statistics(board) {
  const { id } = profile();
  const name = `statistics.${id}.${board}`;
  try {
    const found = await askAfterWrites("GET", `/api/statistics?profile=${id}${board ? `&board=${board}` : ""}`);
    keep(name, { ...found, asOf: today() });
    return found;
  } catch (error) {
    const last = error.status === 0 ? kept(name, null) : null;
    if (!last) throw error;
    return { ...last, isOffline: true };
  }
}

// Load the climbers from the server. Where this device's climber is none of them, it asks again who climbs.
export async function loadProfiles() {
  const profiles = await askAfterWrites("GET", "/api/profiles");
  if (waitingWrites() && state.profiles.length) return; // this device has newer ones
  const isGone = state.profileId && !profiles.some((one) => one.id === state.profileId);
  if (isGone) change({ profiles, profileId: null });
  else if (JSON.stringify(profiles) !== JSON.stringify(state.profiles)) change({ profiles });
}

export async function keepProfile({ id, ...body }) {
  const keeping = write("PUT", `/api/profiles/${id}`, body);
  const there = state.profiles.findIndex((one) => one.id === id);
  const profiles = [...state.profiles];
  profiles.splice(there < 0 ? profiles.length : there, 1, { id, ...body });
  change({ profiles });
  await keeping;
}

// The boards of which the climber has said on this device that all holds are there.
const wholeOf = ({ id }) => kept(`whole.${id}`, []);
export const isWhole = (board) => Boolean(profile()) && wholeOf(profile()).includes(board);

// Keep what the climber has of a board in their profile, where it comes first from now on.
function putWall(board, fields) {
  const { walls = [], ...one } = profile();
  const angle = board === state.setup.board ? state.setup.angle : boardOf({ board }).usual_angle;
  const usual = { board, angle, size: null, hold_sets: null };
  const wall = { ...usual, ...wallOn(board), ...fields };
  if ("size" in fields) delete state.linkedSizes[board];
  if (fields.size === null) keep(`whole.${one.id}`, [...new Set([...wholeOf(one), board])]);
  keepProfile({ ...one, walls: [wall, ...walls.filter((other) => other.board !== board)].slice(0, MOST_WALLS) });
}

// Choose what is there of a board.
export function keepWall(fields, board = state.setup.board) {
  putWall(board, fields);
  change({ wall: board });
}

// Choose the easiest and the hardest grade, which each climber has of their own.
export function chooseRange([easiest, hardest]) {
  keepProfile({ ...profile(), easiest, hardest });
  change({ range: [easiest, hardest] });
}

// Choose a board at an angle.
export function chooseSetup(setup) {
  putWall(setup.board, { angle: setup.angle });
  change({ setup });
}

export async function removeProfile(one) {
  const removing = write("DELETE", `/api/profiles/${one.id}`);
  const profiles = state.profiles.filter((other) => other.id !== one.id);
  change({ profiles, profileId: null });
  await removing;
}
