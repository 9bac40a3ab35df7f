// Lights on: what is shown here lights on the board that this page is connected to. What is asked for last is sent, whole
// and once; nothing is sent that was not asked for, and nothing puts the lights out but the button that says so.

import { toast } from "./dom.js";
import { T } from "./texts.js";
import { keep, kept } from "./storage.js";
import { boardOf, change, chosenSizes } from "./state.js";
import { problemOf, rolesOf } from "./problem.js";
import { LightError, aurora, kindOf, levelOf, moonboard, off } from "./lights-bytes.js";
import { fetchLeds, handsOf, holdsWithRoles, knownLeds, lightsOf, wallOf } from "./lights-walls.js";
import { allowedBoard, chooseBoard, connectTo } from "./lights-bluetooth.js";
import { connectToVirtual } from "./lights-channel.js";
import { connectToServer } from "./lights-server.js";

const AGAIN_MS = [0, 1000, 2000, 4000, 8000, 15000]; // before each attempt to connect again

const USUAL = {
  when: "swipe", // or "tap", or "off"
  via: null, // how this device was connected last, to be connected again
  device: null, // the id of its Bluetooth device
  mappings: {}, // board -> {label: LED} of a strip that is wired in a way of its own
  isMirrored: false,
  brightness: 100,
  extraLeds: false,
  newLetters: false,
  mini: false,
};
const settings = { ...USUAL, ...kept("lights", {}) };
const state = { is: "off", name: null }; // off, connecting, on, or lost
let link = null; // {name, write(bytes)} or {name, show(task)}; and close()
let open = null; // opens the same link again
let shown = null; // the holds on the screen: {layout, holds}
let wanted = null; // what is to be sent next
let last = null; // what was sent last
let sending = null;
let attempt = 0;
let timer = null;

export const lightState = () => ({ ...state, ...settings, sizes: chosenSizes() });
export const areLightsOn = () => state.is === "on" || state.is === "lost";

function become(is, name = state.name) {
  Object.assign(state, { is, name });
  change({ lights: is });
}

export function setLights(fields) {
  Object.assign(settings, fields);
  keep("lights", settings);
  change({ lights: state.is });
}

// Connections

const WAYS = {
  bluetooth: async () => {
    const device = (await allowedBoard(settings.device)) ?? (await chooseBoard());
    if (!device) return null;
    settings.device = device.id;
    return () => connectTo(device, lost);
  },
  virtual: async () => () => connectToVirtual(lost),
  server: async () => () => connectToServer(lost),
};

// Connect in a way, "bluetooth", "virtual" or "server", and light what is shown.
export async function connectLights(via) {
  endLink();
  become("connecting", null);
  try {
    open = await WAYS[via]();
    if (!open) {
      become("off");
      return;
    }
    link = await open();
    setLights({ via });
    become("on", link.name);
    if (shown && settings.when === "swipe") send(shown);
  } catch (error) {
    open = null;
    become("off");
    toast(error instanceof LightError ? error.message : T.lights.failed);
  }
}

export function disconnectLights() {
  endLink();
  setLights({ via: null });
  become("off", null);
}

function endLink() {
  clearTimeout(timer);
  link?.close();
  [link, open, wanted, attempt] = [null, null, null, 0];
}

// The connection ended by itself, as when a phone slept: connect again while the page is in sight.
function lost() {
  link = null;
  if (!open) return;
  become("lost");
  again();
}

function again() {
  clearTimeout(timer);
  if (document.visibilityState !== "visible") return; // goes on when the page is seen again
  timer = setTimeout(reopen, AGAIN_MS[Math.min(attempt, AGAIN_MS.length - 1)]);
  attempt += 1;
}

async function reopen() {
  const opening = open;
  if (!opening || link) return;
  try {
    const opened = await opening();
    if (open !== opening) {
      opened.close(); // disconnected meanwhile
      return;
    }
    link = opened;
    attempt = 0;
    become("on", link.name);
    const next = wanted ?? (settings.when === "swipe" ? shown : last);
    if (next) send(next);
  } catch {
    if (open === opening) again();
  }
}

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible" && state.is === "lost") hurry();
});

function hurry() {
  attempt = 0;
  again();
}

// Sending

