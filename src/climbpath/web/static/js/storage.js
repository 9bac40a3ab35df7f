// What this device keeps between visits, and what a tab keeps as long as it is open; if the browser refuses to store it,
// until the page is closed.

const [here, hereInTab] = [new Map(), new Map()];

export const kept = (name, otherwise) => read("localStorage", here, name, otherwise);
export const keep = (name, value) => write("localStorage", here, name, value);
export const keptInTab = (name, otherwise) => read("sessionStorage", hereInTab, name, otherwise);
export const keepInTab = (name, value) => write("sessionStorage", hereInTab, name, value);

function read(storage, instead, name, otherwise) {
  if (instead.has(name)) return instead.get(name);
  try {
    const text = window[storage].getItem(`climbpath.${name}`);
    return text === null ? otherwise : JSON.parse(text);
  } catch {
    return otherwise;
  }
}

function write(storage, instead, name, value) {
  try {
    window[storage].setItem(`climbpath.${name}`, JSON.stringify(value));
    instead.delete(name);
  } catch {
    instead.set(name, value); // storage is full or forbidden
  }
}

// A random id, also without crypto.randomUUID, which browsers offer only over HTTPS and on localhost.
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const text = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join("-");
}
