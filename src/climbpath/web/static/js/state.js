// The state of the app, and the listeners to its changes.

import { DEFAULT_BOARD, angleText, hasAngle, holdsOf } from "./problem.js";
import { keep, kept } from "./storage.js";

// How many grades the range has at first, from the easiest.
const USUAL = 4;
// The climber where none is chosen, in cm, as in beta/body.py.
export const DEFAULT_CLIMBER = { height: 175, ape: 0 };

export const state = {
  appInfo: null, // ladder, v_grades, ranks, boards, version
  setup: kept("setup", { board: DEFAULT_BOARD, angle: 40 }),
  linkedSizes: {}, // board -> the size of whoever shared a problem of it, until the climber chooses one
  range: kept("range", null), // until one is chosen, the easiest grades of the board
  tuning: {
    fewest: 3,
    most: 14,
    temperature: 1,
    reachOnly: false,
    matching: true,
    unsentOnly: false,
    ...kept("tuning", {}),
  },
  profiles: kept("profiles", []),
  profileId: kept("profileId", null),
  playing: kept("playing", null), // the list that Next goes through: {title, problems, order, at, isShuffled}
  workout: kept("workout", null), // {plan, at, tries, rest, isDone}
  planFrom: null, // the list that a workout is planned from: {title, wanted}
  online: true,
};

const listeners = new Set();

