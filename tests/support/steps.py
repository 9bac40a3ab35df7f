"""What a user does, as functions: where to look on the page, and how to touch it."""

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
    """A tap where there is touch, else a click."""
    if target.page.evaluate("matchMedia('(pointer: coarse)').matches"):
        target.tap()
    else:
        target.click()


def tab(page: Page, words: str) -> None:
    """Go to another view."""
    press(page.locator("#tabs").get_by_role("link", name=words, exact=True))
    expect(page).to_have_title(f"{words} · climbpath")


def action(page: Page, words: str) -> Locator:
    """A button under the board, or beside the step of a beta."""
    return page.locator(".actions").get_by_role("button", name=words, exact=True)


def card(page: Page, title: str) -> Locator:
    """A card of the panel."""
    return page.locator(".card").filter(has=page.get_by_role("heading", name=title, exact=True))


def address(page: Page) -> str:
    """The address at this moment; page.url may be that of a moment ago."""
    return str(page.evaluate("location.href"))


def fields(page: Page) -> dict[str, str]:
    """What the address says."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address(page)).query).items()}


def shown(page: Page) -> str:
    """The problem in the address, once there is one."""
    expect(page).to_have_url(re.compile("[?&]problem=[A-Z]"))
    return fields(page)["problem"]


def told(page: Page) -> Locator:
    """What stands under the board in place of a problem."""
    return page.locator(".caption .message")


def toasts(page: Page) -> Locator:
    return page.locator("#toasts")


def hold(page: Page, label: str) -> Locator:
    return page.locator(f'[data-label="{label}"]')


def holds(page: Page, role: str) -> list[str]:
    """The lit holds with a role, in board order."""
    lit = page.locator(f'.hold[data-role="{role}"]')
    return [str(label) for label in lit.evaluate_all("lit => lit.map((one) => one.dataset.label)")]


def touch(page: Page, label: str) -> None:
    """Tap a hold."""
    box = place(hold(page, label).locator(".touch"))
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    if page.evaluate("matchMedia('(pointer: coarse)').matches"):
        page.touchscreen.tap(x, y)
    else:
        page.mouse.click(x, y)


def place(target: Locator) -> FloatRect:
    box = target.bounding_box()
    assert box, "it is not shown"
    return box


def drag(page: Page, points: Sequence[tuple[float, float]]) -> None:
    """A finger, or the mouse, goes from point to point."""
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
    """Swipe on the board, to the left for the next problem (1), to the right for the last (-1)."""
    box = place(page.locator(".board"))
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    drag(page, [(x + way * step, y) for step in (60, 30, 0, -30, -60)])


def choose(page: Page, label: str, value: str) -> None:
    """Choose in one of the pickers above the board."""
    page.locator(".filters").get_by_label(label).select_option(value)


def hold_down(page: Page, label: str) -> None:
    """Keep a finger, or the mouse's button, on a hold until its dialog opens."""
    box = place(hold(page, label).locator(".touch"))
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


ASKED_IN_VAIN = r"status of 404 .*/api/problems\?profile="
"""The console's error where the page asks for the logbook of a climber in the moment that one is removed."""


def remove(visit: Visit, page: Page) -> None:
    """Remove the climber who is chosen."""
    visit.allow(ASKED_IN_VAIN)
    press(page.get_by_role("button", name="Remove this climber"))


class Held:
    """Holds back a page's requests, until they are let go, the newest first where that is wanted."""

    def __init__(self, page: Page, pattern: str) -> None:
        self.routes: list[Route] = []
        self.is_open = False
        page.route(pattern, self.hold)

    def hold(self, route: Route) -> None:
        if self.is_open:
            route.continue_()
        else:
            self.routes.append(route)

    def let_go(self, newest_first: bool = False) -> None:
        self.is_open = True
        for route in reversed(self.routes) if newest_first else self.routes:
            route.continue_()
