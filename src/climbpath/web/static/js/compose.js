// Composing: the climber chooses holds to use and holds to avoid, and the model fills in the rest.

import { ask } from "./api.js";
import { button, dialog, h, replace, toast } from "./dom.js";
import { T, sentence } from "./texts.js";
import {
  boardOf,
  generateRequest,
  gradesInRange,
  isGraded,
  layout,
  methodHere,
  methodsHere,
  sizeOf,
  state,
} from "./state.js";
import { analyse, analysisOf } from "./analysis.js";
import { Stage, gradePill, holdCount } from "./stage.js";
import { betaCard, chartOf, gradeCard, shareCard, tuningCard } from "./panel.js";
import { entryCard, heart } from "./entry.js";
import { entryOf } from "./book.js";
import {
  ENDINGS,
  angleText,
  hasGrid,
  mayBe,
  mirroredRoles,
  problemOf,
  query,
  readHolds,
  rolesOf,
  rowsOf,
  ruleOf,
} from "./problem.js";
import { keep, kept } from "./storage.js";
import { composeLights } from "./lights.js";

const MOST_STEPS = 200;
const MOST_PINS = 20;
const MOST_ENDS = 2; // a problem has one or two starts, and one or two finishes
const ANALYSE_AFTER_MS = 30;
const TAPPED = ["start", "hands", "finish", "feet"]; // roles, one tap after the other, where rows imply none
const MARKS = { ...ENDINGS, hands: "h" }; // a pin's role in links and requests
const BLANK = { roles: {}, bans: [], filled: {}, only: [], grade: null, asked: null };

// A step of composing: `roles` pin -> role, as it is shown, and as it will be in every completion; `bans` the holds to
// avoid; `filled` label -> the role of a hold that the model filled in; `only` those of start and finish whose pin must
// stay the only one; `grade` and `method` those that a link brought; `asked` the grade that a completion was for. Steps
// never change, so undo just goes back to an earlier one.
const keptSteps = kept("composed", {});
const drafts = {}; // a board's name -> {steps, at}
let wasExplained = false; // that the first touch only zooms in

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
  keep("composed", keptSteps);
}

// The foot rule of a step: that of the problem that it began with, else the one that is asked for.
const methodOf = (step) => (step.method === undefined ? methodHere() : (step.method ?? undefined));
const pinsOf = ({ roles }) => Object.keys(roles);
const inRole = (roles, role) => Object.keys(roles).filter((label) => roles[label] === role);
const without = (object, label) => Object.fromEntries(Object.entries(object).filter(([name]) => name !== label));
const litRoles = (step) => ({ ...step.filled, ...step.roles });

// A step in which a hold is nothing; `only` goes with the last pin of its role.
function cleared(step, label) {
  const roles = without(step.roles, label);
  const only = step.only.filter((role) => inRole(roles, role).length);
  const bans = step.bans.filter((one) => one !== label);
  return { ...step, roles, bans, only, filled: without(step.filled, label), grade: null, asked: null };
}

const pinned = (step, label, role) => {
  const next = cleared(step, label);
  return { ...next, roles: { ...next.roles, [label]: role } };
};

const banned = (step, label) => {
  const next = cleared(step, label);
  return { ...next, bans: [...next.bans, label] };
};

// What words call holds: by their labels, or on a wall that shows none, by how two of them lie to each other.
const titleOf = (label) => (hasGrid(layout()) ? T.roleTitle(label) : T.thisHold);
const counted = (labels, on) => (hasGrid(on) ? labels : [T.holds(labels.length)]);
function called(labels) {
  if (hasGrid(layout())) return labels;
  const holds = labels.map((label) => layout().holds.find((hold) => hold.label === label));
  if (holds.length === 1) return [T.otherOne];
  if (holds.length > 2) {
    const across = [...holds].sort((one, other) => one.x - other.x);
    return holds.map((hold) => T.fromLeft(1 + across.indexOf(hold)));
  }
  const [one, other] = holds;
  const isAcross = Math.abs(one.x - other.x) > Math.abs(one.y - other.y);
  const isFirst = isAcross ? one.x < other.x : one.y < other.y;
  const ways = isAcross ? [T.leftOne, T.rightOne] : [T.lowerOne, T.upperOne];
  return isFirst ? ways : ways.reverse();
}

