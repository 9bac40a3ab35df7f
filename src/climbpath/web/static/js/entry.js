// A climber's own record of a problem: whether it is saved, its ticks, stars, notes and lists.

import { button, choice, dialog, h, labelled, replace, toast } from "./dom.js";
import { T } from "./texts.js";
import { dayText, today } from "./dates.js";
import { boardOf, state, vGrade, wallOn } from "./state.js";
import { bringBack, edit, inCopy, remove, save, tick, untick } from "./book.js";
import { newId } from "./storage.js";
import { handHolds, hasGrid } from "./problem.js";
import { card } from "./panel.js";
import { spoken } from "./stage.js";

const MOST_TRIES = 999;
const DOUBLE_MS = 500;

// Ticks that a device has kept from an earlier release were all sends.
const wasSent = (one) => one.sent !== false;
const nameOf = (problem) => problem.name || problem.suggested_name || problem.notation;

// A double tap on a button of the sheet is one tap, and not one on what is below.
let closedAt = -Infinity;
document.addEventListener(
  "click",
  (event) => {
    if (event.detail < 2 || event.timeStamp - closedAt > DOUBLE_MS) return;
    event.stopPropagation();
    event.preventDefault();
  },
  true,
);

export const isSent = (entry) => Boolean(entry?.ticks.some(wasSent));

// "Flash" is for the first try of all.
function tickText(one, ticks) {
  if (!wasSent(one)) return T.notSent(one.attempts);
  return T.sentOn(one.attempts, isFirst(one.day, ticks, one.id));
}

// The day of a tick, the angle of the wall and how far its tries got, as far as they were noted.
const whenText = ({ day, angle, reached }, problem) =>
  [dayText(day), isNoted(angle) && T.shownAngle(angle), reached && T.upTo(spoken(reached, problem))]
    .filter(Boolean)
    .join(" · ");
const isNoted = (angle) => angle !== null && angle !== undefined;

// Whether nothing was tried before a tick of a day, which has this id if it is an old one. Ticks of one day are in no
// order: where all are sends on the first try, the first of them in the list is the flash.
function isFirst(day, ticks, id) {
  const own = ticks.findIndex((other) => other.id === id);
  const isLater = (other, i) => own >= 0 && i > own && other.day === day && wasSent(other) && other.attempts === 1;
  return ticks.every((other, i) => i === own || other.day > day || isLater(other, i));
}

// What a list says of an entry: how it went, and the stars.
export function progressOf({ ticks, stars, felt }) {
  const sends = ticks.filter(wasSent);
  const tries = ticks.reduce((sum, one) => sum + one.attempts, 0);
  const done = sends.length > 1 ? T.sentTimes(sends.length) : sends.length ? tickText(sends[0], ticks) : "";
  return [
    done ? h("b", { class: "done" }, `✓ ${done}`) : tries > 0 && h("b", null, T.notSent(tries)),
    stars > 0 && h("b", { class: "given", "aria-label": T.starsOf(stars) }, "★".repeat(stars)),
    felt && T.feltLike(felt),
  ].filter(Boolean);
}

// Save a problem, or take it out again.
export const heart = (problem, entry, attributes) =>
  button(
    "save",
    entry ? T.saved : T.save,
    async (event) => {
      if (event.detail > 1) return; // a double tap is one tap
      if (entry) takeOut(entry);
      else if (await save(problem)) toast(T.saved);
    },
    {
      quiet: true,
      title: entry ? T.takeOut : T.save,
      "aria-pressed": String(Boolean(entry)),
      class: entry ? "on heart" : "heart",
      ...attributes,
    },
  );

function takeOut(entry) {
  remove(entry);
  toast(T.removed, { words: T.undone, run: () => bringBack(entry) });
}

export const sentButton = (problem, entry, attributes) =>
  button("sent", T.sentButton, () => openTries(problem, entry), {
    title: T.sentTitle,
    class: isSent(entry) ? "sent on" : "sent",
    ...attributes,
  });

