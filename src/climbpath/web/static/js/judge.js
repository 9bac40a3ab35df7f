// Grade, beta and likeness of a problem, asked once for each problem and climber.

import { ask, askAfterWrites } from "./api.js";
import { keep, kept } from "./storage.js";
import { boardOf, profile } from "./state.js";

const MOST_KEPT = 200,
  MOST_RECENT = 50;
const FIELDS = ["board", "angle", "grade", "start", "hands", "feet", "finish", "name", "repeats", "method"];
const judged = new Map();

export const bodyOf = (problem) =>
  Object.fromEntries(FIELDS.filter((field) => problem[field] !== undefined).map((field) => [field, problem[field]]));

const climber = () => ({ height: profile()?.height ?? 175, ape: profile()?.ape ?? 0 });
const keyOf = (problem) => JSON.stringify([problem.identity, climber()]);

export const seen = (problem) => judged.get(keyOf(problem));

// {key, verdict, beta}; the verdict is null where the grader has not learned the board. Fails with what the server says.
export async function judge(problem, signal) {
  const key = keyOf(problem);
  if (judged.has(key)) return judged.get(key);
  const isGraded = boardOf(problem).graded[problem.angle];
  const bare = { ...bodyOf(problem), repeats: null };
  const [verdict, beta] = await Promise.all([
    isGraded ? ask("POST", "/api/grade", bare, { signal }) : null,
    ask("POST", "/api/beta", { problem: bare, climber: climber() }, { signal }),
  ]);
  const opinion = { key, verdict, beta };
  judged.set(key, opinion);
  if (judged.size > MOST_KEPT) judged.delete(judged.keys().next().value);
  return opinion;
}

export const similar = (problem) => askAfterWrites("POST", `/api/similar?profile=${profile().id}`, bodyOf(problem));

// The last problems that were shown, with what was said of them: they are there offline, too.
export const recent = () => kept("recent", []);

export function remember(problem, opinion) {
  const others = recent().filter((item) => item.problem.identity !== problem.identity);
  keep("recent", [{ problem, opinion }, ...others].slice(0, MOST_RECENT));
}

for (const { opinion } of recent()) if (opinion) judged.set(opinion.key, opinion);
