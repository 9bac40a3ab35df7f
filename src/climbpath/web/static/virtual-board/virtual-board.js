// The virtual board: shows what a board would light, from the bytes alone. Bytes come from a page of climbpath in another
// tab, or are typed in.

import { button, choice, h, labelled, replace, svg } from "/js/dom.js";
import { T } from "/js/texts.js";
import { BoardView } from "/js/board.js";
import { Receiver } from "/js/lights-receiver.js";
import { serveVirtual } from "/js/lights-channel.js";
import { kept } from "/js/storage.js";

const MOST_TYPED = 10000;
const GLOW = 17; // cm
const LEVEL = 3;

document.documentElement.dataset.theme = kept("theme", "auto");
const main = document.getElementById("main");
const fields = new URLSearchParams(location.search);
const wall = { layout: null, leds: null, size: null };
const board = { shown: null, isTaken: false, log: [], receiver: new Receiver() };
let boards = [];
let serving = null;
const view = new BoardView();
const head = h("div", { class: "head" });
const stateBox = h("div", { class: "state" });

const name = () => (wall.leds.isMoonboard ? `MoonBoard ${T.virtualBoard.ofNames}` : `${wall.layout.title}@${LEVEL}`);

async function load(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(path);
  return response.json();
}

async function choose(chosen, size) {
  const layout = boards.find((one) => one.name === chosen) ?? boards[0];
  const leds = await load(`/leds/${layout.name}.json`);
  const sizes = Object.keys(leds.sizes);
  Object.assign(wall, { layout, leds, size: sizes.includes(size) ? size : sizes[0] });
  Object.assign(board, { shown: null, receiver: new Receiver() });
  const address = new URLSearchParams({ board: layout.name });
  if (sizes.length > 1) address.set("size", wall.size);
  history.replaceState(null, "", `?${address}`);
  const holds = layout.holds.filter(({ label }) => label in leds.sizes[wall.size]);
  view.lay({ ...layout, name: `${layout.name} ${wall.size}`, holds }, false);
  view.sheet.style.setProperty("--shape", view.cm.wide / view.cm.high);
  render();
}

const labelAt = (position) => Object.entries(wall.leds.sizes[wall.size]).find(([, led]) => led === position)?.[0];

// The role whose colour is nearest: boards show fewer colours than are asked for.
function roleOf(colour) {
  const channels = (text) => [0, 2, 4].map((i) => parseInt(text.slice(i, i + 2), 16));
  const wanted = channels(colour);
  const far = (role) => channels(wall.leds.colours[role]).reduce((sum, one, i) => sum + (one - wanted[i]) ** 2, 0);
  return Object.keys(wall.leds.colours).reduce((near, role) => (far(role) < far(near) ? role : near));
}

function received(bytes) {
  board.log = [...board.log.slice(-199), bytes];
  for (const outcome of board.receiver.feed(bytes))
    board.shown = outcome.fault ? { ...board.shown, fault: outcome.fault } : outcome;
  render();
}

function render() {
  const { shown } = board;
  const lights = (shown?.lights ?? []).map((one) => ({ ...one, label: labelAt(one.position) }));
  const words = lights.map(({ label, position, colour }) => `${label ?? `LED ${position}`} ${roleOf(colour)}`);
  view.show({ words: words.join(", ") || T.virtualBoard.dark });
  view.glow.replaceChildren(
    ...lights
      .filter(({ label }) => label)
      .flatMap(({ label, colour }) => {
        const { x, y } = view.byLabel.get(label);
        const at = { cx: x, cy: view.y(y), fill: `#${colour}`, "data-led": label };
        return [
          svg("circle", { ...at, r: GLOW, opacity: 0.28, class: "led" }),
          svg("circle", { ...at, r: GLOW * 0.6, opacity: 0.4, class: "led" }),
          svg("circle", { ...at, r: GLOW * 0.26, class: "led core" }),
        ];
      }),
  );
  replace(head, ...headOf());
  replace(stateBox, ...stateOf(lights));
}

function headOf() {
  const sizes = Object.keys(wall.leds.sizes);
  return [
    h("h1", null, T.virtualBoard.title),
    labelled(
      T.board,
      choice(
        wall.layout.name,
        boards.map((one) => [one.name, one.title]),
        (chosen) => choose(chosen),
      ),
    ),
    sizes.length > 1 &&
      labelled(
        T.lights.size,
        choice(
          wall.size,
          sizes.map((size) => [size, size]),
          (size) => choose(wall.layout.name, size),
        ),
      ),
  ];
}

function stateOf(lights) {
  const { shown, isTaken, log } = board;
  return [
    h("p", { role: "status" }, isTaken ? T.virtualBoard.taken : T.virtualBoard.free(name())),
    shown?.fault && h("p", { class: "warn" }, T.virtualBoard.fault(shown.fault)),
    lights.length
      ? h("ul", { "aria-label": T.virtualBoard.lit }, lights.map(lightLine))
      : h("p", null, T.virtualBoard.dark),
    (shown?.extraLeds || shown?.mini) && h("p", { class: "quiet" }, T.virtualBoard.flags(shown)),
    log.length > 0 &&
      h("p", { class: "quiet writes" }, T.virtualBoard.writes(log.length, Math.max(...log.map((one) => one.length)))),
    h(
      "form",
      {
        class: "row end",
        onsubmit: (event) => {
          event.preventDefault();
          received(bytesOf(event.target.querySelector("input").value.slice(0, MOST_TYPED)));
        },
      },
      labelled(T.virtualBoard.bytes, h("input", { type: "text", placeholder: "l#S4,P77,P100,E197#" })),
      h("button", { type: "submit" }, T.virtualBoard.show),
    ),
    h("p", { class: "quiet" }, T.virtualBoard.bytesHint),
    isTaken && button("close", T.virtualBoard.lose, () => serving.lose()),
  ];
}

function lightLine({ label, position, colour }) {
  const dot = h("span", { class: "dot" });
  dot.style.background = `#${colour}`;
  return h("li", null, dot, `${label ?? `LED ${position}`} ${roleOf(colour)}`);
}

// Bytes as people write them: a MoonBoard's string as it is, others in hexadecimal.
function bytesOf(text) {
  const plain = text.trim();
  if (/^(0x)?[0-9a-f]{2}([\s,]*(0x)?[0-9a-f]{2})*$/i.test(plain))
    return Uint8Array.from(plain.replaceAll(/0x|[\s,]/gi, "").match(/../g), (one) => parseInt(one, 16));
  return Uint8Array.from(plain, (one) => one.charCodeAt(0) & 255);
}

function connected(isTaken) {
  Object.assign(board, { isTaken, log: [], receiver: new Receiver() });
  render();
}

async function begin() {
  try {
    boards = (await load("/boards.json")).boards;
    await choose(fields.get("board") ?? kept("setup", {}).board, fields.get("size"));
    replace(main, head, h("div", { class: "wall-view" }, view.sheet), stateBox);
    serving = serveVirtual({ name, connected, received });
  } catch {
    replace(main, h("p", { class: "message" }, T.errors.offline));
  }
}

begin();