// Why the lit holds are not a problem yet, as a message; null if they are one.
export function faultOf(roles, on, angle, bans = []) {
  const [starts, finishes] = [inRole(roles, "start"), inRole(roles, "finish")];
  const hold = (label) => on.holds.find((one) => one.label === label);
  const canComplete = on.grades[angleText(angle)]?.length > 0;
  if (!Object.keys(roles).length) return T.empty(bans.length, canComplete);
  for (const role of ["start", "finish", "hands"]) {
    const wrong = inRole(roles, role).find((label) => !mayBe(role, hold(label), on, angle));
    if (wrong) return T.faults.wrong[role](wrong, rowsOf(role, on, angle));
  }
  if (starts.length > MOST_ENDS) return T.faults.manyStarts(counted(starts, on));
  if (finishes.length > MOST_ENDS) return T.faults.manyFinishes(counted(finishes, on));
  if (!starts.length) return T.faults.noStart(rowsOf("start", on, angle), canComplete);
  if (!finishes.length) return T.faults.noFinish(rowsOf("finish", on, angle), canComplete, on.lamps.finish);
  return null;
}

// The query of a link to a step: the lit holds, which of them are pins, and the bans. If the climber chose everything,
// the problem alone is enough.
function queryOf(step, on, angle) {
  const roles = litRoles(step);
  const pins = pinsOf(step).map((label) => label + MARKS[step.roles[label]]);
  const isAllOwn = pins.length === Object.keys(roles).length && inRole(roles, "start").length > 0; // else rows imply one
  return query(
    { ...problemOf(roles, on, angle, step.grade), method: methodOf(step) },
    {
      view: "compose",
      pins: isAllOwn ? "" : pins.join("-") || "none",
      bans: step.bans.join("-"),
      only: step.only.join("-"),
      size: sizeOf(on, { hands: Object.keys(roles) }) ?? "",
    },
  );
}

// The step that a link describes; if it names no pins, the climber chose the whole problem.
function stepOf(problem, fields) {
  const on = boardOf(problem);
  const roles = rolesOf(problem);
  const read = (field) => readHolds((fields?.get(field) ?? "").replace("none", ""), on) ?? {};
  const pins = fields?.has("pins") ? read("pins") : roles;
  const step = { ...BLANK, bans: Object.keys(read("bans")), grade: problem.grade, method: problem.method ?? null };
  step.roles = Object.fromEntries(
    Object.entries(pins).map(([label, role]) => [label, role ?? roles[label] ?? usualRole(label, on, problem.angle)]),
  );
  if (Object.keys(roles).some((label) => !(label in pins))) step.filled = roles;
  const only = (fields?.get("only") ?? "").split("-");
  return {
    ...step,
    only: ["start", "finish"].filter((role) => only.includes(role) && inRole(step.roles, role).length),
  };
}

// What a tapped hold is, as its row implies; where rows imply nothing, or starts may be in more than half of them, a start
// while there is room for one, else a hand.
function usualRole(label, on, angle, lit = {}) {
  const hasRoom = inRole(lit, "start").length < MOST_ENDS;
  if (!hasGrid(on)) return hasRoom ? "start" : "hands";
  const hold = on.holds.find((one) => one.label === label);
  const isAnywhere = rowsOf("start", on, angle)[1] > rowsOf("finish", on, angle)[1] / 2;
  const isStart = mayBe("start", hold, on, angle) && (hasRoom || !isAnywhere);
  return mayBe("finish", hold, on, angle) ? "finish" : isStart ? "start" : "hands";
}

