// Heights and ape indices as climbers type them, in cm; read exactly as beta/body.py reads them.

import { T } from "./texts.js";

const LIMITS = { height: [100, 230], ape: [-40, 40] };
const INCH = 2.54;
const NUMBER = String.raw`(\d+(?:[.,]\d+)?|[.,]\d+)`;
const METRIC = new RegExp(String.raw`^([+-]?)${NUMBER}\s*(cm|centimet(?:er|re)s?|m|met(?:er|re)s?|)$`);
const INCHES = new RegExp(String.raw`^([+-]?)${NUMBER}\s*(?:"|''|in\.?|inch(?:es)?)$`);
const FEET = new RegExp(
  String.raw`^([+-]?)${NUMBER}\s*(?:'|ft\.?|feet|foot)\s*(?:${NUMBER}\s*(?:"|''|in\.?|inch(?:es)?|)|)$`,
);

const number = (text) => Number(text.replace(",", "."));
const rounded = (cm) => Math.round(cm * 100) / 100;

function length(text) {
  const typed = text
    .replace(/[’′‘`´]/g, "'")
    .replace(/[”″“]/g, '"')
    .replace(/−/g, "-")
    .trim()
    .toLowerCase();
  let match = METRIC.exec(typed);
  if (match) return signed(match[1], number(match[2]) * (match[3].startsWith("m") ? 100 : 1));
  match = INCHES.exec(typed);
  if (match) return signed(match[1], number(match[2]) * INCH);
  match = FEET.exec(typed);
  if (match && number(match[3] ?? "0") < 12)
    return signed(match[1], (12 * number(match[2]) + number(match[3] ?? "0")) * INCH);
  return null;
}

const signed = (sign, cm) => rounded(sign === "-" ? -cm : cm);

// {cm}, or {words} that say what is wrong.
export function readLength(field, text) {
  const isMetres = field === "height" && /^\s*[12][.,]\d+\s*$/.test(text); // nobody is 1.65 cm tall
  const cm = length(isMetres ? `${text}m` : text);
  if (cm === null) return { words: T.lengthUnread[field] };
  const [least, most] = LIMITS[field];
  if (cm < least || cm > most) return { words: T.lengthOut[field](least, most, imperial(least), imperial(most)) };
  return { cm };
}

// 5′5″, or 16″ where it is shorter than two feet.
export function imperial(cm) {
  const inches = Math.round(Math.abs(cm) / INCH);
  const [feet, rest] = inches >= 24 ? [Math.floor(inches / 12), inches % 12] : [0, inches];
  return `${cm < 0 ? "−" : ""}${feet ? `${feet}′` : ""}${rest}″`;
}
