"""The Compose view: holds that must or must not be used, completed by the model."""

import json
import re

import pytest
from playwright.sync_api import Locator, Page, expect

from climbpath import board as boards
from climbpath.board import row_of
from support.making import BOARDS
from support.server import Server, eventually
from support.steps import (
    LINK,
    NOTATION,
    Held,
    action,
    address,
    card,
    choose,
    fields,
    hold,
    hold_down,
    holds,
    message,
    press,
    tab,
    toasts,
    touch,
)
from support.visits import Visit, on_desktop, on_phone

EMPTY = "Tap the holds that you want"
COMPOSE = f"?view=compose&board=moonboard-2016&angle=40&problem={NOTATION}"


def says(target: Locator, words: str) -> None:
    expect(target).to_have_attribute("aria-label", words)


def pick(page: Page, label: str, role: str) -> None:
    """Give a hold a role in its dialog."""
    hold_down(page, label)
    press(page.get_by_role("dialog").get_by_role("button", name=role, exact=True))
    expect(page.get_by_role("dialog")).to_have_count(0)


def named(page: Page) -> list[int]:
    """The rows in the message."""
    return [int(row) for row in re.findall(r"\b\d+", message(page).inner_text())]


def complete(page: Page) -> None:
    with page.expect_response("**/api/generate") as answering:
        press(action(page, "Complete"))
    assert answering.value.ok, answering.value.text()
    expect(page.locator(".stage")).not_to_have_class(re.compile("busy"))
    expect(action(page, "Save")).to_be_enabled()


def marked(page: Page) -> dict[str, str]:
    """The accessible label of every hold."""
    of_all = "all => Object.fromEntries(all.map((one) => [one.dataset.label, one.getAttribute('aria-label')]))"
    return dict(page.locator("[data-label]").evaluate_all(of_all))


def test_a_tap_includes_avoids_and_clears(visit: Visit, device: str) -> None:
    page = visit("?view=compose", device)
    expect(message(page)).to_contain_text(EMPTY)
    one = hold(page, "D9")
    says(one, "D9, free")
    touch(page, "D9")
    says(one, "D9, hand, included")
    touch(page, "D9")
    says(one, "D9, avoided")
    expect(page.locator(".board .rings .cross")).to_have_count(1)
    touch(page, "D9")
    says(one, "D9, free")
    touch(page, "F5")
    says(hold(page, "F5"), "F5, start, included")
    touch(page, "G18")
    says(hold(page, "G18"), "G18, finish, included")
    expect(page.locator(".caption h1")).to_have_text("2 holds")


def test_a_long_press_opens_the_roles(visit: Visit, device: str) -> None:
    page = visit("?view=compose", device)
    hold_down(page, "F5")
    dialog = page.get_by_role("dialog", name="Hold F5")
    assert dialog.locator(".pick").all_inner_texts() == ["Start", "Only start", "Hand", "Foot", "Avoid", "Clear"]
    press(dialog.get_by_role("button", name="Foot"))
    says(hold(page, "F5"), "F5, foot, included")
    pick(page, "F5", "Hand")
    says(hold(page, "F5"), "F5, hand, included")
    pick(page, "F5", "Start")
    says(hold(page, "F5"), "F5, start, included")
    pick(page, "F5", "Avoid")
    says(hold(page, "F5"), "F5, avoided")
    pick(page, "F5", "Clear")
    says(hold(page, "F5"), "F5, free")
    hold_down(page, "G18")
    assert dialog.count() == 0
    assert page.get_by_role("dialog").locator(".pick").all_inner_texts() == ["Finish", "Only finish", "Avoid", "Clear"]
    press(page.get_by_role("dialog").get_by_role("button", name="Close"))
    says(hold(page, "G18"), "G18, free")