// What a hold is after another tap: where rows imply no role, the next one that it can have, then nothing but avoided.
function nextRole(label, on, angle, lit) {
  if (hasGrid(on)) return undefined;
  const later = TAPPED.slice(TAPPED.indexOf(lit[label]) + 1);
  return later.find((role) => role !== "finish" || inRole(lit, "finish").length < MOST_ENDS);
}

export class Compose {
  constructor(problem, fields) {
    const isNew = problem && queryOf(now(), layout(), state.setup.angle) !== fields?.toString();
    if (isNew) put(stepOf(problem, fields));
    this.stage = new Stage({
      isEdited: true,
      on: {
        tap: (label) => this.tap(label),
        press: (label) => this.press(label),
        nearer: (x, y) => this.nearer(x, y),
      },
    });
    this.stage.zoom.listen();
    this.stage.zoomed = () => this.render();
    // what is there already is shown whole at first
    if (matchMedia("(pointer: coarse)").matches && !this.problem) this.stage.zoom.wanted = this.stage.zoom.easy;
    this.panel = h("aside", { class: "panel" });
    this.cards = Object.fromEntries(
      ["hint", "grade", "beta", "tuning", "entry", "share"].map((name) => [name, h("div", { class: `${name}-card` })]),
    );
    this.panel.append(...Object.values(this.cards));
    this.root = h("div", { class: "view compose" }, this.stage.root, this.panel);
    this.entry = null;
    this.method = methodHere();
  }

  // The lit holds as a problem, null while they are none. Its grade is the grader's, unless a link brought another.
  get problem() {
    const roles = litRoles(now());
    if (faultOf(roles, layout(), state.setup.angle)) return null;
    const problem = { ...problemOf(roles, layout(), state.setup.angle, now().grade), method: methodOf(now()) };
    const grade = problem.grade ?? analysisOf(problem)?.prediction?.grade ?? null;
    return { ...problem, grade, asked_grade: now().asked };
  }

  start() {
    replace(this.cards.tuning, tuningCard());
    this.changed();
  }

  heard(fields) {
    // another foot rule is asked for
    if ("tuning" in fields && methodHere() !== this.method) put({ ...now(), method: undefined });
    this.method = methodHere();
    const isOther = ["setup", "wall", "range", "tuning", "profileId", "profiles"].some((name) => name in fields);
    if (isOther) replace(this.cards.tuning, tuningCard());
    if (isOther || fields.online) {
      this.changed();
    } else if (fields.noted && fields.noted === this.problem?.identity) {
      this.entry = fields.entry;
      this.render();
    } else if (fields.renewed && this.problem) {
      this.readEntry().catch(() => {}); // read again when the server is back
    }
  }

  // What the logbook has of the composed problem.
  async readEntry() {
    const { signal } = this.asking;
    const entry = await entryOf(this.problem);
    if (signal.aborted) return;
    this.entry = entry;
    this.render();
  }

  // Include, avoid, clear. The first tap on a hold that the model filled in makes it a pin as it is shown.
  tap(label) {
    const step = now();
    const here = [label, layout(), state.setup.angle, litRoles(step)];
    const next = label in step.roles ? nextRole(...here) : (step.filled[label] ?? usualRole(...here));
    if (step.bans.includes(label)) this.take(cleared(step, label));
    else if (next) this.include(label, next);
    else this.take(banned(step, label));
  }

  // The first touch on holds that are too close together for fingers only zooms in there.
  nearer(x, y) {
    const isNearer = this.stage.zoom.nearer(x, y);
    if (isNearer && !wasExplained) toast(T.zoomedIn);
    wasExplained ||= isNearer;
    return isNearer;
  }

  take(step) {
    put(step);
    this.changed();
    composeLights(litRoles(step), layout());
  }

  // Make a hold a pin in a role; where it would be one start or finish too many, ask what it should be.
  include(label, role) {
    const step = now();
    if (!(label in step.roles) && pinsOf(step).length >= MOST_PINS) {
      toast(T.tooManyPins);
      return;
    }
    const others = inRole(litRoles(step), role).filter((other) => other !== label);
    const isOnly = step.only.includes(role) && others.length > 0;
    if (isOnly || (["start", "finish"].includes(role) && others.length >= MOST_ENDS))
      this.ask(label, role, others, isOnly);
    else this.take(pinned(step, label, role));
  }

