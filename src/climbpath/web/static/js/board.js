// The board as SVG, in centimetres: every hold with its own outline, rings for roles, marks, and the beta.

import { h, svg } from "./dom.js";
import { T } from "./texts.js";
import { hasGrid } from "./problem.js";

const EDGE = 13; // cm of wall around the holds, as much as the light of a hold needs
const GUTTER = 15; // cm for the names of rows and columns, beside the wall and below it
const SPACING = 20; // cm from a hold to the next one on a MoonBoard, whose rings and holds are of size 1
const ROOMY = 1.35; // how much larger holds are where the nearest ones stand aslant of each other
const LARGEST_HOLD = 1.1;
const LARGEST_RINGS = 1.5; // how much larger rings may be where the holds of a problem are farther apart
const SAME_HEIGHT = 0.01; // cm
const FARTHEST = 1e4; // cm, more than between any two holds
const COMPASS = { N: 0, NE: 45, E: 90, SE: 135, S: 180, SW: 225, W: 270, NW: 315 };
const LONG_PRESS_MS = 450;
const SWIPE_PX = 45;
const STILL_PX = 10;
const RINGS = {
  start: [[8.2, 3.6]],
  hands: [[9.2, 2]],
  feet: [[7.2, 2.2]],
  finish: [
    [9.8, 1.8],
    [6.6, 1.8],
  ],
};

// Random numbers from 0 to 1, always the same for the same text.
function* chances(text) {
  let state = 2166136261;
  for (const char of text) state = Math.imul(state ^ char.charCodeAt(0), 16777619);
  for (;;) {
    state = Math.imul(state ^ (state >>> 15), 2246822519) + 0x9e3779b9;
    yield ((state ^ (state >>> 13)) >>> 0) / 4294967296;
  }
}

// A closed, smooth line through points (Catmull-Rom as cubic curves).
function smooth(points) {
  const n = points.length;
  const at = (i) => points[(i + n) % n];
  const spell = ([x, y]) => `${x.toFixed(2)} ${y.toFixed(2)}`;
  let path = `M${spell(at(0))}`;
  for (let i = 0; i < n; i++) {
    const [a, b, c, d] = [at(i - 1), at(i), at(i + 1), at(i + 2)];
    const one = [b[0] + (c[0] - a[0]) / 6, b[1] + (c[1] - a[1]) / 6];
    const two = [c[0] - (d[0] - b[0]) / 6, c[1] - (d[1] - b[1]) / 6];
    path += `C${spell(one)} ${spell(two)} ${spell(c)}`;
  }
  return `${path}Z`;
}

// A hold is wider than it is high, with its lip on the side that it faces; its label seeds its shape.
function outline(hold) {
  const random = chances(hold.label + hold.hold_set);
  const next = () => random.next().value;
  next();
  const wide = 5.2 + 1.6 * next();
  const high = 3.4 + 1.6 * next();
  const corners = 8;
  const body = Array.from({ length: corners }, (_, i) => {
    const turn = (2 * Math.PI * i) / corners;
    const far = 0.82 + 0.34 * next();
    return [wide * far * Math.cos(turn), high * far * Math.sin(turn)];
  });
  const lip = body.map(([x, y]) => [0.66 * x, 0.5 * y - 0.24 * high]);
  return [smooth(body), smooth(lip)];
}

const setClass = (name) => `set-${name.toLowerCase().replaceAll(" ", "-")}`;

export class BoardView {
  // `on` may have tap(label) and press(label) for editing, nearer(x, y), which is true if a touch at this point of the
  // screen has to come nearer first, swipe(±1) for the next or the previous problem, and touch() for a tap anywhere.
  constructor(on = {}) {
    this.on = on;
    this.root = svg("svg", { class: "board", focusable: "false" });
    this.rows = svg("svg", { class: "names rows", "aria-hidden": "true" });
    this.columns = svg("svg", { class: "names columns", "aria-hidden": "true" });
    // the names stay in sight while the wall between them is scrolled
    this.sheet = h("div", { class: "sheet" }, this.rows, this.root, h("div", { class: "corner" }), this.columns);
    this.focused = null;
    this.root.addEventListener("pointerdown", (event) => this.down(event));
    this.root.addEventListener("pointerup", (event) => this.up(event));
    this.root.addEventListener("pointercancel", () => this.forget());
    this.root.addEventListener("pointermove", (event) => {
      if (this.from && Math.hypot(event.clientX - this.from.x, event.clientY - this.from.y) > STILL_PX)
        clearTimeout(this.timer);
    });
    this.root.addEventListener("contextmenu", (event) => {
      const label = labelAt(event);
      if (!label || !this.on.press) return;
      event.preventDefault();
      clearTimeout(this.timer); // on touch screens this event may come before or after the long press ends
      if (!this.pressed) this.on.press(label);
      this.pressed = true;
    });
    this.root.addEventListener("keydown", (event) => this.key(event));
  }

