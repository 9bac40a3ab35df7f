// The virtual board in another tab of this browser, which lets one page at a time write to it, as boards do.

import { T } from "./texts.js";
import { LightError } from "./lights-bytes.js";
import { newId } from "./storage.js";

const NAME = "climbpath.virtual-board";
const PATIENCE_MS = 1500;
const WRITE = 20;

// Connect to the virtual board: {name, write(bytes), close()}. `lost` is called once if its tab is closed.
export async function connectToVirtual(lost) {
  const channel = new BroadcastChannel(NAME);
  const from = newId();
  let isOpen = true;
  const answers = new Map(); // number of what was asked -> what resolves its answer
  let asked = 0;
  channel.onmessage = ({ data }) => {
    if (data.ping === from) channel.postMessage({ from, ask: "here" });
    if (data.bye && isOpen) ended();
    if (data.to === from) answers.get(data.number)?.(data);
  };
  const ask = (message) => {
    asked += 1;
    const number = asked;
    channel.postMessage({ ...message, from, number });
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new LightError(T.lights.noVirtual)), PATIENCE_MS);
      answers.set(number, (data) => {
        clearTimeout(late);
        answers.delete(number);
        resolve(data);
      });
    });
  };
  const close = () => {
    if (!isOpen) return;
    isOpen = false;
    channel.postMessage({ from, ask: "bye" });
    channel.close();
    window.removeEventListener("pagehide", close);
  };
  const ended = () => {
    close();
    lost();
  };
  try {
    const { name, isTaken } = await ask({ ask: "connect" });
    if (isTaken) throw new LightError(T.lights.taken(T.lights.virtual));
    window.addEventListener("pagehide", close);
    return {
      name,
      isOpen: () => isOpen,
      async write(bytes) {
        for (let i = 0; i < bytes.length; i += WRITE) {
          const { isTaken } = await ask({ write: bytes.slice(i, i + WRITE) });
          if (isTaken) {
            ended();
            throw new Error("taken");
          }
        }
      },
      close,
    };
  } catch (error) {
    isOpen = false;
    channel.close();
    throw error;
  }
}

// The board's side: `board` has name(), connected(isTaken) and received(bytes).
export function serveVirtual(board) {
  const channel = new BroadcastChannel(NAME);
  let holder = null;
  let isHere = null; // called when the holder says that it is still there
  const hold = (from) => {
    holder = from;
    board.connected(Boolean(from));
  };
  const stillThere = () =>
    new Promise((resolve) => {
      isHere = () => resolve(true);
      setTimeout(() => resolve(false), PATIENCE_MS / 3);
      channel.postMessage({ ping: holder });
    });
  channel.onmessage = async ({ data }) => {
    const { from, number } = data;
    const answer = (fields) => channel.postMessage({ to: from, number, ...fields });
    if (data.ask === "connect") {
      const isTaken = holder && holder !== from && (await stillThere());
      if (!isTaken) hold(from);
      answer({ name: board.name(), isTaken });
    } else if (data.ask === "here") {
      if (from === holder) isHere?.();
    } else if (from !== holder) {
      if (data.write) answer({ isTaken: true });
    } else if (data.ask === "bye") {
      hold(null);
    } else if (data.write) {
      board.received(data.write);
      answer({});
    }
  };
  window.addEventListener("pagehide", () => channel.postMessage({ bye: true }));
  return { lose: () => (hold(null), channel.postMessage({ bye: true })) };
}
