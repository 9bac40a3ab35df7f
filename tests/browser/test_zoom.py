"""The board's size: whole, or so large that fingers hit its holds; and legible where it is small."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from support.making import BOARDS
from support.steps import LINK, action, bounding_box, card, hold, press, toasts, touch
from support.visits import Visit, on_phone

TOUCH: dict[str, Any] = {"has_touch": True, "is_mobile": True}
FINGER_PX = 40
SIZES = {"phone": (360, 740), "tablet": (820, 1180), "landscape": (740, 360)}

sizes = pytest.mark.parametrize("size", SIZES.values(), ids=list(SIZES))


def opened(visit: Visit, path: str, size: tuple[int, int], **options: Any) -> Page:
    return visit(path, viewport={"width": size[0], "height": size[1]}, **TOUCH, **options)


def smallest_target(page: Page) -> float:
    of_all = "all => Math.min(...all.map((one) => one.getBoundingClientRect().width))"
    return float(page.locator(".board .touch").evaluate_all(of_all))


def says(page: Page, label: str, words: str) -> None:
    expect(hold(page, label)).to_have_attribute("aria-label", f"{label}, {words}")


@sizes
@pytest.mark.parametrize("board", BOARDS)
def test_fingers_hit_the_holds_of_an_empty_board(visit: Visit, board: str, size: tuple[int, int]) -> None:
    page = opened(visit, f"?view=compose&board={board}&problem=", size)
    expect(page.locator(".message")).to_be_visible()
    assert smallest_target(page) >= FINGER_PX
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]


@sizes
def test_a_touch_on_holds_that_are_too_close_together_first_zooms_in(visit: Visit, size: tuple[int, int]) -> None:
    page = opened(visit, "?view=compose&problem=F5s-D9-G18e", size)
    is_small = smallest_target(page) < FINGER_PX
    assert is_small == (size != SIZES["tablet"])
    before = bounding_box(hold(page, "G13"))
    touch(page, "G13")
    if is_small:
        says(page, "G13", "free")
        expect(toasts(page)).to_contain_text("tap the hold")
        assert smallest_target(page) >= FINGER_PX
        after = bounding_box(hold(page, "G13"))
        for axis, side in (("x", "width"), ("y", "height")):
            middle = [box[axis] + box[side] / 2 for box in (before, after)]  # type: ignore[literal-required]
            assert abs(middle[0] - middle[1]) <= FINGER_PX, "it stays under the finger"
        touch(page, "G13")
    says(page, "G13", "hand, included")


@on_phone
def test_a_button_shows_the_whole_board_and_a_part_of_it(visit: Visit, device: str) -> None:
    page = visit("?view=compose", device)
    corners = ("A18", "K18", "G2")
    press(page.get_by_role("button", name="Whole board"))
    for label in corners:
        expect(hold(page, label).locator(".touch")).to_be_in_viewport(ratio=1)
    press(page.get_by_role("button", name="Zoom in"))
    expect(page.get_by_role("button", name="Whole board")).to_be_visible()
    assert smallest_target(page) >= FINGER_PX


@on_phone
def test_what_complete_fills_in_is_shown_whole(visit: Visit, device: str) -> None:
    page = visit("?view=compose", device)
    touch(page, "F5")
    press(action(page, "Complete"))
    expect(page.get_by_role("button", name="Zoom in")).to_be_visible()
    for lit in page.locator(".hold.lit").all():
        expect(lit.locator(".touch")).to_be_in_viewport(ratio=1)


@on_phone
def test_two_fingers_zoom_the_board(visit: Visit, device: str) -> None:
    page = visit("?view=compose&problem=F5s-D9-G18e", device)
    small = smallest_target(page)
    session = page.context.new_cdp_session(page)

    def fingers(kind: str, *apart: int) -> None:
        points = [{"x": 180 + side * one, "y": 300, "id": side + 1} for one in apart for side in (-1, 1)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    fingers("touchStart", 40)
    for apart in (60, 80, 120):
        fingers("touchMove", apart)
    fingers("touchEnd")
    assert smallest_target(page) > 2 * small
    fingers("touchStart", 120)
    for apart in (60, 30, 20):
        fingers("touchMove", apart)
    fingers("touchEnd")
    assert smallest_target(page) == pytest.approx(small)
    assert page.locator(".hold.lit").count() == 3


@on_phone
@pytest.mark.parametrize("board", BOARDS)
def test_no_ring_covers_the_names_of_rows_and_columns(visit: Visit, board: str, device: str) -> None:
    page = visit(f"?view=compose&board={board}&problem=", device)
    low = page.locator('[data-label^="A"]').first.get_attribute("data-label") or ""
    for is_near in (True, False):
        if not is_near:
            press(page.get_by_role("button", name="Whole board"))
        else:
            touch(page, low)
        covered = page.evaluate("""() => [...document.querySelectorAll(".names text")].filter((name) => {
            const { left, right, top, bottom } = name.getBoundingClientRect();
            const [x, y] = [(left + right) / 2, (top + bottom) / 2];
            const box = document.querySelector(".wall-box").getBoundingClientRect();
            const isSeen = x > box.left && x < box.right && y > box.top && y < box.bottom;
            const over = document.elementFromPoint(x, y);
            return isSeen && !over.closest(".names, .corner");
        }).map((name) => name.textContent)""")
        assert covered == []
    assert page.locator(".wall-box:not(.near)").count() == 1
    ring, name = (page.locator(one).first for one in (".rings .ring", ".names.rows text"))
    assert bounding_box(ring)["x"] > bounding_box(name)["x"] + bounding_box(name)["width"]


@on_phone
def test_the_keyboard_brings_holds_into_view(visit: Visit, device: str) -> None:
    page = visit("?view=compose", device)
    hold(page, "A18").evaluate("one => one.focus()")
    expect(hold(page, "A18").locator(".touch")).to_be_in_viewport(ratio=0.9)
    hold(page, "K5").evaluate("one => one.focus()")
    expect(hold(page, "K5").locator(".touch")).to_be_in_viewport(ratio=0.9)


def test_on_a_desktop_the_mouse_picks_at_once(visit: Visit) -> None:
    page = visit("?view=compose")
    expect(page.get_by_role("button", name="Zoom in")).to_be_visible()
    touch(page, "D9")
    says(page, "D9", "hand, included")
    expect(page.get_by_role("button", name="Zoom in")).to_be_visible()


@pytest.mark.parametrize("view", ["", "&view=compose"])
def test_in_landscape_the_moves_stand_beside_the_board_and_its_hands_are_legible(visit: Visit, view: str) -> None:
    page = opened(visit, LINK + view, SIZES["landscape"])
    expect(page.locator(".moves li").first).to_be_visible()
    press(action(page, "Beta"))
    press(action(page, "Next move"))
    wall, beta = bounding_box(page.locator(".board")), bounding_box(card(page, "Beta"))
    assert beta["x"] >= wall["x"] + wall["width"]
    expect(card(page, "Beta").locator(".moves li").nth(1)).to_be_in_viewport()
    for mark in page.locator(".hand circle").all():
        assert bounding_box(mark)["width"] >= 16
    size = "one => parseFloat(getComputedStyle(one).fontSize) * one.getScreenCTM().a"
    assert page.locator(".hand text").first.evaluate(size) >= 10
    card(page, "Beta").locator(".moves li").last.scroll_into_view_if_needed()
    for part in (page.locator(".board"), action(page, "Next move")):
        expect(part).to_be_in_viewport(ratio=0.95)


@pytest.mark.parametrize("side", ["A", "K"])
def test_the_marks_of_hands_are_whole_at_the_edge_of_the_board(visit: Visit, side: str) -> None:
    path = f"?board=moonboard-masters-2017&angle=40&problem={side}1s-{side}6-{side}12-{side}18e"
    page = opened(visit, path, SIZES["landscape"])
    expect(page.locator(".moves li").first).to_be_visible()
    press(action(page, "Beta"))
    for _ in range(page.locator(".moves li").count()):
        wall = bounding_box(page.locator(".board"))
        for mark in page.locator(".hand circle").all():
            box = bounding_box(mark)
            assert wall["x"] <= box["x"] + 1
            assert box["x"] + box["width"] <= wall["x"] + wall["width"] + 1
            assert box["y"] + box["height"] <= wall["y"] + wall["height"] + 1
        if action(page, "Next move").is_enabled():
            press(action(page, "Next move"))
