// The first question of a new device: who climbs? Until it is answered, nothing is written to anybody's logbook.

import { button, h, labelled, replace } from "./dom.js";
import { T } from "./texts.js";
import { DEFAULT_CLIMBER, change, setupInUse, state } from "./state.js";
import { keepProfile } from "./book.js";
import { newId } from "./storage.js";
import { readLength } from "./lengths.js";
import { card } from "./panel.js";
import { lengthField } from "./person.js";

const NEW_CLIMBER = { ...DEFAULT_CLIMBER, easiest: null, hardest: null };

// Whether a climber has chosen grades; who has not gets the easiest ones of the board.
export const hasRange = ({ easiest, hardest }) => Boolean(easiest && hardest);

export function choose(one) {
  const setup = setupInUse(one);
  const range = hasRange(one) ? [one.easiest, one.hardest] : null;
  change({ profileId: one.id, range, ...(setup && { setup }) });
}

// What is asked of a new climber, who climbs next; `done` is called then.
export function newClimber(done = () => {}) {
  const form = h("form", {
    class: "newcomer",
    onsubmit: (event) => {
      event.preventDefault();
      keep(event.target.elements);
    },
  });
  let wrong = null; // a height that cannot be

  function render() {
    replace(
      form,
      labelled(
        T.name,
        h("input", { type: "text", name: "called", maxlength: 40, required: true, autocomplete: "off" }),
      ),
      lengthField("height", null, { wrong, empty: NEW_CLIMBER.height }),
      h("button", { class: "primary" }, T.startClimbing),
      h("p", { class: "quiet" }, T.whoLater),
    );
  }

  function keep({ called, height }) {
    const text = height.value.trim();
    const { cm, words } = text ? readLength("height", text) : { cm: NEW_CLIMBER.height };
    wrong = words ? { text: height.value, words } : null;
    if (wrong) {
      render();
      height.focus();
      return;
    }
    const name = called.value.trim();
    if (!name) {
      called.value = "";
      called.reportValidity();
      return;
    }
    const one = { ...NEW_CLIMBER, id: newId(), name, height: cm };
    done();
    keepProfile(one);
    choose(one);
  }

  render();
  return form;
}

export class Who {
  constructor() {
    this.root = h("div", { class: "page who" });
    this.isAdding = false;
    this.form = newClimber();
    this.card = card(T.newClimber, this.form); // one, so that what is half typed stays
  }

  start() {
    this.render();
  }

  heard(fields) {
    if ("profiles" in fields) this.render();
  }

  render() {
    const { profiles } = state;
    replace(
      this.root,
      h("h1", null, T.whoTitle),
      h("p", { class: "quiet" }, profiles.length ? T.whoWords : T.whoFirst),
      profiles.length > 0 &&
        h(
          "div",
          { class: "choices" },
          profiles.map((one) => button("climber", one.name, () => choose(one))),
          !this.isAdding && button("compose", T.newClimber, () => this.add(), { class: "ghost" }),
        ),
      (this.isAdding || !profiles.length) && this.card,
    );
  }

  add() {
    this.isAdding = true;
    this.render();
    this.form.elements.called.focus();
  }

  key() {
    return false;
  }
}
