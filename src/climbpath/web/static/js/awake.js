// Keeps the screen on while something is played. Where the browser cannot, or may not now, nothing is said.

let isWanted = false;
let lock = null;

async function hold() {
  if (!isWanted || lock || document.visibilityState !== "visible") return;
  lock = {}; // asked for
  try {
    lock = await navigator.wakeLock.request("screen");
    lock.addEventListener("release", () => {
      lock = null; // the browser ends it when the page is hidden
    });
    if (!isWanted) await lock.release();
  } catch {
    lock = null;
  }
}

export function keepAwake(isOn) {
  if (isOn === isWanted || !navigator.wakeLock) return;
  isWanted = isOn;
  if (isOn) hold();
  else lock?.release?.().catch(() => {});
}

document.addEventListener("visibilitychange", hold);
