// Who climbs, how the app looks, and whether it can be installed.

import { button, choice, dialog, h, labelled, replace, toast } from "./dom.js";
import { T } from "./texts.js";
import { layout, nearest, profile, rangeHere, rank, state } from "./state.js";
import { card } from "./panel.js";
import { chooseRange, keepProfile, removeProfile } from "./book.js";
import { keep, kept } from "./storage.js";
import { LightsCard } from "./lights-card.js";
import { invite } from "./invite.js";
import { readLength } from "./lengths.js";
import { lengthField, shown } from "./person.js";
import { choose, hasRange, newClimber } from "./who.js";

let installing = null;
window.addEventListener("beforeinstallprompt", (event) => {
  event.preventDefault();
  installing = event;
});

export function applyTheme() {
  document.documentElement.dataset.theme = kept("theme", "auto");
}

// A logbook of years goes with its climber, so they are asked first.
function remove(one) {
  const box = dialog(
    T.removeTitle(one.name),
    T.close,
    h("p", null, T.removeWords),
    h(
      "div",
      { class: "row" },
      button(
        "clear",
        T.removeThem,
        () => {
          box.close();
          removeProfile(one);
          toast(T.climberRemoved(one.name), {
            words: T.undone,
            run: () => {
              keepProfile(one);
              choose(one);
            },
          });
        },
        { class: "primary" },
      ),
      button(null, T.cancel, () => box.close(), { class: "ghost" }),
    ),
  );
}

export class ClimberView {
  constructor() {
    this.root = h("div", { class: "page" });
    this.lights = new LightsCard();
    this.wrong = {}; // field -> {text, words} of a length that cannot be
  }

  start() {
    this.render();
    this.lights.start();
  }

  heard(fields) {
    if ("profiles" in fields || "profileId" in fields) this.render();
    this.lights.heard(fields);
  }

  render() {
    const one = profile();
    const set = (fields) => keepProfile({ ...one, ...fields });
    const setRange = (easiest, hardest) => chooseRange([easiest, hardest]);
    const { ladder } = layout();
    const [easiest, hardest] = hasRange(one)
      ? [nearest(one.easiest, ladder, false), nearest(one.hardest, ladder, true)]
      : rangeHere();
    const length = (field) =>
      lengthField(field, one[field], {
        wrong: this.wrong[field],
        onchange: (event) => {
          const text = event.target.value;
          const { cm, words } = readLength(field, text);
          if (words) {
            this.wrong[field] = { text, words };
            this.render();
          } else {
            delete this.wrong[field];
            set({ [field]: cm });
            event.target.value = shown(cm);
          }
        },
      });
    const grades = ladder.map((grade) => [grade, grade]);
    replace(
      this.root,
      h("h1", null, T.climberTitle),
      h(
        "div",
        { class: "row people", role: "group", "aria-label": T.climberTitle },
        state.profiles.map((other) =>
          h(
            "button",
            {
              type: "button",
              "aria-pressed": String(other.id === one?.id),
              class: other.id === one?.id ? "on" : null,
              onclick: () => {
                this.wrong = {};
                choose(other);
              },
            },
            other.name,
          ),
        ),
        button("compose", T.newClimber, (event) => event.detail < 2 && this.add(), { class: "ghost" }),
      ),
      one &&
        card(
          one.name,
          labelled(
            T.name,
            h("input", {
              type: "text",
              maxlength: 40,
              value: one.name,
              onchange: (event) => {
                event.target.value = event.target.value.trim() || one.name;
                set({ name: event.target.value });
              },
            }),
          ),
          h("div", { class: "row" }, length("height"), length("ape")),
          h(
            "div",
            { class: "row" },
            labelled(
              T.from,
              choice(easiest, grades, (grade) => setRange(grade, rank(grade) > rank(hardest) ? grade : hardest)),
            ),
            labelled(
              T.to,
              choice(hardest, grades, (grade) => setRange(rank(grade) < rank(easiest) ? grade : easiest, grade)),
            ),
          ),
          button("clear", T.removeClimber, () => remove(one), { class: "ghost" }),
        ),
      this.lights.root,
      card(T.inviteTitle, h("p", null, T.inviteWords), button("share", T.inviteShow, invite)),
      card(
        T.theme,
        choice(
          kept("theme", "auto"),
          Object.entries(T.themes),
          (theme) => {
            keep("theme", theme);
            applyTheme();
          },
          { "aria-label": T.theme },
        ),
      ),
      card(T.appTitle, this.installWords(), h("p", { class: "quiet" }, T.about(state.appInfo.version))),
    );
  }

  installWords() {
    if (!window.isSecureContext) return h("p", { class: "warn" }, T.cannotInstall);
    if (matchMedia("(display-mode: standalone)").matches) return h("p", null, T.installed);
    return [h("p", null, T.canInstall), installing && button("download", T.install, () => installing.prompt())];
  }

  add() {
    const box = dialog(
      T.newClimber,
      T.close,
      newClimber(() => box.close()),
    );
    box.querySelector("input").focus();
  }

  key() {
    return false;
  }
}
