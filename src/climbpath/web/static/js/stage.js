// The part of the screen that comes first: filters, board, caption, and the buttons below.

import { BoardView } from "./board.js";
import { button, choice, h, replace } from "./dom.js";
import { Zoom } from "./zoom.js";
import { T } from "./texts.js";
import {
  boardOf,
  fewProblems,
  isLearned,
  knownGrades,
  layout,
  profile,
  rangeHere,
  rank,
  setsOn,
  shortTitle,
  sizeOf,
  state,
  vGrade,
  wallOn,
} from "./state.js";
import { chooseRange, chooseSetup, isWhole, keepWall } from "./book.js";
import { angleText, handHolds, hasAngle, hasGrid, holdsOf, rolesOf, ruleOf } from "./problem.js";

// Board, angle and range of grades, as native pickers.
export function filters() {
  const { boards } = state.appInfo;
  const { board, angle } = state.setup;
  const here = boards.find((one) => one.name === board);
  const known = knownGrades();
  const named = (grade) => (fewProblems(grade) ? T.fewProblems(grade, fewProblems(grade)) : grade);
  const grades = (known.length ? known : here.ladder).map((grade) => [grade, named(grade)]);
  const [low, high] = rangeHere();
  return h(
    "div",
    { class: "filters", role: "group", "aria-label": T.filters },
    choice(
      board,
      boards.map((one) => [one.name, shortTitle(one)]),
      (name) => chooseSetup({ board: name, angle: usualAngle(boards.find((one) => one.name === name)) }),
      { "aria-label": T.board, class: "wide" },
    ),
    here.angles.length > 1 ? anglePicker(here, angle) : h("span", { class: "fixed" }, T.shownAngle(angle)),
    h(
      "span",
      { class: "range" },
      choice(low, grades, (grade) => chooseRange([grade, rank(grade) > rank(high) ? grade : high]), {
        "aria-label": T.from,
      }),
      h("span", { "aria-hidden": "true" }, "–"),
      choice(high, grades, (grade) => chooseRange([rank(grade) < rank(low) ? grade : low, grade]), {
        "aria-label": T.to,
      }),
    ),
    whichSize(here),
  );
}

// Asked once, where a board comes in several sizes: nobody's wall has all of its holds.
function whichSize(board) {
  const sizes = Object.keys(board.sizes);
  if (sizes.length < 2 || sizeOf(board) || isWhole(board.name)) return null;
  const options = [["?", T.whichSize], ...sizes.map((size) => [size, size]), ["", T.everySize]];
  const choose = (size) => keepWall({ size: size || null });
  return choice("?", options, choose, { class: "which-size", "aria-label": T.whichSize });
}

// The angle of a board that is chosen: that of the climber's wall, else it stays, where it can.
const usualAngle = (board) =>
  [wallOn(board.name)?.angle, state.setup.angle].find((angle) => hasAngle(board, angle)) ?? board.usual_angle;

// The angles that were learned come first; the others are said to be as an unknown one.
function anglePicker(board, angle) {
  const angles = [...board.angles, ...(hasAngle(board, null) ? [null] : [])];
  const [learned, others] = [true, false].map((is) => angles.filter((one) => isLearned(board, one) === is));
  const options = (some) =>
    some.map((one) => h("option", { value: angleText(one) }, one === null ? angleText(one) : T.shownAngle(one)));
  return h(
    "select",
    {
      value: angleText(angle),
      "aria-label": T.angle,
      title: isLearned(board, angle) ? null : T.angleAsUnknown,
      onchange: ({ target }) =>
        chooseSetup({ board: board.name, angle: target.value === angleText(null) ? null : Number(target.value) }),
    },
    others.length && hasAngle(board, null)
      ? [
          h("optgroup", { label: T.learnedAngles }, options(learned)),
          h("optgroup", { label: T.otherAngles }, options(others)),
        ]
      : options(angles),
  );
}

export const gradePill = (grade) =>
  h(
    "span",
    { class: "pill" },
    grade ?? T.ungraded,
    grade && vGrade(grade) !== grade && h("small", null, vGrade(grade)),
  );

// Board and angle of a problem, in words, and with its foot rule.
export const setupText = (problem) => T.boardAt(shortTitle(boardOf(problem)), problem.angle);
export const placeOf = (problem) => [setupText(problem), ruleOf(problem)].filter(Boolean).join(" · ");

