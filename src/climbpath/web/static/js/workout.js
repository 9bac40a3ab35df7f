// The workout view: plan an evening on the board, and see what comes when.

import { ask, ApiError } from "./api.js";
import { button, h, icon, replace, toast } from "./dom.js";
import { T, named } from "./texts.js";
import {
  change,
  climber,
  gradesInRange,
  isHere,
  layout,
  methodHere,
  profile,
  setupFor,
  setsOn,
  sizeOf,
  state,
} from "./state.js";
import { bodyOf, keepPlanned } from "./analysis.js";
import { card, cautions, problemLine } from "./panel.js";
import { filters, placeOf } from "./stage.js";
import { allFound } from "./play.js";
import { clock, finish, goOn, isOn, restLeft, slotNow, slotsOf } from "./timer.js";
import { allowSound, isLoud, setLoud } from "./signal.js";

const MINUTES = [30, 45, 60, 75, 90, 120];
const MOST_LISTED = 60;

export class Workout {
  constructor(open) {
    this.open = open;
    this.isNew = !state.workout || Boolean(state.planFrom);
    this.root = h("div", { class: "page workout" });
    this.minutes = state.workout?.plan.minutes ?? 60;
    this.error = "";
    this.isBusy = false;
  }

  start() {
    this.render();
  }

  heard(fields) {
    if (!("tick" in fields)) this.render();
  }

  render() {
    replace(this.root, this.isNew ? this.form() : this.plan());
  }

  // What to plan

  form() {
    const who = profile();
    const list = state.planFrom;
    return [
      h("h1", null, list ? T.planList(list.title) : T.planTitle),
      h("p", { class: "quiet" }, list ? T.planListWords : T.planWords),
      card(
        T.minutes,
        h(
          "div",
          { class: "lengths", role: "group", "aria-label": T.minutes },
          MINUTES.map((minutes) =>
            h(
              "button",
              {
                type: "button",
                "aria-pressed": String(minutes === this.minutes),
                class: minutes === this.minutes ? "chosen" : null,
                onclick: () => {
                  this.minutes = minutes;
                  this.render();
                },
              },
              minutes,
            ),
          ),
        ),
        !list && filters(),
        who && h("p", { class: "quiet" }, T.forWhom(who.name, who.height, who.ape)),
      ),
      this.error && h("p", { class: "warn", role: "alert" }, this.error),
      h(
        "div",
        { class: "row" },
        button("workout", this.isBusy ? T.planning : T.planIt, () => this.make(), {
          class: "primary large",
          disabled: this.isBusy,
        }),
        (state.workout || list) && button("close", T.cancel, () => this.cancel(), { class: "ghost" }),
      ),
    ];
  }

  cancel() {
    change({ planFrom: null });
    this.isNew = !state.workout;
    this.error = "";
    this.render();
  }

  async make() {
    Object.assign(this, { isBusy: true, error: "" });
    this.render();
    try {
      const { body, leftOut } = await this.request();
      const plan = await ask("POST", "/api/workout", body);
      for (const { problem } of plan.sections.flatMap(({ problems }) => problems))
        problem.name ??= problem.suggested_name;
      change({ workout: { plan, at: 0, tries: 0, rest: null, isDone: false, leftOut }, planFrom: null });
      if (isOn()) change({ playing: null });
      this.isNew = false;
      keepPlanned(slotsOf(plan).map(({ problem }) => problem)); // so that their beta is there offline, too
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.error = error.message;
    }
    this.isBusy = false;
    if (!this.root.isConnected) return;
    this.render();
    window.scrollTo({ top: 0 });
  }

  // What to ask the server for, and how many problems of the list are left out: a workout is on one board.
  async request() {
    const list = state.planFrom;
    const all = list ? await allFound(list.wanted) : [];
    if (list && !all.length) throw new ApiError(T.logbookNothing, 0);
    const { board, angle } = all.find(isHere) ?? all[0] ?? state.setup;
    if (list && !isHere({ board, angle })) change({ setup: setupFor({ board, angle }) });
    const problems = all.filter((one) => one.board === board && one.angle === angle).slice(0, MOST_LISTED);
    const body = {
      board,
      angle,
      size: sizeOf(layout()),
      method: methodHere(),
      ...(list ? { name: list.title.slice(0, 40) } : { grades: gradesInRange() }),
      minutes: this.minutes,
      climber: climber(),
      hold_sets: setsOn(layout()),
      problems: problems.map(bodyOf),
    };
    return { body, leftOut: all.length - problems.length };
  }

  // The plan

