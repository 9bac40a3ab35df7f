// Talking to the server. Reads fail with an ApiError; writes are queued first, and go out in their order.

import { T } from "./texts.js";
import { kept, keep } from "./storage.js";

export class ApiError extends Error {
  constructor(words, status) {
    super(words);
    this.status = status; // 0: the server cannot be reached
  }
}

export async function ask(method, path, body, { signal, raw } = {}) {
  let response;
  try {
    response = await fetch(path, {
      method,
      signal,
      headers: body !== undefined && !raw ? { "Content-Type": "application/json" } : undefined,
      body: body === undefined ? undefined : raw ? body : JSON.stringify(body),
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(T.errors.offline, 0);
  }
  if (response.status === 429 || response.status >= 500) throw new ApiError(T.errors.busy, response.status);
  const content = response.status === 204 ? null : await response.json();
  if (!response.ok) throw new ApiError(content.error, response.status);
  return content;
}

let outbox = kept("outbox", []);
let sending = null;

export const waitingWrites = () => outbox.length;

// Queue a write and send what waits. Its answer, or null while the server cannot be reached.
export async function write(method, path, body) {
  const item = { method, path, body };
  outbox = [...outbox, item];
  keep("outbox", outbox);
  const answers = await send();
  if (answers.refused.has(item)) throw answers.refused.get(item);
  return answers.given.get(item) ?? null;
}

// One sender at a time. A write that is refused for good is dropped and told; one that may succeed later stays.
export async function send() {
  while (sending) await sending;
  sending = sendAll();
  try {
    return await sending;
  } finally {
    sending = null;
  }
}

async function sendAll() {
  const given = new Map();
  const refused = new Map();
  while (outbox.length) {
    const [item] = outbox;
    try {
      given.set(item, await ask(item.method, item.path, item.body));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 0 || error.status === 401 || error.status === 429 || error.status >= 500) break;
      refused.set(item, error);
    }
    outbox = outbox.slice(1);
    keep("outbox", outbox);
  }
  return { given, refused };
}
