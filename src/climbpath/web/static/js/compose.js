// Composing: the climber chooses holds to use and holds to avoid, and the model fills in the rest.

import { ask } from "./api.js";
import { button, dialog, h, replace, toast } from "./dom.js";
import { T } from "./texts.js";
import { absentSets, boardOf, generateRequest, gradesInRange, knownGrades, layout, state } from "./state.js";
import { analyse, analysisOf } from "./analysis.js";
import { Stage, climberName, gradePill } from "./stage.js";
import { betaCard, chartOf, entryCard, gradeCard, shareCard, tuningCard } from "./panel.js";
import { entryOf, save } from "./book.js";
import { ENDINGS, holdsOf, inferred, isStartRow, problemOf, query, readHolds, rolesOf } from "./problem.js";
import { keep, kept } from "./storage.js";

const MOST_STEPS = 200;
const MOST_PINS = 20;
const ANALYSE_AFTER_MS = 30;
const OWN = { ...ENDINGS, hands: "h" }; // a pin's role in a link, if the climber chose one
const BLANK = { marks: {}, roles: {}, filled: {}, grade: null };

// A step of composing: `marks` label -> use or ban; `roles` label -> the role that the climber chose; `filled`
// label -> the role of a hold that the model filled in. Steps never change, so undo just goes back to an earlier one.
const keptSteps = kept("compose", {});
const drafts = {}; // a board's name -> {steps, at}

function draft() {
  const { board } = state.setup;
  drafts[board] ??= { steps: [keptSteps[board] ?? BLANK], at: 0 };
  return drafts[board];
}

const now = () => draft().steps[draft().at];

function put(step) {
  const one = draft();
  one.steps = [...one.steps.slice(0, one.at + 1), step].slice(-MOST_STEPS);
  one.at = one.steps.length - 1;
  keepNow();
}

function keepNow() {
  keptSteps[state.setup.board] = now();
  keep("compose", keptSteps);
}

const pinsOf = ({ marks }) => Object.keys(marks).filter((label) => marks[label] === "use");
const bansOf = ({ marks }) => Object.keys(marks).filter((label) => marks[label] === "ban");
const without = (object, label) => Object.fromEntries(Object.entries(object).filter(([name]) => name !== label));

// Every lit hold with its role: the climber's choice comes first, then the model's, then what the rows imply.
function litRoles(step, on) {
  const lit = {};
  for (const label of pinsOf(step)) lit[label] = step.roles[label] ?? step.filled[label] ?? "hands";
  for (const [label, role] of Object.entries(step.filled)) lit[label] ??= step.roles[label] ?? role;
  const roles = inferred(lit, on);
  for (const label of Object.keys(step.roles)) if (label in lit) roles[label] = step.roles[label];
  return roles;
}

// Why the lit holds are not a problem yet, as a message; null if they are one.
export function faultOf(roles, on) {
  const labels = (role) => Object.keys(roles).filter((label) => roles[label] === role);
  const [starts, finishes] = [labels("start"), labels("finish")];
  const hold = (label) => on.holds.find((one) => one.label === label);
  const [low, high] = on.start_rows;
  if (!Object.keys(roles).length) return T.empty;
  const wrongStart = starts.find((label) => !isStartRow(hold(label), on));
  const wrongFinish = finishes.find((label) => hold(label).row !== on.top_row);
  if (wrongStart) return T.faults.wrongStart(wrongStart, low, high);
  if (wrongFinish) return T.faults.wrongFinish(wrongFinish, on.top_row);
  if (!starts.length) return T.faults.noStart(low, high);
  if (starts.length > 2) return T.faults.manyStarts(starts.length);
  if (!finishes.length) return T.faults.noFinish(on.top_row);
  if (finishes.length > 2) return T.faults.manyFinishes(finishes.length, on.top_row);
  return null;
}

// The query of a link to a step: the lit holds, which of them are pins, with the roles that the climber chose, and the
// bans. If the climber chose everything, the problem alone is enough.
function queryOf(step, on, angle) {
  const roles = litRoles(step, on);
  const own = pinsOf(step).map((label) => label + (OWN[step.roles[label]] ?? ""));
  const isAllOwn = Object.keys(roles).every((label) => step.roles[label] && step.marks[label]);
  const more = { view: "compose", pins: isAllOwn ? "" : own.join("-") || "none", bans: bansOf(step).join("-") };
  return query(problemOf(roles, on, angle, step.grade), more);
}

// The step that a link describes; if it names no pins, the climber chose the whole problem.
function stepOf(problem, fields) {
  const on = boardOf(problem);
  const roles = rolesOf(problem);
  const read = (field) => readHolds((fields?.get(field) ?? "").replace("none", ""), on) ?? {};
  const own = fields?.has("pins") ? read("pins") : roles;
  const step = { marks: {}, roles: {}, filled: {}, grade: problem.grade };
  for (const label of Object.keys(read("bans"))) step.marks[label] = "ban";
  for (const label of Object.keys(own)) {
    step.marks[label] = "use";
    if (own[label]) step.roles[label] = own[label];
  }
  if (Object.keys(roles).some((label) => !(label in own))) step.filled = roles;
  return step;
}