  plan() {
    const { plan, at, isDone, leftOut } = state.workout;
    const slots = slotsOf(plan);
    const [{ problem: first }] = slots;
    const { problem: usual } = slots.find(({ problem }) => problem.angle !== null) ?? slots[0]; // warm-ups may have none
    const isLast = at + 1 === slots.length;
    const begun = isOn() || at > 0 || state.workout.tries > 0;
    const words = isDone ? T.startAgain : begun ? T.goOnWith(at + 1, slots.length) : T.start;
    const span = plan.name ?? [...new Set([plan.grades[0], plan.grades.at(-1)])].join(" – ");
    return [
      h("h1", null, `${named(span)} · ${T.min(plan.minutes)}`),
      h("p", { class: "quiet" }, isDone ? (isLast ? T.workoutDone : T.endedAt(at + 1, slots.length)) : placeOf(usual)),
      leftOut > 0 && h("p", { class: "warn" }, T.leftOutOfPlan(leftOut)),
      h(
        "div",
        { class: "row" },
        button("play", words, () => this.climb(isDone ? 0 : at), { class: "primary large" }),
        isOn() && button("close", T.endWorkout, () => this.end(), { class: "ghost" }),
        !isOn() && button("compose", T.newPlan, () => this.anew(), { class: "ghost" }),
      ),
      ...cautions(first),
      plan.sections.map((section) => this.section(section, slots)),
      h(
        "label",
        { class: "check" },
        h("input", { type: "checkbox", checked: isLoud(), onchange: (event) => setLoud(event.target.checked) }),
        h("span", null, T.beeps),
      ),
    ];
  }

  end() {
    const undo = finish();
    toast(T.workoutEnded, { words: T.undone, run: undo });
  }

  anew() {
    this.isNew = true;
    this.render();
  }

  section(section, slots) {
    const { at, isDone } = state.workout;
    const rest = section.problems[0].rest_seconds[0] ?? 0;
    return h(
      "section",
      { class: "card" },
      h(
        "div",
        { class: "row counted" },
        h("h2", null, section.name),
        h("small", null, `${T.atClock(section.start_minute)} · ${T.min(section.minutes)}`),
      ),
      h("p", { class: "quiet" }, section.advice, rest > 0 && ` ${T.restEach(clock(rest))}`),
      h(
        "div",
        { class: "lines" },
        section.problems.map((one) => {
          const slot = slots[one.number - 1];
          const about = [T.atClock(Math.round(slot.start / 60)), T.triesEach(slot.tries)].join(" · ");
          const lines = [about, slot.style.join(" · ")].filter(Boolean);
          const line = problemLine(slot.problem, lines, () => this.climb(one.number - 1));
          const isPast = isDone || one.number - 1 < at;
          if (isPast) line.classList.add("past");
          else if (one.number - 1 === at) line.setAttribute("aria-current", "step");
          return line;
        }),
      ),
    );
  }

  climb(at) {
    allowSound();
    this.open(goOn(at));
  }

  key() {
    return false;
  }
}

// Above the board, while a workout is on: the problem, the try, and the rest.
export function workoutBar({ problem, open, tried }) {
  const slot = slotNow();
  const { tries, rest } = state.workout;
  const isLast = !slot.rest_seconds[tries];
  const isAway = problem?.identity !== slot.problem.identity;
  const left = h("i");
  if (rest) left.style.width = `${(100 * (rest.until - Date.now())) / 1000 / rest.seconds}%`;
  return h(
    "div",
    { class: "playing workout-bar", role: "group", "aria-label": T.tabs.workout },
    isAway
      ? button("back", rest ? T.backToIt : T.backTo(slot.problem.name), () => open(slot.problem), { class: "away" })
      : h(
          "p",
          null,
          h("strong", null, `${slot.section} ${T.ofList(slot.place, slot.of)}`),
          h("small", { "aria-live": "polite" }, rest ? T.resting(tries + 1) : T.tryOf(tries + 1, slot.tries)),
        ),
    (rest || !isAway) &&
      h(
        "button",
        {
          type: "button",
          class: rest ? "rest on" : "rest",
          "aria-label": rest ? T.endRest : undefined,
          title: rest ? T.endRest : T.restTitle,
          onclick: tried,
        },
        rest && left,
        rest
          ? h("b", null, clock(restLeft()))
          : h("span", null, icon("workout"), isLast ? T.finish : `${T.rest} ${clock(slot.rest_seconds[tries])}`),
      ),
    h(
      "a",
      { class: "button ghost", href: "?view=workout", title: T.thePlan },
      icon("logbook"),
      h("span", { class: "unseen" }, T.thePlan),
    ),
  );
}
