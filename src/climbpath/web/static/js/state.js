// The state of the app, and the listeners to its changes.

import { keep, kept } from "./storage.js";

// How many grades the range has at first, from the easiest.
const USUAL = 4;

export const state = {
  appInfo: null, // ladder, v_grades, boards, version
  setup: kept("setup", { board: "moonboard-2016", angle: 40 }),
  range: kept("range", null), // until one is chosen, the easiest grades of the board
  tuning: {
    fewest: 3,
    most: 14,
    temperature: 1,
    holdSets: {},
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
// Short enough for a phone: "Masters 2017"; of the first board the maker's name is what people call it by.
export const shortTitle = ({ title }) => title.replace(/^MoonBoard (?=\D)/, "");
export const boardOf = (problem) => state.appInfo.boards.find((board) => board.name === problem.board);
// Who climbs; null until somebody has said so.
export const profile = () => state.profiles.find((one) => one.id === state.profileId) ?? null;
export const isHere = ({ board, angle }) => board === state.setup.board && angle === state.setup.angle;
// The grades that can be asked for: those that rest on few problems only where any grade will do.
export function knownGrades() {
  const { grades, thin } = layout();
  const { angle } = state.setup;
  const all = [...(grades[angle] ?? []), ...(state.tuning.matching ? [] : Object.keys(thin[angle] ?? {}))];
  return all.sort((a, b) => layout().ladder.indexOf(a) - layout().ladder.indexOf(b));
}
export const fewProblems = (grade) => layout().thin[state.setup.angle]?.[grade];
export const vGrade = (grade) => state.appInfo.v_grades[state.appInfo.ladder.indexOf(grade)] ?? grade;

// The range of grades, each moved to the nearest one that the model has learned here.
export function rangeHere() {
  const { ladder } = layout();
  const known = knownGrades();
  const far = (one, other) => Math.abs(ladder.indexOf(one) - ladder.indexOf(other));
  const easiest = known.length ? known : ladder.slice(Math.max(0, ladder.indexOf("6B+")));
  const range = state.range ?? [easiest[0], easiest[Math.min(USUAL, easiest.length) - 1]];
  return range
    .map((grade) =>
      known.reduce((near, other) => (far(other, grade) < far(near, grade) ? other : near), known[0] ?? grade),
    )
    .sort((a, b) => ladder.indexOf(a) - ladder.indexOf(b));
}

// The grades in range that the model has learned here.
export function gradesInRange() {
  const { ladder } = layout();
  const [low, high] = rangeHere().map((grade) => ladder.indexOf(grade));
  return knownGrades().filter((grade) => ladder.indexOf(grade) >= low && ladder.indexOf(grade) <= high);
}

// The hold sets that are not on the climber's wall.
export function absentSets() {
  const chosen = state.tuning.holdSets[state.setup.board];
  return chosen ? layout().hold_sets.filter((name) => !chosen.includes(name)) : [];
}

// The body of a request to /api/generate.
export function generateRequest(number) {
  const { tuning, setup } = state;
  const absent = absentSets();
  const who = profile();
  return {
    ...setup,
    grades: gradesInRange(),
    number,
    temperature: tuning.temperature,
    min_holds: tuning.fewest,
    max_holds: tuning.most,
    hold_sets: absent.length ? layout().hold_sets.filter((name) => !absent.includes(name)) : [],
    climber: tuning.reachOnly && who ? { height: who.height, ape: who.ape } : null,
    any_grade: !tuning.matching,
    unsent_by: tuning.unsentOnly && who ? who.id : null,
  };
}
