// What this device keeps between visits; if the browser refuses to store it, until the page is closed.

const here = new Map();

export function kept(name, otherwise) {
  if (here.has(name)) return here.get(name);
  try {
    const text = localStorage.getItem(`climbpath.${name}`);
    return text === null ? otherwise : JSON.parse(text);
  } catch {
    return otherwise;
  }
}

export function keep(name, value) {
  try {
    localStorage.setItem(`climbpath.${name}`, JSON.stringify(value));
    here.delete(name);
  } catch {
    here.set(name, value); // storage is full or forbidden
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
