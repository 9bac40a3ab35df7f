"""At the wall: what a climber reads at a glance, and what never gets in the way."""

import re

from playwright.sync_api import Page, expect

from support.server import Server
from support.steps import LINK, PROBLEM, action, bounding_box, card, is_cut, overlap, press, tab, toasts
from support.visits import Visit, on_phone, sizes

STATISTICS = "?view=logbook&part=statistics"
VIRTUAL = "/virtual-board/?board=kilter-original"
FAR = "?board=moonboard-masters-2017&angle=40&grade=7A&name=A+Very+Slow+Heron+of+the+North&problem=D1s-F5s-K18e"


OUT_OF_REACH = "?board=moonboard-2016&angle=40&grade=6B%2B&name=Northern+Hint&problem=F5s-K18e"


def boxes(page: Page, *selectors: str) -> list[object]:
    return [bounding_box(page.locator(selector)) for selector in selectors]


@on_phone
def test_on_a_phone_the_board_s_name_and_angle_are_readable(visit: Visit, device: str) -> None:
    page = visit(FAR, device)
    board = page.locator(".caption .title b")
    expect(board).to_have_text("Masters 2017 · 40°")
    assert not is_cut(page, ".caption .title b")
    chosen = page.locator(".filters").get_by_label("Board", exact=True)
    assert chosen.evaluate("one => one.selectedOptions[0].textContent") == "Masters 2017"
    assert chosen.evaluate("one => one.scrollWidth <= one.clientWidth")
    page.set_viewport_size({"width": 320, "height": 640})
    assert not is_cut(page, ".caption .title b")


VIEWS = ("?view=climb", "?view=workout", "?view=compose", "?view=logbook", STATISTICS, "?view=climber", VIRTUAL)


