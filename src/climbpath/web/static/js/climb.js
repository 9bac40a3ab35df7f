// Problem after problem: swipe, tap or use the arrow keys. The next ones are fetched ahead.

import { ask } from "./api.js";
import { button, h, icon, replace, toast } from "./dom.js";
import { T, sentence } from "./texts.js";
import {
  boardOf,
  change,
  fitsHere,
  generateRequest,
  gradesInRange,
  isHere,
  layout,
  profile,
  setupFor,
  sizeOf,
  state,
} from "./state.js";
import { analyse, analysisOf, fetchSimilar, recent, remember } from "./analysis.js";
import { Stage, filters, gradePill, holdCount, setupText } from "./stage.js";
import { betaCard, copyLink, gradeCard, shareCard, similarCard, tuningCard } from "./panel.js";
import { entryCard, heart, openTries, sentButton } from "./entry.js";
import { entryOf, inCopy } from "./book.js";
import { endRest, isOn, rest, skip, slotNow } from "./timer.js";
import { allowSound } from "./signal.js";
import { workoutBar } from "./workout.js";
import { areLightsOn, askForLights, lightState, showLights, stepLights, tapLights } from "./lights.js";
import { advance, again, shuffle, stopPlaying } from "./play.js";
import { mirrored, query, ruleOf } from "./problem.js";
import { current, hasAfter, hasBefore, nowhere, resume, see, seen, stay, step } from "./trail.js";

const AHEAD = 6;
const REFILL = 4;
const SLOW_MS = 400;
const DOUBLE_TAP_MS = 500;
// Fields of the state: what new problems depend on, and who climbs them.
const CONDITIONS = ["setup", "range", "tuning", "wall"];
const CLIMBER = ["profileId", "profiles"];

// The problems to come; they outlive the view.
const stock = { problems: [], for: "", fetching: null };

const conditions = () => JSON.stringify(generateRequest(0));

// Fetch more in the background; problems generated under other conditions are thrown away.
function refill() {
  const asked = conditions();
  if (stock.for !== asked) Object.assign(stock, { problems: [], for: asked, fetching: null });
  if (stock.fetching || stock.problems.length >= REFILL) return stock.fetching ?? Promise.resolve();
  const fetching = ask("POST", "/api/generate", generateRequest(AHEAD))
    .then(({ problems }) => {
      if (stock.for !== asked) return;
      // named at once, so that a problem has the same name here, in its link and in the logbook
      stock.problems.push(...problems.map((problem) => ({ ...problem, name: problem.suggested_name })));
      analyse(problems[0]).catch(() => {}); // only in advance: if it fails, it is repeated when the problem is shown
    })
    .finally(() => {
      if (stock.fetching === fetching) stock.fetching = null;
    });
  stock.fetching = fetching;
  return fetching;
}

// Whether a problem is one that the filters ask for.
const suits = (problem) =>
  isHere(problem) &&
  gradesInRange().includes(state.tuning.matching ? problem.grade : (problem.asked_grade ?? problem.grade));

export class Climb {
  constructor(linked) {
    if (linked && !resume() && linked.identity !== this.problem?.identity) see(linked);
    this.stage = new Stage({
      on: { swipe: (way) => this.go(way), touch: () => this.touched() },
      top: () => this.top(),
    });
    this.panel = h("aside", { class: "panel" });
    this.cards = Object.fromEntries(
      ["entry", "grade", "beta", "tuning", "similar", "share"].map((name) => [
        name,
        h("div", { class: `${name}-card` }),
      ]),
    );
    this.panel.append(...Object.values(this.cards));
    this.root = h("div", { class: "view" }, this.stage.root, this.panel);
    this.entry = null;
    this.similarProblems = null;
    this.triedAt = -Infinity;
    this.isFollowing = false; // while the filters follow a problem that was opened
  }

  get problem() {
    return current();
  }

  start() {
    replace(this.cards.tuning, tuningCard());
    if (this.problem && (state.playing || fitsHere(this.problem))) {
      stay();
      this.opened();
    } else {
      this.generate({ isNew: true });
    }
    if (!state.playing && gradesInRange().length) refill().catch(() => {});
  }

