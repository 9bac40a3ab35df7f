// The card that connects this page to a board with LEDs, and says how it lights.

import { button, choice, h, icon, labelled, replace, toast } from "./dom.js";
import { T } from "./texts.js";
import { card } from "./panel.js";
import { keepWall } from "./book.js";
import { layout, sizeOf } from "./state.js";
import { connectLights, disconnectLights, lightState, lightsOut, setLights } from "./lights.js";
import { hasBluetooth } from "./lights-bluetooth.js";
import { LightError } from "./lights-bytes.js";
import { fetchLeds, readMapping } from "./lights-walls.js";
import { serverLights } from "./lights-server.js";
import { walkLeds } from "./lights-walk.js";

// Where the virtual board is, in the size of the climber's wall.
const virtualBoard = () => {
  const size = sizeOf(layout());
  return new URLSearchParams({ board: layout().name, ...(size && { size }) });
};

const MOST_BYTES = 1 << 20; // of a mapping file

export class LightsCard {
  constructor() {
    this.root = h("div", { class: "lights-card" });
    this.leds = null; // of the board, once they are known
    this.server = null; // what the machine that serves says of its own Bluetooth
  }

  start() {
    this.render();
    this.load();
  }

  heard(fields) {
    if ("lights" in fields || "wall" in fields) this.render();
    if ("setup" in fields) this.start();
  }

  async load() {
    const board = layout().name;
    const [leds, server] = await Promise.all([fetchLeds(board).catch(() => null), serverLights().catch(() => null)]);
    if (board !== layout().name) return;
    Object.assign(this, { leds, server });
    this.render();
  }

  render() {
    const lights = lightState();
    const isOn = lights.is === "on" || lights.is === "lost";
    replace(this.root, card(T.lights.title, isOn ? this.connected(lights) : this.unconnected(lights)));
  }

  unconnected({ is }) {
    const isBusy = is === "connecting";
    const connect = (via) => () => connectLights(via);
    return [
      h("p", null, T.lights.words),
      !hasBluetooth() && h("p", { class: "quiet" }, window.isSecureContext ? T.lights.noBluetooth : T.lights.notSecure),
      this.server?.offered && h("p", { class: "quiet" }, this.serverWords()),
      h(
        "div",
        { class: "row buttons" },
        hasBluetooth() &&
          button("bulb", isBusy ? T.lights.connecting : T.lights.connect, connect("bluetooth"), {
            class: "primary",
            disabled: isBusy,
          }),
        this.server?.offered && button("bulb", T.lights.useServer, connect("server"), { disabled: isBusy }),
        button("board", T.lights.useVirtual, connect("virtual"), { class: "ghost", disabled: isBusy }),
        h(
          "a",
          { class: "button ghost", href: `/virtual-board/?${virtualBoard()}`, target: "_blank" },
          T.lights.openVirtual,
        ),
      ),
      h("p", { class: "quiet" }, T.lights.virtualWords),
    ];
  }

  serverWords() {
    const { holder, is_mine } = this.server;
    return holder && !is_mine ? T.lights.held(holder) : T.lights.serverWords;
  }

  connected(lights) {
    const on = layout();
    const sizes = Object.keys(this.leds?.sizes ?? {});
    const tick = (field, words) =>
      h(
        "label",
        { class: "check" },
        h("input", {
          type: "checkbox",
          checked: lights[field],
          onchange: (event) => setLights({ [field]: event.target.checked }),
        }),
        h("span", null, words),
      );
    return [
      h(
        "p",
        { role: "status", class: lights.is === "lost" ? "warn" : null },
        lights.is === "lost" ? T.lights.lost(lights.name) : T.lights.on(lights.name),
      ),
      h(
        "div",
        { class: "row" },
        labelled(
          T.lights.when,
          choice(lights.when, Object.entries(T.lights.whens), (when) => setLights({ when })),
        ),
        sizes.length > 1 &&
          labelled(
            T.lights.size,
            choice(
              lights.sizes[on.name] ?? "",
              [...(lights.sizes[on.name] ? [] : [["", T.lights.chooseSize]]), ...sizes.map((size) => [size, size])],
              (size) => keepWall({ size }, on.name),
            ),
          ),
        this.leds &&
          !this.leds.isMoonboard &&
          labelled(
            T.lights.brightness,
            choice(
              String(lights.brightness),
              [100, 75, 50, 25].map((one) => [String(one), `${one} %`]),
              (one) => setLights({ brightness: Number(one) }),
            ),
          ),
      ),
      on.holds.some((hold) => hold.mirror) && tick("isMirrored", T.lights.mirrored),
      ...(this.leds?.isMoonboard ? ["newLetters", "extraLeds", "mini"] : []).map((one) => tick(one, T.lights[one])),
      this.wiring(lights, on),
      h(
        "div",
        { class: "row buttons" },
        button("close", T.lights.disconnect, disconnectLights),
        button("clear", T.lights.out, () => lightsOut(on), { class: "ghost" }),
      ),
    ];
  }

  // A strip that is wired in a way of its own: walk its LEDs to see where they are, or take a mapping file.
  wiring({ mappings }, on) {
    const set = (mapping) => setLights({ mappings: { ...mappings, [on.name]: mapping } });
    const take = async ({ target }) => {
      const [file] = target.files;
      target.value = "";
      if (!file) return;
      try {
        if (file.size > MOST_BYTES) throw new LightError(T.lights.noMapping);
        set(readMapping(await file.text(), on));
      } catch (error) {
        toast(error.message);
      }
    };
    return h(
      "details",
      null,
      h("summary", null, h("span", null, T.lights.wiring)),
      h("p", { class: "quiet" }, mappings[on.name] ? T.lights.mapped : T.lights.wiringWords),
      h(
        "div",
        { class: "row buttons" },
        button("play", T.lights.walk, () => walkLeds(on, mappings[on.name] ?? this.lit(on), set)),
        h(
          "label",
          { class: "button" },
          icon("upload"),
          h("span", null, T.lights.mappingFile),
          h("input", { type: "file", accept: ".json,application/json", class: "unseen", onchange: take }),
        ),
        mappings[on.name] && button("undo", T.lights.usualWiring, () => set(undefined), { class: "ghost" }),
      ),
    );
  }

  // Label -> LED as the board has it, in the size that is chosen, or in its largest.
  lit(on) {
    const sizes = this.leds?.sizes ?? {};
    return sizes[lightState().sizes[on.name]] ?? Object.values(sizes)[0] ?? {};
  }
}