// What words call a hold of a problem: its label, which a board with a grid shows. Placement numbers stand on no wall, so
// there the holds for hands are counted from the lowest.
export function spoken(label, problem) {
  if (hasGrid(boardOf(problem))) return label;
  const number = 1 + handHolds(problem, boardOf(problem)).indexOf(label);
  return number ? T.holdNumber(number) : T.foothold(label);
}

// What is done in a step of a beta: 0 is the start.
export function stepText(problem, beta, step) {
  const called = (label) => spoken(label, problem);
  const move = beta.moves[step - 1];
  if (move) return T.move(T.hands[move.hand], called(move.hold), move.hold === move.other);
  const [left, right] = [beta.start.LH, beta.start.RH];
  return left === right ? T.bothOn(called(left)) : T.startOn(called(left), called(right));
}

// How many holds a problem has, in words.
export const holdCount = (problem) => T.holds(holdsOf(problem).length - problem.feet.length, problem.feet.length);

export const climberName = () => profile()?.name ?? T.you;

export class Stage {
  constructor({ on, isEdited, top = filters }) {
    this.top = top;
    this.isEdited = Boolean(isEdited);
    this.board = new BoardView(on);
    this.filters = h("div");
    this.zoom = new Zoom(
      this.board.sheet,
      () => this.board.cm,
      () => this.zoomed(),
    );
    this.caption = h("div", { class: "caption" });
    this.actions = h("div", { class: "actions" });
    this.root = h("section", { class: "stage" }, this.filters, this.zoom.root, this.caption, this.actions);
    this.step = null; // of the beta; null while it is not shown
    this.lay();
  }

  lay(on = layout()) {
    replace(this.filters, this.top());
    this.draw(on);
  }

  // The wall of a board for a problem: of the climber's size, where that has the problem's holds.
  draw(on, problem = null) {
    if (this.board.lay(on, this.isEdited, sizeOf(on, problem))) this.zoom.draw();
  }

  // More or less than the whole board is shown: called after a change, for the view to overrule.
  zoomed() {}

  // A button that shows all of the board, or a part so large that fingers hit its holds; none where all of it is.
  zoomButton() {
    const { isNear, isUseful } = this.zoom;
    if (!isNear && !isUseful) return null;
    return button(isNear ? "far" : "near", isNear ? T.wholeBoard : T.zoomIn, () => this.zoom.toggle(), {
      quiet: true,
      class: "ghost zoom",
    });
  }

  // Show a problem on the board, and its beta up to the current step if there is one.
  show(problem, { marks, beta } = {}) {
    this.problem = problem;
    this.beta = beta ?? null;
    const on = problem ? boardOf(problem) : layout();
    const sets = setsOn(on);
    if (problem) this.draw(on, problem);
    const shown = problem ? `${holdCount(problem)}, ${problem.notation}` : T.noProblem;
    const title = T.boardLabel(on.title, (problem ?? state.setup).angle);
    const isStepping = this.step !== null && this.beta;
    this.board.show({
      roles: problem ? rolesOf(problem) : {},
      marks,
      absent: sets.length ? on.hold_sets.filter((name) => !sets.includes(name)) : [],
      dim: isStepping ? this.beta.no_hand.filter((label) => !problem.feet?.includes(label)) : [],
      words: T.shownLabel(title, shown),
    });
    if (isStepping) this.board.showBeta(this.beta, this.step);
  }

  // The buttons that step through the beta, which replace the others while it is shown.
  stepper(again) {
    const { beta } = this;
    const move = beta.moves[this.step - 1];
    const go = (step) => {
      this.step = step;
      again();
    };
    const words = stepText(this.problem, beta, this.step);
    const far = move ? move.too_far : beta.start_too_far;
    return [
      button("back", T.stepBack, () => go(Math.max(0, this.step - 1)), { quiet: true, disabled: this.step === 0 }),
      h(
        "p",
        { class: `step ${move?.hand ?? ""} ${hasGrid(boardOf(this.problem)) ? "" : "wordy"}`, "aria-live": "polite" },
        h("strong", null, words),
        h(
          "small",
          null,
          T.step(this.step, beta.moves.length),
          this.step - 1 === beta.crux && h("em", { class: "crux" }, T.crux),
          far > 0 && h("em", { class: "warn" }, T.outOf(far)),
        ),
      ),
      button("next", T.stepOn, () => go(Math.min(beta.moves.length, this.step + 1)), {
        quiet: true,
        disabled: this.step === beta.moves.length,
      }),
      button("close", T.closeBeta, () => go(null), { quiet: true, class: "ghost" }),
    ];
  }
}