def test_the_roles_open_by_right_click_and_by_key(visit: Visit) -> None:
    page = visit("?view=compose")
    dialog = page.get_by_role("dialog")
    for _ in range(2):
        hold(page, "F5").locator(".touch").click(button="right")
        expect(dialog).to_have_count(1)
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        pick(page, "D9", "Clear")  # a long press first changes nothing
    touch(page, "F5")
    page.keyboard.press("r")
    expect(page.get_by_role("dialog", name="Hold F5")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+Shift+R")
    expect(dialog).to_have_count(0)


def test_a_tap_beside_the_roles_closes_them(visit: Visit, device: str) -> None:
    page = visit("?view=compose", device)
    hold_down(page, "F5")
    if device == "phone":
        page.touchscreen.tap(180, 60)
    else:
        page.mouse.click(20, 400)
    expect(page.get_by_role("dialog")).to_have_count(0)
    says(hold(page, "F5"), "F5, free")


@on_phone
def test_complete_respects_pins_and_bans(visit: Visit, device: str) -> None:
    page = visit("?view=compose", device)
    bans = ["E8", "F8", "G9", "E10", "G11", "F12"]
    for label in ("D9", "G13", "F8"):
        touch(page, label)
    for label in bans:
        touch(page, label)
        if label != "F8":
            touch(page, label)
        says(hold(page, label), f"{label}, avoided")
    for _ in range(3):
        complete(page)
        lit = holds(page, "start") + holds(page, "hands") + holds(page, "finish")
        assert {"D9", "G13"} <= set(lit)
        assert not set(bans) & set(lit)
        for label in bans:
            says(hold(page, label), f"{label}, avoided")
    filled = page.locator('.hold[aria-label*="filled in"]')
    assert filled.count() == len(lit) - 2


@on_phone
def test_what_a_tapped_hold_is_shown_as_it_is_in_every_completion(visit: Visit, device: str) -> None:
    """F5 became a hand hold in some."""
    page = visit("?view=compose", device)
    touch(page, "F5")
    touch(page, "G18")
    pick(page, "C5", "Hand")
    pick(page, "D7", "Foot")
    for _ in range(8):
        complete(page)
        assert "F5" in holds(page, "start")
        assert "G18" in holds(page, "finish")
        assert holds(page, "feet") == ["D7"]
        says(hold(page, "C5"), "C5, hand, included")
        says(hold(page, "F5"), "F5, start, included")


def test_the_only_start_and_the_only_finish_stay_alone(visit: Visit) -> None:
    page = visit("?view=compose")
    pick(page, "B4", "Only start")
    pick(page, "K18", "Only finish")
    for _ in range(3):
        complete(page)
        assert holds(page, "start") == ["B4"]
        assert holds(page, "finish") == ["K18"]


@pytest.mark.parametrize("board", BOARDS)
def test_messages_name_rows_that_have_holds(visit: Visit, board: str) -> None:
    page = visit(f"?view=compose&board={board}&angle=40&problem=")
    label_in = {row_of(label): label for label in marked(page)}
    first, last = boards.load(board).rows[40]["start"]
    touch(page, label_in[last])
    expect(message(page)).to_contain_text("No finish yet")
    assert named(page) == [max(label_in)]
    press(action(page, "Undo"))
    touch(page, label_in[max(label_in)])
    expect(message(page)).to_contain_text("No start yet")
    assert named(page) == [first, last]
    assert {first, last} <= label_in.keys()


@on_phone
def test_how_far_out_of_reach_it_is_can_be_read(visit: Visit, device: str) -> None:
    page = visit("?view=compose&board=moonboard-masters-2017&problem=D1s-F5s-K18e", device)
    words = page.locator(".caption .title small")
    expect(words).to_have_text(re.compile(r"^Out of reach by \d+ cm$"))
    expect(page.locator(".caption .pill")).to_be_visible()
    assert words.evaluate("one => one.scrollWidth <= one.clientWidth")


def test_what_is_avoided_is_said_where_nothing_is_included(visit: Visit) -> None:
    page = visit("?view=compose")
    touch(page, "E10")
    touch(page, "E10")
    expect(message(page)).to_have_text(
        "1 hold avoided. Tap the holds that you want, then let Complete fill in the rest."
    )


def test_it_has_a_heading_while_the_problem_is_incomplete(visit: Visit) -> None:
    page = visit("?view=compose")
    expect(page.get_by_role("heading", level=1, name="Compose")).to_have_count(1)
    touch(page, "F5")
    expect(page.get_by_role("heading", level=1, name="Compose")).to_have_count(1)
    touch(page, "G18")
    expect(page.get_by_role("heading", level=1, name="2 holds")).to_have_count(1)


@on_phone
def test_a_tap_pins_a_filled_in_hold(visit: Visit, device: str) -> None:
    page = visit("?view=compose", device)
    touch(page, "D9")
    complete(page)
    start = holds(page, "start")[0]
    says(hold(page, start), f"{start}, start, filled in")
    press(page.get_by_role("button", name="Zoom in"))
    touch(page, start)
    says(hold(page, start), f"{start}, start, included")
    touch(page, start)
    says(hold(page, start), f"{start}, avoided")


@on_desktop
def test_undo_redo_and_clear(visit: Visit, device: str) -> None:
    page = visit("?view=compose", device)
    undo, redo, clear = (action(page, words) for words in ("Undo", "Redo", "Clear"))
    for button in (undo, redo, clear):
        expect(button).to_be_disabled()
    touch(page, "F5")
    touch(page, "D9")
    press(undo)
    says(hold(page, "D9"), "D9, free")
    press(redo)
    says(hold(page, "D9"), "D9, hand, included")
    press(clear)
    expect(message(page)).to_contain_text(EMPTY)
    expect(clear).to_be_disabled()
    expect(toasts(page)).to_contain_text("Board cleared")
    press(toasts(page).get_by_role("button", name="Undo"))
    says(hold(page, "F5"), "F5, start, included")
    says(hold(page, "D9"), "D9, hand, included")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    says(hold(page, "D9"), "D9, free")
    page.keyboard.press("Control+Shift+Z")
    says(hold(page, "F5"), "F5, start, included")


@on_phone
def test_fine_tuning_acts_on_complete(visit: Visit, device: str) -> None:
    page = visit("?view=compose", device)
    tuning = page.locator(".tuning")
    press(tuning.locator("summary"))
    tuning.get_by_role("slider", name="Most holds").fill("6")
    tuning.get_by_role("slider", name="Adventurousness").fill("1.6")
    expect(tuning).to_contain_text("wild")
    sets = tuning.get_by_role("group", name="Hold sets on your board")
    sets.get_by_label("B", exact=True).uncheck()
    expect(page.locator(".hold.absent.set-b").first).to_be_attached()
    choose(page, "Hardest grade", "6C")
    choose(page, "Easiest grade", "6C")
    touch(page, "G13")
    with page.expect_request("**/api/generate") as asking:
        press(action(page, "Complete"))
    body = json.loads(asking.value.post_data or "")
    assert (body["max_holds"], body["temperature"], body["hold_sets"], body["grades"]) == (
        6,
        1.6,
        ["Original", "A"],
        ["6C"],
    )
    expect(action(page, "Save")).to_be_enabled()
    lit = holds(page, "start") + holds(page, "hands") + holds(page, "finish")
    assert len(lit) <= 6
    assert not page.locator(".hold.lit.set-b").count()


@on_phone
def test_what_is_missing_is_explained(visit: Visit, device: str) -> None:
    page = visit("?view=compose", device)
    fault = message(page)
    touch(page, "D9")
    expect(fault).to_have_text("No start yet: tap a hold in rows 2 to 6, or let Complete choose.")
    touch(page, "F5")
    expect(fault).to_have_text("No finish yet: tap a hold in row 18, or let Complete choose.")
    expect(action(page, "Save")).to_be_disabled()
    touch(page, "A18")
    expect(fault).to_have_count(0)


@on_phone
def test_a_third_start_asks_what_it_is(visit: Visit, device: str) -> None:
    page = visit("?view=compose", device)
    dialog = page.get_by_role("dialog", name="Hold C5")
    for label in ("F5", "G6"):
        touch(page, label)
    for choice, roles in (
        ("Close", {"F5": "start, included", "G6": "start, included", "C5": "free"}),
        ("Hand", {"F5": "start, included", "G6": "start, included", "C5": "hand, included"}),
        ("Start instead of F5", {"F5": "free", "G6": "start, included", "C5": "start, included"}),
    ):
        touch(page, "C5")
        expect(dialog).to_contain_text("A problem has one or two starts. What shall this hold be?")
        assert dialog.locator(".pick").all_inner_texts() == ["Hand", "Start instead of F5", "Start instead of G6"]
        press(dialog.get_by_role("button", name=choice, exact=True))
        expect(dialog).to_have_count(0)
        for label, words in roles.items():
            says(hold(page, label), f"{label}, {words}")
        if choice == "Hand":
            pick(page, "C5", "Clear")


def test_where_starts_may_be_anywhere_a_third_one_is_a_hand(visit: Visit) -> None:
    page = visit("?view=compose&board=moonboard-2024&problem=")
    for label in ("F2", "F5", "F8", "F11"):
        touch(page, label)
    assert (holds(page, "start"), holds(page, "hands")) == (["F2", "F5"], ["F8", "F11"])


def test_a_third_finish_asks_which_it_replaces(visit: Visit) -> None:
    page = visit("?view=compose")
    for label in ("A18", "B18", "C18"):
        touch(page, label)
    dialog = page.get_by_role("dialog", name="Hold C18")
    expect(dialog).to_contain_text("A problem has one or two finishes.")
    assert dialog.locator(".pick").all_inner_texts() == ["Finish instead of A18", "Finish instead of B18"]
    press(dialog.get_by_role("button", name="Finish instead of B18"))
    assert holds(page, "finish") == ["A18", "C18"]


def test_the_only_start_asks_before_another_joins_it(visit: Visit) -> None:
    page = visit("?view=compose")
    touch(page, "B4")
    touch(page, "F5")
    pick(page, "F5", "Only start")
    says(hold(page, "F5"), "F5, start, the only one")
    says(hold(page, "B4"), "B4, hand, included")
    assert marked(visit(address(page))) == marked(page)
    touch(page, "G6")
    dialog = page.get_by_role("dialog", name="Hold G6")
    expect(dialog).to_contain_text("You chose F5 as the only start.")
    press(dialog.get_by_role("button", name="Start beside F5"))
    assert holds(page, "start") == ["F5", "G6"]
    says(hold(page, "F5"), "F5, start, included")


@pytest.mark.parametrize(
    ("problem", "fault"),
    [
        ("D9s-G13-G18e", "D9 cannot be a start: starts are in rows 2 to 6."),
        ("F5s-G13e-G18e", "G13 cannot be a finish: finishes are in row 18."),
        ("F5s-D9", "No finish yet"),
        ("F5s-B4s-A5s-G18e", "B4, A5 and F5 are starts: a problem has one or two."),
    ],
)
def test_a_link_to_an_incomplete_problem_opens_in_compose(visit: Visit, problem: str, fault: str) -> None:
    page = visit(f"?problem={problem}")
    expect(page).to_have_title("Compose · climbpath")
    expect(message(page)).to_contain_text(fault)


@on_desktop
def test_grade_and_beta_change_with_every_hold(visit: Visit, device: str) -> None:
    page = visit(COMPOSE, device)
    grade, beta = card(page, "Grade"), card(page, "Beta")
    expect(beta).to_contain_text("Left hand to D9")
    before = grade.locator(".chart").get_attribute("aria-label") or ""
    touch(page, "D9")  # now it must not be used
    expect(beta).not_to_contain_text("D9")
    expect(beta.locator(".moves li").first).to_be_visible()
    expect(grade.locator(".chart[aria-label]")).not_to_have_attribute("aria-label", before)
    expect(page.locator(".caption .pill")).to_be_visible()
    press(action(page, "Undo"))
    expect(beta).to_contain_text("Left hand to D9")
    expect(grade.locator(".chart[aria-label]")).to_have_attribute("aria-label", before)


@on_desktop
def test_its_beta_goes_step_by_step(visit: Visit, device: str) -> None:
    page = visit(COMPOSE, device)
    press(action(page, "Beta"))
    press(action(page, "Next move"))
    expect(page.locator(".step")).to_contain_text("1 of 5")
    expect(page.locator(".board .move")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(action(page, "Complete")).to_be_visible()
    expect(page.locator(".board .move")).to_have_count(0)


@on_desktop
def test_a_composing_link_restores_exactly(visit: Visit, device: str) -> None:
    page = visit("?view=compose", device)
    for label in ("B4", "D9", "G13", "E10", "E10"):
        touch(page, label)
    bare = visit(address(page))
    assert marked(bare) == marked(page), "what is no problem yet"
    complete(page)
    other = visit(address(page))
    expect(other.locator(".moves li").first).to_be_visible()
    assert marked(other) == marked(page)
    assert address(other) == address(page)
    link = card(page, "Share and print").get_by_label("Opening this link").input_value()
    assert link == address(page)
    for one in (page, other):
        with one.expect_request("**/api/generate") as asking:
            press(action(one, "Complete"))
        body = json.loads(asking.value.post_data or "")
        asked = {name: sorted(body[name]) for name in ("pins", "bans", "start", "finish")}
        assert asked == {"pins": ["B4s", "D9h", "G13h"], "bans": ["E10"], "start": [], "finish": []}


def test_a_link_with_bans_only_restores_them(visit: Visit) -> None:
    page = visit("?view=compose")
    for label in ("E10", "E10", "F5", "F5"):
        touch(page, label)
    assert fields(page)["bans"].split("-") == ["E10", "F5"]
    assert marked(visit(address(page))) == marked(page)


@on_phone
def test_a_composition_survives_a_reload_and_other_views(visit: Visit, device: str) -> None:
    page = visit("?view=compose", device)
    for label in ("F5", "D9", "E10", "E10"):
        touch(page, label)
    complete(page)
    before, link = marked(page), address(page)
    page.reload()
    expect(action(page, "Save")).to_be_enabled()
    assert marked(page) == before
    expect(action(page, "Undo")).to_be_disabled()
    tab(page, "Logbook")
    tab(page, "Compose")
    expect(action(page, "Save")).to_be_enabled()
    assert (marked(page), address(page)) == (before, link)
    with page.expect_request("**/api/generate") as asking:
        press(action(page, "Complete"))
    assert json.loads(asking.value.post_data or "")["pins"] == ["F5s", "D9h"]


def test_every_board_has_its_own_composition(old_visit: Visit) -> None:
    page = old_visit("?view=compose")
    touch(page, "F5")
    choose(page, "Board", "moonboard-mini-2020")
    expect(message(page)).to_contain_text(EMPTY)
    press(action(page, "Complete"))
    expect(toasts(page)).to_contain_text("No model has learned MoonBoard Mini 2020 yet")
    touch(page, "A12")
    says(hold(page, "A12"), "A12, finish, included")
    choose(page, "Board", "moonboard-2016")
    says(hold(page, "F5"), "F5, start, included")
    choose(page, "Board", "moonboard-mini-2020")
    says(hold(page, "A12"), "A12, finish, included")


def test_an_ungraded_board_still_has_beta_and_can_be_saved(visit: Visit, server: Server) -> None:
    kim = server.climber()
    ungraded = "board=tension-2-mirror&angle=40&problem=549s-306-307e"
    page = visit(f"?view=compose&{ungraded}", climber=kim)
    expect(card(page, "Grade")).to_contain_text("There is no grader for this board and angle yet.")
    expect(page.locator(".moves li").first).to_be_visible()
    press(action(page, "Save"))
    expect(toasts(page)).to_contain_text("Saved")
    eventually(lambda: len(server.entries(kim)) == 1)


def test_a_late_completion_does_not_undo_later_taps(visit: Visit) -> None:
    page = visit("?view=compose")
    touch(page, "D9")
    held = Held(page, "**/api/generate")
    action(page, "Complete").dblclick()
    touch(page, "G13")
    with page.expect_response("**/api/generate"):
        held.release()
    expect(page.locator(".stage")).not_to_have_class(re.compile("busy"))
    says(hold(page, "G13"), "G13, hand, included")
    assert not page.locator('.hold[aria-label*="filled in"]').count()


def test_a_late_completion_stays_on_its_board(visit: Visit) -> None:
    page = visit("?view=compose")
    touch(page, "D9")
    held = Held(page, "**/api/generate")
    press(action(page, "Complete"))
    choose(page, "Board", "moonboard-masters-2017")
    with page.expect_response("**/api/generate"):
        held.release()
    expect(message(page)).to_contain_text(EMPTY)
    tab(page, "Logbook")
    expect(page).to_have_url(re.compile("view=logbook"))


def test_back_closes_the_roles(visit: Visit) -> None:
    page = visit(LINK)
    tab(page, "Compose")
    hold_down(page, "F5")
    page.go_back()
    expect(page).to_have_title("Climb · climbpath")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_twenty_holds_can_be_pinned(visit: Visit) -> None:
    page = visit("?view=compose")
    for column in "ABCDEFGHIJ":
        for row in (10, 12):
            touch(page, f"{column}{row}")
    expect(page.locator('.hold[aria-label*="included"]')).to_have_count(20)
    touch(page, "K10")
    expect(toasts(page)).to_contain_text("up to 20 holds")
    hold_down(page, "K12")
    press(page.get_by_role("dialog").get_by_role("button", name="Hand"))
    says(hold(page, "K12"), "K12, free")
    expect(page.locator('.hold[aria-label*="included"]')).to_have_count(20)


@on_desktop
def test_a_shown_problem_can_be_changed(visit: Visit, device: str) -> None:
    page = visit(LINK, device)
    press(card(page, "Share and print").get_by_role("link", name="Edit in Compose"))
    expect(page).to_have_title("Compose · climbpath")
    says(hold(page, "D9"), "D9, hand, included")
    expect(action(page, "Save")).to_be_enabled()
    page.go_back()
    expect(page.locator(".caption h1")).to_have_text("Slow Heron")


def test_a_completed_problem_has_one_grade_everywhere(visit: Visit, server: Server) -> None:
    kim = server.climber()
    page = visit("?view=compose", climber=kim)
    touch(page, "F5")
    complete(page)
    grade = page.locator(".caption .pill").inner_text().split()[0]
    expect(card(page, "Grade").locator(".chosen b")).to_have_text(grade)
    picture = card(page, "Share and print").get_by_role("link", name="PNG", exact=True)
    assert f"grade={grade.replace('+', '%2B')}" in str(picture.get_attribute("href"))
    press(action(page, "Save"))
    eventually(lambda: [entry["problem"]["grade"] for entry in server.entries(kim)] == [grade])
    assert server.entries(kim)[0]["problem"]["asked_grade"]


def test_a_composed_problem_is_saved_with_the_predicted_grade(visit: Visit, server: Server) -> None:
    kim = server.climber()
    page = visit(COMPOSE, climber=kim)
    grade = page.locator(".caption .pill").inner_text().split()[0]
    press(action(page, "Save"))
    expect(card(page, "Your logbook")).to_be_visible()
    eventually(lambda: [entry["problem"]["grade"] for entry in server.entries(kim)] == [grade])
    touch(page, "D9")
    expect(card(page, "Your logbook")).to_have_count(0)
