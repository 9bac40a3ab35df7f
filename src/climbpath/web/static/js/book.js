// The logbook of the climber who is chosen: the server's, with a copy of its newest entries on this device.

import { ask, write } from "./api.js";
import { newId, keep, kept } from "./storage.js";
import { change, profile, state } from "./state.js";
import { bodyOf } from "./judge.js";
import { T } from "./texts.js";

const NEWEST = 200;
const copyName = () => `book.${profile().id}`;
const copy = () => kept(copyName(), []);

function note(entry) {
  const others = copy().filter((other) => other.identity !== entry.identity);
  keep(copyName(), [entry, ...others].slice(0, NEWEST));
  change({ entry });
  return entry;
}

const path = (identity, more = "") => `/api/problems/${encodeURIComponent(identity)}${more}?profile=${profile().id}`;
const inCopy = (identity) => copy().find((entry) => entry.identity === identity) ?? null;

// The entry of a problem, or null where it is not saved.
export async function entryOf(problem) {
  const here = inCopy(problem.identity);
  if (here || !state.online) return here;
  const found = await ask("GET", `/api/problems?profile=${profile().id}&text=${encodeURIComponent(problem.identity.slice(0, 100))}`);
  return found.entries.find((entry) => entry.identity === problem.identity) ?? null;
}

export async function save(problem) {
  const blank = { identity: problem.identity, problem, stars: 0, notes: "", felt: null, lists: [], ticks: [], saved: new Date().toISOString() };
  note(inCopy(problem.identity) ?? blank);
  const answer = await write("POST", `/api/problems?profile=${profile().id}`, bodyOf(problem));
  return answer ? note(answer) : inCopy(problem.identity);
}

// Change some fields of an entry: at once here, and on the server as soon as it can be reached.
export async function edit(entry, fields) {
  const { name, ...others } = fields;
  note({ ...entry, ...others, problem: name === undefined ? entry.problem : { ...entry.problem, name: name || null } });
  const answer = await write("PATCH", path(entry.identity), fields);
  return answer ? note(answer) : inCopy(entry.identity);
}

export async function remove(entry) {
  keep(copyName(), copy().filter((other) => other.identity !== entry.identity));
  change({ entry: null });
  await write("PATCH", path(entry.identity), { deleted: true });
}

export async function bringBack(entry) {
  note(entry);
  await write("PATCH", path(entry.identity), { deleted: false });
}

export async function tick(entry, day, attempts) {
  const done = { id: newId(), day, attempts };
  note({ ...entry, ticks: [...entry.ticks, done] });
  const answer = await write("PUT", path(entry.identity, `/ticks/${done.id}`), { day, attempts });
  return answer ? note(answer) : inCopy(entry.identity);
}

export async function untick(entry, done) {
  note({ ...entry, ticks: entry.ticks.filter((other) => other.id !== done.id) });
  const answer = await write("DELETE", path(entry.identity, `/ticks/${done.id}`));
  return answer ? note(answer) : inCopy(entry.identity);
}

// {entries, total, lists} of a search; where the server cannot be reached, from the copy on this device.
export async function search(fields, offset = 0) {
  const asked = new URLSearchParams({ profile: profile().id, offset, limit: NEWEST / 4 });
  for (const [name, value] of Object.entries(fields)) if (value !== "") asked.set(name, value);
  try {
    const found = await ask("GET", `/api/problems?${asked}`);
    if (!fields.text && !fields.in_list && !fields.ticked && fields.order === "newest" && !offset) {
      const older = copy().filter((entry) => entry.saved < (found.entries.at(-1)?.saved ?? "") && found.total > found.entries.length);
      keep(copyName(), [...found.entries, ...older].slice(0, NEWEST));
    }
    return found;
  } catch (error) {
    if (error.status !== 0) throw error;
    const words = fields.text.toLowerCase().split(/\s+/);
    const told = (entry) => `${entry.problem.name ?? ""} ${entry.notes} ${entry.identity}`.toLowerCase();
    const entries = copy().filter((entry) => words.every((word) => told(entry).includes(word)));
    return { entries, total: entries.length, lists: {}, isOffline: true };
  }
}

// The climbers from the server; a first one is made where there is none.
export async function loadProfiles() {
  let profiles = await ask("GET", "/api/profiles");
  if (!profiles.length) {
    await keepProfile({ id: newId(), name: T.you, height: 175, ape: 0, easiest: "6B", hardest: "7A" });
    profiles = await ask("GET", "/api/profiles");
  }
  change({ profiles });
  if (!profiles.some((one) => one.id === state.profileId)) change({ profileId: profiles[0].id });
}

export async function keepProfile({ id, ...body }) {
  const others = state.profiles.filter((one) => one.id !== id);
  const place = state.profiles.findIndex((one) => one.id === id);
  change({ profiles: place < 0 ? [...others, { id, ...body }] : others.toSpliced(place, 0, { id, ...body }) });
  await write("PUT", `/api/profiles/${id}`, body);
}

export async function removeProfile(one) {
  const profiles = state.profiles.filter((other) => other.id !== one.id);
  change({ profiles, profileId: profiles[0].id });
  await write("DELETE", `/api/profiles/${one.id}`);
}
