"""A user's actions as functions: finding elements on the page, and using them."""

import re
from collections.abc import Sequence
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import FloatRect, Locator, Page, Route, expect

from support.visits import Visit

BOARD = "moonboard-2016"
NOTATION = "F5s-D9-G13-E15-G18e"
IDENTITY = f"{BOARD}@40:{NOTATION}"
LINK = f"?board={BOARD}&angle=40&grade=7A&name=Slow+Heron&problem={NOTATION}"
PROBLEM = {
    "board": BOARD,
    "angle": 40,
    "grade": "7A",
    "name": "Slow Heron",
    "start": ["F5"],
    "hands": ["D9", "G13", "E15"],
    "finish": ["G18"],
}


def press(target: Locator) -> None:
    """Tap on a touch screen, click otherwise."""
    if target.page.evaluate("matchMedia('(pointer: coarse)').matches"):
        target.tap()
    else:
        target.click()


def tab(page: Page, words: str) -> None:
    """Open another view."""
    press(page.locator("#tabs").get_by_role("link", name=words, exact=True))
    expect(page).to_have_title(f"{words} · climbpath")


def action(page: Page, words: str) -> Locator:
    """A button under the board or beside the problem's name, or beside the steps of a beta."""
    return page.locator(".actions, .caption").get_by_role("button", name=words, exact=True)


def log_tries(page: Page, tries: int, outcome: str, day: str = "") -> None:
    """Log tries of a day with the sheet that the Sent button opens; the outcome is what one of its buttons says."""
    press(action(page, "Sent"))
    sheet = page.get_by_role("dialog")
    if day:
        sheet.get_by_label("Day").fill(day)
    sheet.get_by_role("spinbutton", name="Tries").fill(str(tries))
    press(sheet.get_by_role("button", name=outcome, exact=True))
    expect(sheet).to_have_count(0)


def card(page: Page, title: str) -> Locator:
    """A card of the panel."""
    return page.locator(".card").filter(has=page.get_by_role("heading", name=title, exact=True))


def address(page: Page) -> str:
    """The current address; page.url may be out of date."""
    return str(page.evaluate("location.href"))


def fields(page: Page) -> dict[str, str]:
    """The query parameters in the address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address(page)).query).items()}


def shown(page: Page) -> str:
    """The problem in the address, once there is one."""
    expect(page).to_have_url(re.compile("[?&]problem=[A-Z]"))
    return fields(page)["problem"]


def message(page: Page) -> Locator:
    """The message that is shown under the board instead of a problem."""
    return page.locator(".caption .message")


def toasts(page: Page) -> Locator:
    return page.locator("#toasts")


def hold(page: Page, label: str) -> Locator:
    return page.locator(f'[data-label="{label}"]')


def holds(page: Page, role: str) -> list[str]:
    """The labels of the lit holds with a role, in board order."""
    lit = page.locator(f'.hold[data-role="{role}"]')
    return [str(label) for label in lit.evaluate_all("lit => lit.map((one) => one.dataset.label)")]


def touch(page: Page, label: str) -> None:
    """Tap a hold, once the board is scrolled to it."""
    hold(page, label).scroll_into_view_if_needed()
    box = bounding_box(hold(page, label).locator(".touch"))
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    if page.evaluate("matchMedia('(pointer: coarse)').matches"):
        page.touchscreen.tap(x, y)
    else:
        page.mouse.click(x, y)


def bounding_box(target: Locator) -> FloatRect:
    box = target.bounding_box()
    assert box, "the element is not shown"
    return box


def overlap(one: FloatRect, other: FloatRect) -> bool:
    """Whether two boxes have more than an edge in common."""
    beside = one["x"] >= other["x"] + other["width"] or one["x"] + one["width"] <= other["x"]
    above = one["y"] >= other["y"] + other["height"] or one["y"] + one["height"] <= other["y"]
    return not (above or beside)


def drag(page: Page, points: Sequence[tuple[float, float]]) -> None:
    """Move a finger, or the mouse, from point to point."""
    if page.evaluate("matchMedia('(pointer: coarse)').matches"):
        session = page.context.new_cdp_session(page)
        for i, (x, y) in enumerate(points):
            kind = "touchMove" if i else "touchStart"
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        session.detach()
        return
    page.mouse.move(*points[0])
    page.mouse.down()
    for x, y in points[1:]:
        page.mouse.move(x, y)
    page.mouse.up()


def swipe(page: Page, way: int) -> None:
    """Swipe on the board: left for the next problem (1), right for the previous one (-1)."""
    box = bounding_box(page.locator(".board"))
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    drag(page, [(x + way * step, y) for step in (60, 30, 0, -30, -60)])


def choose(page: Page, label: str, value: str) -> None:
    """Choose an option in one of the pickers above the board."""
    page.locator(".filters").get_by_label(label).select_option(value)


def hold_down(page: Page, label: str) -> None:
    """Keep a finger or the mouse button down on a hold until its dialog opens."""
    hold(page, label).scroll_into_view_if_needed()
    box = bounding_box(hold(page, label).locator(".touch"))
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    dialog = page.get_by_role("dialog", name=f"Hold {label}")
    if page.evaluate("matchMedia('(pointer: coarse)').matches"):
        session = page.context.new_cdp_session(page)
        session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
        expect(dialog).to_be_visible()
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        session.detach()
    else:
        page.mouse.move(x, y)
        page.mouse.down()
        expect(dialog).to_be_visible()
        page.mouse.up()
    expect(dialog).to_have_count(1)


REMOVED_CLIMBER = r"status of 404 .*/api/problems\?profile="
"""The console's error when the page requests the logbook of a climber who is just being removed."""


def remove(visit: Visit, page: Page) -> None:
    """Remove the selected climber."""
    visit.allow(REMOVED_CLIMBER)
    press(page.get_by_role("button", name="Remove this climber"))
    press(page.get_by_role("dialog").get_by_role("button", name="Remove", exact=True))


class Held:
    """Holds back a page's requests until they are released, optionally the newest first."""

    def __init__(self, page: Page, pattern: str) -> None:
        self.routes: list[Route] = []
        self.is_open = False
        page.route(pattern, self.hold)

    def hold(self, route: Route) -> None:
        if self.is_open:
            route.continue_()
        else:
            self.routes.append(route)

    def release(self, newest_first: bool = False) -> None:
        self.is_open = True
        for route in reversed(self.routes) if newest_first else self.routes:
            route.continue_()


def is_cut(page: Page, selector: str) -> bool:
    """Whether the end of an element's text is not shown."""
    box = "one => [one, one.parentElement]"
    inner, outer = page.locator(selector).evaluate(
        f"one => ({box})(one).map((each) => each.getBoundingClientRect().right)"
    )
    return bool(inner > outer)


AWAKE = """
window.locks = [];
Object.defineProperty(navigator, "wakeLock", { value: { request: async (kind) => {
  const lock = new EventTarget();
  lock.release = async () => {
    window.locks.splice(window.locks.indexOf(lock), 1);
    lock.dispatchEvent(new Event("release"));
  };
  window.locks.push(lock);
  return lock;
} } });
"""
"""Counts the locks that keep the screen on, in `locks`."""
