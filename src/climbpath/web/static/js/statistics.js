// Statistics of the current climber's logbook, on one board at a time.

import { ApiError } from "./api.js";
import { BoardView } from "./board.js";
import { button, choice, h, replace, toast } from "./dom.js";
import { T, named } from "./texts.js";
import { dayText, monthText, today } from "./dates.js";
import { statistics } from "./book.js";
import { picture, progress, pyramid } from "./charts.js";
import { profile, shortTitle, sizeOf, state } from "./state.js";
import { card } from "./panel.js";
import { climberName } from "./stage.js";

const SHOWN = 12; // months
const chosen = { by: null, board: "", period: "", holds: "sent" }; // `by` is the climber whose board and period it is

export class Statistics {
  constructor() {
    this.root = h("div", { class: "statistics" });
    this.board = new BoardView();
  }

  async start() {
    const asking = (this.asking = {});
    const by = profile()?.id;
    if (chosen.by !== by) Object.assign(chosen, { by, board: "", period: "" });
    try {
      const found = await statistics(chosen.board);
      if (asking !== this.asking) return;
      this.found = found;
      this.render();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (asking === this.asking) replace(this.root, h("p", { class: "message" }, T.noStatisticsOffline));
    }
  }

  render() {
    const { found } = this;
    const layout = state.appInfo.boards.find((one) => one.name === found.board);
    const warnings = [
      found.isOffline && h("p", { class: "quiet", role: "status" }, T.statisticsOf(dayText(found.asOf))),
      found.left_out.length > 0 && h("p", { class: "warn" }, T.leftOut(found.left_out)),
    ];
    if (!layout || !found.tries) {
      replace(this.root, warnings, h("p", { class: "message empty" }, T.noStatistics));
      return;
    }
    const titles = Object.fromEntries(state.appInfo.boards.map((one) => [one.name, shortTitle(one)]));
    const boards = Object.keys(found.boards);
    this.pyramid = pyramid(this.rows(), T.pyramidWords(this.rows()));
    this.progress = progress(this.bins(), layout.ladder, T.progressWords(this.bins()));
    this.board.lay(layout, false, sizeOf(layout, { hands: Object.keys(found.holds) }));
    const { cm, sheet } = this.board;
    for (const [name, size] of Object.entries(cm)) sheet.style.setProperty(`--${name}`, size);
    this.showHolds();
    const set = (fields) => {
      Object.assign(chosen, fields);
      this.render();
    };
    replace(
      this.root,
      warnings,
      h(
        "div",
        { class: "row spread" },
        boards.length > 1
          ? choice(
              found.board,
              boards.map((name) => [name, titles[name] ?? name]),
              (board) => {
                Object.assign(chosen, { board, period: "" });
                this.start();
              },
              { "aria-label": T.board },
            )
          : h("strong", null, layout.title),
        button("share", T.sharePicture, () => this.share(layout)),
      ),
      h(
        "dl",
        { class: "totals" },
        T.totals(found).map(([n, words]) => h("div", null, h("dt", null, words), h("dd", null, String(n)))),
      ),
      h(
        "div",
        { class: "column" },
        card(
          T.pyramid,
          this.pyramid,
          h(
            "p",
            { class: "legend" },
            h("span", { class: "flashes" }, T.flashed),
            h("span", { class: "sends" }, T.sentWord),
            h("span", { class: "tried" }, T.triedWord),
          ),
        ),
        card(
          T.progressTitle,
          choice(chosen.period, this.periods(), (period) => set({ period }), { "aria-label": T.period }),
          this.progress,
          h("p", { class: "quiet" }, T.progressHelp),
        ),
      ),
      card(
        T.holdsTitle,
        choice(chosen.holds, Object.entries(T.holdChoices), (holds) => set({ holds }), { "aria-label": T.holdsTitle }),
        h("div", { class: "heat" }, this.board.sheet),
        h("p", { class: "quiet" }, T.holdsHelp(chosen.holds, found)),
      ),
    );
  }

  // Every grade from the easiest to the hardest of the problems, and those without a grade first.
  rows() {
    const { ladder } = state.appInfo.boards.find((one) => one.name === this.found.board);
    const { "": ungraded, ...graded } = this.found.grades;
    const ranks = Object.keys(graded).map((grade) => ladder.indexOf(grade));
    const none = { sent: 0, flashed: 0, tried: 0 };
    const rows = ranks.length
      ? ladder.slice(Math.min(...ranks), Math.max(...ranks) + 1).map((grade) => ({ grade, ...none, ...graded[grade] }))
      : [];
    return ungraded ? [{ grade: "", ...ungraded }, ...rows] : rows;
  }

