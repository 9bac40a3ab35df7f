"""A stand-in for the browser's Bluetooth, in pages that are opened with it: what a page writes goes to the virtual
board in another tab of the same browser, as over the air."""

from playwright.sync_api import BrowserContext, Page, expect

RADIO = """
(() => {
  const UART = "6e400001-b5a3-f393-e0a9-e50e24dcca9e";
  const radio = {
    name: "MoonBoard A",
    service: UART,
    characteristic: "6e400002-b5a3-f393-e0a9-e50e24dcca9e",
    properties: { write: true, writeWithoutResponse: true },
    loseAfter: [], // after how many writes each connection is lost
    refuses: false,
    isAway: false,
    picks: 0,
    connections: 0,
    writes: [], // [kind, number of bytes]
  };
  window.radio = radio;
  if (!location.protocol.startsWith("http") || location.pathname.startsWith("/virtual-board")) return;
  const channel = new BroadcastChannel("climbpath.virtual-board");
  const from = `radio ${Math.random()}`;
  const waiting = new Map();
  let number = 0;
  const error = (name) => new DOMException("GATT operation failed", name);
  const ask = (message) =>
    new Promise((resolve) => {
      number += 1;
      waiting.set(number, resolve);
      channel.postMessage({ ...message, from, number });
    });
  const gatt = {
    connected: false,
    async connect() {
      if (radio.isAway) throw error("NetworkError");
      const { isTaken } = await ask({ ask: "connect" });
      if (isTaken) throw error("NetworkError");
      gatt.connected = true;
      radio.connections += 1;
      return gatt;
    },
    disconnect() {
      if (!gatt.connected) return;
      channel.postMessage({ from, ask: "bye" });
      radio.lose();
    },
    async getPrimaryService(service) {
      if (service !== radio.service) throw error("NotFoundError");
      return { getCharacteristic: async () => characteristic };
    },
  };
  const device = Object.assign(new EventTarget(), { id: "one", gatt });
  Object.defineProperty(device, "name", { get: () => radio.name });
  radio.lose = () => {
    gatt.connected = false;
    device.dispatchEvent(new Event("gattserverdisconnected"));
  };
  const write = async (kind, bytes) => {
    if (radio.refuses) throw error("NotSupportedError");
    if (!gatt.connected) throw error("NetworkError");
    radio.writes.push([kind, bytes.length]);
    await ask({ write: new Uint8Array(bytes) });
    if (radio.loseAfter.length && (radio.loseAfter[0] -= 1) <= 0) {
      radio.loseAfter.shift();
      radio.lose();
      throw error("NetworkError");
    }
  };
  const characteristic = {
    get properties() {
      return radio.properties;
    },
    writeValueWithResponse: (bytes) => write("with", bytes),
    writeValueWithoutResponse: (bytes) => write("without", bytes),
  };
  channel.onmessage = ({ data }) => {
    if (data.ping === from) channel.postMessage({ from, ask: "here" });
    if (data.bye && gatt.connected) radio.lose();
    if (data.to === from) waiting.get(data.number)?.(data);
  };
  Object.defineProperty(navigator, "bluetooth", {
    value: {
      async requestDevice(options) {
        if (!options.filters.length) throw new TypeError();
        radio.picks += 1;
        if (radio.isPickerClosed) throw error("NotFoundError");
        return device;
      },
      getDevices: async () => (sessionStorage.getItem("allowed") ? [device] : []),
    },
  });
})();
"""


def virtual_board(context: BrowserContext, query: str = "?board=moonboard-2016") -> Page:
    """The virtual board in a tab of its own, ready to be connected to."""
    page = context.new_page()
    page.goto(f"/virtual-board/{query}")
    expect(page.get_by_role("status")).to_contain_text("Nobody is connected")
    return page


def lit(board: Page, *words: str) -> None:
    """Wait until the virtual board shows exactly these lights, in this order."""
    if words:
        expect(board.locator(".state li")).to_have_text(list(words))
    else:
        expect(board.locator(".state")).to_contain_text("All lights are out")