@on_phone
def test_every_view_is_as_wide_as_the_narrowest_phone(visit: Visit, server: Server, device: str) -> None:
    kim = server.climber("Kim")
    for number, board in enumerate(("moonboard-2016", "moonboard-masters-2017")):
        entry = server.ask("POST", f"/api/problems?profile={kim}", PROBLEM | {"board": board})
        tick = f"/api/problems/{entry['identity']}/ticks/00000000-0000-4000-8000-00000000000{number}?profile={kim}"
        server.ask("PUT", tick, {"day": "2026-05-30"})
    page = visit("", device, kim, viewport={"width": 320, "height": 640})
    for view in VIEWS:
        page.goto(view)
        expect(page.locator("#main h1, #main .primary, main h1").first).to_be_attached()
        expect(page.locator(".board, .problem-line, .lengths, .lights-card").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == 320, view


@on_phone
def test_on_the_narrowest_phone_complete_has_room_for_its_word(visit: Visit, device: str) -> None:
    page = visit("?view=compose", device, viewport={"width": 320, "height": 640})
    complete = action(page, "Complete")
    button, word = bounding_box(complete), bounding_box(complete.locator("span"))
    assert (button["width"] - word["width"]) / 2 >= 6


@sizes
def test_the_first_screen_says_what_is_out_of_reach(visit: Visit, size: tuple[int, int]) -> None:
    page = visit(FAR, viewport={"width": size[0], "height": size[1]})
    expect(page.locator(".caption .warn")).to_contain_text("out of reach")
    expect(page.locator(".caption")).to_be_in_viewport()
    expect(page.locator(".caption small").first).to_have_text(
        re.compile(r"^out of reach by \d+ cm · Masters 2017 · 40°$")
    )
    page.goto(LINK)
    expect(page.locator(".moves li").first).to_be_visible()
    expect(page.locator(".caption small").first).to_have_text("5 holds · MoonBoard 2016 · 40°")


@sizes
def test_going_offline_moves_nothing(visit: Visit, size: tuple[int, int]) -> None:
    visit.allow("net::ERR_")
    page = visit(LINK, viewport={"width": size[0], "height": size[1]})
    expect(card(page, "Beta").locator(".moves li").first).to_be_visible()
    parts = (".board", ".filters", ".caption", ".actions", "#tabs", "#tabs a:first-child span", "#tabs a:last-child")
    before = boxes(page, *parts)
    page.context.set_offline(True)
    offline = page.locator("#header .offline")
    expect(offline).to_have_text("Offline")
    expect(offline).to_be_in_viewport(ratio=1)
    assert boxes(page, *parts) == before
    words = bounding_box(offline)
    for part in (".board", ".filters", ".caption", ".actions"):
        assert not overlap(words, bounding_box(page.locator(part))), f"{part} is covered"


@sizes
def test_a_toast_covers_neither_board_nor_buttons_nor_tabs(visit: Visit, size: tuple[int, int]) -> None:
    """Not the tabs either: who taps one at once would undo what has just been done."""
    page = visit(LINK, viewport={"width": size[0], "height": size[1]})
    press(action(page, "Save"))
    toast = page.locator(".toast")
    expect(toast).to_have_text("Saved")
    one = bounding_box(toast)
    for part in (".board", ".caption", ".actions", "#tabs"):
        assert not overlap(one, bounding_box(page.locator(part))), f"{part} is covered"


def test_there_is_one_toast_at_a_time_and_a_tap_sends_it_away(visit: Visit, server: Server) -> None:
    page = visit(LINK, permissions=["clipboard-read", "clipboard-write"])
    page.evaluate("delete Navigator.prototype.share")
    press(action(page, "Save"))
    expect(toasts(page)).to_have_text("Saved")
    press(action(page, "Share"))
    expect(toasts(page)).to_have_text("Link copied")
    expect(page.locator(".toast")).to_have_count(1)
    press(page.locator(".toast"))
    expect(page.locator(".toast")).to_have_count(0)


@on_phone
def test_on_a_phone_out_of_reach_and_the_number_of_holds_are_read_to_their_end(
    visit: Visit, server: Server, device: str
) -> None:
    page = visit(OUT_OF_REACH, device, climber=server.climber(height=140))
    line = page.locator(".caption .title small")
    is_whole = "one => one.scrollWidth <= one.clientWidth"
    expect(line).to_contain_text("out of reach")
    assert line.evaluate(is_whole)
    ten = "?board=moonboard-2016&angle=40&grade=6B%2B&problem=F5s-G6s-D9-E10-G9-G10-G13-I13-I16-G18e"
    page.goto(ten)
    expect(line).to_contain_text("10 holds")
    assert line.evaluate(is_whole)


@on_phone
def test_what_cannot_be_undone_leaves_as_soon_as_one_goes_on(visit: Visit, device: str) -> None:
    page = visit(LINK, device, has_touch=True)
    press(action(page, "Save"))
    expect(toasts(page)).to_have_text("Saved")
    press(action(page, "Beta"))
    expect(page.locator(".toast")).to_have_count(0)


def test_what_can_be_undone_stays_while_other_things_are_said(visit: Visit) -> None:
    page = visit(LINK, permissions=["clipboard-read", "clipboard-write"])
    page.evaluate("delete Navigator.prototype.share")
    press(action(page, "Save"))
    press(card(page, "Your logbook").get_by_role("button", name="Delete from logbook"))
    expect(toasts(page)).to_contain_text("Taken out of the logbook")
    press(action(page, "Share"))
    expect(toasts(page)).to_have_text("Taken out of the logbookUndo")
    press(toasts(page).get_by_role("button", name="Undo"))
    expect(toasts(page)).to_have_text("Link copied")
    expect(action(page, "Saved")).to_be_visible()


def test_no_screen_but_the_settings_speaks_of_bluetooth(visit: Visit) -> None:
    page = visit(LINK)
    for name in ("Climb", "Compose", "Logbook"):
        tab(page, name)
        expect(page.locator("#main")).not_to_contain_text(re.compile("bluetooth", re.IGNORECASE))