export class Compose {
  constructor(problem, fields) {
    const isNew = problem && queryOf(now(), layout(), state.setup.angle) !== fields?.toString();
    if (isNew) put(stepOf(problem, fields));
    this.stage = new Stage({
      isEdited: true,
      on: { tap: (label) => this.tap(label), press: (label) => this.press(label) },
    });
    this.panel = h("aside", { class: "panel" });
    this.cards = Object.fromEntries(
      ["hint", "grade", "beta", "tuning", "entry", "share"].map((name) => [name, h("div")]),
    );
    this.panel.append(...Object.values(this.cards));
    this.root = h("div", { class: "view compose" }, this.stage.root, this.panel);
    this.entry = null;
  }

  get problem() {
    const roles = litRoles(now(), layout());
    return faultOf(roles, layout()) ? null : problemOf(roles, layout(), state.setup.angle, now().grade);
  }

  async start() {
    replace(
      this.cards.hint,
      h("p", { class: "hint" }, T.composeHint, h("span", { class: "keys" }, ` ${T.composeKeys}`)),
    );
    replace(this.cards.tuning, tuningCard());
    this.changed();
  }

  heard(fields) {
    const isOther = ["setup", "range", "tuning", "profileId", "profiles"].some((name) => name in fields);
    if (isOther) replace(this.cards.tuning, tuningCard());
    if (isOther || fields.online) {
      this.changed();
    } else if (fields.noted && fields.noted === this.problem?.identity) {
      this.entry = fields.entry;
      this.render();
    }
  }

  // Free, must use, must not use, free again. The first tap on a hold that the model filled in makes it a pin.
  tap(label) {
    const step = now();
    const mark = step.marks[label];
    if (!mark && pinsOf(step).length >= MOST_PINS) {
      toast(T.tooManyPins);
      return;
    }
    const next = { undefined: "use", use: "ban" }[mark];
    const marks = next ? { ...step.marks, [label]: next } : without(step.marks, label);
    const isOut = next === "ban" || !next;
    put({
      ...step,
      marks,
      grade: null,
      roles: isOut ? without(step.roles, label) : step.roles,
      filled: isOut ? without(step.filled, label) : step.filled,
    });
    this.changed();
  }

  // Choose a hold's role from a list.
  press(label) {
    const on = layout();
    const hold = on.holds.find((one) => one.label === label);
    const step = now();
    const set = (mark, role) => {
      if (mark === "use" && step.marks[label] !== "use" && pinsOf(step).length >= MOST_PINS) {
        toast(T.tooManyPins);
        return;
      }
      const rest = {
        ...step,
        grade: null,
        filled: without(step.filled, label),
        roles: without(step.roles, label),
        marks: without(step.marks, label),
      };
      if (mark) rest.marks[label] = mark;
      if (role) rest.roles[label] = role;
      put(rest);
      box.close();
      this.changed();
      this.stage.board.focus(label);
    };
    const pick = (name, mark, role) =>
      h(
        "button",
        { type: "button", class: "pick", "data-role": role ?? "", onclick: () => set(mark, role) },
        T.roleChoices[name],
      );
    const box = dialog(
      T.roleTitle(label),
      T.close,
      h(
        "div",
        { class: "picks" },
        isStartRow(hold, on) && pick("start", "use", "start"),
        hold.row !== on.top_row && pick("hands", "use", "hands"),
        hold.row === on.top_row && pick("finish", "use", "finish"),
        hold.row !== on.top_row && pick("feet", "use", "feet"),
        pick("ban", "ban"),
        pick("free"),
      ),
    );
  }

  async complete() {
    const step = now();
    const on = layout();
    const own = (role) =>
      Object.keys(step.roles).filter((label) => step.roles[label] === role && step.marks[label] === "use");
    const feet = own("feet");
    const pins = pinsOf(step).filter((label) => !feet.includes(label));
    if (!gradesInRange().length) {
      toast(T.notLearned(on.title));
      return;
    }
    this.stage.root.classList.add("busy");
    try {
      const request = {
        ...generateRequest(1),
        pins,
        bans: [...bansOf(step), ...feet],
        start: own("start"),
        finish: own("finish"),
      };
      const {
        problems: [completed],
      } = await ask("POST", "/api/generate", request);
      if (step !== now()) return; // the holds have changed meanwhile
      put({
        ...step,
        filled: { ...rolesOf(completed), ...Object.fromEntries(feet.map((label) => [label, "feet"])) },
        grade: completed.grade,
      });
      if (this.root.isConnected) this.changed();
    } catch (error) {
      toast(error.message);
    } finally {
      this.stage.root.classList.remove("busy");
    }
  }

  undo(by) {
    const one = draft();
    one.at = Math.max(0, Math.min(one.steps.length - 1, one.at + by));
    keepNow();
    this.changed();
  }

