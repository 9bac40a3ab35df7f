// The cards about a problem: its grade, its beta, similar problems, sharing, fine-tuning, and its logbook entry.

import { button, choice, h, icon, labelled, svg, toast } from "./dom.js";
import { T } from "./texts.js";
import {
  boardOf,
  change,
  climber,
  gradesInRange,
  isGraded,
  isHere,
  isLearned,
  isOwn,
  layout,
  methodHere,
  methodsHere,
  setsOn,
  sizeOf,
  state,
  wallOn,
} from "./state.js";
import { keepWall } from "./book.js";
import { hasGrid, query, rolesOf } from "./problem.js";
import { climberName, gradePill, spoken, stepText } from "./stage.js";

const LEAST_SHOWN = 0.02;
const MOST_BARS = 9;
const WORTH_SHOWING = 0.3;

export const card = (title, ...content) => h("section", { class: "card" }, h("h2", null, title), content);

// Bars for the grades that are likely enough to be visible, and one more on either side.
export function chartOf(prediction, attributes) {
  const grades = Object.entries(prediction.probabilities);
  const ranked = [...grades].sort((a, b) => b[1] - a[1]);
  const visible = grades.map(([, probability], i) => (probability >= LEAST_SHOWN ? i : -1)).filter((i) => i >= 0);
  // those at the ends that are less likely give way where there are too many for a phone
  let [from, to] = [Math.max(0, Math.min(...visible) - 1), Math.min(grades.length, Math.max(...visible) + 2)];
  while (to - from > MOST_BARS) {
    if (grades[from][1] < grades[to - 1][1]) from += 1;
    else to -= 1;
  }
  const words = ranked
    .slice(0, 3)
    .map(([grade, probability]) => `${grade} ${Math.round(probability * 100)} %`)
    .join(", ");
  return h(
    "div",
    { class: "chart", role: "img", "aria-label": `${T.chart}: ${words}`, ...attributes },
    grades.slice(from, to).map(([grade, probability]) => {
      const bar = h("i");
      bar.style.height = `${Math.max(2, (probability / ranked[0][1]) * 100)}%`;
      return h(
        "div",
        { class: grade === prediction.grade ? "chosen" : null },
        h("small", null, probability >= LEAST_SHOWN ? `${Math.round(probability * 100)}` : ""),
        h("span", null, bar),
        h("b", null, grade),
      );
    }),
  );
}

// A known problem keeps the grade of its record; every other one has the grader's.
function gradeWords(problem, prediction) {
  const says = T.graderSays(prediction.words, prediction.probabilities[prediction.grade]);
  const { grade, asked_grade: asked } = problem;
  if (problem.ids?.length && grade) return [T.onRecord(grade), " ", says];
  if (asked && asked !== grade) return [says, " ", T.asked(asked)];
  if (grade && grade !== prediction.grade) return [says, " ", T.given(grade)];
  return [says];
}

// Where new problems and grades are as if the angle were unknown, or as on another board.
export function cautions(problem) {
  const board = boardOf(problem);
  const { angle } = state.setup;
  const isOther = problem.angle === null && angle !== null && isHere(problem);
  const words =
    isOther && isLearned(board, angle) ? T.someAsUnknown : isGraded(problem) ? T.asUnknown : T.madeAsUnknown;
  return [
    (isOther || !isLearned(board, problem.angle)) &&
      h(
        "p",
        { class: "warn" },
        words(
          problem.angle ?? angle,
          gradesInRange().filter((one) => !isOwn(one)),
        ),
      ),
    board.drawn_as && h("p", { class: "warn" }, T.drawnAs(board.drawn_as)),
  ];
}

export function gradeCard(problem, analysis) {
  const canGrade = isGraded(problem);
  const notes = cautions(problem);
  if (!canGrade) {
    return card(
      T.grade,
      h("p", null, T.notGraded, problem.asked_grade ? ` ${T.asked(problem.asked_grade)}` : ""),
      notes,
    );
  }
  const prediction = analysis?.prediction;
  if (!prediction) return card(T.grade, h("div", { class: "chart waiting" }));
  if (isLearned(boardOf(problem), problem.angle) && !isOwn(prediction.grade, problem)) {
    notes.push(h("p", { class: "warn" }, T.gradeAsUnknown(prediction.grade, problem.angle)));
  }
  const [label, steps] = Object.entries(prediction.influence).sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]))[0] ?? [];
  return card(
    T.grade,
    chartOf(prediction),
    h("p", null, ...gradeWords(problem, prediction)),
    notes,
    Math.abs(steps ?? 0) >= WORTH_SHOWING && h("p", { class: "quiet" }, T.hardest(spoken(label, problem), steps)),
  );
}