  // The conditions, the climber or an entry have changed.
  heard(fields) {
    const changed = (names) => names.some((name) => name in fields);
    if (changed(CONDITIONS) || changed(CLIMBER)) replace(this.cards.tuning, tuningCard());
    if ("lights" in fields && this.problem) this.renderStage();
    if ("playing" in fields) this.stage.lay(this.problem ? boardOf(this.problem) : layout());
    else if (changed(["workout", "tick"])) replace(this.stage.filters, this.top());
    if ("setup" in fields && (this.isFollowing || (this.problem && isHere(this.problem)))) {
      this.render(); // a problem was opened, and the filters follow it
    } else if (changed(CONDITIONS)) {
      this.stage.lay(this.problem && isHere(this.problem) ? boardOf(this.problem) : layout());
      this.generate({ isNew: true });
    } else if (changed(CLIMBER) || fields.online) {
      const isOther = JSON.stringify({ ...profile(), walls: 0 }) !== JSON.stringify({ ...this.who, walls: 0 });
      if (this.problem && (isOther || fields.online)) this.opened();
      else if (fields.online && !this.isSearching) this.go(1);
    } else if (this.problem && fields.noted === this.problem.identity) {
      this.entry = fields.entry;
      if (this.entry) stay({ ...this.problem, name: this.entry.problem.name });
      this.render();
    } else if (this.problem && this.who && fields.renewed) {
      this.readEntry().catch(() => {}); // read again when the server is back
    }
  }

  // What the logbook has of the problem that is shown.
  async readEntry() {
    const { problem, who } = this;
    const entry = await entryOf(problem);
    if (!this.isStill(problem, who)) return;
    if (entry?.problem.name) stay({ ...problem, name: entry.problem.name });
    this.entry = entry;
    this.render();
  }

  isStill(problem, who) {
    return this.problem?.identity === problem.identity && profile()?.id === who.id;
  }

  // What is above the board: the filters, or the list that is played instead of new problems.
  top() {
    if (!state.playing) return filters();
    if (isOn()) {
      return workoutBar({
        problem: this.problem,
        open: (problem) => this.show(problem),
        tried: (event) => this.tried(event),
      });
    }
    const { title, at, order, isShuffled } = state.playing;
    return h(
      "div",
      { class: "playing", role: "group", "aria-label": T.playing },
      h("p", null, h("strong", null, title), h("small", null, T.ofList(at + 1, order.length))),
      button("shuffle", T.shuffle, () => shuffle(!isShuffled), {
        quiet: true,
        "aria-pressed": String(isShuffled),
        class: isShuffled ? "chosen" : "ghost",
      }),
      button("close", T.stopPlaying, stopPlaying, { quiet: true, class: "ghost" }),
    );
  }

  // A try of the workout is over, or its rest. The second of two taps in a row means what the first one does.
  tried(event) {
    if (event.timeStamp - this.triedAt < DOUBLE_TAP_MS) return;
    this.triedAt = event.timeStamp;
    allowSound();
    if (state.workout.rest) {
      endRest();
      return;
    }
    const before = slotNow().problem;
    rest();
    if (state.workout.isDone) toast(T.workoutOver);
    else if (slotNow().problem !== before) this.show(slotNow().problem);
  }

  // Show a message in place of a problem.
  none(words) {
    nowhere("?view=climb");
    this.stage.step = null;
    this.message = words;
    this.identity = null;
    this.search(false);
    this.stage.lay(layout());
    this.stage.show(null);
    this.stage.root.classList.remove("stepping");
    replace(this.stage.caption, h("p", { class: "message", role: "status" }, sentence(words)));
    replace(this.stage.actions, this.buttons(true));
    for (const name of ["entry", "grade", "beta", "similar", "share"]) replace(this.cards[name]);
  }

  search(isSearching) {
    this.isSearching = isSearching;
    this.stage.root.classList.toggle("busy", isSearching);
  }

  // To the next problem (1), or back to the one before (-1).
  go(way) {
    if (way < 0 ? hasBefore() : hasAfter()) {
      step(way);
      this.opened();
    } else if (way > 0 && isOn()) {
      const now = slotNow().problem;
      const problem = now.identity === this.problem?.identity ? skip() : now;
      if (problem) this.show(problem);
      else toast(T.workoutOver);
    } else if (way > 0 && state.playing) {
      const problem = advance();
      if (problem) this.show(problem);
      else toast(T.listDone(state.playing.title), { words: T.again, run: () => this.show(again()) });
    } else if (way > 0) {
      this.generate();
    }
  }

