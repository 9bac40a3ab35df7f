// Problem after problem: swipe, tap or use the arrow keys. The next ones are fetched ahead.

import { ask } from "./api.js";
import { button, h, icon, replace, toast } from "./dom.js";
import { T } from "./texts.js";
import {
  absentSets,
  boardOf,
  change,
  generateRequest,
  gradesInRange,
  isHere,
  layout,
  profile,
  shortTitle,
  state,
} from "./state.js";
import { analyse, analysisOf, fetchSimilar, recent, remember } from "./analysis.js";
import { Stage, gradePill } from "./stage.js";
import { betaCard, copyLink, gradeCard, shareCard, similarCard, tuningCard } from "./panel.js";
import { entryCard, heart, openTries, sentButton } from "./entry.js";
import { entryOf, inCopy } from "./book.js";
import { holdsOf, query } from "./problem.js";

const AHEAD = 6;
const REFILL = 4;

// The problems shown so far and the stock of those to come; it outlives the view. `at` is the index of the one on the
// board, and one past the end while there is none.
const trail = { shown: [], at: -1, stock: [], for: "", fetching: null };

const conditions = () => JSON.stringify(generateRequest(0));

// Fetch more in the background; problems generated under other conditions are thrown away.
function refill() {
  const asked = conditions();
  if (trail.for !== asked) Object.assign(trail, { stock: [], for: asked, fetching: null });
  if (trail.fetching || trail.stock.length >= REFILL) return trail.fetching ?? Promise.resolve();
  const fetching = ask("POST", "/api/generate", generateRequest(AHEAD))
    .then(({ problems }) => {
      if (trail.for !== asked) return;
      // named at once, so that a problem has the same name here, in its link and in the logbook
      trail.stock.push(...problems.map((problem) => ({ ...problem, name: problem.suggested_name })));
      analyse(problems[0]).catch(() => {}); // only in advance: if it fails, it is repeated when the problem is shown
    })
    .finally(() => {
      if (trail.fetching === fetching) trail.fetching = null;
    });
  trail.fetching = fetching;
  return fetching;
}

export class Climb {
  constructor(linked) {
    if (linked && linked.identity !== this.problem?.identity) {
      trail.shown = [...trail.shown.slice(0, trail.at + 1), linked];
      trail.at = trail.shown.length - 1;
    }
    this.stage = new Stage({ on: { swipe: (way) => this.go(way) } });
    this.panel = h("aside", { class: "panel" });
    this.cards = Object.fromEntries(
      ["entry", "grade", "beta", "tuning", "similar", "share"].map((name) => [name, h("div")]),
    );
    this.panel.append(...Object.values(this.cards));
    this.root = h("div", { class: "view" }, this.stage.root, this.panel);
    this.entry = null;
    this.similarProblems = null;
  }

  get problem() {
    return trail.shown[trail.at] ?? null;
  }

  start() {
    replace(this.cards.tuning, tuningCard());
    if (this.problem && isHere(this.problem)) this.opened();
    else this.goOn();
    if (gradesInRange().length) refill().catch(() => {});
  }

  // Show the first problem under the new conditions.
  goOn() {
    trail.shown = trail.shown.slice(0, trail.at + 1);
    if (this.problem && !isHere(this.problem)) trail.at = trail.shown.length;
    this.go(1);
  }

  // The conditions, the climber or an entry have changed.
  heard(fields) {
    if ("setup" in fields || "range" in fields || "tuning" in fields || "profileId" in fields || "profiles" in fields) {
      replace(this.cards.tuning, tuningCard());
    }
    if ("setup" in fields && this.problem && isHere(this.problem)) {
      this.render(); // a problem was opened, and the filters follow it
    } else if ("setup" in fields || "range" in fields || "tuning" in fields) {
      this.stage.lay(this.problem && isHere(this.problem) ? boardOf(this.problem) : layout());
      this.goOn();
    } else if ("profileId" in fields || "profiles" in fields || fields.online) {
      const isOther = JSON.stringify(profile()) !== JSON.stringify(this.who);
      if (this.problem && (isOther || fields.online)) this.opened();
      else if (fields.online && !this.isSearching) this.go(1);
    } else if (this.problem && fields.noted === this.problem.identity) {
      this.entry = fields.entry;
      if (this.entry) trail.shown[trail.at] = { ...this.problem, name: this.entry.problem.name };
      this.render();
    }
  }

  // Show a message in place of a problem.
  none(words) {
    trail.at = trail.shown.length;
    history.replaceState(null, "", "?view=climb");
    this.stage.step = null;
    this.search(false);
    this.stage.lay(layout());
    this.stage.show(null, { absent: absentSets() });
    replace(this.stage.caption, h("p", { class: "message" }, words));
    replace(this.stage.actions, this.buttons(true));
    for (const name of ["entry", "grade", "beta", "similar", "share"]) replace(this.cards[name]);
  }

  search(isSearching) {
    this.isSearching = isSearching;
    this.stage.root.classList.toggle("busy", isSearching);
  }

