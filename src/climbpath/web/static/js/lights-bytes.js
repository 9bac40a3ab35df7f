// The bytes that boards with LEDs understand, exactly as lights/moonboard.py and lights/aurora.py write them. A light is
// {label, position, role}.

import { T } from "./texts.js";

const LETTERS = { start: "S", hand: "P", left: "P", right: "P", match: "P", finish: "E" };
const NEW_LETTERS = { ...LETTERS, left: "L", right: "R", match: "M", foot: "F" };
const MARKS = { 2: "NMOP", 3: "RQST" }; // the first byte of the first, a middle, the last and an only packet
const MOST_DATA = 255;
const MOST_POSITION = { 2: 1023, 3: 65535 };
const POWER_W = 18;
const SCALES = [1, 0.8, 0.6, 0.4, 0.2, 0.1, 0.05];
const HANDS = { left: "hand", right: "hand", match: "hand" };
const WHITE = "FFFFFF";

// What keeps lights from being sent; the message is for the climber.
export class LightError extends Error {}

const ascii = (text) => Uint8Array.from(text, (one) => one.charCodeAt(0));
const speaks = (level) => (level < 3 ? 2 : 3);

// The API level that an Aurora board's Bluetooth name ends with, "Kilter Board#123@3"; 2 without one.
export const levelOf = (name) => Number(/@(\d{1,2})$/.exec(name ?? "")?.[1] ?? 2);

// What a board is by its name: "moonboard", "aurora", or null where the name leaves it open.
export const kindOf = (name) => (/^moonboard/i.test(name) ? "moonboard" : /@\d{1,2}$/.test(name) ? "aurora" : null);

export function moonboard(lights, { extraLeds = false, newLetters = false, mini = false } = {}) {
  const letters = newLetters ? NEW_LETTERS : LETTERS;
  const shown = lights.filter(({ role }) => letters[role]).map(({ role, position }) => letters[role] + position);
  if (!shown.length) throw new LightError(lights.length ? T.lights.onlyFeet : T.lights.nothing);
  return ascii(`${extraLeds ? "~D*" : ""}${mini ? "~M*" : ""}l#${shown.join(",")}#`);
}

export function aurora(lights, colours, level, brightness = 1) {
  if (!lights.length) throw new LightError(T.lights.nothing);
  const spoken = speaks(level);
  const shown = lights.map(({ position, role }) => [position, dimmed(channels(colours, role), brightness, spoken)]);
  const far = lights.filter(({ position }) => position > MOST_POSITION[spoken]);
  if (far.length) throw new LightError(T.lights.tooFar(far.map(({ label }) => label)));
  return packets(spoken, spoken === 3 ? shown.map(threeEach) : twoEach(shown));
}

export const off = (isMoonboard, level) => (isMoonboard ? ascii("l##") : packets(speaks(level), []));

function channels(colours, role) {
  const colour = parseInt(colours[HANDS[role] ?? role] ?? WHITE, 16);
  return [colour >> 16, (colour >> 8) & 255, colour & 255];
}

// A colour with less light, in which no channel that can be seen goes out.
function dimmed(colour, brightness, level) {
  if (brightness >= 1) return colour;
  const steps = level === 2 ? [64, 64, 64] : [32, 32, 64];
  return colour.map((one, i) => (one >= steps[i] ? Math.max(Math.floor(one * brightness), steps[i]) : one));
}

const threeEach = ([position, [red, green, blue]]) => [
  position & 255,
  position >> 8,
  ((red >> 5) << 5) | ((green >> 5) << 2) | (blue >> 6),
];

// Dimmed together until their power fits.
function twoEach(shown) {
  for (const scale of SCALES) {
    const scaled = shown.map(([position, colour]) => [position, colour.map((one) => Math.floor(one * scale) >> 6)]);
    const power = scaled.reduce((sum, [, [red, green, blue]]) => sum + red + green + blue, 0);
    if (power > 30 * POWER_W) continue;
    if (scaled.some(([, colour]) => colour.every((one) => !one))) break;
    return scaled.map(([position, [red, green, blue]]) => [
      position & 255,
      (red << 6) | (green << 4) | (blue << 2) | (position >> 8),
    ]);
  }
  throw new LightError(T.lights.tooMany(shown.length));
}

function packets(level, lights) {
  const each = Math.floor((MOST_DATA - 1) / (level === 3 ? 3 : 2));
  const parts = [];
  for (let i = 0; i < Math.max(1, lights.length); i += each) parts.push(lights.slice(i, i + each));
  const [first, middle, last, only] = ascii(MARKS[level]);
  const mark = (i) => (parts.length === 1 ? only : i === 0 ? first : i === parts.length - 1 ? last : middle);
  return Uint8Array.from(parts.flatMap((part, i) => packet([mark(i), ...part.flat()])));
}

const packet = (data) => [1, data.length, ~data.reduce((sum, one) => sum + one, 0) & 255, 2, ...data, 3];