export function betaCard(problem, analysis, step, go) {
  const beta = analysis?.beta;
  if (!beta) return card(T.betaTitle, h("div", { class: "waiting" }));
  const { height, ape } = climber();
  const called = (label) => spoken(label, problem);
  const idle = beta.no_hand.filter((label) => !problem.feet?.includes(label));
  const line = (i, words, move) =>
    h(
      "li",
      null,
      h(
        "button",
        {
          type: "button",
          class: `move-line ${move?.hand ?? ""}`,
          "aria-current": step === i ? "step" : null,
          onclick: () => go(i),
        },
        h("span", { class: "hand-mark" }, move ? move.hand[0] : "·"),
        h("span", null, words),
        move && i - 1 === beta.crux && h("em", { class: "crux" }, T.crux),
        (move?.too_far ?? beta.start_too_far) > 0 &&
          h("em", { class: "warn" }, T.outOf(move ? move.too_far : beta.start_too_far)),
      ),
    );
  return card(
    T.betaTitle,
    beta.too_far > 0 && h("p", { class: "warn" }, T.tooFar(climberName(), beta.too_far)),
    h("p", null, T.cruxIs(beta.crux + 1, T.hands[beta.moves[beta.crux].hand], called(beta.moves[beta.crux].hold))),
    h(
      "ol",
      { class: "moves", start: 0 },
      line(0, stepText(problem, beta, 0)),
      beta.moves.map((move, i) => line(i + 1, stepText(problem, beta, i + 1), move)),
    ),
    idle.length > 0 && h("p", { class: "quiet" }, T.noHand(idle.map(called).join(", "))),
    h("p", { class: "quiet" }, T.forWhom(climberName(), height, ape)),
  );
}

// A small board, for lists.
function thumbnail(problem) {
  const layoutHere = boardOf(problem);
  const roles = rolesOf(problem);
  const [xs, ys] = [layoutHere.holds.map((hold) => hold.x), layoutHere.holds.map((hold) => hold.y)];
  const [left, low, high] = [Math.min(...xs), hasGrid(layoutHere) ? 0 : Math.min(...ys), Math.max(...ys)];
  const [wide, tall] = [Math.max(...xs) - left + 28, high - low + 28];
  return svg(
    "svg",
    { class: "thumbnail", viewBox: `${left - 14} -14 ${wide} ${tall}`, "aria-hidden": "true" },
    svg("rect", { class: "wall", x: left - 14, y: -14, width: wide, height: tall, rx: 12 }),
    layoutHere.holds
      .filter((hold) => roles[hold.label])
      .map((hold) =>
        svg("circle", {
          class: "spot",
          "data-lamp": layoutHere.lamps[roles[hold.label]],
          cx: hold.x,
          cy: high - hold.y,
          r: 13,
        }),
      ),
  );
}

// `lines` are what is said below the name: texts, or lists of elements.
export const problemLine = (problem, lines, onclick) =>
  h(
    "button",
    { type: "button", class: "problem-line", onclick },
    thumbnail(problem),
    h(
      "span",
      { class: "about" },
      h("strong", null, problem.name ?? problem.suggested_name ?? problem.notation),
      lines.map((line) => h("small", null, line)),
    ),
    gradePill(problem.grade),
  );

export function similarCard(shown, similarProblems, open) {
  if (!similarProblems) return null;
  const { is_known: isKnown, problems } = similarProblems;
  return card(
    T.similar,
    h("p", null, isKnown ? T.known(boardOf(shown).has_mirror) : T.novel),
    problems.length
      ? h(
          "div",
          { class: "lines" },
          problems.map(({ problem, similarity }) =>
            problemLine(problem, [T.similarity(similarity)], () => open(problem)),
          ),
        )
      : h("p", { class: "quiet" }, T.noneSimilar),
  );
}

const linkTo = (address) => `${location.origin}/?${address}`;

export async function copyLink(problem, address = query(problem)) {
  const link = linkTo(address);
  if (navigator.share) {
    try {
      return await navigator.share({ title: problem.name ?? problem.suggested_name, url: link });
    } catch (error) {
      if (error.name === "AbortError") return undefined;
    }
  }
  try {
    await navigator.clipboard.writeText(link);
    toast(T.copied);
  } catch {
    // over plain HTTP, or if the browser refuses: the link is selected, to be copied by hand
    document.querySelector(".link").focus();
  }
  return undefined;
}

