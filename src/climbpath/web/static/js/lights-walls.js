// Which LEDs show a problem: holds with roles become positions with roles, all of them or none.

import { ask } from "./api.js";
import { T } from "./texts.js";
import { keep, kept } from "./storage.js";
import { LightError } from "./lights-bytes.js";

const MOST_LEDS = 65536;
const GRID = /^[A-K]([1-9]|1[0-8])$/; // positions of MoonBoards, of which each layout has some
const ROLES = { start: "start", hands: "hand", feet: "foot", finish: "finish" };

const known = kept("leds", {}); // board -> its LEDs, which never change

// The LEDs of a board, {isMoonboard, colours, sizes: {name: {label: position}}}; null until they were fetched once.
export const knownLeds = (board) => known[board] ?? null;

export async function fetchLeds(board) {
  if (!known[board]) {
    known[board] = await ask("GET", `/leds/${board}.json`);
    keep("leds", known);
  }
  return known[board];
}

// A wall: {board, title, size, isMoonboard, colours, leds}, or {sizes} to choose from where no size is known yet.
export function wallOf(layout, leds, { sizes, mappings }) {
  const names = Object.keys(leds.sizes);
  const size = names.includes(sizes[layout.name]) ? sizes[layout.name] : names.length === 1 ? names[0] : null;
  if (!size) return { sizes: names };
  return {
    board: layout.name,
    title: names.length === 1 ? layout.title : `${layout.title} ${size}`,
    size,
    isMoonboard: leds.isMoonboard,
    colours: leds.colours,
    leds: mappings[layout.name] ?? leds.sizes[size],
  };
}

// [label, role] of the holds of a problem; `hands` may say which hand a hold is for.
export const holdsWithRoles = (roles, hands = {}) =>
  Object.entries(roles).map(([label, role]) => [label, (role === "hands" && hands[label]) || ROLES[role]]);

// The hand of every hold of a beta: left, right or match.
export function handsOf(beta) {
  const hands = {};
  for (const { hand, hold } of beta?.moves ?? []) {
    const one = hand === "LH" ? "left" : "right";
    hands[hold] = (hands[hold] ?? one) === one ? one : "match";
  }
  return hands;
}

// The lights of holds with roles. Throws a LightError that names the holds without an LED: never half a problem.
export function lightsOf(holds, wall, layout, isMirrored = false) {
  const partners = new Map(layout.holds.map((hold) => [hold.label, isMirrored ? hold.mirror : hold.label]));
  const alone = holds.filter(([label]) => !partners.get(label)).map(([label]) => label);
  if (alone.length) throw new LightError(T.lights.noPartner(wall.title, alone));
  const dark = holds.filter(([label]) => !Number.isInteger(wall.leds[partners.get(label)])).map(([label]) => label);
  if (dark.length) throw new LightError(T.lights.lacks(wall.title, dark));
  return holds.map(([label, role]) => ({ label, position: wall.leds[partners.get(label)], role }));
}

// A mapping file, {"A1": 0, …}: the LED at each hold. Throws a LightError that says what is wrong.
export function readMapping(text, layout) {
  let content;
  try {
    content = JSON.parse(text);
  } catch {
    throw new LightError(T.lights.noMapping);
  }
  if (!content || typeof content !== "object" || Array.isArray(content) || !Object.keys(content).length)
    throw new LightError(T.lights.noMapping);
  const labels = new Set(layout.holds.map((hold) => hold.label));
  const [found, at] = [{}, new Map()];
  for (const [typed, position] of Object.entries(content)) {
    const label = typed.toUpperCase();
    if (!labels.has(label) && !GRID.test(label))
      throw new LightError(T.lights.noSuchHold(typed.slice(0, 20), layout.title));
    if (!Number.isInteger(position) || position < 0 || position >= MOST_LEDS)
      throw new LightError(T.lights.noNumber(label));
    if (Object.hasOwn(found, label) || at.has(position))
      throw new LightError(T.lights.twice(position, at.get(position) ?? label, label));
    found[label] = position;
    at.set(position, label);
  }
  return found;
}