  // Draw an empty board, or one of its sizes alone, which can be edited or not.
  lay(layout, isEdited, size = null) {
    const key = `${layout.name} ${isEdited} ${size ?? ""}`;
    if (this.laid === key) return false;
    this.laid = key;
    const labels = new Set(size ? layout.sizes[size] : layout.holds.map((hold) => hold.label));
    const shown = layout.holds.filter((hold) => labels.has(hold.label));
    this.layout = { ...layout, holds: shown };
    this.isEdited = isEdited;
    this.byLabel = new Map(shown.map((hold) => [hold.label, hold]));
    const isGrid = hasGrid(layout);
    const [xs, ys] = [shown.map((hold) => hold.x), shown.map((hold) => hold.y)];
    const [left, low] = isGrid ? [0, 0] : [Math.min(...xs), Math.min(...ys)];
    const wide = Math.max(...xs);
    this.origin = { x: left, y: low };
    this.high = Math.max(...ys);
    const apart = isGrid ? SPACING : leastDistance(shown);
    this.unit = Math.min(1, apart / SPACING);
    this.body = isGrid ? 1 : Math.min(LARGEST_HOLD, (ROOMY * apart) / SPACING);
    this.cm = {
      gutter: isGrid ? GUTTER : 0,
      wide: wide - left + 2 * EDGE,
      high: this.high - low + 2 * EDGE,
      apart,
    };
    const inGrid = isGrid ? shown : [];
    const columns = [...new Map(inGrid.map((hold) => [hold.column, hold.x])).entries()];
    const rows = [...new Map(inGrid.map((hold) => [hold.row, hold.y])).entries()];
    this.root.setAttribute("viewBox", `${left - EDGE} ${-EDGE} ${this.cm.wide} ${this.cm.high}`);
    this.rows.setAttribute("viewBox", `0 ${-EDGE} ${GUTTER} ${this.cm.high}`);
    this.columns.setAttribute("viewBox", `${-EDGE} 0 ${this.cm.wide} ${GUTTER}`);
    const name = (x, y, words) => svg("text", { x, y, "text-anchor": "middle", "dominant-baseline": "central" }, words);
    this.rows.replaceChildren(...rows.map(([row, y]) => name(GUTTER / 2, this.y(y), row)));
    this.columns.replaceChildren(
      ...columns.map(([column, x]) => name(x, GUTTER / 2, String.fromCharCode(65 + column))),
    );
    const grid = svg(
      "g",
      { class: "grid", "aria-hidden": "true" },
      columns.map(([, x]) => svg("line", { x1: x, x2: x, y1: 0, y2: this.high })),
      rows.map(([, y]) => svg("line", { x1: 0, x2: wide, y1: this.y(y), y2: this.y(y) })),
    );
    this.glow = svg("g", { "aria-hidden": "true" });
    this.rings = svg("g", { class: "rings", "aria-hidden": "true" }); // over all holds: a near one would cover a part
    this.over = svg("g", { class: "beta", "aria-hidden": "true" });
    this.places = new Map();
    this.drawn = new Map();
    const holds = shown.map((hold) => {
      const [body, lip] = outline(hold);
      const turn = COMPASS[hold.orientation] ?? 0;
      const place = svg(
        "g",
        {
          class: `hold ${setClass(hold.hold_set)}`,
          "data-label": hold.label,
          transform: `translate(${hold.x} ${this.y(hold.y)})`,
        },
        svg("circle", { r: apart / 2, class: "touch" }),
        svg(
          "g",
          { transform: `rotate(${turn}) scale(${this.body})`, class: "shape" },
          svg("path", { d: body, class: "body" }),
          svg("path", { d: lip, class: "lip" }),
        ),
      );
      if (isEdited) {
        place.setAttribute("role", "button");
        place.setAttribute("tabindex", "-1");
      }
      this.places.set(hold.label, place);
      return place;
    });
    this.root.replaceChildren(
      svg("rect", { class: "wall", x: left - EDGE, y: -EDGE, width: this.cm.wide, height: this.cm.high, rx: 7 }),
      grid,
      this.glow,
      svg("g", null, holds),
      this.rings,
      this.over,
    );
    if (isEdited) {
      this.root.setAttribute("role", "group");
      this.focus(this.places.has(this.focused) ? this.focused : shown[0].label, false);
    } else {
      this.root.setAttribute("role", "img");
    }
    return true;
  }