function send(task) {
  wanted = task;
  sending ??= sendAll().finally(() => {
    sending = null;
  });
}

async function sendAll() {
  while (wanted && link) {
    const [task, used] = [wanted, link];
    wanted = null;
    try {
      await deliver(task, used);
      last = task;
    } catch (error) {
      if (error instanceof LightError || used.isOpen()) {
        toast(wordsOf(error));
        continue;
      }
      wanted ??= task; // sent whole as soon as there is a connection again
      if (link === used) lost();
    }
  }
}

async function deliver(task, { name, write, show }) {
  const { layout } = task;
  // without a wait where nothing has to be fetched: the bytes are on their way before the page is drawn
  const wall = wallOf(layout, knownLeds(layout.name) ?? (await ledsOf(layout)), lightState());
  if (wall.sizes) throw new LightError(T.lights.whichSize(layout.title));
  const kind = kindOf(name);
  if (kind && (kind === "moonboard") !== wall.isMoonboard) throw new LightError(T.lights.otherKind(name, wall.title));
  const lights = lightsAt(task, wall);
  if (show) await show(wall, lights, settings);
  else await write(bytesOf(lights, wall, levelOf(name)));
}

async function ledsOf(layout) {
  try {
    return await fetchLeds(layout.name);
  } catch (error) {
    throw new LightError(error.message);
  }
}

// The lights of a task; null puts them out.
function lightsAt({ layout, holds, position }, wall) {
  if (position !== undefined) return [{ label: "", position, role: "hand" }];
  return holds && lightsOf(holds, wall, layout, settings.isMirrored);
}

function bytesOf(lights, { isMoonboard, colours }, level) {
  if (!lights) return off(isMoonboard, level);
  return isMoonboard ? moonboard(lights, settings) : aurora(lights, colours, level, settings.brightness / 100);
}

const wordsOf = (error) => (error instanceof LightError ? error.message : T.lights.refused(state.name));

// What lights

const taskOf = (problem, beta) => ({
  layout: boardOf(problem),
  holds: holdsWithRoles(rolesOf(problem), settings.newLetters ? handsOf(beta) : {}),
  of: problem.identity,
});

// Another problem is shown.
export function showLights(problem, beta) {
  shown = taskOf(problem, beta);
  if (areLightsOn() && settings.when === "swipe") send(shown);
}

// The climber asks for the problem's lights.
export function askForLights(problem, beta) {
  shown = taskOf(problem, beta);
  if (!areLightsOn()) return;
  send(shown);
  if (!link) hurry();
}

// A tap on the board asks, too, where the climber wants that.
export function tapLights(problem, beta) {
  if (settings.when === "tap") askForLights(problem, beta);
}

// The beta shows the hands at a step, and the footholds; null ends it. Without a swipe that lights, only a problem that
// was lit goes on.
export function stepLights(problem, beta, step) {
  const isAsked = settings.when === "swipe" || (settings.when === "tap" && last?.of === problem.identity);
  if (!areLightsOn() || !isAsked) return;
  const whole = taskOf(problem, beta);
  if (step === null || !beta) {
    send(whole);
    return;
  }
  const at = { ...beta.start };
  for (const move of beta.moves.slice(0, step)) at[move.hand] = move.hold;
  const now = [...Object.values(at), ...(problem.feet ?? [])];
  send({ ...whole, holds: whole.holds.filter(([label]) => now.includes(label)) });
}

// Holds are touched in Compose. An empty board is nothing to light, and leaves the lights as they are.
export function composeLights(roles, layout) {
  const holds = holdsWithRoles(rolesOf(problemOf(roles, layout)));
  if (areLightsOn() && settings.when !== "off" && holds.length) send({ layout, holds });
}

// One LED by its number, to find out where it is.
export function lightOne(layout, position) {
  if (link) send({ layout, position });
}

export function lightsOut(layout) {
  if (link) send({ layout, holds: null });
}

// At the start, connect again as before where that needs no question.
export async function resumeLights() {
  if (settings.via === "bluetooth") {
    const device = await allowedBoard(settings.device);
    if (!device) return;
    open = () => connectTo(device, lost);
  } else if (settings.via) {
    open = await WAYS[settings.via]();
  } else {
    return;
  }
  become("lost", null);
  again();
}
