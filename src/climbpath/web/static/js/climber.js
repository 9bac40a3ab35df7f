// Who climbs, how the app looks, and whether it can be installed.

import { button, choice, h, labelled, replace, toast } from "./dom.js";
import { T } from "./texts.js";
import { change, state } from "./state.js";
import { card } from "./panel.js";
import { keepProfile, removeProfile } from "./book.js";
import { keep, kept, newId } from "./storage.js";

let installing = null;
window.addEventListener("beforeinstallprompt", (event) => {
  event.preventDefault();
  installing = event;
});

export function applyTheme() {
  document.documentElement.dataset.theme = kept("theme", "auto");
}

export class ClimberView {
  constructor() {
    this.root = h("div", { class: "page" });
  }

  start() {
    this.render();
  }

  heard(fields) {
    if ("profiles" in fields || "profileId" in fields) this.render();
  }

  render() {
    const one = state.profiles.find((other) => other.id === state.profileId) ?? state.profiles[0];
    const set = (fields) => keepProfile({ ...one, ...fields });
    const setRange = (easiest, hardest) => {
      set({ easiest, hardest });
      change({ range: [easiest, hardest] });
    };
    const rank = (grade) => state.appInfo.ladder.indexOf(grade);
    const number = (field, least, most) =>
      h("input", {
        type: "number",
        min: least,
        max: most,
        value: one[field],
        inputmode: "numeric",
        onchange: (event) => {
          const { value } = event.target;
          event.target.value = value === "" ? one[field] : Math.min(most, Math.max(least, Number(value)));
          set({ [field]: Number(event.target.value) });
        },
      });
    const grades = state.appInfo.ladder.map((grade) => [grade, grade]);
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
              onclick: () => change({ profileId: other.id, range: [other.easiest, other.hardest] }),
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
          h(
            "div",
            { class: "row" },
            labelled(T.height, number("height", 100, 230)),
            labelled(T.ape, number("ape", -40, 40), T.apeHint),
          ),
          h(
            "div",
            { class: "row" },
            labelled(
              T.from,
              choice(one.easiest, grades, (grade) =>
                setRange(grade, rank(grade) > rank(one.hardest) ? grade : one.hardest),
              ),
            ),
            labelled(
              T.to,
              choice(one.hardest, grades, (grade) =>
                setRange(rank(grade) < rank(one.easiest) ? grade : one.easiest, grade),
              ),
            ),
          ),
          state.profiles.length > 1 &&
            button(
              "clear",
              T.removeClimber,
              async () => {
                await removeProfile(one);
                toast(T.climberRemoved(one.name), {
                  words: T.undone,
                  run: () => {
                    keepProfile(one);
                    change({ profileId: one.id });
                  },
                });
              },
              { class: "ghost" },
            ),
        ),
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
    const id = newId();
    const name = `${T.you} ${state.profiles.length + 1}`;
    keepProfile({ id, name, height: 175, ape: 0, easiest: "6B+", hardest: "7A" });
    change({ profileId: id });
    this.root.querySelector("input[type=text]").select();
  }

  key() {
    return false;
  }
}
