// The board through the Bluetooth of the machine that serves, for browsers without Web Bluetooth. One climber at a time
// holds the board; whoever else asks waits, and is told who does.

import { ask } from "./api.js";
import { T } from "./texts.js";
import { climberName } from "./stage.js";
import { LightError } from "./lights-bytes.js";
import { newId } from "./storage.js";

const STILL_HERE_MS = 20_000;
const client = newId(); // this page

export const serverLights = () => ask("GET", "/api/lights");

// Hold the board: {name, show(wall, lights, settings), close()}. Throws a LightError if somebody else does.
export async function connectToServer(lost) {
  const state = await ask("POST", "/api/lights/hold", { client, name: climberName() });
  if (!state.is_mine) throw new LightError(T.lights.heldBy(state.holder, state.ahead));
  let isOpen = true;
  const end = () => {
    isOpen = false;
    clearInterval(timer);
    window.removeEventListener("pagehide", release);
  };
  const release = () => {
    if (!isOpen) return;
    end();
    ask("POST", "/api/lights/release", { client }).catch(() => {});
  };
  const timer = setInterval(async () => {
    try {
      const { is_mine } = await ask("POST", "/api/lights/hold", { client, name: climberName() });
      if (is_mine || !isOpen) return;
    } catch {
      if (!isOpen) return;
    }
    end();
    lost();
  }, STILL_HERE_MS);
  window.addEventListener("pagehide", release);
  return {
    name: state.board,
    isOpen: () => isOpen,
    async show(wall, lights, { brightness, extraLeds, newLetters, mini }) {
      try {
        await ask("POST", "/api/lights/show", {
          client,
          board: wall.board,
          lights: (lights ?? []).map(({ position, role }) => ({ position, role })),
          off: !lights,
          brightness,
          extra_leds: extraLeds,
          new_letters: newLetters,
          mini,
        });
      } catch (error) {
        if (error.status) throw new LightError(error.message);
        throw error;
      }
    },
    close: release,
  };
}