  // To the next problem (1), or back to the one before (-1).
  async go(way) {
    if (way < 0) {
      if (trail.at > 0) {
        trail.at -= 1;
        this.opened();
      }
      return;
    }
    if (trail.at + 1 < trail.shown.length) {
      trail.at += 1;
      this.opened();
      return;
    }
    if (!gradesInRange().length) {
      this.none(T.notLearned(layout().title));
      return;
    }
    if (trail.for !== conditions() || !trail.stock.length) {
      const asked = conditions();
      if (!this.problem) this.none(T.searching);
      this.search(true);
      let failure = null;
      try {
        await refill();
      } catch (error) {
        failure = error;
      }
      if (!this.root.isConnected || asked !== conditions()) return; // the view or the conditions have changed meanwhile
      this.search(false);
      if (failure) {
        this.failed(failure);
        return;
      }
    }
    if (!trail.stock.length) return;
    trail.shown.push(trail.stock.shift());
    trail.at = trail.shown.length - 1;
    this.opened();
    refill().catch(() => {});
    if (trail.stock.length) analyse(trail.stock[0]).catch(() => {});
  }

  failed(error) {
    if (error.status !== 0) {
      if (this.problem) toast(error.message);
      else this.none(error.message);
      return;
    }
    const known = new Set(trail.shown.map((problem) => problem.identity));
    const others = recent()
      .map((item) => item.problem)
      .filter((problem) => !known.has(problem.identity))
      .sort((a, b) => isHere(b) - isHere(a));
    if (others.length) {
      trail.shown.push(others[0]);
      trail.at = trail.shown.length - 1;
      this.opened();
    } else if (trail.shown.length) {
      trail.at = 0;
      this.opened();
    } else {
      this.none(T.errors.offline);
    }
    toast(T.endOfSeen);
  }

  // The problem on the board is another one.
  opened() {
    const { problem } = this;
    if (!isHere(problem)) change({ setup: { board: problem.board, angle: problem.angle } });
    const who = profile();
    if (this.identity !== problem.identity) {
      this.similarProblems = null;
      if (this.stage.step !== null) this.stage.step = 0;
    }
    Object.assign(this, { who, identity: problem.identity, entry: inCopy(problem.identity) });
    this.render();
    history.replaceState(null, "", `?${query(problem)}`);
    const isCurrent = () => this.problem?.identity === problem.identity && profile().id === who.id;
    const update = (fields) => {
      if (!isCurrent()) return;
      Object.assign(this, fields);
      this.render();
    };
    const addAnalysis = async () => {
      const analysis = await analyse(problem);
      remember(problem, analysis);
      update({});
    };
    const addEntry = async () => {
      const entry = await entryOf(problem);
      if (entry?.problem.name && isCurrent()) trail.shown[trail.at] = { ...problem, name: entry.problem.name };
      update({ entry });
    };
    const addSimilar = async () => update({ similarProblems: state.online ? await fetchSimilar(problem) : null });
    for (const part of [addEntry(), addAnalysis().then(addSimilar)]) {
      part.catch((error) => {
        if (error.status === 0) remember(problem, analysisOf(problem) ?? null);
        else toast(error.message);
      });
    }
  }

  render() {
    const { problem, stage } = this;
    if (!problem) return;
    const analysis = analysisOf(problem);
    stage.lay(boardOf(problem));
    stage.show(problem, { absent: absentSets(), beta: analysis?.beta });
    this.renderStage();
    replace(this.cards.entry, entryCard(this.entry));
    replace(this.cards.grade, gradeCard(problem, analysis));
    this.renderBeta(analysis);
    replace(
      this.cards.similar,
      similarCard(this.similarProblems, (other) => this.open(other)),
    );
    replace(this.cards.share, shareCard(problem));
  }

  renderBeta(analysis) {
    replace(
      this.cards.beta,
      betaCard(analysis, this.stage.step, (step) => this.toStep(step)),
    );
  }

  toStep(step) {
    this.stage.step = step;
    this.stage.show(this.problem, { absent: absentSets(), beta: analysisOf(this.problem)?.beta });
    this.renderStage();
    this.renderBeta(analysisOf(this.problem));
  }

  renderStage() {
    const { problem, stage } = this;
    replace(
      stage.caption,
      h("div", { class: "title" }, h("h1", null, problem.name ?? problem.notation), this.about()),
      gradePill(problem.grade),
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
    return h(
      "small",
      null,
      h("b", null, T.boardShort(shortTitle(boardOf(problem)), problem.angle)),
      " · ",
      far > 0
        ? h("em", { class: "warn" }, T.outOfReach, h("span", { class: "roomy" }, T.byCm(far)))
        : T.holds(holdsOf(problem).length),
    );
  }

  buttons(isBare = false) {
    const { problem } = this;
    return [
      button("back", T.previous, () => this.go(-1), { quiet: true, disabled: trail.at < 1 }),
      button("beta", T.beta, () => this.toStep(0), { quiet: true, disabled: isBare || !analysisOf(problem)?.beta }),
      sentButton(problem, this.entry, { disabled: isBare }),
      h(
        "button",
        { type: "button", class: "primary", title: T.nextTitle, onclick: () => this.go(1) },
        h("span", null, T.next),
        icon("next"),
      ),
      button("share", T.share, () => copyLink(problem), { quiet: true, disabled: isBare }),
    ];
  }

  open(problem) {
    trail.shown = [...trail.shown.slice(0, trail.at + 1), problem];
    trail.at = trail.shown.length - 1;
    this.stage.step = null;
    this.opened();
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
    else if (event.key === "t" && problem) openTries(problem, this.entry);
    else if (event.key === "Escape" && isStepping) this.toStep(null);
    else return false;
    return true;
  }
}
