// Roles, notation and links of problems, written exactly as problem.py and share.py write them.

import { T } from "./texts.js";

export const ROLES = ["start", "hands", "feet", "finish"];
export const ENDINGS = { start: "s", hands: "", feet: "f", finish: "e" };
export const DEFAULT_BOARD = "moonboard-2016"; // that of a link that names none, and of a new device
const LONGEST_NAME = 80;
const UNKNOWN = "unknown"; // an angle that is not known, which is null
const USUAL_METHOD = "Feet follow hands"; // the foot rule of a problem that names none

// An angle as setups, links and the tables of boards have it.
export const angleText = (angle) => angle ?? UNKNOWN;

// The foot rule of a problem, null for the usual one.
export const ruleOf = ({ method }) => (method && method !== USUAL_METHOD ? method : null);

export const holdsOf = (problem) => ROLES.flatMap((role) => problem[role] ?? []);

export const rolesOf = (problem) =>
  Object.fromEntries(ROLES.flatMap((role) => (problem[role] ?? []).map((label) => [label, role])));

// The problem that lit holds make, label -> role; each role's holds are in board order.
export function problemOf(roles, layout, angle, grade) {
  const problem = { board: layout.name, angle, grade: grade ?? null };
  for (const role of ROLES) {
    problem[role] = layout.holds.map((hold) => hold.label).filter((label) => roles[label] === role);
  }
  problem.notation = notation(problem);
  problem.identity = `${problem.board}@${angleText(angle)}:${problem.notation.replaceAll(" ", "-")}`;
  return problem;
}

// The mirror image of a problem, or of other roles, label -> role; it has the ids of no source.
export const mirroredRoles = (roles, layout) => {
  const partners = Object.fromEntries(layout.holds.map(({ label, mirror }) => [label, mirror]));
  return Object.fromEntries(Object.entries(roles).map(([label, role]) => [partners[label], role]));
};
// So that a list tells one from the other.
function mirroredName(name) {
  if (!name) return name;
  const mark = ` (${T.mirroredMark})`;
  return name.endsWith(mark) ? name.slice(0, -mark.length) : cut(name, LONGEST_NAME - mark.length) + mark;
}
export const mirrored = (problem, layout) => ({
  ...problem,
  ...problemOf(mirroredRoles(rolesOf(problem), layout), layout, problem.angle, problem.grade),
  name: mirroredName(problem.name),
  ids: [],
  repeats: null,
  benchmark: false,
});

export const notation = (problem) =>
  ROLES.flatMap((role) => (problem[role] ?? []).map((label) => label + ENDINGS[role])).join(" ");

// The holds for hands, lowest first, as the board's holds are.
export function handHolds(problem, layout) {
  const labels = new Set(["start", "hands", "finish"].flatMap((role) => problem[role] ?? []));
  return layout.holds.map(({ label }) => label).filter((label) => labels.has(label));
}

const cut = (name, most = LONGEST_NAME) => Array.from(name).slice(0, most).join("");

export function query(problem, more = {}) {
  const fields = new URLSearchParams({ board: problem.board, angle: angleText(problem.angle) });
  if (problem.grade) fields.set("grade", problem.grade);
  if (problem.name) fields.set("name", cut(problem.name));
  if (ruleOf(problem)) fields.set("method", cut(ruleOf(problem)));
  fields.set("problem", problem.notation.replaceAll(" ", "-"));
  for (const [name, value] of Object.entries(more)) for (const one of [value].flat()) if (one) fields.append(name, one);
  return fields.toString().replaceAll("*", "%2A").replaceAll("%7E", "~"); // as Python writes them
}

// The holds in a notation or link, label -> role; a role is null if it is not given. Null if the text cannot be read or
// the board has no such hold.
export function readHolds(text, layout) {
  const known = new Set(layout.holds.map((hold) => hold.label));
  const roles = {};
  for (const word of text.split(/[-\s]+/).filter(Boolean)) {
    const match = /^([A-Za-z]\d{1,2}|\d+)([sfeh]?)$/i.exec(word);
    const label = match?.[1].toUpperCase();
    if (!known.has(label) || label in roles) return null;
    roles[label] = { s: "start", h: "hands", f: "feet", e: "finish" }[match[2].toLowerCase()] ?? null;
  }
  return roles;
}

// The board of a link, undefined if it is not here.
export const boardOfLink = (fields, { boards }) =>
  boards.find((board) => board.name === (fields.get("board") || DEFAULT_BOARD));

// The problem in a link, which may be faulty; null if there is none, or none that fits the board.
export function readLink(fields, appInfo) {
  const layout = boardOfLink(fields, appInfo);
  const angle = fields.get("angle") === UNKNOWN ? null : Number(fields.get("angle") || 40);
  const grade = fields.get("grade")?.trim().toUpperCase() || null;
  const roles = layout && fields.has("problem") && readHolds(fields.get("problem"), layout);
  if (!roles || !hasAngle(layout, angle) || (grade && !layout.ladder.includes(grade))) return null;
  for (const label of Object.keys(roles)) roles[label] ??= "hands";
  return {
    ...problemOf(inferred(roles, layout, angle), layout, angle, grade),
    name: cut(fields.get("name") ?? "") || null,
    ...(fields.get("method") && { method: cut(fields.get("method")) }),
  };
}

// The roles that rows imply for plain holds: where no finish is marked, those of the finish rows are it, and up to two
// holds in the start rows are the start if no start is marked. Nothing where place tells nothing of a hold's role.
function inferred(roles, layout, angle) {
  const all = { ...roles };
  if (!hasGrid(layout)) return all;
  const plain = () => layout.holds.filter((hold) => all[hold.label] === "hands");
  if (!Object.values(roles).includes("finish")) {
    for (const hold of plain().filter((one) => mayBe("finish", one, layout, angle))) all[hold.label] = "finish";
  }
  if (!Object.values(roles).includes("start")) {
    const low = plain().filter((hold) => mayBe("start", hold, layout, angle));
    if (low.length <= 2) for (const hold of low) all[hold.label] = "start";
  }
  return all;
}

// Whether holds stand in lettered columns and numbered rows, as on a MoonBoard: there a hold's row tells its role.
export const hasGrid = (layout) => Object.keys(layout.rows).length > 0;

// Whether problems of a board can have an angle: an unknown one only where place tells nothing of a hold's role.
export const hasAngle = (layout, angle) => layout.angles.includes(angle) || (angle === null && !hasGrid(layout));

// In which rows a role is at an angle, lowest and highest.
export const rowsOf = (role, layout, angle) => layout.rows[angle]?.[role];

// Whether a hold can have a role. Feet can be anywhere.
export function mayBe(role, hold, layout, angle) {
  if (role === "feet" || !hasGrid(layout)) return true;
  const rows = rowsOf(role === "hands" ? "hand" : role, layout, angle);
  return Boolean(rows) && hold.row >= rows[0] && hold.row <= rows[1];
}
