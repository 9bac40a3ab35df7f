// A workout in progress: which problem, which try, and the rest until the next. It goes on after a restart.

import { change, state } from "./state.js";
import { signal } from "./signal.js";

const TICK_MS = 200;

// All problems of a plan in order, each with the name of its section and the second at which it starts.
export function slotsOf(plan) {
  let second = 0;
  return plan.sections.flatMap(({ name, problems }) =>
    problems.map((slot, i) => {
      const start = second;
      second += slot.tries * plan.try_seconds + slot.rest_seconds.reduce((sum, rest) => sum + rest, 0);
      return { ...slot, section: name, place: i + 1, of: problems.length, start };
    }),
  );
}

export const isOn = () => Boolean(state.playing?.isWorkout);
export const slotNow = () => slotsOf(state.workout.plan)[state.workout.at];
export const restLeft = () => Math.max(0, Math.ceil((state.workout.rest.until - Date.now()) / 1000));
export const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

const set = (fields) => change({ workout: { ...state.workout, ...fields } });

// Begin or go on with the problem at this place, also once all is done. Returns the problem to climb.
export function goOn(at) {
  if (state.workout.isDone || at !== state.workout.at) set({ at, tries: 0, isDone: false });
  change({ playing: { isWorkout: true } });
  return slotNow().problem;
}

// A try is over: rest, before the next try or the next problem. After the last one the workout is done.
export function rest() {
  const { plan, at, tries } = state.workout;
  const slot = slotNow();
  const seconds = slot.rest_seconds[tries];
  const resting = seconds ? { until: Date.now() + seconds * 1000, seconds } : null;
  if (tries + 1 < slot.tries) set({ tries: tries + 1, rest: resting });
  else if (at + 1 < slotsOf(plan).length) set({ at: at + 1, tries: 0, rest: resting });
  else finish();
}

export const endRest = () => set({ rest: null });

// The next problem, whatever is left of this one; null at the end. A rest goes on.
export function skip() {
  const { plan, at } = state.workout;
  if (at + 1 >= slotsOf(plan).length) {
    finish();
    return null;
  }
  set({ at: at + 1, tries: 0 });
  return slotNow().problem;
}

// End the workout. Returns what goes on with it as it was.
export function finish() {
  const before = state.workout;
  set({ rest: null, isDone: true });
  change({ playing: null });
  return () => change({ workout: before, playing: { isWorkout: true } });
}

let shown = null;
setInterval(() => {
  const left = state.workout?.rest ? restLeft() : null;
  if (left === shown) return;
  shown = left;
  if (left === 0) {
    endRest();
    if (isOn()) signal();
  } else {
    change({ tick: left });
  }
}, TICK_MS);