  // Show a new problem: the first under new conditions, or one more under the same.
  async generate({ isNew = false } = {}) {
    if (!gradesInRange().length) {
      const words = T.notLearned(layout().title);
      if (!this.problem && this.message === words) toast(words); // asked for again
      this.none(words);
      return;
    }
    if (stock.for !== conditions() || !stock.problems.length) {
      const asked = conditions();
      const asking = (this.asking = {}); // until another problem is opened, as by going back
      const isAsked = () => this.root.isConnected && asked === conditions() && this.asking === asking;
      if (!this.problem || !isHere(this.problem)) this.none(T.searching);
      this.search(true);
      // what the filters no longer ask for does not stay while they take their time
      const slow = setTimeout(() => {
        if (!isAsked() || !this.problem || suits(this.problem)) return;
        this.none(T.searching);
        this.search(true);
      }, SLOW_MS);
      let failure = null;
      try {
        await refill();
      } catch (error) {
        failure = error;
      }
      clearTimeout(slow);
      if (!isAsked()) return; // the view or the conditions have changed meanwhile
      this.search(false);
      if (failure) {
        this.failed(failure, isNew);
        return;
      }
    }
    if (!stock.problems.length) return;
    this.show(stock.problems.shift());
    refill().catch(() => {});
    if (stock.problems.length) analyse(stock.problems[0]).catch(() => {});
  }

  // Under new conditions the reason stands in place of the problem, which may not keep to them.
  failed(error, isNew) {
    if (error.status !== 0) {
      if (this.problem && !isNew) {
        toast(sentence(error.message));
        return;
      }
      this.none(error.message);
      if (this.stage.caption.getBoundingClientRect().bottom < 0) toast(sentence(error.message)); // below, in the cards
      return;
    }
    const known = new Set(seen().map((problem) => problem.identity));
    const others = recent()
      .map((item) => item.problem)
      .filter((problem) => (isNew ? suits(problem) : !known.has(problem.identity)))
      .sort((a, b) => isHere(b) - isHere(a));
    if (others.length) {
      this.show(others[0]);
    } else if (isNew || !this.problem) {
      this.none(recent().length ? T.noneSeen : T.errors.offline);
      return;
    }
    toast(T.endOfSeen);
  }

  // Show a problem that was not shown before.
  show(problem) {
    see(problem);
    this.opened();
  }

  // The problem on the board is another one.
  opened() {
    const { problem } = this;
    this.asking = null;
    if (!fitsHere(problem)) {
      this.isFollowing = true;
      change({ setup: setupFor(problem) });
      this.isFollowing = false;
    }
    if (this.isSearching) this.search(false);
    const who = profile();
    if (this.identity !== problem.identity) {
      this.similarProblems = null;
      if (this.stage.step !== null) this.stage.step = 0;
    }
    Object.assign(this, { who, identity: problem.identity, entry: inCopy(problem.identity) });
    showLights(problem, analysisOf(problem)?.beta);
    this.render();
    const update = (fields) => {
      if (!this.isStill(problem, who)) return;
      Object.assign(this, fields);
      this.render();
    };
    const addAnalysis = async () => {
      const analysis = await analyse(problem);
      remember(problem, analysis);
      update({});
    };
    const addSimilar = async () => update({ similarProblems: state.online ? await fetchSimilar(problem) : null });
    for (const part of [this.readEntry(), addAnalysis().then(addSimilar)]) {
      part.catch((error) => {
        if (error.status === 0) remember(problem, analysisOf(problem) ?? null);
        else toast(sentence(error.message));
      });
    }
  }

  render() {
    const { problem, stage } = this;
    if (!problem) return;
    const analysis = analysisOf(problem);
    replace(stage.filters, this.top());
    stage.show(problem, { beta: analysis?.beta });
    this.renderStage();
    replace(this.cards.entry, entryCard(this.entry));
    replace(this.cards.grade, gradeCard(problem, analysis));
    this.renderBeta(analysis);
    replace(
      this.cards.similar,
      similarCard(problem, this.similarProblems, (other) => this.open(other)),
    );
    replace(this.cards.share, shareCard(problem));
  }

