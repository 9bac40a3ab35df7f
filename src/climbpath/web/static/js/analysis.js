// The analysis of a problem, asked for once per problem and climber: its predicted grade and its beta.

import { ask, askAfterWrites } from "./api.js";
import { keep, kept } from "./storage.js";
import { climber, isGraded, profile } from "./state.js";
import { ruleOf } from "./problem.js";

const MOST_KEPT = 200;
const MOST_RECENT = 50;
// What the server adds to a problem; everything else is the problem itself.
const DERIVED = ["notation", "v_grade", "identity", "suggested_name"];
const analyses = new Map();

export const bodyOf = (problem) =>
  Object.fromEntries(Object.entries(problem).filter(([field]) => !DERIVED.includes(field)));

const keyOf = (problem) => JSON.stringify([problem.identity, ruleOf(problem), climber()]);

export const analysisOf = (problem) => analyses.get(keyOf(problem));

// {key, prediction, beta}; the prediction is null if the grader has not learned the board. Throws the server's error.
export async function analyse(problem, signal) {
  const key = keyOf(problem);
  if (analyses.has(key)) return analyses.get(key);
  const canGrade = isGraded(problem);
  const asked = { ...bodyOf(problem), repeats: null };
  const [prediction, beta] = await Promise.all([
    canGrade ? ask("POST", "/api/grade", asked, { signal }) : null,
    ask("POST", "/api/beta", { problem: asked, climber: climber() }, { signal }),
  ]);
  const analysis = { key, prediction, beta };
  analyses.set(key, analysis);
  if (analyses.size > MOST_KEPT) analyses.delete(analyses.keys().next().value);
  return analysis;
}

export const fetchSimilar = (problem) =>
  askAfterWrites("POST", `/api/similar?profile=${profile().id}`, bodyOf(problem));

// The problems shown last, with their analyses, so that they are also there offline.
export const recent = () => kept("recent", []);

export function remember(problem, analysis) {
  const others = recent().filter((item) => item.problem.identity !== problem.identity);
  keep("recent", [{ problem, analysis }, ...others].slice(0, MOST_RECENT));
}

// The analyses of the problems of a workout, for the same reason.
export async function keepPlanned(problems) {
  const analysed = [];
  for (const problem of problems) {
    try {
      analysed.push(await analyse(problem));
    } catch {
      continue; // asked for again when the problem is shown
    }
    keep("planned", analysed);
  }
}

for (const analysis of kept("planned", [])) analyses.set(analysis.key, analysis);
for (const { analysis } of recent()) if (analysis) analyses.set(analysis.key, analysis);
