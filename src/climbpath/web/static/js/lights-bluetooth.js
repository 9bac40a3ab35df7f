// A board over Web Bluetooth: Chrome and Edge on Android and on desktops.

import { T } from "./texts.js";
import { LightError } from "./lights-bytes.js";

const UART = "6e400001-b5a3-f393-e0a9-e50e24dcca9e";
const UART_WRITE = "6e400002-b5a3-f393-e0a9-e50e24dcca9e";
const REDBEAR = "713d0000-503e-4c75-ba94-3148f18d941e";
const REDBEAR_WRITE = "713d0003-503e-4c75-ba94-3148f18d941e";
const AURORA = "4488b571-7806-4df6-bcff-a2897e4953ff";
const WRITE = 20; // bytes of a write that every connection takes

export const hasBluetooth = () => Boolean(navigator.bluetooth);

// Let the climber choose a board; null if none is chosen.
export async function chooseBoard() {
  try {
    return await navigator.bluetooth.requestDevice({
      filters: [
        ...[UART, REDBEAR, AURORA].map((service) => ({ services: [service] })),
        ...["MoonBoard", "Moonboard"].map((namePrefix) => ({ namePrefix })),
      ],
      optionalServices: [UART, REDBEAR, AURORA],
    });
  } catch (error) {
    if (error.name === "NotFoundError") return null; // the picker was closed
    throw new LightError(T.lights.notAllowed);
  }
}

// The board with this id that was allowed earlier, where the browser tells; else null.
export async function allowedBoard(id) {
  try {
    const allowed = await navigator.bluetooth?.getDevices?.();
    return allowed?.find((one) => one.id === id) ?? null;
  } catch {
    return null;
  }
}

// Connect to a board: {name, write(bytes), close()}. `lost` is called once if the connection ends by itself.
export async function connectTo(device, lost) {
  const server = await device.gatt.connect();
  const target = await targetOf(server);
  if (!target) {
    server.disconnect();
    throw new LightError(T.lights.noController(device.name || T.lights.unnamed));
  }
  const { characteristic, isConfirmed } = target;
  let isOpen = true;
  const ended = () => {
    device.removeEventListener("gattserverdisconnected", ended);
    if (isOpen) lost();
    isOpen = false;
  };
  device.addEventListener("gattserverdisconnected", ended);
  return {
    name: device.name || T.lights.unnamed,
    isOpen: () => isOpen,
    async write(bytes) {
      for (let i = 0; i < bytes.length; i += WRITE) {
        const part = bytes.slice(i, i + WRITE);
        if (isConfirmed) await characteristic.writeValueWithResponse(part);
        else await characteristic.writeValueWithoutResponse(part);
      }
    },
    close() {
      isOpen = false;
      device.removeEventListener("gattserverdisconnected", ended);
      if (server.connected) server.disconnect();
    },
  };
}

// Where to write, with or without response: the controllers of both generations, the newer first.
async function targetOf(server) {
  for (const [service, written] of [
    [UART, UART_WRITE],
    [REDBEAR, REDBEAR_WRITE],
  ]) {
    try {
      const characteristic = await (await server.getPrimaryService(service)).getCharacteristic(written);
      const { writeWithoutResponse, write } = characteristic.properties;
      if (writeWithoutResponse && service === UART) return { characteristic, isConfirmed: false };
      if (write) return { characteristic, isConfirmed: true };
    } catch (error) {
      if (error.name !== "NotFoundError") throw error; // it has the other service, or none
    }
  }
  return null;
}