  renderBeta(analysis) {
    replace(
      this.cards.beta,
      betaCard(this.problem, analysis, this.stage.step, (step) => this.toStep(step)),
    );
  }

  toStep(step) {
    this.stage.step = step;
    this.stage.show(this.problem, { beta: analysisOf(this.problem)?.beta });
    this.renderStage();
    this.renderBeta(analysisOf(this.problem));
    stepLights(this.problem, analysisOf(this.problem)?.beta, step);
  }

  renderStage() {
    const { problem, stage } = this;
    replace(
      stage.caption,
      h("div", { class: "title" }, h("h1", null, problem.name ?? problem.notation), this.about()),
      gradePill(problem.grade),
      boardOf(problem).has_mirror &&
        button("mirror", T.mirror, () => this.open(mirrored(this.problem, boardOf(this.problem))), {
          quiet: true,
          class: "ghost mirror",
        }),
      heart(problem, this.entry),
    );
    const isStepping = stage.step !== null && stage.beta;
    stage.root.classList.toggle("stepping", Boolean(isStepping));
    replace(stage.actions, isStepping ? stage.stepper(() => this.toStep(stage.step)) : this.buttons());
  }

  // Below the name: the board, and what the climber should know before pulling on.
  about() {
    const { problem } = this;
    const far = analysisOf(problem)?.beta.too_far ?? 0;
    const where = h("b", null, setupText(problem));
    const warning = far > 0 && h("em", { class: "warn" }, T.outOfReach, h("span", { class: "roomy" }, T.byCm(far)));
    const rule = ruleOf(problem);
    // a narrow phone has no room for all: the board, which the filters name, too, comes last
    const parts = [rule && h("b", null, rule), warning, !rule && !warning && holdCount(problem), where];
    return h(
      "small",
      null,
      parts.filter(Boolean).flatMap((part, i) => (i ? [" · ", part] : [part])),
    );
  }

  buttons(isBare = false) {
    const { problem } = this;
    return [
      button("back", T.previous, () => this.go(-1), { quiet: true, disabled: !hasBefore() }),
      button("beta", T.beta, () => this.toStep(0), { quiet: true, disabled: isBare || !analysisOf(problem)?.beta }),
      sentButton(problem, this.entry, { disabled: isBare }),
      h(
        "button",
        { type: "button", class: "primary", title: T.nextTitle, onclick: () => this.go(1) },
        h("span", null, T.next),
        icon("next"),
      ),
      button(
        "share",
        T.share,
        () => copyLink(problem, query(problem, { size: sizeOf(boardOf(problem), problem) ?? "" })),
        { quiet: true, disabled: isBare, class: "share" },
      ),
      areLightsOn() && this.bulb(isBare),
    ];
  }

  bulb(isBare) {
    const isLost = lightState().is === "lost";
    const light = () => askForLights(this.problem, analysisOf(this.problem)?.beta);
    const attributes = { quiet: true, disabled: isBare, class: isLost ? "bulb" : "bulb on" };
    return button("bulb", isLost ? T.lights.isLost : T.lights.lit, light, attributes);
  }

  touched() {
    if (this.problem) tapLights(this.problem, analysisOf(this.problem)?.beta);
  }

  open(problem) {
    this.stage.step = null;
    this.show(problem);
    window.scrollTo({ top: 0, behavior: "smooth" });
  }

  key(event) {
    const { problem, stage } = this;
    const isStepping = stage.step !== null && stage.beta;
    const move = (by) => this.toStep(Math.min(stage.beta.moves.length, Math.max(0, stage.step + by)));
    if (event.key === "ArrowRight") {
      if (isStepping) move(1);
      else this.go(1);
    } else if (event.key === "ArrowLeft") {
      if (isStepping) move(-1);
      else this.go(-1);
    } else if (event.key === "b" && problem && analysisOf(problem)?.beta) this.toStep(isStepping ? null : 0);
    else if (event.key === "s" && problem) this.stage.caption.querySelector(".heart").click();
    else if (event.key === "l" && problem) askForLights(problem, analysisOf(problem)?.beta);
    else if (event.key === "t" && problem) openTries(problem, this.entry);
    else if (event.key === "Escape" && isStepping) this.toStep(null);
    else return false;
    return true;
  }
}