  // How large rings are around these holds.
  ringSize(labels) {
    const apart = leastDistance(labels.map((label) => this.byLabel.get(label)).filter(Boolean));
    return Math.max(this.unit, Math.min(1, apart / SPACING, LARGEST_RINGS * this.unit));
  }

  y(cm) {
    return this.high - cm;
  }

  // roles: label -> role; marks: label -> use, ban or fill; dim: labels to fade; absent: hold sets missing on
  // this wall; words: for screen readers.
  show({ roles = {}, marks = {}, dim = [], absent = [], words = "" }) {
    this.root.setAttribute("aria-label", words);
    const [lights, rings] = [[], []];
    const size = this.ringSize(Object.keys({ ...roles, ...marks }));
    for (const [label, place] of this.places) {
      const role = roles[label];
      const mark = marks[label];
      const hold = this.byLabel.get(label);
      const isDim = dim.includes(label);
      const isAbsent = absent.includes(hold.hold_set);
      if (role) {
        const at = { cx: hold.x, cy: this.y(hold.y), r: 13 * size };
        lights.push(svg("circle", { ...at, class: "light", "data-lamp": this.layout.lamps[role] }));
      }
      if (role || mark) rings.push(this.ringsOf(hold, role, mark, size, isDim));
      const looks = [role, mark, isDim, isAbsent].join(" ");
      if (this.drawn.get(label) === looks) continue; // most of 692 holds are as they were
      this.drawn.set(label, looks);
      place.classList.toggle("lit", Boolean(role));
      place.classList.toggle("banned", mark === "ban");
      place.classList.toggle("dim", isDim);
      place.classList.toggle("absent", isAbsent);
      place.dataset.role = role ?? "";
      if (this.isEdited) {
        place.setAttribute("aria-label", T.holdLabel(label, T.marks[mark ?? "free"], role && T.roles[role]));
      }
    }
    this.glow.replaceChildren(...lights);
    this.rings.replaceChildren(...rings);
    this.over.replaceChildren();
  }

  ringsOf(hold, role, mark, size, isDim) {
    return svg(
      "g",
      {
        class: isDim && "dim",
        "data-lamp": this.layout.lamps[role],
        transform: `translate(${hold.x} ${this.y(hold.y)}) scale(${size})`,
      },
      (RINGS[role] ?? []).map(([r, width]) => svg("circle", { r, "stroke-width": width, class: "ring" })),
      (mark === "use" || mark === "only") && svg("circle", { cx: 7, cy: -7, r: 2.7, class: "pin" }),
      mark === "only" && svg("circle", { cx: 9.5, cy: -1.2, r: 2.7, class: "pin" }),
      mark === "ban" && svg("path", { d: "M-6.5 -6.5 L6.5 6.5 M6.5 -6.5 L-6.5 6.5", class: "cross" }),
    );
  }

  // How much there was of something on every hold, as [label, share from 0 to 1], in glowing discs; `kind` names it.
  heat(shares, kind) {
    this.glow.replaceChildren(
      ...shares
        .filter(([label, share]) => share > 0 && this.byLabel.has(label))
        .map(([label, share]) => {
          const hold = this.byLabel.get(label);
          const [r, opacity] = [this.unit * (5 + 8 * Math.sqrt(share)), 0.25 + 0.65 * share];
          return svg("circle", { cx: hold.x, cy: this.y(hold.y), r, opacity, class: `warmth ${kind}` });
        }),
    );
  }

  // The beta up to a step: 0 is the start, and step i is the i-th move.
  showBeta(beta, step) {
    const at = { ...beta.start };
    const arrows = [];
    beta.moves.slice(0, step).forEach((move, i) => {
      at[move.hand] = move.hold;
      arrows.push(this.arrow(move, i + 1 === step ? "now" : "past", i === beta.crux));
    });
    const marks = Object.entries(at).map(([hand, label]) => {
      const hold = this.byLabel.get(label);
      const mark = svg("g", null, svg("circle", { r: 4.6 }), svg("text", { y: 2, "text-anchor": "middle" }, hand[0]));
      const place = svg("g", { class: `hand ${hand}`, transform: `translate(${hold.x} ${this.y(hold.y)})` }, mark);
      const beside = hold.x - this.origin.x;
      const right = this.cm.wide - 2 * EDGE - beside;
      place.style.setProperty("--beside", `${EDGE + (hand === "LH" ? beside : right)}px`); // how much wall there is
      place.style.setProperty("--below", `${EDGE + hold.y - this.origin.y}px`);
      return place;
    });
    this.over.replaceChildren(...arrows, ...marks);
  }

