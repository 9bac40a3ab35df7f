// What tells that a rest is over: a phone shakes, and two beeps where the climber wants them.

import { keep, kept } from "./storage.js";

const BEEPS = [0, 0.35]; // seconds from now
let audio = null;

export const isLoud = () => kept("beeps", true);
export const setLoud = (isOn) => keep("beeps", isOn);

// Browsers allow sound only after a tap: to be called in one.
export function allowSound() {
  if (!isLoud() || !window.AudioContext) return;
  audio ??= new AudioContext();
  audio.resume().catch(() => {});
}

export function signal() {
  navigator.vibrate?.([300, 150, 300]);
  if (!isLoud() || audio?.state !== "running") return;
  for (const after of BEEPS) {
    const [tone, volume] = [audio.createOscillator(), audio.createGain()];
    const [from, until] = [audio.currentTime + after, audio.currentTime + after + 0.25];
    tone.frequency.value = 880;
    volume.gain.setValueAtTime(0.4, from);
    volume.gain.exponentialRampToValueAtTime(0.001, until);
    tone.connect(volume).connect(audio.destination);
    tone.start(from);
    tone.stop(until);
  }
}
