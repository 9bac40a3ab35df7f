// How large a board is shown: whole, or so large that every hold is easily touched, and then it can be scrolled.

import { h } from "./dom.js";

const TOUCH_PX = 40; // the least distance of two holds that fingers tell apart
const MOST = 2.5; // how much larger than that a board can be

export class Zoom {
  // `sheet` is the board with its names; `sizes()` tells {gutter, wide, high, apart} in cm, the last from a hold to the
  // nearest one; `changed()` is called when more or less than the whole board is shown.
  constructor(sheet, sizes, changed) {
    Object.assign(this, { sheet, sizes, changed });
    this.scroller = h("div", { class: "scroller" }, sheet);
    this.root = h("div", { class: "wall-box" }, this.scroller);
    this.wanted = 0; // px per cm; the whole board is shown where that is larger
    this.isFirst = true;
    new ResizeObserver(() => this.draw()).observe(this.root);
  }

  get whole() {
    const { gutter, wide, high } = this.sizes();
    return Math.min(this.root.clientWidth / (gutter + wide), this.root.clientHeight / (gutter + high));
  }

  // px per cm at which every hold is easily touched.
  get easy() {
    return (TOUCH_PX + 0.5) / this.sizes().apart;
  }

  get scale() {
    return Math.max(this.whole, Math.min(this.wanted, MOST * this.easy));
  }

  get isNear() {
    return this.scale > 1.01 * this.whole;
  }

  // Whether fingers might miss the holds of the whole board.
  get isUseful() {
    return this.whole < this.easy;
  }

  draw() {
    const { style } = this.root;
    for (const [name, value] of Object.entries(this.sizes())) style.setProperty(`--${name}`, value);
    if (!this.root.clientWidth) return;
    const { scale } = this;
    style.setProperty("--cm", `${scale}px`);
    style.setProperty("--px", 1 / scale);
    this.root.classList.toggle("near", this.isNear);
    if (this.isFirst) this.scroller.scrollTo((this.scroller.scrollWidth - this.scroller.clientWidth) / 2, 1e6); // the starts
    this.isFirst = false;
    if (this.drawn !== this.isNear + 2 * this.isUseful) {
      this.drawn = this.isNear + 2 * this.isUseful;
      this.changed();
    }
  }

  // Show the board at a scale, with what is at a point of the screen staying there.
  at(wanted, x, y) {
    const before = this.sheet.getBoundingClientRect();
    const share = [(x - before.left) / before.width, (y - before.top) / before.height];
    this.wanted = wanted;
    this.draw();
    const after = this.sheet.getBoundingClientRect();
    this.scroller.scrollLeft += after.left + share[0] * after.width - x;
    this.scroller.scrollTop += after.top + share[1] * after.height - y;
  }

  // Come so near that fingers do not miss a hold; false if it is so near already.
  nearer(x, y) {
    if (this.scale >= this.easy) return false;
    this.at(this.easy, x, y);
    return true;
  }

  far() {
    this.wanted = 0;
    this.draw();
  }

  toggle() {
    const { left, top, width, height } = this.root.getBoundingClientRect();
    if (this.isNear) this.far();
    else this.at(this.easy, left + width / 2, top + height / 2);
  }

  // Zoom with two fingers, and with the wheel and Ctrl.
  listen() {
    let from = null;
    const spread = ([one, other]) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
    const options = { passive: false };
    this.scroller.addEventListener("touchstart", ({ touches }) => {
      from = touches.length === 2 ? { spread: spread(touches), scale: this.scale } : null;
    });
    this.scroller.addEventListener(
      "touchmove",
      (event) => {
        const { touches } = event;
        if (!from || touches.length !== 2) return;
        event.preventDefault();
        const middle = (axis) => (touches[0][axis] + touches[1][axis]) / 2;
        this.at((from.scale * spread(touches)) / from.spread, middle("clientX"), middle("clientY"));
      },
      options,
    );
    this.scroller.addEventListener(
      "wheel",
      (event) => {
        if (!event.ctrlKey) return;
        event.preventDefault();
        this.at(this.scale * Math.exp(-event.deltaY / 200), event.clientX, event.clientY);
      },
      options,
    );
  }
}