  // A pick in a dialog about a hold.
  pick(label, words, role, choose) {
    const onclick = (event) => {
      event.target.closest("dialog").close();
      choose();
      this.stage.board.focus(label);
    };
    const lamp = this.stage.board.layout.lamps[role];
    return h("button", { type: "button", class: "pick", "data-lamp": lamp, onclick }, words);
  }

  ask(label, role, others, isOnly) {
    const step = now();
    const names = called(others);
    dialog(
      titleOf(label),
      T.close,
      h("p", null, isOnly ? T.isOnly[role](hasGrid(layout()) ? others[0] : null) : T.isFull[role]),
      h(
        "div",
        { class: "picks single" },
        role === "start" &&
          this.pick(label, T.roleChoices.hands, "hands", () => this.take(pinned(step, label, "hands"))),
        isOnly &&
          this.pick(label, T.beside[role](names[0]), role, () =>
            this.take({ ...pinned(step, label, role), only: step.only.filter((one) => one !== role) }),
          ),
        others.map((other, i) =>
          this.pick(label, T.insteadOf[role](names[i]), role, () => {
            const next = pinned(cleared(step, other), label, role);
            this.take({ ...next, only: step.only });
          }),
        ),
      ),
    );
  }

  // Let the pin of a role be the only one: other starts become hands, other finishes nothing.
  only(label, role) {
    let step = pinned(now(), label, role);
    for (const other of inRole(litRoles(step), role).filter((one) => one !== label)) {
      step = role === "start" && other in step.roles ? pinned(step, other, "hands") : cleared(step, other);
    }
    this.take({ ...step, only: [...new Set([...step.only, role])] });
  }

  // Choose a hold's role from a list.
  press(label) {
    const on = layout();
    const hold = on.holds.find((one) => one.label === label);
    const may = (role) => mayBe(role, hold, on, state.setup.angle);
    const ends = ["start", "finish"].filter(may);
    const isTop = hasGrid(on) && may("finish");
    const any = (role) => this.pick(label, T.roleChoices[role], role, () => this.include(label, role));
    const only = (role) => this.pick(label, T.onlyChoices[role], role, () => this.only(label, role));
    dialog(
      titleOf(label),
      T.close,
      h(
        "div",
        { class: "picks" },
        ends.map((end) => [any(end), only(end)]),
        may("hands") && any("hands"),
        !isTop && any("feet"),
        this.pick(label, T.roleChoices.ban, null, () => this.take(banned(now(), label))),
        this.pick(label, T.roleChoices.free, null, () => this.take(cleared(now(), label))),
      ),
    );
  }

  async complete() {
    const step = now();
    const on = layout();
    const feet = on.has_feet ? [] : inRole(step.roles, "feet"); // which no model chooses there
    if (!gradesInRange().length) {
      toast(T.notLearned(on.title));
      return;
    }
    this.stage.root.classList.add("busy");
    try {
      const request = {
        ...generateRequest(1),
        method: methodsHere().includes(methodOf(step)) ? methodOf(step) : undefined,
        pins: pinsOf(step)
          .filter((label) => !feet.includes(label))
          .map((label) => label + MARKS[step.roles[label]]),
        bans: [...step.bans, ...feet],
        start: step.only.includes("start") ? inRole(step.roles, "start") : [],
        finish: step.only.includes("finish") ? inRole(step.roles, "finish") : [],
      };
      const {
        problems: [completed],
      } = await ask("POST", "/api/generate", request);
      if (step !== now()) return; // the holds have changed meanwhile
      put({
        ...step,
        filled: { ...rolesOf(completed), ...Object.fromEntries(feet.map((label) => [label, "feet"])) },
        grade: isGraded(completed) ? null : completed.grade,
        asked: completed.asked_grade,
      });
      if (!this.root.isConnected) return;
      this.changed();
      composeLights(litRoles(now()), layout());
      this.stage.zoom.far();
    } catch (error) {
      toast(sentence(error.message));
    } finally {
      this.stage.root.classList.remove("busy");
    }
  }

