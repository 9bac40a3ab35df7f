// The logbook view: its problems with search and filters, statistics, import and export.

import { ask, askAfterWrites, ApiError } from "./api.js";
import { button, choice, h, icon, replace } from "./dom.js";
import { T, named, sentence } from "./texts.js";
import { dayText } from "./dates.js";
import { boardOf, change, layout, nearest, profile, shortTitle } from "./state.js";
import { card, problemLine } from "./panel.js";
import { progressOf } from "./entry.js";
import { allFound, lengthen, play } from "./play.js";
import { refreshCopy, search } from "./book.js";
import { ruleOf } from "./problem.js";
import { setupText } from "./stage.js";
import { Statistics } from "./statistics.js";
import { noteHere } from "./trail.js";

const PAGE = 50;
const IMPORT_MS = 3600000; // a large one takes minutes
const wanted = { text: "", board: "", in_list: "", progress: "", easiest: "", hardest: "", order: "newest" };

export class Logbook {
  // `fields` of the address may name a part: problems, statistics or files.
  constructor(open, fields) {
    this.open = open;
    this.part = Object.hasOwn(T.parts, fields.get("part")) ? fields.get("part") : "problems";
    this.entries = [];
    this.leftOut = [];
    this.read = 0; // of what the search finds, with what cannot be read
    this.most = history.state?.most ?? PAGE; // to be read
    this.lists = {};
    this.boards = {};
    this.title = h("h1");
    this.bar = h("div", { class: "search" });
    this.results = h("div", { class: "results" });
    this.files = h("div", { class: "files" });
    this.importMessage = h("div", { class: "import", role: "status" }); // how an import went
    this.missing = h("div"); // imported ticks whose problems were not found
    this.statistics = new Statistics();
    this.picker = h("input", {
      type: "file",
      accept: ".json,.jsonl,.csv,.gz,.zip,.parquet",
      hidden: true,
      onchange: () => this.import(this.picker.files[0]),
    });
    const parts = { problems: [this.bar, this.results], statistics: [this.statistics.root], files: [this.files] };
    this.root = h(
      "div",
      { class: "page logbook" },
      this.title,
      h(
        "nav",
        { class: "parts", "aria-label": T.tabs.logbook },
        Object.entries(T.parts).map(([part, words]) =>
          h("a", { href: `?view=logbook&part=${part}`, "aria-current": part === this.part ? "page" : null }, words),
        ),
      ),
      parts[this.part],
    );
  }

  start() {
    this.title.textContent = T.logbookTitle(profile()?.name ?? T.you);
    refreshCopy().catch(() => {});
    if (this.part === "statistics") return this.statistics.start();
    if (this.part === "files") {
      this.renderFiles();
      return this.listMissing();
    }
    this.refine();
    return this.look();
  }

  heard(fields) {
    if ("profileId" in fields || "profiles" in fields) {
      if ("profileId" in fields) Object.assign(wanted, { in_list: "", board: "" });
      this.start();
    } else if ("noted" in fields || fields.online) {
      if (this.part === "problems") this.look();
      if (this.part === "statistics") this.statistics.start();
    }
  }

  // Look for what is wanted, of which so many are shown, also when this view is gone back to.
  lookFor(most) {
    this.most = most;
    noteHere({ most });
    return this.look();
  }

  async look() {
    const asking = (this.asking = {});
    try {
      const results = await search(wanted, this.most);
      if (asking !== this.asking) return;
      Object.assign(this, { entries: results.entries, leftOut: results.left_out, read: results.read });
      const choices = ({ lists, boards }) => JSON.stringify([lists, Object.keys(boards)]);
      const isNew = choices(this) !== choices(results);
      Object.assign(this, { lists: results.lists, boards: results.boards });
      if (isNew) this.refine();
      this.render(results);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (asking === this.asking) replace(this.results, h("p", { class: "message" }, error.message));
    }
  }

  async listMissing() {
    try {
      const ticks = profile() ? await askAfterWrites("GET", `/api/not-found?profile=${profile().id}`) : [];
      replace(
        this.missing,
        ticks.length > 0 &&
          card(
            T.notFoundTitle,
            h("p", { class: "quiet" }, T.importNotFound(ticks.length)),
            h(
              "ul",
              null,
              ticks
                .slice(0, 100)
                .map(({ number, name, grade, day }) =>
                  h("li", null, [named(name || `#${number}`), grade, day && dayText(day)].filter(Boolean).join(" · ")),
                ),
            ),
          ),
      );
    } catch (error) {
      if (!(error instanceof ApiError)) throw error; // offline: there is nothing to list
    }
  }

  set(name, value) {
    wanted[name] = value;
    return this.lookFor(PAGE);
  }