// `composed`: the query of a link to a step of composing, which says more than the problem.
export function shareCard(problem, composed) {
  const { height, ape } = climber();
  const theme = getComputedStyle(document.documentElement).colorScheme;
  const size = sizeOf(boardOf(problem), problem) ?? "";
  const options = { height, ape: ape || "", theme, size, hold_sets: setsOn(boardOf(problem)) };
  const link = composed ?? query(problem, { size });
  const picture = (kind, withBeta) =>
    `/api/picture/${kind}?${query(problem, { with_beta: withBeta ? "true" : "", ...options })}`;
  const download = (kind, withBeta, words) =>
    h("a", { class: "button", href: picture(kind, withBeta), download: true }, words);
  return card(
    T.shareTitle,
    labelled(
      T.linkHint,
      h("input", {
        type: "text",
        readonly: true,
        value: linkTo(link),
        class: "link",
        onfocus: (event) => event.target.select(),
      }),
    ),
    h(
      "div",
      { class: "row" },
      button("share", T.copy, () => copyLink(problem, link)),
      button("print", T.print, () => window.print()),
      !composed &&
        h("a", { class: "button", href: `?${query(problem, { view: "compose" })}` }, icon("edit"), T.openInCompose),
    ),
    h(
      "div",
      { class: "row", role: "group", "aria-label": T.pictures },
      download("png", false, "PNG"),
      download("png", true, `PNG ${T.withBeta}`),
      download("svg", false, "SVG"),
      download("svg", true, `SVG ${T.withBeta}`),
      download("gif", true, `GIF: ${T.gif}`),
    ),
  );
}

// The conditions for generating problems besides board and grades.
export function tuningCard() {
  const { tuning } = state;
  const set = (fields) => change({ tuning: { ...state.tuning, ...fields } });
  const slider = (words, value, least, most, step, textOf, onchange) => {
    const input = h("input", {
      type: "range",
      min: least,
      max: most,
      step,
      value,
      "aria-label": words,
      "aria-valuetext": textOf(value),
      oninput: ({ target }) => {
        target.closest("label").querySelector("b").textContent = textOf(Number(target.value));
        target.setAttribute("aria-valuetext", textOf(Number(target.value)));
      },
      onchange: (event) => onchange(Number(event.target.value)),
    });
    // not an <output>: the label would belong to that, and not to the slider
    return h("label", { class: "field slider" }, h("span", null, words, h("b", null, textOf(value))), input);
  };
  const { board } = state.setup;
  const sizes = Object.keys(layout().sizes);
  const there = layout().sizes[sizeOf(layout())];
  const all = layout().hold_sets;
  const sets = all.filter(
    (name) => !there || layout().holds.some((hold) => hold.hold_set === name && there.includes(hold.label)),
  );
  const chosen = wallOn(board)?.hold_sets ?? all;
  const choose = (name, isOn) => {
    const next = all.filter((one) => (one === name ? isOn : chosen.includes(one)));
    if (sets.some((one) => next.includes(one))) keepWall({ hold_sets: next.length === all.length ? null : next });
    else {
      toast(T.lastSet);
      change({ tuning });
    }
  };
  const tick = (words, isOn, onchange) =>
    h(
      "label",
      { class: "check" },
      h("input", { type: "checkbox", checked: isOn, onchange: (event) => onchange(event.target.checked) }),
      h("span", null, words),
    );
  const bold = (value) => T.adventures[value < 0.85 ? 0 : value < 1.15 ? 1 : value < 1.5 ? 2 : 3];
  return h(
    "details",
    {
      class: "card tuning",
      open: state.tuningOpen,
      ontoggle: (event) => {
        state.tuningOpen = event.target.open;
      },
    },
    // kept at once: the event of a toggle comes later, when a control may have been moved already
    h(
      "summary",
      { onclick: ({ target }) => (state.tuningOpen = !target.closest("details").open) },
      h("h2", null, T.tuning),
    ),
    slider(T.fewest(layout().has_feet), tuning.fewest, 3, 14, 1, String, (fewest) =>
      set({ fewest, most: Math.max(fewest, tuning.most) }),
    ),
    slider(T.most(layout().has_feet), tuning.most, 3, 20, 1, String, (most) =>
      set({ most, fewest: Math.min(most, tuning.fewest) }),
    ),
    slider(T.adventure, tuning.temperature, 0.7, 1.7, 0.1, bold, (temperature) => set({ temperature })),
    sizes.length > 1 &&
      labelled(
        T.size,
        choice(sizeOf(layout()) ?? "", [["", T.everySize], ...sizes.map((size) => [size, size])], (size) =>
          keepWall({ size: size || null }),
        ),
      ),
    methodsHere().length > 1 &&
      labelled(
        T.footRule,
        choice(
          methodHere() ?? methodsHere()[0],
          methodsHere().map((method) => [method, method]),
          (method) => set({ method }),
        ),
      ),
    h(
      "fieldset",
      null,
      h("legend", null, T.holdSets),
      sets.map((name) => tick(name, chosen.includes(name), (isOn) => choose(name, isOn))),
    ),
    tick(T.reachOnly(climberName()), tuning.reachOnly, (reachOnly) => set({ reachOnly })),
    tick(T.matching, tuning.matching, (matching) => set({ matching })),
    tick(T.unsentOnly(climberName()), tuning.unsentOnly, (unsentOnly) => set({ unsentOnly })),
  );
}
