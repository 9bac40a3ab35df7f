// What Next goes through instead of new problems: a list that is played, in order or shuffled.

import { search } from "./book.js";
import { change, state } from "./state.js";

const MOST = 300;

// All problems that a search of the logbook finds, in its order.
export async function allFound(wanted) {
  const { entries } = await search(wanted, MOST);
  return entries.map((entry) => entry.problem);
}

// Play a list from one of its problems on, or shuffled. Returns the first problem.
export function play(title, problems, { at = 0, isShuffled = false } = {}) {
  const order = problems.map((_, i) => i);
  change({ playing: { title, problems, order: isShuffled ? shuffled(order) : order, at, isShuffled } });
  return listed();
}

// The rest of the list that is played, which was not loaded yet.
export function lengthen(problems) {
  const { playing } = state;
  if (!playing || playing.isShuffled || playing.problems.some((one, i) => one.identity !== problems[i]?.identity))
    return;
  change({ playing: { ...playing, problems, order: problems.map((_, i) => i) } });
}

export const stopPlaying = () => change({ playing: null });

// The problem of the list that is played now.
function listed() {
  const { problems, order, at } = state.playing;
  return problems[order[at]];
}

// The next problem of the list; null at its end.
export function advance() {
  const { playing } = state;
  if (playing.at + 1 >= playing.order.length) return null;
  change({ playing: { ...playing, at: playing.at + 1 } });
  return listed();
}

// The list again, from its first problem.
export function again() {
  const { title, problems, isShuffled } = state.playing;
  return play(title, problems, { isShuffled });
}

// Shuffle what is still to come, or put it in order again.
export function shuffle(isShuffled) {
  const { playing } = state;
  const past = playing.order.slice(0, playing.at + 1);
  const rest = playing.order.slice(playing.at + 1);
  const order = [...past, ...(isShuffled ? shuffled(rest) : rest.sort((a, b) => a - b))];
  change({ playing: { ...playing, order, isShuffled } });
}

// Fisher and Yates.
function shuffled(items) {
  const all = [...items];
  for (let i = all.length - 1; i > 0; i -= 1) {
    const j = Math.floor(Math.random() * (i + 1));
    [all[i], all[j]] = [all[j], all[i]];
  }
  return all;
}
