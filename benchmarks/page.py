"""The web app's page in a real browser: from tap to next problem, from tap to grade and beta, and the first start.

python benchmarks/page.py [--board kilter-original] [--browser /usr/bin/chromium]

Server and browser share the cores. The browser's own clock counts, from the event to the frame that shows it.
"""

import argparse
import shutil
import statistics
import uuid
from typing import Any

import numpy as np
import requests
from playwright.sync_api import Page, sync_playwright

from climbpath import board as boards
from machine import machine
from web import ADDRESS, server

NEXT = """async () => {
  const title = () => document.querySelector(".stage .board").getAttribute("aria-label");
  const before = title();
  const start = performance.now();
  document.querySelector("button.primary").click();
  while (title() === before) await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
  return performance.now() - start;
}"""
TAP = """async (label) => {
  const panel = document.querySelector(".panel");
  const cards = () => panel.children[1].innerHTML + panel.children[2].innerHTML;
  const before = cards();
  // a further hold may leave grade and beta as they are: then it is over when nothing waits any more
  let waited = false;
  const shown = () => {
    const waits = panel.querySelector(".waiting") !== null;
    waited ||= waits;
    return !waits && (waited || cards() !== before);
  };
  const hold = document.querySelector(`[data-label="${label}"] .touch`);
  const start = performance.now();
  for (const kind of ["pointerdown", "pointerup"])
    hold.dispatchEvent(new PointerEvent(kind, { bubbles: true, isPrimary: true }));
  while (!shown()) await new Promise(requestAnimationFrame);
  return performance.now() - start;
}"""
TAPS = 15


def taps_on(name: str) -> tuple[str, list[str]]:
    """A link's query to a problem of two holds, and hand holds between them to tap, all over the board."""
    layout = boards.load(name)
    start, hand, _, finish = layout.may(layout.usual_angle)
    low, high = int(np.flatnonzero(start)[len(layout.holds) // 20]), int(np.flatnonzero(finish)[-1])
    # where place tells roles, a third hold in the rows of starts would be asked about
    plain = hand & ~finish & ~start if layout.has_grid else hand
    between = [layout.labels[i] for i in np.flatnonzero(plain).tolist() if low < i < high]
    query = f"board={name}&angle={layout.usual_angle}&problem={layout.labels[low]}s-{layout.labels[high]}e"
    return query, between[:: max(1, len(between) // TAPS)][:TAPS]


def show(what: str, seconds: list[float]) -> None:
    """Median, 95th percentile and longest, in ms."""
    ranked = sorted(seconds)
    high = ranked[int(0.95 * (len(ranked) - 1))]
    print(f"  {what:<48} median {statistics.median(ranked):.0f} ms, p95 {high:.0f} ms, longest {ranked[-1]:.0f} ms")


def start(page: Page) -> float:
    """From opening the address to a problem on the board."""
    page.goto(ADDRESS)
    page.wait_for_selector(".hold.lit")
    return float(page.evaluate("performance.now()"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    parser.add_argument("--browser", default=next(filter(None, map(shutil.which, names)), None), help="a Chromium")
    parser.add_argument("--board", default="moonboard-2016", help="the board that the climber has")
    args = parser.parse_args()
    query, labels = taps_on(args.board)
    wall = {"board": args.board, "angle": boards.load(args.board).usual_angle}
    print(machine())
    with server(), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=args.browser, args=["--no-sandbox"])
        climber = str(uuid.uuid4())
        body: dict[str, Any] = {"name": "Ada", "walls": [wall]}
        requests.put(f"{ADDRESS}/api/profiles/{climber}", json=body, timeout=10).raise_for_status()
        starts = []
        for _ in range(5):
            context = browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True)
            context.add_init_script(f"localStorage.setItem('climbpath.profileId', '\"{climber}\"')")
            page = context.new_page()
            starts.append(start(page))
        print(f"Chromium {browser.version}, 360 px wide, {boards.load(args.board).title}:")
        show("from the address to a problem on the board", starts)
        steps = []
        for _ in range(30):
            page.wait_for_timeout(700)
            steps.append(page.evaluate(NEXT))
        show("from tap to the next problem", steps)
        page.goto(f"{ADDRESS}/?view=compose&{query}")
        page.wait_for_selector(".panel .moves")
        if page.locator(".zoom").count():  # the first touch of holds that stand close together only comes nearer
            page.locator(".zoom").click()
        taps = []
        for label in labels:
            taps.append(page.evaluate(TAP, label))
            page.wait_for_timeout(200)
        show("from tapping a hold to its grade and beta", taps)
        browser.close()


if __name__ == "__main__":
    main()