  refine() {
    const { ladder } = layout();
    for (const end of ["easiest", "hardest"]) {
      wanted[end] &&= nearest(wanted[end], ladder, end === "hardest"); // it was chosen on another board
    }
    const grades = ladder.map((grade) => [grade, grade]);
    const boards = Object.keys(wanted.board ? { [wanted.board]: 0, ...this.boards } : this.boards)
      .map((board) => boardOf({ board }))
      .filter(Boolean);
    const hasBoards = boards.length > 1 || Boolean(wanted.board);
    this.bar.classList.toggle("boards", hasBoards);
    const lists = wanted.in_list ? { [wanted.in_list]: 0, ...this.lists } : this.lists;
    replace(
      this.bar,
      h("input", {
        type: "search",
        placeholder: T.search,
        "aria-label": T.search,
        value: wanted.text,
        maxlength: 100,
        oninput: (event) => {
          clearTimeout(this.timer);
          this.timer = setTimeout(() => this.set("text", event.target.value.trim()), 150);
        },
      }),
      hasBoards &&
        choice(
          wanted.board,
          [["", T.allBoards], ...boards.map((board) => [board.name, shortTitle(board)])],
          (value) => this.set("board", value),
          { "aria-label": T.board },
        ),
      choice(
        wanted.in_list,
        [["", T.allLists], ...Object.entries(lists).map(([name, n]) => [name, T.listed(name, n)])],
        (value) => this.set("in_list", value),
        { "aria-label": T.list },
      ),
      choice(wanted.progress, Object.entries(T.progress), (value) => this.set("progress", value), {
        "aria-label": T.progress[""],
      }),
      choice(wanted.easiest, [["", T.fromShort], ...grades], (value) => this.set("easiest", value), {
        "aria-label": T.from,
      }),
      choice(wanted.hardest, [["", T.toShort], ...grades], (value) => this.set("hardest", value), {
        "aria-label": T.to,
      }),
      choice(wanted.order, Object.entries(T.orders), (value) => this.set("order", value), { "aria-label": T.order }),
    );
  }

  get listName() {
    return wanted.in_list || this.title.textContent;
  }

  // Open a problem; Next in Climb is then the next of what the search found.
  play(entry) {
    const problems = this.entries.map((one) => one.problem);
    this.open(play(this.listName, problems, { at: this.entries.indexOf(entry) }));
    if (this.hasMore) allFound(wanted).then(lengthen, () => {});
  }

  async playShuffled() {
    const problems = await allFound(wanted);
    this.open(play(this.listName, problems, { isShuffled: true }));
  }

  render({ total, isOffline }) {
    this.hasMore = this.read < total;
    const isSearch = Object.entries(wanted).some(([name, value]) => value && name !== "order");
    const warning = this.leftOut.length > 0 && h("p", { class: "warn" }, T.leftOut(this.leftOut));
    if (!this.entries.length) {
      replace(this.results, warning, h("p", { class: "message empty" }, isSearch ? T.logbookNothing : T.logbookEmpty));
      return;
    }
    // how it went has a line of its own: on a phone, the holds would leave it no room
    const about = (entry) => {
      const progress = progressOf(entry).flatMap((part, i) => (i ? [" · ", part] : [part]));
      const { problem } = entry;
      const rule = ruleOf(problem);
      return [
        ...(progress.length ? [progress] : []),
        ...(rule ? [rule] : []),
        `${setupText(problem)} · ${problem.notation}`,
      ];
    };
    replace(
      this.results,
      warning,
      h(
        "div",
        { class: "row counted" },
        h("p", { class: "quiet", role: "status" }, isOffline ? T.offlineSearch : T.results(total)),
        this.entries.length > 1 &&
          h(
            "div",
            { class: "row plays" },
            button("play", T.playList, () => this.play(this.entries[0])),
            button("shuffle", T.shuffle, () => this.playShuffled()),
            h(
              "a",
              {
                class: "button",
                href: "?view=workout",
                onclick: () => change({ planFrom: { title: this.listName, wanted: { ...wanted } } }),
              },
              icon("workout"),
              T.planEvening,
            ),
          ),
      ),
      h(
        "div",
        { class: "lines" },
        this.entries.map((entry) => problemLine(entry.problem, about(entry), () => this.play(entry))),
      ),
      this.hasMore && button(null, T.more, () => this.lookFor(this.read + PAGE)),
    );
  }

  renderFiles() {
    replace(
      this.files,
      card(
        T.importTitle,
        h("p", { class: "quiet" }, T.importWhat),
        h(
          "div",
          { class: "row" },
          button("upload", T.importTitle, () => this.picker.click(), { class: "primary" }),
          this.picker,
        ),
        this.importMessage,
      ),
      this.missing,
      card(
        T.exportTitle,
        h(
          "div",
          { class: "row" },
          Object.entries(T.formats).map(([kind, words]) =>
            h("a", { class: "button", href: `/api/export/${kind}?profile=${profile()?.id}`, download: true }, words),
          ),
        ),
      ),
    );
  }

  async import(file) {
    if (!file) return;
    this.say(h("p", null, T.importing));
    try {
      const result = await ask("POST", `/api/import?profile=${profile().id}`, file, { raw: true, patience: IMPORT_MS });
      const { read, added, merged, rejected, not_found: notFound, notes, reasons } = result;
      const list = (lines) =>
        lines.length > 0 &&
        h(
          "ul",
          null,
          lines.slice(0, 10).map((line) => h("li", null, line)),
        );
      this.say(
        h("p", null, h("strong", null, T.importDone(read, added, merged, rejected))),
        h("a", { class: "button", href: "?view=logbook" }, T.showImported),
        notFound > 0 && h("p", null, T.importNotFound(notFound)),
        list(notes),
        list(reasons.map(({ record, reason }) => `${record + 1}: ${reason}`)),
      );
      refreshCopy().catch(() => {});
      await this.listMissing();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.say(h("p", { class: "warn" }, sentence(error.message)));
    } finally {
      this.picker.value = ""; // so that the same file can be chosen again
    }
  }

  // Say how an import goes right below its button, and see to it that this is on the screen.
  say(...words) {
    replace(this.importMessage, ...words);
    this.importMessage.scrollIntoView({ block: "nearest" });
  }

  key() {
    return false;
  }
}