  periods() {
    const years = [...new Set(Object.keys(this.found.months).map((month) => month.slice(0, 4)))].reverse();
    return [
      ["", T.lastMonths],
      ...years.map((year) => [year, year]),
      ...(years.length > 1 ? [["all", T.allYears]] : []),
    ];
  }

  // The months of the chosen period, or all years.
  bins() {
    const { months } = this.found;
    const { ladder } = state.appInfo.boards.find((one) => one.name === this.found.board);
    const names = Object.keys(months);
    if (chosen.period === "all") {
      const years = [];
      for (let year = Number(names[0].slice(0, 4)); year <= Number(names.at(-1).slice(0, 4)); year++) {
        const those = names.filter((name) => Number(name.slice(0, 4)) === year).map((name) => months[name]);
        const best = Math.max(-1, ...those.map((month) => ladder.indexOf(month.hardest)));
        const sent = those.reduce((sum, month) => sum + month.sent, 0);
        years.push({ name: String(year), full: String(year), sent, hardest: ladder[best] ?? null });
      }
      return years;
    }
    // the last twelve end today, or with the last month that there is if that is longer ago
    const now = today().slice(0, 7);
    const isOld = names.at(-1) < monthBefore(now, SHOWN - 1);
    const last = chosen.period ? `${chosen.period}-12` : isOld ? names.at(-1) : now;
    return Array.from({ length: SHOWN }, (_, i) => {
      const name = monthBefore(last, SHOWN - 1 - i);
      const full = monthText(name);
      return { name: full[0], full, ...(months[name] ?? { sent: 0, hardest: null }) };
    });
  }

  showHolds() {
    const counts = Object.entries(this.found.holds).map(([label, hold]) => [label, hold[chosen.holds]]);
    const most = Math.max(1, ...counts.map(([, count]) => count));
    this.board.show({ words: T.heatWords(chosen.holds, counts) });
    this.board.heat(
      counts.map(([label, count]) => [label, count / most]),
      chosen.holds,
    );
  }

  async share(layout) {
    const title = `${named(climberName())} · ${layout.title}`;
    const totals = T.totals(this.found).map(([n, words]) => `${n} ${words}`);
    // two columns: pyramid and progress, and the board; each as high as its shape makes it
    const tall = (element, wide) => {
      const [, , width, height] = element.getAttribute("viewBox").split(" ").map(Number);
      return (wide * height) / width;
    };
    const [left, right, top, wide] = [60, 560, 240, 460];
    const { cm, root, rows, columns } = this.board;
    const scale = wide / (cm.gutter + cm.wide);
    const [names, board] = [cm.gutter * scale, cm.high * scale];
    const [first, second] = [tall(this.pyramid, wide), tall(this.progress, wide)];
    const next = Math.max(top + first + 90, top + board + names - second);
    const bottom = Math.max(next + second, top + board + names) + 70;
    const png = await picture(
      [
        [this.pyramid, left, top, wide, first],
        [this.progress, left, next, wide, second],
        [rows, right, top, names, board],
        [root, right + names, top, wide - names, board],
        [columns, right + names, top + board, wide - names, names],
      ],
      [
        [title, left, 100, 48, 800],
        [totals.join(" · "), left, 152, 27, 400],
        [T.pyramid, left, top - 18, 27, 700],
        [T.progressTitle, left, next - 22, 27, 700],
        [T.holdChoices[chosen.holds], right, top - 18, 27, 700],
        [`climbpath · ${dayText(today())}`, left, bottom, 24, 400],
      ],
      1080,
      bottom + 50,
    );
    const file = new File([png], "climbing.png", { type: "image/png" });
    if (navigator.canShare?.({ files: [file] })) {
      try {
        await navigator.share({ files: [file], title });
        return;
      } catch (error) {
        if (error.name === "AbortError") return;
      }
    }
    const link = h("a", { href: URL.createObjectURL(file), download: file.name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    toast(T.pictureSaved);
  }
}

function monthBefore(name, n) {
  const [year, month] = name.split("-").map(Number);
  return new Date(Date.UTC(year, month - 1 - n, 1)).toISOString().slice(0, 7);
}
