// Problems on this side: roles, notation and links, spelled exactly as problem.py and share.py spell them.

export const ROLES = ["start", "hands", "feet", "finish"];
export const ENDINGS = { start: "s", hands: "", feet: "f", finish: "e" };
const LONGEST_NAME = 80;

export const holdsOf = (problem) => ROLES.flatMap((role) => problem[role] ?? []);

export const rolesOf = (problem) =>
  Object.fromEntries(ROLES.flatMap((role) => (problem[role] ?? []).map((label) => [label, role])));

// A problem of lit holds, label -> role, each role in board order.
export function problemOf(roles, layout, angle, grade) {
  const problem = { board: layout.name, angle, grade: grade ?? null };
  for (const role of ROLES) {
    problem[role] = layout.holds.map((hold) => hold.label).filter((label) => roles[label] === role);
  }
  problem.notation = notation(problem);
  problem.identity = `${problem.board}@${angle}:${problem.notation.replaceAll(" ", "-")}`;
  return problem;
}

export const notation = (problem) =>
  ROLES.flatMap((role) => (problem[role] ?? []).map((label) => label + ENDINGS[role])).join(" ");

const cut = (name) => Array.from(name).slice(0, LONGEST_NAME).join("");

export function query(problem, more = {}) {
  const fields = new URLSearchParams({ board: problem.board, angle: problem.angle });
  if (problem.grade) fields.set("grade", problem.grade);
  if (problem.name) fields.set("name", cut(problem.name));
  fields.set("problem", problem.notation.replaceAll(" ", "-"));
  for (const [name, value] of Object.entries(more)) if (value) fields.set(name, value);
  return fields.toString().replaceAll("*", "%2A").replaceAll("%7E", "~"); // as Python writes them
}

// Holds as notation or a link tells them, label -> role; the role is null where none is told. Null where they cannot be
// read, or the board has no such hold.
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

// The problem that a link tells, maybe an unsound one; null where it tells none, or one that this board has not.
export function readLink(fields, { boards, ladder }) {
  const layout = boards.find((board) => board.name === (fields.get("board") || "moonboard-2016"));
  const angle = Number(fields.get("angle") || 40);
  const grade = fields.get("grade")?.trim().toUpperCase() || null;
  const roles = layout && fields.has("problem") && readHolds(fields.get("problem"), layout);
  if (!roles || !layout.angles.includes(angle) || (grade && !ladder.includes(grade))) return null;
  for (const label of Object.keys(roles)) roles[label] ??= "hands";
  return { ...problemOf(inferred(roles, layout), layout, angle, grade), name: cut(fields.get("name") ?? "") || null };
}

// Roles that rows tell, for holds that have none of their own: the top row is the finish, and up to two holds of the
// start rows are the start where no start is marked.
export function inferred(roles, layout) {
  const told = { ...roles };
  const plain = layout.holds.filter((hold) => roles[hold.label] === "hands");
  for (const hold of plain) if (hold.row === layout.top_row) told[hold.label] = "finish";
  if (!Object.values(roles).includes("start")) {
    const low = plain.filter((hold) => isStartRow(hold, layout));
    if (low.length <= 2) for (const hold of low) told[hold.label] = "start";
  }
  return told;
}

export const isStartRow = (hold, layout) => hold.row >= layout.start_rows[0] && hold.row <= layout.start_rows[1];
