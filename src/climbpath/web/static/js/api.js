// Talking to the server. Reads throw an ApiError; writes are queued first and sent in order.

import { toast } from "./dom.js";
import { T } from "./texts.js";
import { kept, keep, newId } from "./storage.js";
import { change, state } from "./state.js";

const PATIENCE_MS = 20000; // a phone's network often hangs where it should fail; sampling takes up to 8 s

export class ApiError extends Error {
  constructor(words, status) {
    super(words);
    this.status = status; // 0: the server cannot be reached
  }
}

export async function ask(method, path, body, { signal, raw, patience = PATIENCE_MS } = {}) {
  const options = {
    method,
    signal,
    headers: body !== undefined && !raw ? { "Content-Type": "application/json" } : undefined,
    body: body === undefined ? undefined : raw ? body : JSON.stringify(body),
  };
  let answer;
  try {
    answer = await inTime(answerOf(path, options), patience);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    if (state.online) change({ online: false });
    throw new ApiError(T.errors.offline, 0);
  }
  if (!state.online) change({ online: true });
  const { response, content } = answer;
  if (!response.ok) throw new ApiError(content?.error ?? T.errors.busy, response.status);
  return content;
}

// Throws if the response is cut off or not from climbpath, as in a network that first shows a sign-in page of its own.
async function answerOf(path, options) {
  const response = await fetch(path, options);
  const text = await response.text();
  if (response.status < 500) return { response, content: text ? JSON.parse(text) : null };
  try {
    return { response, content: JSON.parse(text) };
  } catch {
    return { response, content: null };
  }
}

function inTime(promise, patience) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error("late")), patience);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// The queue is in local storage, shared with other tabs: each adds to it or takes from it in one go.
const outbox = () => kept("outbox", []);
const waiters = new Map(); // a write's id -> what resolves the promise of its answer
let written = 0; // how many writes were queued here
let sending = null;

export const isSending = () => Boolean(sending);
export const waitingWrites = (part = "") => outbox().filter(({ path }) => path.includes(part)).length;

function queue(items) {
  keep("outbox", items);
  change({ waits: items.length });
}

// Queue a write and send the queue. Resolves to the answer, to null while the server cannot be reached, and to false if
// the write is refused.
export function write(method, path, body) {
  const item = { id: newId(), method, path, body };
  written += 1;
  const answer = new Promise((resolve) => {
    waiters.set(item.id, resolve);
  });
  queue([...outbox(), item]);
  send();
  return answer;
}

// One sender at a time, also among tabs where the browser has locks: writes keep their order.
function send() {
  sending ??= (navigator.locks?.request("climbpath.outbox", sendAll) ?? sendAll()).finally(() => {
    sending = null;
    if (waiters.size) {
      send(); // a write was queued while this ended
    } else {
      change({ waits: waitingWrites() });
    }
  });
  return sending;
}

// Ask for something that writes change: queued writes go first, and if one comes in meanwhile, ask again.
export async function askAfterWrites(...asked) {
  for (;;) {
    if (waitingWrites()) await send();
    const before = written;
    const answer = await ask(...asked);
    if (written === before) return answer;
  }
}

// A write that is refused for good is dropped, with a message, and the page shows again what the server has; one that may
// succeed later stays, with a message then.
async function sendAll() {
  let isLateSent = false;
  const reasons = []; // of what is refused
  for (let [item] = outbox(); item; [item] = outbox()) {
    let answer = false;
    try {
      answer = await ask(item.method, item.path, item.body);
      isLateSent ||= Boolean(item.isLate);
    } catch (error) {
      if (!isRefusal(error)) {
        queue(outbox().map((one) => ({ ...one, isLate: true })));
        break;
      }
      // an earlier attempt got through, but its answer was lost
      const isDone = item.method === "DELETE" && error.status === 404;
      if (!isDone) reasons.push(error.message);
    }
    const { id } = item;
    queue(outbox().filter((other) => other.id !== id));
    waiters.get(id)?.(answer);
    waiters.delete(id);
  }
  for (const resolve of waiters.values()) resolve(null);
  waiters.clear();
  if (reasons.length) {
    toast(T.lost(reasons));
    change({ refused: reasons });
  } else if (isLateSent) {
    toast(T.sent);
  }
}

const isRefusal = ({ status }) => status >= 400 && status < 500 && status !== 401 && status !== 429;
