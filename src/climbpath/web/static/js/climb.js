// Problem after problem: swipe, press, or use the arrow keys; what comes next is fetched ahead.

import { ask } from "./api.js";
import { button, h, icon, replace, toast } from "./dom.js";
import { T } from "./texts.js";
import { absentSets, boardOf, change, gradesInRange, isHere, layout, profile, state, wish } from "./state.js";
import { judge, recent, remember, seen, similar } from "./judge.js";
import { Stage, gradePill } from "./stage.js";
import { betaCard, copyLink, entryCard, gradeCard, shareCard, similarCard, tuningCard } from "./panel.js";
import { entryOf, inCopy, save } from "./book.js";
import { holdsOf, query } from "./problem.js";

const AHEAD = 6,
  REFILL = 4;

// What has been shown, and what waits to be; it outlives the view. `at` is behind the last one while none is shown.
const trail = { shown: [], at: -1, stock: [], for: "", fetching: null };

const conditions = () => JSON.stringify(wish(0));

// Ask for more in the background; what was asked for under other conditions is thrown away.
function refill() {
  const asked = conditions();
  if (trail.for !== asked) Object.assign(trail, { stock: [], for: asked, fetching: null });
  if (trail.fetching || trail.stock.length >= REFILL) return trail.fetching ?? Promise.resolve();
  const fetching = ask("POST", "/api/generate", wish(AHEAD))
    .then(({ problems }) => {
      if (trail.for !== asked) return;
      // named from the start, so that it has one name here, in its link and in the logbook
      trail.stock.push(...problems.map((problem) => ({ ...problem, name: problem.suggested_name })));
      judge(problems[0]).catch(() => {}); // only ahead of time: if it fails now, it is asked again when it is shown
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
    this.stage = new Stage({ on: { swipe: (way) => this.go(way), tap: () => {} } });
    this.panel = h("aside", { class: "panel" });
    this.cards = Object.fromEntries(
      ["entry", "grade", "beta", "tuning", "similar", "share"].map((name) => [name, h("div")]),
    );
    this.panel.append(...Object.values(this.cards));
    this.root = h("div", { class: "view" }, this.stage.root, this.panel);
    this.entry = null;
    this.alike = null;
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

  // The first problem under other conditions.
  goOn() {
    trail.shown = trail.shown.slice(0, trail.at + 1);
    if (this.problem && !isHere(this.problem)) trail.at = trail.shown.length;
    this.go(1);
  }

  // Other conditions, another climber, or an entry that changed.
  heard(fields) {
    if ("place" in fields || "range" in fields || "tuning" in fields || "profileId" in fields || "profiles" in fields) {
      replace(this.cards.tuning, tuningCard());
    }
    if ("place" in fields && this.problem && isHere(this.problem)) {
      this.render(); // it was opened, and the filters follow
    } else if ("place" in fields || "range" in fields || "tuning" in fields) {
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

  // Words in place of a problem.
  none(words) {
    trail.at = trail.shown.length;
    history.replaceState(null, "", "?view=climb");
    this.stage.step = null;
    this.search(false);
    this.stage.lay(layout());
    this.stage.show(null, { absent: absentSets() });
    replace(this.stage.caption, h("p", { class: "told" }, words));
    replace(this.stage.actions, this.buttons(true));
    for (const name of ["entry", "grade", "beta", "similar", "share"]) replace(this.cards[name]);
  }

  search(isSearching) {
    this.isSearching = isSearching;
    this.stage.root.classList.toggle("busy", isSearching);
  }

  // One further, or one back among those shown.
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
      if (!this.root.isConnected || asked !== conditions()) return; // another view, or other conditions, have come
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
    if (trail.stock.length) judge(trail.stock[0]).catch(() => {});
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

  // A problem has come onto the board.
  opened() {
    const { problem } = this;
    if (!isHere(problem)) change({ place: { board: problem.board, angle: problem.angle } });
    const who = profile();
    if (this.identity !== problem.identity) {
      this.alike = null;
      if (this.stage.step !== null) this.stage.step = 0;
    }
    Object.assign(this, { who, identity: problem.identity, entry: inCopy(problem.identity) });
    this.render();
    history.replaceState(null, "", `?${query(problem)}`);
    const isStill = () => this.problem?.identity === problem.identity && profile().id === who.id;
    const told = (fields) => {
      if (!isStill()) return;
      Object.assign(this, fields);
      this.render();
    };
    const judged = async () => {
      const opinion = await judge(problem);
      remember(problem, opinion);
      told({});
    };
    const found = async () => {
      const entry = await entryOf(problem);
      if (entry?.problem.name && isStill()) trail.shown[trail.at] = { ...problem, name: entry.problem.name };
      told({ entry });
    };
    const compared = async () => told({ alike: state.online ? await similar(problem) : null });
    for (const telling of [found(), judged().then(compared)]) {
      telling.catch((error) => {
        if (error.status === 0) remember(problem, seen(problem) ?? null);
        else toast(error.message);
      });
    }
  }

  render() {
    const { problem, stage } = this;
    if (!problem) return;
    const opinion = seen(problem);
    stage.lay(boardOf(problem));
    stage.show(problem, { absent: absentSets(), beta: opinion?.beta });
    this.renderStage();
    replace(this.cards.entry, entryCard(this.entry));
    replace(this.cards.grade, gradeCard(problem, opinion));
    this.renderBeta(opinion);
    replace(
      this.cards.similar,
      similarCard(this.alike, (other) => this.open(other)),
    );
    replace(this.cards.share, shareCard(problem));
  }

  renderBeta(opinion) {
    replace(
      this.cards.beta,
      betaCard(opinion, this.stage.step, (step) => this.toStep(step)),
    );
  }

  toStep(step) {
    this.stage.step = step;
    this.stage.show(this.problem, { absent: absentSets(), beta: seen(this.problem)?.beta });
    this.renderStage();
    this.renderBeta(seen(this.problem));
  }

  renderStage() {
    const { problem, stage } = this;
    replace(
      stage.caption,
      h(
        "div",
        { class: "title" },
        h("h1", null, problem.name ?? problem.notation),
        h(
          "small",
          null,
          `${T.holds(holdsOf(problem).length)} · ${T.boardLabel(boardOf(problem).title, problem.angle)}`,
        ),
      ),
      gradePill(problem.grade),
    );
    const isStepping = stage.step !== null && stage.beta;
    stage.root.classList.toggle("stepping", Boolean(isStepping));
    replace(stage.actions, isStepping ? stage.stepper(() => this.toStep(stage.step)) : this.buttons());
  }

  buttons(isBare = false) {
    const { problem } = this;
    const heart = button("save", this.entry ? T.saved : T.save, () => this.save(), {
      quiet: true,
      "aria-pressed": String(Boolean(this.entry)),
      class: this.entry ? "on" : null,
      disabled: isBare,
    });
    return [
      button("back", T.previous, () => this.go(-1), { quiet: true, disabled: trail.at < 1 }),
      button("beta", T.beta, () => this.toStep(0), { quiet: true, disabled: isBare || !seen(problem)?.beta }),
      h(
        "button",
        { type: "button", class: "primary", title: T.nextTold, onclick: () => this.go(1) },
        h("span", null, T.next),
        icon("next"),
      ),
      heart,
      button("share", T.share, () => copyLink(problem), { quiet: true, disabled: isBare }),
    ];
  }

  async save() {
    if (this.entry) {
      this.cards.entry.scrollIntoView({ behavior: "smooth" });
      return;
    }
    const { problem } = this;
    if (await save(problem)) toast(T.saved);
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
    } else if (event.key === "b" && problem && seen(problem)?.beta) this.toStep(isStepping ? null : 0);
    else if (event.key === "s" && problem && !this.entry) this.save();
    else if (event.key === "Escape" && isStepping) this.toStep(null);
    else return false;
    return true;
  }
}
