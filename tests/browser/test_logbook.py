"""The Logbook view: saving, annotating, searching, export and import."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from climbpath import board as boards
from climbpath.board import row_of
from support.server import Server, eventually
from support.steps import (
    BOARD,
    IDENTITY,
    LINK,
    NOTATION,
    PROBLEM,
    Held,
    action,
    bounding_box,
    card,
    log_tries,
    press,
    shown,
    tab,
    toasts,
)
from support.visits import Visit, on_desktop, on_phone

TITLE = "Your logbook"


def entry_card(page: Page) -> Locator:
    return card(page, TITLE)


def saved(server: Server, climber: str, **more: object) -> None:
    """Save a problem without the page."""
    body = PROBLEM | more
    server.ask("POST", f"/api/problems?profile={climber}", body)


def lists(page: Page, *names: str) -> None:
    """Expect the page to list these problems, in this order."""
    expect(page.locator(".results .problem-line strong")).to_have_text(list(names))


@pytest.fixture
def kim(server: Server) -> str:
    return server.climber("Kim")


@pytest.fixture
def four(server: Server, kim: str) -> str:
    """A climber with four problems."""
    hands = {"Ash": ["D9"], "Birch": ["D9", "G13"], "Cedar": ["E10"], "Dogwood": ["G13", "E15"]}
    grades = ["6B", "6C", "7A", "7B"]
    for (name, labels), grade in zip(hands.items(), grades, strict=True):
        saved(server, kim, name=name, hands=labels, grade=grade)
    identities = [entry["identity"] for entry in reversed(server.entries(kim))]
    for identity, more in zip(
        identities, ({"stars": 5}, {"notes": "cold fingers"}, {"lists": ["Projects"]}, {}), strict=True
    ):
        server.ask("PATCH", f"/api/problems/{identity}?profile={kim}", more)
    server.ask("PUT", f"/api/problems/{identities[3]}/ticks/{kim}?profile={kim}", {"day": "2026-05-31", "attempts": 2})
    tries = {"day": "2026-05-30", "attempts": 3, "sent": False}
    server.ask("PUT", f"/api/problems/{identities[1]}/ticks/{kim}?profile={kim}", tries)
    return kim


def test_everything_in_an_entry_is_saved(visit: Visit, server: Server, kim: str, device: str) -> None:
    page = visit(LINK, device, kim)
    press(action(page, "Save"))
    entry = entry_card(page)
    name = entry.get_by_label("Name", exact=True)
    expect(name).to_have_value("Slow Heron")
    press(entry.get_by_role("button", name="Suggest a name"))
    expect(name).not_to_have_value("Slow Heron")
    suggested = name.input_value()
    expect(page.locator(".caption h1")).to_have_text(suggested)
    name.fill("Quick Heron")
    press(entry.get_by_role("button", name="4 stars"))
    expect(entry.locator(".stars .on")).to_have_count(4)
    entry.get_by_label("Notes").fill("left foot on B4")
    entry.get_by_label("Lists").fill("Projects, Warm-up,, Projects ")
    entry.get_by_label("Lists").press("Tab")
    entry.get_by_label("Felt like").select_option("7A+")
    expect(entry.get_by_label("Lists")).to_have_value("Projects, Warm-up")
    expect(page.locator(".caption h1")).to_have_text("Quick Heron")
    expect(page.locator("#header .offline")).to_have_count(0)
    eventually(lambda: server.entries(kim)[0]["felt"])
    (kept,) = server.entries(kim)
    assert kept["problem"]["name"] == "Quick Heron"
    assert (kept["stars"], kept["notes"], kept["felt"]) == (4, "left foot on B4", "7A+")
    assert kept["lists"] == ["Projects", "Warm-up"]
    page.reload()
    expect(entry.get_by_label("Notes")).to_have_value("left foot on B4")
    expect(entry.get_by_label("Felt like")).to_have_value("7A+")
    press(entry.get_by_role("button", name="4 stars"))
    expect(entry.locator(".stars .on")).to_have_count(0)


@on_phone
def test_a_tap_after_typing_counts(visit: Visit, server: Server, kim: str, device: str) -> None:
    """Typed text is saved when a finger touches another element, which must still be there when the finger lifts."""
    page = visit(LINK, device, kim)
    press(action(page, "Save"))
    entry = entry_card(page)
    entry.get_by_label("Notes").press_sequentially("crimpy")
    press(entry.get_by_role("button", name="3 stars"))
    entry.get_by_label("Notes").press_sequentially(", sharp")
    log_tries(page, 2, "Sent on try 2")
    expect(entry.locator(".ticks li")).to_have_count(1)
    expect(entry.get_by_label("Notes")).to_have_value("crimpy, sharp")
    expect(entry.locator(".stars .on")).to_have_count(3)
    eventually(lambda: server.entries(kim)[0]["ticks"])
    (kept,) = server.entries(kim)
    assert (kept["notes"], kept["stars"], len(kept["ticks"])) == ("crimpy, sharp", 3, 1)


def test_late_answers_do_not_undo_what_is_shown(visit: Visit, kim: str) -> None:
    page = visit(LINK, climber=kim)
    press(action(page, "Save"))
    entry = entry_card(page)
    expect(entry.get_by_label("Name", exact=True)).to_be_visible()
    held = Held(page, "**/api/problems/**")
    press(entry.get_by_role("button", name="2 stars"))
    entry.get_by_label("Notes").fill("one")
    log_tries(page, 2, "Sent on try 2")
    expect(entry.locator(".ticks li")).to_have_count(1)
    with page.expect_response("**/ticks/**"):
        held.release()
    expect(entry.locator(".ticks li")).to_have_count(1)
    expect(entry.get_by_label("Notes")).to_have_value("one")
    expect(entry.locator(".stars .on")).to_have_count(2)


def test_unfinished_notes_survive_an_update_of_the_page(visit: Visit, server: Server, kim: str) -> None:
    saved(server, kim)
    page = visit(LINK, climber=kim)
    notes = entry_card(page).get_by_label("Notes")
    expect(notes).to_be_visible()
    held = Held(page, "**/api/similar**")
    page.reload()
    notes.press_sequentially("half a ")
    held.release()
    expect(card(page, "Similar problems")).to_be_visible()
    expect(notes).to_be_focused()
    notes.press_sequentially("thought")
    expect(notes).to_have_value("half a thought")


@on_phone
def test_a_send_is_logged_from_the_first_screen(visit: Visit, server: Server, kim: str, device: str) -> None:
    """With as many tries as the climber says, and none of a problem that was not saved before."""
    page = visit(LINK, device, kim)
    sent = action(page, "Sent")
    expect(sent).to_be_in_viewport(ratio=1)
    press(sent)
    sheet = page.get_by_role("dialog", name="How did Slow Heron go?")
    expect(sheet.get_by_role("button", name="Sent", exact=True)).to_be_disabled()
    expect(sheet.get_by_role("button", name="Not sent", exact=True)).to_be_disabled()
    expect(sheet.get_by_role("spinbutton", name="Tries")).to_have_value("")
    more, fewer = (sheet.get_by_role("button", name=name) for name in ("One more try", "One try fewer"))
    for button in (more, fewer):
        box = bounding_box(button)
        assert min(box["width"], box["height"]) >= 60
    press(more)
    expect(sheet.get_by_role("button", name="Flashed", exact=True)).to_be_enabled()
    expect(fewer).to_be_disabled()
    for _ in range(4):
        press(more)
    press(fewer)
    press(sheet.get_by_role("button", name="Sent on try 4", exact=True))
    expect(sheet).to_have_count(0)
    expect(action(page, "Saved")).to_be_visible()
    expect(entry_card(page).locator(".ticks")).to_contain_text("Sent on try 4")
    eventually(lambda: server.entries(kim) and server.entries(kim)[0]["ticks"])
    (tick,) = server.entries(kim)[0]["ticks"]
    assert (tick["attempts"], tick["sent"]) == (4, True)
    press(toasts(page).get_by_role("button", name="Undo"))
    expect(entry_card(page)).to_have_count(0)
    eventually(lambda: not server.entries(kim))
    press(action(page, "Save"))
    expect(entry_card(page)).to_contain_text("No tries logged yet.")
    eventually(lambda: server.entries(kim) and not server.entries(kim)[0]["ticks"])


def test_undoing_a_first_tick_keeps_what_was_noted_since(visit: Visit, server: Server, kim: str) -> None:
    page = visit(LINK, climber=kim)
    log_tries(page, 2, "Sent on try 2")
    press(entry_card(page).get_by_role("button", name="3 stars"))
    eventually(lambda: server.entries(kim) and server.entries(kim)[0]["stars"] == 3)
    press(toasts(page).get_by_role("button", name="Undo"))
    expect(entry_card(page)).to_contain_text("No tries logged yet.")
    eventually(lambda: not server.entries(kim)[0]["ticks"])
    assert server.entries(kim)[0]["stars"] == 3


@on_desktop
def test_tries_without_a_send_are_logged_and_gone_on_with(visit: Visit, server: Server, kim: str, device: str) -> None:
    saved(server, kim)
    page = visit(LINK, device, kim)
    ticks = entry_card(page).locator(".ticks li")
    page.keyboard.press("t")
    sheet = page.get_by_role("dialog")
    sheet.get_by_role("spinbutton", name="Tries").fill("3")
    sheet.get_by_label("Got as far as").select_option("G13")
    press(sheet.get_by_role("button", name="3 tries, not sent"))
    expect(ticks).to_contain_text(["3 tries, not sent"])
    expect(ticks).to_contain_text(["up to G13"])
    # on the same day, the next try is the fourth
    press(action(page, "Sent"))
    expect(sheet).to_contain_text("Goes on from 3 tries without a send on that day.")
    press(sheet.get_by_role("button", name="Sent on try 4", exact=True))
    expect(ticks).to_contain_text(["Sent on try 4"])
    eventually(lambda: server.entries(kim)[0]["ticks"][0]["sent"])
    (tick,) = server.entries(kim)[0]["ticks"]
    assert (tick["attempts"], tick["reached"]) == (4, "G13")
    # another day is another tick
    log_tries(page, 2, "Sent on try 2", "2026-05-30")
    expect(ticks).to_have_count(2)
    expect(ticks.last).to_contain_text("30 May 2026")
    # undone, the tries without a send are there again
    press(ticks.first.get_by_role("button", name="Sent on try 4"))
    sheet.get_by_role("spinbutton", name="Tries").fill("9")
    press(sheet.get_by_role("button", name="9 tries, not sent"))
    expect(ticks.first).to_contain_text("9 tries, not sent")
    press(toasts(page).get_by_role("button", name="Undo"))
    expect(ticks.first).to_contain_text("Sent on try 4")
    press(ticks.last.get_by_role("button", name="Remove tick"))
    expect(ticks).to_have_count(1)
    press(toasts(page).get_by_role("button", name="Undo"))
    expect(ticks).to_have_count(2)
    eventually(lambda: [tick["attempts"] for tick in server.entries(kim)[0]["ticks"]] == [2, 4])


@pytest.mark.parametrize("size", [(360, 740), (1280, 800), (740, 360)], ids=["phone", "desktop", "landscape"])
def test_counting_tries_moves_nothing_under_the_finger(visit: Visit, kim: str, size: tuple[int, int]) -> None:
    page = visit(LINK, climber=kim, viewport={"width": size[0], "height": size[1]})
    press(action(page, "Sent"))
    sheet = page.get_by_role("dialog")
    more = sheet.get_by_role("button", name="One more try")
    before = bounding_box(more)
    press(more)
    expect(sheet.get_by_role("button", name="Flashed")).to_be_visible()
    assert bounding_box(more) == before


def test_numbers_of_tries_that_make_no_sense_are_not_logged(visit: Visit, kim: str) -> None:
    page = visit(LINK, climber=kim)
    press(action(page, "Sent"))
    sheet = page.get_by_role("dialog")
    tries = sheet.get_by_role("spinbutton", name="Tries")
    for typed, kept in (("0", "1"), ("-4", "1"), ("1000", "999"), ("2.4", "2")):
        tries.fill(typed)
        expect(tries).to_have_value(kept)
    tries.fill("")
    expect(sheet.get_by_role("button", name="Sent", exact=True)).to_be_disabled()
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)
    expect(action(page, "Save")).to_be_visible()


def test_only_the_first_try_of_all_is_a_flash(visit: Visit, server: Server, kim: str) -> None:
    saved(server, kim)
    tick = {"day": "2026-05-30", "attempts": 2, "sent": False}
    server.ask("PUT", f"/api/problems/{IDENTITY}/ticks/{kim}?profile={kim}", tick)
    page = visit(LINK, climber=kim)
    expect(entry_card(page)).to_contain_text("2 tries, not sent")
    log_tries(page, 1, "Sent on the first try")
    log_tries(page, 1, "Flashed", "2026-05-29")


def test_a_repeat_on_the_day_of_a_send_is_no_flash(visit: Visit, server: Server, kim: str) -> None:
    page = visit(LINK, climber=kim)
    log_tries(page, 3, "Sent on try 3")
    log_tries(page, 1, "Sent on the first try")
    eventually(lambda: [len(entry["ticks"]) for entry in server.entries(kim)] == [2])
    assert server.ask("GET", f"/api/statistics?profile={kim}")["flashed"] == 0


def test_the_logbook_is_filtered_by_board_where_there_are_several(visit: Visit, server: Server, kim: str) -> None:
    for name, board in (("Ash", "moonboard-2016"), ("Birch", "moonboard-2024")):
        problem = PROBLEM | {"name": name, "board": board}
        server.ask("POST", f"/api/problems?profile={kim}", problem)
        page = visit("?view=logbook", climber=kim)
        lists(page, *(("Ash",) if name == "Ash" else ("Birch", "Ash")))
        board_filter = page.locator(".search").get_by_label("Board")
        expect(board_filter).to_have_count(0 if name == "Ash" else 1)
    board_filter.select_option("moonboard-2016")
    lists(page, "Ash")
    board_filter.select_option("")
    lists(page, "Birch", "Ash")
    # a workout is on one board, and says what of the list it leaves out
    page.get_by_role("link", name="Workout").last.click()
    page.get_by_role("button", name="Plan it").click()
    expect(page.locator("main")).to_contain_text("1 problem of the list left out")


def test_a_double_tap_logs_once_and_touches_nothing_below(visit: Visit, server: Server, kim: str) -> None:
    saved(server, kim)
    page = visit(LINK, climber=kim)
    press(action(page, "Sent"))
    sheet = page.get_by_role("dialog")
    sheet.get_by_role("spinbutton", name="Tries").fill("2")
    sheet.get_by_role("button", name="Sent on try 2").dblclick()
    expect(sheet).to_have_count(0)
    expect(entry_card(page).locator(".ticks li")).to_have_count(1)
    assert shown(page) == NOTATION
    eventually(lambda: len(server.entries(kim)[0]["ticks"]) == 1)


@on_phone
def test_deleting_can_be_undone(visit: Visit, server: Server, kim: str, device: str) -> None:
    saved(server, kim)
    server.ask("PATCH", f"/api/problems/{IDENTITY}?profile={kim}", {"notes": "mine"})
    page = visit(LINK, device, kim)
    press(entry_card(page).get_by_role("button", name="Delete from logbook"))
    expect(entry_card(page)).to_have_count(0)
    expect(action(page, "Save")).to_have_attribute("aria-pressed", "false")
    eventually(lambda: not server.entries(kim))
    press(toasts(page).get_by_role("button", name="Undo"))
    expect(entry_card(page).get_by_label("Notes")).to_have_value("mine")
    eventually(lambda: [entry["notes"] for entry in server.entries(kim)] == ["mine"])


def test_undoing_elsewhere_brings_the_problem_back_into_the_list(visit: Visit, server: Server, kim: str) -> None:
    saved(server, kim)
    page = visit(LINK, climber=kim)
    press(entry_card(page).get_by_role("button", name="Delete from logbook"))
    tab(page, "Logbook")
    expect(page.locator(".results")).to_contain_text("Nothing here yet")
    press(toasts(page).get_by_role("button", name="Undo"))
    expect(page.locator(".results .problem-line")).to_have_count(1)


@on_phone
def test_the_logbook_lists_opens_and_says_when_it_is_empty(visit: Visit, server: Server, kim: str, device: str) -> None:
    page = visit("?view=logbook", device, kim)
    expect(page.get_by_role("heading", level=1)).to_have_text("Kim’s logbook")
    expect(page.locator(".results")).to_contain_text("Nothing here yet. Save a problem that you like")
    saved(server, kim)
    server.ask("PUT", f"/api/problems/{IDENTITY}/ticks/{kim}?profile={kim}", {"day": "2026-05-31"})
    page.reload()
    line = page.locator(".results .problem-line")
    expect(line).to_contain_text("Slow Heron")
    expect(line.locator(".about small")).to_have_text(["✓ Flashed", "MoonBoard 2016 · 40° · F5s D9 G13 E15 G18e"])
    press(line)
    expect(page).to_have_title("Climb · climbpath")
    assert shown(page) == NOTATION
    expect(entry_card(page)).to_be_visible()
    page.go_back()
    expect(page).to_have_title("Logbook · climbpath")
    expect(line).to_have_count(1)


@on_desktop
def test_search_filters_and_order(visit: Visit, four: str, device: str) -> None:
    page = visit("?view=logbook", device, four)
    bar = page.locator(".search")
    lists(page, "Dogwood", "Cedar", "Birch", "Ash")  # newest first
    for text, found in (("fingers", ["Birch"]), ("g13 d9", ["Birch"]), ("cedar", ["Cedar"]), ("%", [])):
        bar.get_by_label("Search").fill(text)
        lists(page, *found)
    expect(page.locator(".results")).to_contain_text("No problem matches this search.")
    bar.get_by_label("Search").fill("")
    lists(page, "Dogwood", "Cedar", "Birch", "Ash")
    for label, value, found in (
        ("List", "Projects", ["Cedar"]),
        ("Sent or not", "sent", ["Dogwood"]),
        ("Sent or not", "unsent", ["Cedar", "Birch", "Ash"]),
        ("Sent or not", "tried", ["Birch"]),
        ("Easiest grade", "7A", ["Dogwood", "Cedar"]),
        ("Hardest grade", "6B", ["Ash"]),
    ):
        bar.get_by_label(label).select_option(value)
        lists(page, *found)
        bar.get_by_label(label).select_option("")
        lists(page, "Dogwood", "Cedar", "Birch", "Ash")
    for order, first in (
        ("easiest", "Ash"),
        ("hardest", "Dogwood"),
        ("stars", "Ash"),
        ("name", "Ash"),
        ("newest", "Dogwood"),
    ):
        bar.get_by_label("Order").select_option(order)
        expect(page.locator(".results .problem-line strong").first).to_have_text(first)


@on_phone
def test_going_back_from_a_problem_finds_the_list_where_it_was(
    visit: Visit, server: Server, kim: str, device: str
) -> None:
    layout = boards.load(BOARD)
    for label in [one for one in layout.labels if 7 <= row_of(one) <= 17][:25]:
        saved(server, kim, name=label, hands=[label])
    page = visit("?view=logbook", device, kim)
    lines = page.locator(".results .problem-line")
    expect(lines).to_have_count(25)
    lines.nth(20).scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    assert before > 500
    press(lines.nth(20))
    expect(page).to_have_title("Climb · climbpath")
    page.go_back()
    expect(lines).to_have_count(25)
    page.wait_for_function(f"Math.abs(scrollY - {before}) < 2")
    tab(page, "Climber")
    tab(page, "Logbook")
    expect(lines).to_have_count(25)
    assert page.evaluate("scrollY") == 0


def test_typing_goes_on_while_lists_arrive(visit: Visit, four: str) -> None:
    page = visit("?view=climber", climber=four)
    held = Held(page, "**/api/problems?**")
    tab(page, "Logbook")
    search = page.locator(".search").get_by_label("Search")
    search.press_sequentially("ced")
    held.release()
    expect(page.locator(".search").get_by_label("List").locator("option")).to_have_count(2)
    expect(search).to_be_focused()
    search.press_sequentially("ar")
    expect(search).to_have_value("cedar")
    expect(page.locator(".results .problem-line")).to_have_count(1)


def test_more_entries_are_shown_on_request(visit: Visit, server: Server, kim: str) -> None:
    on = [label for label in boards.load(BOARD).labels if 6 < row_of(label) < 18]
    content = {
        "format": "climbpath logbook",
        "entries": [{"problem": PROBLEM | {"hands": [label]}} for label in on[:60]],
    }
    page = visit("?view=logbook&part=files", climber=kim)
    page.locator("input[type=file]").set_input_files(
        {"name": "many.json", "mimeType": "application/json", "buffer": json.dumps(content).encode()}
    )
    press(card(page, "Import").get_by_role("link", name="Show the problems"))
    expect(page.locator(".results")).to_contain_text("60 problems")
    expect(page.locator(".results .problem-line")).to_have_count(50)
    press(page.get_by_role("button", name="Show more"))
    expect(page.locator(".results .problem-line")).to_have_count(60)
    expect(page.get_by_role("button", name="Show more")).to_have_count(0)


@pytest.mark.parametrize(
    ("words", "file"),
    [
        ("JSON, everything", "logbook.json"),
        ("CSV, for spreadsheets", "logbook.csv"),
        ("MoonBoard app JSON", "logbook.app.json"),
    ],
)
def test_an_export_can_be_imported_for_another_climber(
    visit: Visit, server: Server, four: str, tmp_path: Path, words: str, file: str
) -> None:
    page = visit("?view=logbook&part=files", climber=four)
    with page.expect_download() as downloading:
        press(card(page, "Export").get_by_role("link", name=words))
    assert downloading.value.suggested_filename == file
    path = tmp_path / file
    downloading.value.save_as(path)
    sam = server.climber("Sam")
    other = visit("?view=logbook&part=files", climber=sam)
    with other.expect_file_chooser() as choosing:
        press(card(other, "Import").get_by_role("button", name="Import"))
    choosing.value.set_files(path)
    expect(card(other, "Import")).to_contain_text("4 records read: 4 new, 0 already in the logbook, 0 rejected.")
    expect(card(other, "Import").get_by_text("4 records read")).to_be_in_viewport()

    def kept(climber: str) -> list[object]:
        every = sorted(server.entries(climber), key=lambda entry: entry["identity"])
        if file == "logbook.app.json":
            return [(entry["identity"], entry["problem"]["grade"], entry["problem"]["name"]) for entry in every]
        return [{**entry, "ticks": [tick["day"] for tick in entry["ticks"]]} for entry in every]

    assert kept(sam) == kept(four)
    choosing.value.set_files(path)
    expect(card(other, "Import")).to_contain_text("4 records read: 0 new, 4 already in the logbook")
    assert kept(sam) == kept(four)


def test_an_unusable_file_is_refused_with_the_reason(visit: Visit, kim: str) -> None:
    visit.allow("status of 409")
    page = visit("?view=logbook&part=files", climber=kim)
    own = b'{"format": "climbpath logbook", "entries": '
    for content, why in (
        (b"\x89PNG\r\n\x1a\n....", "not"),
        (b"", "empty"),
        (own + b"7}", "This logbook is damaged"),
        (own + b'[{"problem": {"start": ["Z99"], "finish": ["G18"]}}]}', "Z99"),
        (own + b"7}", "This logbook is damaged"),
    ):
        page.locator("input[type=file]").set_input_files(
            {"name": "bad.json", "mimeType": "application/json", "buffer": content}
        )
        expect(card(page, "Import").get_by_role("status")).to_contain_text(why)
        expect(card(page, "Import").get_by_role("status")).to_be_in_viewport()


def test_a_file_that_is_too_large_is_refused_with_the_reason(visit: Visit, kim: str) -> None:
    visit.allow("status of 413")
    page = visit("?view=logbook&part=files", climber=kim)
    page.route("**/api/import**", lambda route: route.fulfill(status=413, json={"error": "the request is too large"}))
    page.locator("input[type=file]").set_input_files(
        {"name": "large.json", "mimeType": "application/json", "buffer": b"[]"}
    )
    expect(card(page, "Import").get_by_role("status")).to_contain_text("too large")


def test_what_cannot_be_read_is_named_above_the_list(own_visit: Visit, own_server: Server) -> None:
    kim = own_server.climber("Kim")
    saved(own_server, kim)
    saved(own_server, kim, hands=["D9"], name="Gone")
    with closing(sqlite3.connect(own_server.folder / "logbook.sqlite3")) as db, db:
        db.execute("UPDATE entries SET problem = '{' WHERE name = 'Gone'")
    page = own_visit("?view=logbook", climber=kim)
    expect(page.locator(".results .warn")).to_contain_text("cannot be read, and stay in its file: Gone: ")
    lists(page, "Slow Heron")
    expect(page.get_by_role("button", name="Show more")).to_have_count(0)


def two_tabs(visit: Visit, server: Server, kim: str) -> list[Page]:
    """Two tabs that show the same saved problem; one may request what the other has deleted."""
    visit.allow("status of 404")
    saved(server, kim)
    context = visit.context(climber=kim)
    pages = [context.new_page(), context.new_page()]
    for page in pages:
        page.goto(LINK)
        expect(entry_card(page)).to_be_visible()
    return pages


def test_two_tabs_change_the_same_entry(visit: Visit, server: Server, kim: str) -> None:
    """Independently of each other; after one deletes a problem, the other shows that it is gone."""
    one, two = two_tabs(visit, server, kim)
    log_tries(one, 2, "Sent on try 2", "2026-05-01")
    entry_card(two).get_by_label("Notes").fill("from two")
    log_tries(two, 3, "Sent on try 3", "2026-05-02")
    expect(entry_card(two).locator(".ticks li")).to_have_count(2)
    eventually(lambda: len(server.entries(kim)[0]["ticks"]) == 2)
    eventually(lambda: server.entries(kim)[0]["notes"] == "from two")
    press(entry_card(one).get_by_role("button", name="Delete from logbook"))
    eventually(lambda: not server.entries(kim))
    press(entry_card(two).get_by_role("button", name="5 stars"))
    expect(toasts(two)).to_contain_text("this problem is no longer in the logbook")
    expect(entry_card(two)).to_have_count(0)


def test_a_change_that_the_server_refuses_leaves_the_entry_as_it_was(visit: Visit, server: Server, kim: str) -> None:
    visit.allow("status of 422")
    saved(server, kim, name="Slow Heron")
    page = visit(LINK, climber=kim)
    page.route("**/api/problems/*", lambda route: route.fulfill(status=422, json={"error": "stars: at most 3"}))
    press(entry_card(page).get_by_role("button", name="5 stars"))
    expect(toasts(page)).to_contain_text("stars: at most 3")
    expect(entry_card(page).locator(".stars")).to_be_visible()
    expect(entry_card(page).locator(".stars .on")).to_have_count(0)


def test_a_write_refused_in_another_tab_is_reported_here(visit: Visit, server: Server, kim: str) -> None:
    one, two = two_tabs(visit, server, kim)
    held = Held(one, "**/api/problems/**")
    press(entry_card(one).get_by_role("button", name="Delete from logbook"))
    expect(entry_card(one)).to_have_count(0)
    press(entry_card(two).get_by_role("button", name="5 stars"))
    expect(entry_card(two).locator(".stars .on")).to_have_count(5)
    held.release()
    expect(toasts(two)).to_contain_text("this problem is no longer in the logbook")
    expect(entry_card(two)).to_have_count(0)