export function listen(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

// Change some of the state; what belongs to this device is stored for the next visit.
export function change(fields) {
  Object.assign(state, fields);
  for (const name of ["setup", "range", "tuning", "profiles", "profileId", "playing", "workout"]) {
    if (name in fields) keep(name, state[name]);
  }
  for (const listener of [...listeners]) listener(fields);
}

export const layout = () => state.appInfo.boards.find((board) => board.name === state.setup.board);
// Short enough for a phone: "Masters 2017", "Kilter Original"; of the first board the maker's name is what people call it
// by.
export const shortTitle = ({ title }) => title.replace(/^MoonBoard (?=\D)/, "").replace(" Board ", " ");
export const boardOf = (problem) => state.appInfo.boards.find((board) => board.name === problem.board);
// Who climbs; null until somebody has said so.
export const profile = () => state.profiles.find((one) => one.id === state.profileId) ?? null;
// The height and ape index of who climbs, as requests have them.
export function climber() {
  const { height, ape } = profile() ?? DEFAULT_CLIMBER;
  return { height, ape };
}
// What the climber has of a board: {board, angle, size, hold_sets}, of which null is all; undefined until they choose.
export const wallOn = (name) => profile()?.walls?.find((wall) => wall.board === name);
// The board and angle that a climber chose last; undefined where there are none such.
export function setupInUse(one = profile()) {
  const [wall] = one?.walls ?? [];
  const board = wall && boardOf(wall);
  return board && hasAngle(board, wall.angle) ? { board: wall.board, angle: wall.angle } : undefined;
}
// The board and angle to choose for a problem. One whose angle is not known is climbed at the wall's, where no model has
// learned that, or not the problem's grade.
export function setupFor({ board, angle, grade }) {
  const wall = wallOn(board)?.angle;
  const on = boardOf({ board });
  const stays = angle === null && wall !== undefined && hasAngle(on, wall);
  const isKnown = isLearned(on, wall) && isOwn(grade, { board, angle: wall });
  return { board, angle: stays && !isKnown ? wall : angle };
}

// Whether the board and angle that are chosen are those to choose for a problem.
export function isOnWall(problem) {
  const { board, angle } = setupFor(problem);
  return board === state.setup.board && angle === state.setup.angle;
}

// Whether a problem is of the board and angle that are chosen; new ones of an angle that was not learned, or not with
// all grades asked for, have an unknown one.
export const isHere = ({ board, angle }) =>
  board === state.setup.board && (angle === state.setup.angle || (angle === null && isAsUnknown()));
const isAsUnknown = () => !isLearned(layout(), state.setup.angle) || !gradesInRange().every((one) => isOwn(one));
// Whether a problem can be shown with the board and angle that are chosen.
export const fitsHere = (problem) => isHere(problem) || isOnWall(problem);
// Whether a grade was learned at the angle that is chosen; all were, as far as an earlier release told this device.
export const isOwn = (grade, { board, angle } = state.setup) =>
  boardOf({ board }).own_grades?.[angleText(angle)]?.includes(grade) ?? true;
// The grades that can be asked for: those that rest on few problems only where any grade will do.
export function knownGrades() {
  const { grades, thin } = layout();
  const angle = angleText(state.setup.angle);
  const all = [...(grades[angle] ?? []), ...(state.tuning.matching ? [] : Object.keys(thin[angle] ?? {}))];
  return all.sort((a, b) => layout().ladder.indexOf(a) - layout().ladder.indexOf(b));
}
export const fewProblems = (grade) => layout().thin[angleText(state.setup.angle)]?.[grade];
export const vGrade = (grade) => state.appInfo.v_grades[state.appInfo.ladder.indexOf(grade)] ?? grade;

// How hard a grade is, on any board; a V grade is as hard as the easiest of its Font grades.
export const rank = (grade) => state.appInfo.ranks[state.appInfo.ladder.indexOf(grade)] ?? -Infinity;
// What is nearest to a grade among others, which may be of another board: Font grades of the same V grade are first.
export function nearest(grade, grades, isHard) {
  const far = (other) => Math.abs(rank(other) - rank(grade));
  const same = grades.includes(grade) ? [grade] : grades.filter((other) => vGrade(other) === vGrade(grade));
  if (same.length) return isHard ? same.at(-1) : same[0];
  return grades.reduce((near, other) => (far(other) < far(near) ? other : near), grades[0] ?? grade);
}

// The range of grades, each moved to the nearest one that the model has learned here.
export function rangeHere() {
  const { ladder } = layout();
  const known = knownGrades();
  const usual = ladder.filter((grade) => rank(grade) >= rank("6B+"));
  const own = known.filter((one) => isOwn(one));
  const easiest = own.length ? own : known.length ? known : usual;
  const range = state.range ?? [easiest[0], easiest[Math.min(USUAL, easiest.length) - 1]];
  return range
    .map((grade, i) => nearest(grade, known.length ? known : ladder, i === 1))
    .sort((a, b) => ladder.indexOf(a) - ladder.indexOf(b));
}

// The grades in range that the model has learned here.
export function gradesInRange() {
  const { ladder } = layout();
  const [low, high] = rangeHere().map((grade) => ladder.indexOf(grade));
  return knownGrades().filter((grade) => ladder.indexOf(grade) >= low && ladder.indexOf(grade) <= high);
}

// Whether a board's models know its angle themselves; problems and grades are those of an unknown angle otherwise.
export const isLearned = (board, angle) => board.learned[angleText(angle)] === angle;
export const isGraded = ({ board, angle }) => boardOf({ board }).graded[angleText(angle)];

// The foot rules that can be asked for here, the usual one first, and the one that is.
export const methodsHere = () => layout().methods[angleText(state.setup.angle)] ?? [];
export const methodHere = () => (methodsHere().includes(state.tuning.method) ? state.tuning.method : undefined);

// board -> the size of the climber's wall of it.
export const chosenSizes = () => ({
  ...state.linkedSizes,
  ...Object.fromEntries((profile()?.walls ?? []).filter(({ size }) => size).map(({ board, size }) => [board, size])),
});

// The size of the climber's wall of a board; null where none is chosen, or a problem has holds that it lacks.
export function sizeOf(board, problem = null) {
  const size = chosenSizes()[board.name];
  if (!board.sizes[size] || Object.keys(board.sizes).length < 2) return null;
  const labels = new Set(board.sizes[size]);
  return problem && holdsOf(problem).some((label) => !labels.has(label)) ? null : size;
}

// The hold sets that are on the climber's wall of a board, as requests have them: none stands for all.
export function setsOn(board) {
  const chosen = wallOn(board.name)?.hold_sets;
  return chosen ? board.hold_sets.filter((name) => chosen.includes(name)) : [];
}

// The body of a request to /api/generate.
export function generateRequest(number) {
  const { tuning, setup } = state;
  const who = profile();
  return {
    ...setup,
    size: sizeOf(layout()),
    method: methodHere(),
    grades: gradesInRange(),
    number,
    temperature: tuning.temperature,
    min_holds: tuning.fewest,
    max_holds: tuning.most,
    hold_sets: setsOn(layout()),
    climber: tuning.reachOnly && who ? climber() : null,
    any_grade: !tuning.matching,
    unsent_by: tuning.unsentOnly && who ? who.id : null,
  };
}