  arrow(move, when, isCrux) {
    const from = this.byLabel.get(move.origin);
    const to = this.byLabel.get(move.hold);
    const [x1, y1, x2, y2] = [from.x, this.y(from.y), to.x, this.y(to.y)];
    const long = Math.hypot(x2 - x1, y2 - y1);
    if (!long) return svg("g");
    const outward = move.hand === "LH" ? 1 : -1;
    const bend = [(x1 + x2) / 2 + 0.16 * outward * (y2 - y1), (y1 + y2) / 2 - 0.16 * outward * (x2 - x1)];
    const near = (x, y) => {
      const far = Math.hypot(bend[0] - x, bend[1] - y);
      return [x + (11 * (bend[0] - x)) / far, y + (11 * (bend[1] - y)) / far];
    };
    const [start, end] = [near(x1, y1), near(x2, y2)];
    const turn = (Math.atan2(end[1] - bend[1], end[0] - bend[0]) * 180) / Math.PI;
    return svg(
      "g",
      { class: `move ${move.hand} ${when}${isCrux ? " crux" : ""}${move.too_far ? " far" : ""}` },
      svg("path", { d: `M${start.join(" ")} Q${bend.join(" ")} ${end.join(" ")}` }),
      svg("path", {
        class: "head",
        d: "M0 0 L-6.5 3.6 L-6.5 -3.6 Z",
        transform: `translate(${end.join(" ")}) rotate(${turn})`,
      }),
    );
  }

  down(event) {
    this.pressed = false;
    this.forget();
    if (event.button || !event.isPrimary) return;
    this.from = { x: event.clientX, y: event.clientY, label: labelAt(event) };
    if (this.on.press && this.from.label) {
      this.timer = setTimeout(() => {
        this.pressed = true;
        this.on.press(this.from.label);
      }, LONG_PRESS_MS);
    }
  }

  up(event) {
    clearTimeout(this.timer);
    if (!this.from || this.pressed) return;
    const [across, down] = [event.clientX - this.from.x, event.clientY - this.from.y];
    if (this.on.tap && this.from.label && Math.hypot(across, down) <= STILL_PX) {
      if (event.pointerType !== "touch" || !this.on.nearer?.(event.clientX, event.clientY)) {
        if (this.isEdited) this.focus(this.from.label, false);
        this.on.tap(this.from.label);
      }
    } else if (this.on.swipe && Math.abs(across) > SWIPE_PX && Math.abs(across) > 1.5 * Math.abs(down)) {
      this.on.swipe(across < 0 ? 1 : -1);
    } else if (Math.hypot(across, down) <= STILL_PX) {
      this.on.touch?.();
    }
    this.from = null;
  }

  forget() {
    clearTimeout(this.timer);
    this.from = null;
  }

  focus(label, isMoved = true) {
    this.places.get(this.focused)?.setAttribute("tabindex", "-1");
    this.focused = label;
    this.places.get(label).setAttribute("tabindex", "0");
    if (isMoved) this.places.get(label).focus();
  }

  key(event) {
    if (!this.isEdited || !this.places.has(this.focused) || event.ctrlKey || event.metaKey || event.altKey) return;
    const way = { ArrowUp: [0, 1], ArrowDown: [0, -1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[event.key];
    if (way) {
      const to = this.neighbour(this.byLabel.get(this.focused), way);
      if (to) this.focus(to.label);
    } else if (event.key === "Enter" || event.key === " ") {
      this.on.tap(this.focused);
    } else if (event.key === "r" || event.key === "R" || event.key === "ContextMenu") {
      this.on.press(this.focused);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  // The nearest hold in that direction, preferring those straight ahead. Where holds stand aslant of each other, the
  // next one at the same height, and one aslant above or below, or half of the holds would never be reached.
  neighbour(hold, [dx, dy]) {
    const isAslant = !hasGrid(this.layout);
    let best = null;
    let least = Infinity;
    for (const other of this.layout.holds) {
      const along = dx * (other.x - hold.x) + dy * (other.y - hold.y);
      const aside = Math.abs(dy * (other.x - hold.x)) + Math.abs(dx * (other.y - hold.y));
      const isOffRow = isAslant && dx && aside > SAME_HEIGHT;
      const far = along + (isAslant ? 0.9 : 2) * aside + (isOffRow ? FARTHEST : 0);
      if (along > SAME_HEIGHT && far < least) [best, least] = [other, far];
    }
    return best;
  }
}

// cm between the two holds that are nearest to each other; a MoonBoard's where there are fewer.
function leastDistance(holds) {
  let least = SPACING;
  for (let i = 0; i < holds.length; i++) {
    for (let j = 0; j < i; j++) {
      const [across, up] = [holds[i].x - holds[j].x, holds[i].y - holds[j].y];
      least = Math.min(least, Math.hypot(across, up));
    }
  }
  return least;
}

const labelAt = (event) => event.target.closest?.("[data-label]")?.dataset.label;