  clear() {
    put(BLANK);
    this.changed();
    toast(T.cleared, { words: T.undone, run: () => this.undo(-1) });
  }

  // The holds, or who climbs them, have changed: analyse again, after a moment in case more changes follow.
  changed() {
    this.entry = null;
    this.asking?.abort();
    clearTimeout(this.timer);
    this.render();
    const { problem } = this;
    history.replaceState(history.state, "", `?${this.query()}`);
    if (!problem) return;
    this.asking = new AbortController();
    const { signal } = this.asking;
    this.timer = setTimeout(
      async () => {
        try {
          await analyse(problem, signal);
          if (signal.aborted) return;
          this.render();
          this.entry = await entryOf(problem);
          if (!signal.aborted && this.entry) this.render();
        } catch (error) {
          if (error.name !== "AbortError" && error.status !== 0) toast(error.message);
        }
      },
      analysisOf(problem) ? 0 : ANALYSE_AFTER_MS,
    );
  }

  query() {
    return queryOf(now(), layout(), state.setup.angle);
  }

  marks() {
    const step = now();
    return { ...Object.fromEntries(Object.keys(step.filled).map((label) => [label, "fill"])), ...step.marks };
  }

  render() {
    const { stage, problem } = this;
    const on = layout();
    const step = now();
    const roles = litRoles(step, on);
    const fault = faultOf(roles, on);
    const analysis = problem && analysisOf(problem);
    stage.lay();
    if (!analysis?.beta) stage.step = null;
    stage.show(problemOf(roles, on, state.setup.angle), {
      marks: this.marks(),
      absent: absentSets(),
      beta: analysis?.beta,
    });
    this.renderStage(problem, analysis, fault);
    replace(this.cards.grade, problem && gradeCard(problem, analysis));
    this.renderBeta(problem, analysis);
    replace(this.cards.entry, entryCard(this.entry));
    replace(this.cards.share, problem && shareCard(problem, this.query()));
  }

  renderBeta(problem, analysis) {
    replace(this.cards.beta, problem && betaCard(analysis, this.stage.step, (to) => this.toStep(to)));
  }

  toStep(to) {
    const { problem, stage } = this;
    const analysis = analysisOf(problem);
    stage.step = to;
    stage.show(problem, { marks: this.marks(), absent: absentSets(), beta: analysis?.beta });
    this.renderStage(problem, analysis, null);
    this.renderBeta(problem, analysis);
  }

  renderStage(problem, analysis, fault) {
    const { stage } = this;
    const step = now();
    const caption = fault
      ? h("p", { class: "message", role: "status" }, fault)
      : h(
          "div",
          { class: "title" },
          h("h1", null, T.holds(holdsOf(problem).length)),
          analysis?.beta?.too_far > 0 &&
            h("small", null, h("em", { class: "warn" }, T.tooFar(climberName(), analysis.beta.too_far))),
        );
    replace(
      stage.caption,
      caption,
      !fault &&
        analysis?.prediction && [
          chartOf(analysis.prediction, { class: "chart spark" }),
          gradePill(analysis.prediction.grade),
        ],
    );
    const isStepping = stage.step !== null && stage.beta;
    stage.root.classList.toggle("stepping", Boolean(isStepping));
    const one = draft();
    replace(
      stage.actions,
      isStepping
        ? stage.stepper(() => this.toStep(stage.step))
        : [
            button("undo", T.undo, () => this.undo(-1), { quiet: true, disabled: one.at === 0 }),
            button("redo", T.redo, () => this.undo(1), { quiet: true, disabled: one.at === one.steps.length - 1 }),
            h(
              "button",
              { type: "button", class: "primary", onclick: () => this.complete(), disabled: !knownGrades().length },
              h("span", null, T.complete),
            ),
            button("beta", T.beta, () => this.toStep(0), { quiet: true, disabled: !analysis?.beta }),
            button("save", this.entry ? T.saved : T.save, () => this.save(), {
              quiet: true,
              disabled: !problem,
              "aria-pressed": String(Boolean(this.entry)),
              class: this.entry ? "on" : null,
            }),
            button("clear", T.clear, () => this.clear(), {
              quiet: true,
              disabled: step === BLANK || !(Object.keys(step.marks).length + Object.keys(step.filled).length),
            }),
          ],
    );
  }

  async save() {
    if (this.entry) {
      this.cards.entry.scrollIntoView({ behavior: "smooth" });
      return;
    }
    const { problem } = this;
    const grade = problem.grade ?? analysisOf(problem)?.prediction?.grade ?? null;
    if (await save({ ...problem, grade })) toast(T.saved);
  }

  key(event) {
    const isUndo = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z";
    if (isUndo) this.undo(event.shiftKey ? 1 : -1);
    else if (event.key === "c" && !event.ctrlKey && !event.metaKey) this.complete();
    else if (event.key === "Escape" && this.stage.step !== null) this.toStep(null);
    else return false;
    return true;
  }
}