// What the wall is set to at a problem whose own angle is not known; null where the climber has not said.
function angleNow(problem) {
  if (problem.angle !== null) return null;
  return (state.setup.board === problem.board ? state.setup.angle : wallOn(problem.board)?.angle) ?? null;
}

// Whether nothing but one tick has been noted in an entry.
const hasOnly = ({ ticks, stars, notes, felt, lists }, { id }) =>
  ticks.every((one) => one.id === id) && !stars && !notes && !felt && !lists.length;

// The sheet in which the climber says how many tries it took, or that there was no send; `corrected` is the tick that
// it changes, if it is not a new one.
export function openTries(problem, entry, corrected) {
  const there = () => inCopy(problem.identity) ?? entry;
  const ticks = there()?.ticks ?? [];
  const chosen = {
    day: corrected?.day ?? today(),
    tries: corrected?.attempts ?? null,
    reached: null,
    angle: corrected ? (corrected.angle ?? null) : angleNow(problem),
  };
  const isOpen = (one) => one.day === chosen.day && !wasSent(one) && (one.angle ?? null) === chosen.angle;
  const openNow = () => corrected ?? ticks.find(isOpen);
  const body = h("div", { class: "tries" });
  const box = dialog(T.triesTitle(nameOf(problem)), T.close, body);

  // tries of that day without a send are gone on with
  const before = () => (corrected ? 0 : (openNow()?.attempts ?? 0));
  const tries = () => chosen.tries ?? (before() ? before() + 1 : 0);
  const set = (fields) => {
    Object.assign(chosen, fields);
    render();
  };
  const count = (value) => set({ tries: Math.min(MOST_TRIES, Math.max(1, Math.round(Number(value)) || 0)) });
  const finish = (sent, event) => {
    closedAt = event.timeStamp;
    const earlier = openNow();
    const reached = chosen.reached ?? earlier?.reached ?? "";
    const { day, angle } = chosen;
    const done = { id: earlier?.id ?? newId(), day, attempts: tries(), sent, reached, angle };
    const isNew = !there();
    if (isNew) save(problem);
    tick(there(), done);
    const words = tickText(done, there().ticks);
    const undo = () => {
      const isBare = isNew && hasOnly(there(), done);
      if (earlier) tick(there(), earlier);
      else untick(there(), done);
      if (isBare) remove(there());
    };
    toast(words, { words: T.undone, run: undo });
    box.close();
  };
  const labels = handHolds(problem, boardOf(problem)).reverse();
  const named = (label, i) => (hasGrid(boardOf(problem)) ? label : T.holdOf(labels.length - i, labels.length, label));

  function render() {
    const n = tries();
    const words = n ? T.sentOn(n, isFirst(chosen.day, ticks, openNow()?.id)) : T.sentButton;
    replace(
      body,
      h(
        "div",
        { class: "stepper", role: "group", "aria-label": T.tries },
        button("minus", T.fewer, () => count(tries() - 1), { quiet: true, disabled: n <= 1 }),
        h(
          "label",
          null,
          h("input", {
            type: "number",
            min: 1,
            max: MOST_TRIES,
            inputmode: "numeric",
            placeholder: "–",
            value: n ? String(n) : "",
            "aria-label": T.tries,
            oninput: ({ target }) => {
              if (!target.value) set({ tries: 0 });
              else {
                count(target.value);
                target.value = String(tries());
              }
            },
          }),
          h("small", null, T.tries),
        ),
        button("plus", T.another, () => count(tries() + 1), { quiet: true, disabled: n >= MOST_TRIES }),
      ),
      h(
        "div",
        { class: "outcomes" },
        button("sent", words, (event) => finish(true, event), { class: "primary", disabled: !n }),
        button(null, n ? T.notSent(n) : T.notSentYet, (event) => finish(false, event), { disabled: !n }),
      ),
      h("p", { class: "quiet" }, before() ? T.triesBefore(before()) : T.countTries),
      h(
        "div",
        { class: "row when" },
        labelled(
          T.day,
          h(
            "span",
            { class: "date" },
            dayText(chosen.day),
            h("input", {
              type: "date",
              value: chosen.day,
              max: today(),
              onclick: (event) => event.target.showPicker?.(),
              onchange: (event) => event.target.value && set({ day: event.target.value }),
            }),
          ),
        ),
        problem.angle === null &&
          labelled(
            T.angle,
            choice(
              chosen.angle === null ? "" : String(chosen.angle),
              [["", "–"], ...boardOf(problem).angles.map((angle) => [String(angle), T.shownAngle(angle)])],
              (angle) => set({ angle: angle === "" ? null : Number(angle) }),
            ),
          ),
        labelled(
          T.reached,
          choice(
            chosen.reached ?? openNow()?.reached ?? "",
            [["", "–"], ...labels.map((label, i) => [label, named(label, i)])],
            (reached) => set({ reached }),
          ),
        ),
      ),
    );
  }
  render();
}