  undo(by) {
    const one = draft();
    one.at = Math.max(0, Math.min(one.steps.length - 1, one.at + by));
    keepNow();
    this.changed();
    composeLights(litRoles(now()), layout());
  }

  mirror() {
    const [on, step] = [layout(), now()];
    const bans = Object.keys(mirroredRoles(Object.fromEntries(step.bans.map((label) => [label, null])), on));
    const [roles, filled] = [step.roles, step.filled].map((some) => mirroredRoles(some, on));
    this.take({ ...step, roles, filled, bans });
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
          await this.readEntry();
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

  // label -> use, only, ban or fill
  marks() {
    const step = now();
    const marks = Object.fromEntries(Object.keys(step.filled).map((label) => [label, "fill"]));
    for (const [label, role] of Object.entries(step.roles)) marks[label] = step.only.includes(role) ? "only" : "use";
    for (const label of step.bans) marks[label] = "ban";
    return marks;
  }

  render() {
    const { stage, problem } = this;
    const on = layout();
    const step = now();
    const roles = litRoles(step);
    const fault = faultOf(roles, on, state.setup.angle, step.bans);
    const analysis = problem && analysisOf(problem);
    replace(stage.filters, stage.top());
    if (!analysis?.beta) stage.step = null;
    stage.show(problemOf(roles, on, state.setup.angle), { marks: this.marks(), beta: analysis?.beta });
    this.renderStage(problem, analysis, fault);
    replace(
      this.cards.hint,
      h("p", { class: "hint" }, T.composeHint(hasGrid(on)), h("span", { class: "keys" }, ` ${T.composeKeys}`)),
      on.has_mirror &&
        h(
          "div",
          { class: "row" },
          button("mirror", T.mirror, () => this.mirror()),
        ),
    );
    replace(this.cards.grade, problem && gradeCard(problem, analysis));
    this.renderBeta(problem, analysis);
    replace(this.cards.entry, entryCard(this.entry));
    replace(this.cards.share, problem && shareCard(problem, this.query()));
  }

  renderBeta(problem, analysis) {
    replace(this.cards.beta, problem && betaCard(problem, analysis, this.stage.step, (to) => this.toStep(to)));
  }

  toStep(to) {
    const { problem, stage } = this;
    const analysis = analysisOf(problem);
    if (stage.step === null && to !== null) stage.zoom.far();
    stage.step = to;
    stage.show(problem, { marks: this.marks(), beta: analysis?.beta });
    this.renderStage(problem, analysis, null);
    this.renderBeta(problem, analysis);
  }

  renderStage(problem, analysis, fault) {
    const { stage } = this;
    const step = now();
    const caption = fault
      ? h(
          "div",
          { class: "title", role: "status" },
          h("h1", { class: "unseen" }, T.tabs.compose),
          h("p", { class: "message" }, fault),
        )
      : h(
          "div",
          { class: "title", role: "status" },
          h("h1", null, [holdCount(problem), ruleOf(problem)].filter(Boolean).join(" · ")),
          analysis?.beta?.too_far > 0 && h("small", null, h("em", { class: "warn" }, T.farBy(analysis.beta.too_far))),
        );
    replace(
      stage.caption,
      caption,
      analysis?.prediction && chartOf(analysis.prediction, { class: "chart spark" }),
      problem?.grade && gradePill(problem.grade),
      stage.zoomButton(),
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
              { type: "button", class: "primary", onclick: () => this.complete() },
              h("span", null, T.complete),
            ),
            button("beta", T.beta, () => this.toStep(0), { quiet: true, disabled: !analysis?.beta }),
            heart(problem, this.entry, { disabled: !problem }),
            button("clear", T.clear, () => this.clear(), {
              quiet: true,
              disabled: !Object.keys(this.marks()).length,
            }),
          ],
    );
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
