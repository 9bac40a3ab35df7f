"""Lights: from a swipe on the page to the last byte written to the board, over a link where each write takes 7.5 ms.

python benchmarks/lighting.py [--browser /usr/bin/chromium]

Server and browser share the cores. The link is a stand-in for the browser's Bluetooth with writes of 20 bytes. Only
swipes to problems that are there count: what a new one takes is measured in page.py.
"""

import argparse
import shutil
import uuid

import requests
from playwright.sync_api import sync_playwright

from machine import machine
from page import show
from web import ADDRESS, server

LINK = """
(() => {
  window.written = { bytes: 0, writes: 0, at: 0, text: "" };
  const write = (part) =>
    new Promise((resolve) => {
      setTimeout(() => {
        window.written.writes += 1;
        window.written.bytes += part.length;
        window.written.text += String.fromCharCode(...part);
        window.written.at = performance.now();
        resolve();
      }, 7.5);
    });
  const properties = { write: true, writeWithoutResponse: true };
  const characteristic = { properties, writeValueWithoutResponse: write, writeValueWithResponse: write };
  const gatt = {
    connected: true,
    connect: async () => gatt,
    disconnect() {},
    getPrimaryService: async () => ({ getCharacteristic: async () => characteristic }),
  };
  const device = Object.assign(new EventTarget(), { id: "one", name: "MoonBoard A", gatt });
  Object.defineProperty(navigator, "bluetooth", { value: { requestDevice: async () => device } });
})();
"""
SWIPE = """async (way) => {
  const board = document.querySelector(".stage .board");
  const box = board.getBoundingClientRect();
  const at = (x) => ({ bubbles: true, isPrimary: true, clientX: box.x + x, clientY: box.y + box.height / 2 });
  Object.assign(window.written, { bytes: 0, writes: 0, text: "" });
  board.dispatchEvent(new PointerEvent("pointerdown", at(box.width * (0.5 + 0.3 * way))));
  const start = performance.now();
  board.dispatchEvent(new PointerEvent("pointerup", at(box.width * (0.5 - 0.3 * way))));
  while (!/^l#.*#$/.test(window.written.text)) await new Promise((resolve) => setTimeout(resolve, 1));
  return [window.written.at - start, window.written.writes];
}"""


SEEN = 15


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = ("chromium", "chromium-browser", "google-chrome")
    parser.add_argument("--browser", default=next(filter(None, map(shutil.which, names)), None), help="a Chromium")
    args = parser.parse_args()
    print(machine())
    with server(), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=args.browser, args=["--no-sandbox"])
        climber = str(uuid.uuid4())
        requests.put(f"{ADDRESS}/api/profiles/{climber}", json={"name": "Ada"}, timeout=10).raise_for_status()
        context = browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True)
        context.add_init_script(f"localStorage.setItem('climbpath.profileId', '\"{climber}\"')")
        context.add_init_script(LINK)
        page = context.new_page()
        page.goto(f"{ADDRESS}/?view=climber")
        page.get_by_role("button", name="Connect", exact=True).click()
        page.get_by_text("Connected to MoonBoard A.").wait_for()
        page.locator("#tabs").get_by_text("Climb", exact=True).click()
        page.wait_for_selector(".panel .moves")
        for _ in range(SEEN):  # problems that need no wait for the server afterwards
            page.evaluate(SWIPE, 1)
        swipes = []
        for way in [-1] * SEEN + [1] * SEEN:
            page.wait_for_timeout(300)
            swipes.append(page.evaluate(SWIPE, way))
        print(f"Chromium {browser.version}, 360 px wide:")
        show("from swipe to the last byte written", [ms for ms, _ in swipes])
        writes = [writes for _, writes in swipes]
        print(f"  writes of 20 bytes for a problem: {min(writes)} to {max(writes)}, 7.5 ms each")
        browser.close()


if __name__ == "__main__":
    main()
