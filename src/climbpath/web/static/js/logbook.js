// The logbook view: search, filter, open, import and export.

import { ask, askAfterWrites, ApiError } from "./api.js";
import { button, choice, h, icon, replace } from "./dom.js";
import { T } from "./texts.js";
import { change, profile, state } from "./state.js";
import { card, problemLine } from "./panel.js";
import { allFound, lengthen, play } from "./play.js";
import { refreshCopy, search } from "./book.js";

const IMPORT_MS = 300000;
const wanted = { text: "", in_list: "", ticked: "", easiest: "", hardest: "", order: "newest" };

export class Logbook {
  constructor(open) {
    this.open = open;
    this.entries = [];
    this.lists = {};
    this.bar = h("div", { class: "search" });
    this.results = h("div", { class: "results" });
    this.files = h("div", { class: "files" });
    this.importMessage = h("div", { role: "status" }); // how an import went
    this.missing = h("div"); // imported ticks whose problems were not found
    this.picker = h("input", {
      type: "file",
      accept: ".json,.jsonl,.csv,.gz,.zip,.parquet",
      hidden: true,
      onchange: () => this.import(this.picker.files[0]),
    });
    this.root = h("div", { class: "page" }, (this.title = h("h1")), this.bar, this.results, this.files);
  }

  start() {
    this.refine();
    this.renderFiles();
    refreshCopy().catch(() => {});
    this.listMissing();
    return this.look();
  }

  heard(fields) {
    if ("profileId" in fields) {
      wanted.in_list = "";
      this.start();
    } else if ("noted" in fields || fields.online) this.look();
  }

  async look(more = false) {
    const asking = (this.asking = {});
    try {
      const results = await search(wanted, more ? this.entries.length : 0);
      if (asking !== this.asking) return;
      this.entries = more ? [...this.entries, ...results.entries] : results.entries;
      const isNew = JSON.stringify(this.lists) !== JSON.stringify(results.lists);
      this.lists = results.lists;
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
                  h("li", null, [name || `#${number}`, grade, day].filter(Boolean).join(" · ")),
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
    return this.look();
  }

  refine() {
    this.title.textContent = T.logbookTitle(profile()?.name ?? T.you);
    const grades = state.appInfo.ladder.map((grade) => [grade, grade]);
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
      choice(
        wanted.in_list,
        [["", T.allLists], ...Object.entries(lists).map(([name, n]) => [name, `${name} (${n})`])],
        (value) => this.set("in_list", value),
        { "aria-label": T.list },
      ),
      choice(wanted.ticked, Object.entries(T.ticks), (value) => this.set("ticked", value), { "aria-label": T.tick }),
      choice(wanted.easiest, [["", T.from], ...grades], (value) => this.set("easiest", value), {
        "aria-label": T.from,
      }),
      choice(wanted.hardest, [["", T.to], ...grades], (value) => this.set("hardest", value), { "aria-label": T.to }),
      choice(wanted.order, Object.entries(T.orders), (value) => this.set("order", value), { "aria-label": T.order }),
    );
  }

  get listName() {
    return wanted.in_list || T.logbookTitle(profile()?.name ?? T.you);
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
    this.hasMore = this.entries.length < total;
    const isSearch = Object.entries(wanted).some(([name, value]) => value && name !== "order");
    if (!this.entries.length) {
      replace(this.results, h("p", { class: "message empty" }, isSearch ? T.logbookNothing : T.logbookEmpty));
      return;
    }
    const about = (entry) =>
      [
        entry.problem.notation,
        entry.stars ? "★".repeat(entry.stars) : "",
        entry.ticks.length ? `✓ ${T.climbedTimes(entry.ticks.length)}` : "",
      ]
        .filter(Boolean)
        .join(" · ");
    replace(
      this.results,
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
      this.hasMore && button(null, T.more, () => this.look(true)),
    );
  }

  renderFiles() {
    replace(
      this.files,
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
      card(
        T.importTitle,
        h(
          "div",
          { class: "row" },
          button("download", T.importTitle, () => this.picker.click()),
          this.picker,
        ),
        this.importMessage,
      ),
      this.missing,
    );
  }

  async import(file) {
    if (!file) return;
    replace(this.importMessage, h("p", null, T.importing));
    try {
      const {
        read,
        added,
        merged,
        rejected,
        reasons,
        not_found: notFound,
        notes,
      } = await ask("POST", `/api/import?profile=${profile().id}`, file, { raw: true, patience: IMPORT_MS });
      replace(
        this.importMessage,
        h("p", null, T.importDone(read, added, merged, rejected)),
        notFound > 0 && h("p", null, T.importNotFound(notFound)),
        notes.length > 0 &&
          h(
            "ul",
            null,
            notes.slice(0, 10).map((note) => h("li", null, note)),
          ),
        reasons.length > 0 &&
          h(
            "ul",
            null,
            reasons.slice(0, 10).map(({ record, reason }) => h("li", null, `${record + 1}: ${reason}`)),
          ),
      );
      await Promise.all([this.look(), this.listMissing()]);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      replace(this.importMessage, h("p", { class: "warn" }, error.message));
    } finally {
      this.picker.value = ""; // so that the same file can be chosen again
    }
  }

  key() {
    return false;
  }
}