// The climber's own record of a saved problem: ticks, name, stars, notes and lists.
export function entryCard(entry) {
  if (!entry) return null;
  const { problem } = entry;
  const name = h("input", {
    type: "text",
    maxlength: 80,
    value: problem.name ?? "",
    placeholder: problem.suggested_name,
    onchange: (event) => edit(entry, { name: event.target.value.trim() }),
  });
  const stars = h(
    "div",
    { class: "stars", role: "group", "aria-label": T.stars },
    [1, 2, 3, 4, 5].map((n) =>
      h(
        "button",
        {
          type: "button",
          "aria-pressed": String(entry.stars === n),
          "aria-label": T.starsOf(n),
          class: n <= entry.stars ? "on" : null,
          onclick: () => edit(entry, { stars: entry.stars === n ? 0 : n }),
        },
        "★",
      ),
    ),
  );
  const line = (one) =>
    h(
      "li",
      null,
      h(
        "button",
        { type: "button", class: "ghost", title: T.correct, onclick: () => openTries(problem, entry, one) },
        h("b", { class: wasSent(one) ? "done" : null }, tickText(one, entry.ticks)),
        h("small", null, whenText(one, problem)),
      ),
      button(
        "close",
        T.untick,
        () => {
          untick(entry, one);
          toast(T.unticked, { words: T.undone, run: () => tick(inCopy(entry.identity) ?? entry, one) });
        },
        { quiet: true, class: "ghost" },
      ),
    );
  const split = (text) =>
    [
      ...new Set(
        text
          .split(",")
          .map((part) => part.trim().slice(0, 40))
          .filter(Boolean),
      ),
    ].slice(0, 20);
  const box = card(
    T.entryTitle,
    h(
      "div",
      { class: "row spread" },
      stars,
      labelled(
        T.felt,
        choice(
          entry.felt ?? "",
          [["", T.feltNone], ...boardOf(entry.problem).ladder.map((grade) => [grade, T.withV(grade, vGrade(grade))])],
          (felt) => edit(entry, { felt: felt || null }),
        ),
      ),
    ),
    entry.ticks.length > 0
      ? h("ul", { class: "ticks" }, [...entry.ticks].reverse().map(line))
      : h("p", { class: "quiet" }, T.noTicks),
    h(
      "div",
      { class: "row end" },
      labelled(T.name, name),
      button("complete", T.suggest, () => edit(entry, { name: problem.suggested_name }), {
        quiet: true,
        disabled: !problem.suggested_name,
      }),
    ),
    labelled(
      T.notes,
      h("textarea", {
        rows: 3,
        maxlength: 2000,
        value: entry.notes,
        onchange: (event) => edit(entry, { notes: event.target.value }),
      }),
    ),
    labelled(
      T.lists,
      h("input", {
        type: "text",
        value: entry.lists.join(", "),
        placeholder: T.listsHint,
        onchange: (event) => edit(entry, { lists: split(event.target.value) }),
      }),
    ),
    button("clear", T.remove, () => takeOut(entry), { class: "ghost" }),
  );
  box.dataset.key = entry.identity;
  return box;
}
