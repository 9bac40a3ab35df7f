"""Lights: the real page with a stand-in for the browser's Bluetooth, which speaks to the virtual board."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from climbpath import board as boards
from climbpath.errors import ClimbpathError
from climbpath.lights import aurora, moonboard, virtual
from climbpath.lights.leds import Light, holds_of
from climbpath.lights.messages import wall_of
from climbpath.lights.receiver import Shown
from support.fuzz import fuzzed
from support.making import random_problems
from support.radio import RADIO, lit, virtual_board
from support.server import Server
from support.steps import LINK, action, card, hold, press, swipe, tab, toasts, touch
from support.visits import Visit

HERON = ["F5 start", "D9 hand", "G13 hand", "E15 hand", "G18 finish"]
OTHER = "?board=moonboard-2016&angle=40&problem=A5s-B6-C10-D18e"


@pytest.fixture
def context(visit: Visit) -> BrowserContext:
    """A browser with Bluetooth and with a virtual board in range."""
    context = visit.context()
    context.add_init_script(RADIO)
    return context


@pytest.fixture
def board(context: BrowserContext) -> Page:
    return virtual_board(context)


def opened(context: BrowserContext, path: str = LINK) -> Page:
    page = context.new_page()
    page.goto(path)
    expect(page.locator("#main")).not_to_be_empty()
    return page


def lights_card(page: Page) -> Page:
    tab(page, "Climber")
    expect(card(page, "Lights")).to_be_visible()
    return page


def connected(context: BrowserContext, path: str = LINK, when: str = "swipe", **radio: object) -> Page:
    """A page that shows a problem and is connected to the board."""
    page = opened(context, path)
    lights_card(page)
    page.evaluate("more => Object.assign(window.radio, more)", radio)
    press(card(page, "Lights").get_by_role("button", name="Connect", exact=True))
    expect(card(page, "Lights")).to_contain_text(f"Connected to {radio.get('name', 'MoonBoard A')}.")
    if when != "swipe":
        card(page, "Lights").get_by_label("Light a problem").select_option(when)
    return page


def back(page: Page) -> None:
    """From the settings to the problem."""
    tab(page, "Climb")
    expect(action(page, "Next")).to_be_visible()


def writes(page: Page) -> list[list[object]]:
    return list(page.evaluate("window.radio.writes"))


def test_a_problem_lights_once_connected_and_so_does_the_next_at_a_swipe(context: BrowserContext, board: Page) -> None:
    page = connected(context)
    lit(board, *HERON)
    assert writes(page) == [["without", 20], ["without", 5]]
    back(page)
    swipe(page, 1)
    expect(page.locator(".caption h1")).not_to_have_text("Slow Heron")
    labels = page.locator('.hold:not([data-role=""])').evaluate_all("all => all.map((one) => one.dataset.label)")
    expect(board.locator(".state li")).to_have_count(len(labels))
    shown = board.locator(".state li").all_inner_texts()
    assert {words.split()[0] for words in shown} == set(labels)
    assert shown[0].endswith("start")
    assert shown[-1].endswith("finish")
    swipe(page, -1)
    lit(board, *HERON)
    assert page.evaluate("window.radio.connections") == 1


def test_on_tap_only_a_tap_on_the_board_lights(context: BrowserContext, board: Page) -> None:
    page = opened(context)
    page.evaluate("localStorage.setItem('climbpath.lights', JSON.stringify({ when: 'tap' }))")
    page.close()
    page = connected(context)
    back(page)
    press(action(page, "Beta"))
    press(action(page, "Next move"))
    press(action(page, "Close beta"))
    lit(board)
    assert writes(page) == []
    page.locator(".board .wall").click(position={"x": 30, "y": 30})
    lit(board, *HERON)
    press(action(page, "Next"))
    expect(page.locator(".caption h1")).not_to_have_text("Slow Heron")
    lit(board, *HERON)


def test_off_lights_only_at_the_button(context: BrowserContext, board: Page) -> None:
    page = opened(context)
    page.evaluate("localStorage.setItem('climbpath.lights', JSON.stringify({ when: 'off' }))")
    page.close()
    page = connected(context)
    back(page)
    page.locator(".board .wall").click(position={"x": 30, "y": 30})
    press(action(page, "Next"))
    press(action(page, "Previous"))
    lit(board)
    press(action(page, "Light this problem"))
    lit(board, *HERON)


def test_the_beta_lights_move_by_move_and_then_the_problem_again(context: BrowserContext, board: Page) -> None:
    page = connected(context)
    back(page)
    press(action(page, "Beta"))
    lit(board, "F5 start")
    press(action(page, "Next move"))
    lit(board, "F5 start", "D9 hand")
    press(action(page, "Next move"))
    lit(board, "D9 hand", "G13 hand")
    press(action(page, "Close beta"))
    lit(board, *HERON)


def test_the_new_letters_send_left_and_right(context: BrowserContext, board: Page) -> None:
    page = connected(context)
    card(page, "Lights").get_by_label("Send left, right").check()
    back(page)
    expect(page.locator(".moves li").first).to_be_visible()
    press(action(page, "Light this problem"))
    lit(board, "F5 start", "D9 left", "G13 hand", "E15 left", "G18 finish")


def test_compose_lights_holds_as_they_are_touched_and_an_empty_board_stays_as_it_was(
    context: BrowserContext, board: Page
) -> None:
    page = connected(context)
    lit(board, *HERON)
    tab(page, "Compose")
    touch(page, "G13")
    lit(board, "G13 hand")
    touch(page, "F5")
    lit(board, "F5 start", "G13 hand")
    press(action(page, "Undo"))
    lit(board, "G13 hand")
    press(action(page, "Clear"))
    expect(action(page, "Clear")).to_be_disabled()
    press(page.locator("#toasts").get_by_role("button", name="Undo"))
    lit(board, "G13 hand")


def test_the_lights_go_out_only_at_the_button_that_says_so(context: BrowserContext, board: Page) -> None:
    page = connected(context)
    lit(board, *HERON)
    press(card(page, "Lights").get_by_role("button", name="All lights out"))
    lit(board)
    back(page)
    press(action(page, "Light this problem"))
    lit(board, *HERON)
    lights_card(page)
    press(card(page, "Lights").get_by_role("button", name="Disconnect"))
    expect(board.get_by_role("status")).to_contain_text("Nobody is connected")
    lit(board, *HERON)


def test_a_connection_that_is_lost_in_the_middle_comes_back_and_the_problem_is_sent_whole(
    context: BrowserContext, board: Page
) -> None:
    page = connected(context, loseAfter=[1])
    lit(board, *HERON)
    assert writes(page) == [["without", 20], ["without", 20], ["without", 5]]
    expect(card(page, "Lights")).to_contain_text("Connected to MoonBoard A.")
    assert page.evaluate("window.radio.connections") == 2
    assert page.evaluate("window.radio.picks") == 1


def test_after_the_phone_slept_the_page_connects_by_itself(context: BrowserContext, board: Page) -> None:
    page = connected(context)
    back(page)
    see = "state => Object.defineProperty(document, 'visibilityState', { value: state, configurable: true })"
    page.evaluate(see, "hidden")
    page.evaluate("window.radio.isAway = true; window.radio.lose()")
    expect(action(page, "Connection lost: connect again")).to_be_visible()
    press(action(page, "Next"))
    expect(page.locator(".caption h1")).not_to_have_text("Slow Heron")
    press(action(page, "Previous"))
    page.evaluate("window.radio.isAway = false")
    assert page.evaluate("window.radio.connections") == 1
    board.get_by_label("Bytes").fill("l##")
    press(board.get_by_role("button", name="Show"))
    page.evaluate(see, "visible")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    lit(board, *HERON)
    expect(action(page, "Light this problem")).to_be_visible()


def test_a_board_that_is_away_is_tried_again_until_it_is_back(context: BrowserContext, board: Page) -> None:
    page = connected(context)
    lit(board, *HERON)
    page.evaluate("window.radio.isAway = true; window.radio.lose()")
    expect(card(page, "Lights")).to_contain_text("The connection to MoonBoard A was lost. It comes back by itself.")
    page.evaluate("window.radio.isAway = false")
    expect(card(page, "Lights")).to_contain_text("Connected to MoonBoard A.")


def test_the_connection_of_the_virtual_board_can_be_lost_too(context: BrowserContext, board: Page) -> None:
    page = connected(context)
    lit(board, *HERON)
    press(board.get_by_role("button", name="Lose the connection"))
    expect(board.get_by_role("status")).to_have_text("A page is connected.")
    assert page.evaluate("window.radio.connections") == 2


def test_a_board_that_only_takes_writes_with_response_gets_them(context: BrowserContext, board: Page) -> None:
    page = connected(context, properties={"write": True, "writeWithoutResponse": False})
    lit(board, *HERON)
    assert writes(page) == [["with", 20], ["with", 5]]


def test_an_original_controller_is_written_to_with_response(context: BrowserContext, board: Page) -> None:
    page = connected(context, service="713d0000-503e-4c75-ba94-3148f18d941e")
    lit(board, *HERON)
    assert writes(page) == [["with", 20], ["with", 5]]


def test_a_board_that_refuses_says_so_and_is_not_asked_for_ever(context: BrowserContext, board: Page) -> None:
    page = connected(context, refuses=True)
    expect(toasts(page)).to_contain_text("MoonBoard A refused the lights")
    assert page.evaluate("window.radio.connections") == 1
    lit(board)


def test_something_else_is_no_board(context: BrowserContext, board: Page) -> None:
    page = lights_card(opened(context))
    page.evaluate("Object.assign(window.radio, { name: 'Watch', service: 'other' })")
    press(card(page, "Lights").get_by_role("button", name="Connect", exact=True))
    expect(toasts(page)).to_contain_text("Watch is not the controller of a board")
    expect(card(page, "Lights").get_by_role("button", name="Connect", exact=True)).to_be_enabled()


def test_a_board_by_aurora_is_not_sent_a_moonboard_s_problem(context: BrowserContext, board: Page) -> None:
    page = connected(context, name="Kilter Board#7@3")
    expect(toasts(page)).to_contain_text("Kilter Board#7@3 is not the controller of MoonBoard 2016")
    assert writes(page) == []


def test_a_picker_that_is_closed_changes_nothing(context: BrowserContext, board: Page) -> None:
    page = lights_card(opened(context))
    page.evaluate("window.radio.isPickerClosed = true")
    press(card(page, "Lights").get_by_role("button", name="Connect", exact=True))
    expect(card(page, "Lights").get_by_role("button", name="Connect", exact=True)).to_be_enabled()
    assert page.evaluate("window.radio.picks") == 1


def test_a_second_page_is_told_that_the_board_is_in_use(context: BrowserContext, board: Page) -> None:
    connected(context)
    lit(board, *HERON)
    other = lights_card(opened(context, OTHER))
    press(card(other, "Lights").get_by_role("button", name="Connect", exact=True))
    expect(toasts(other)).to_contain_text("The board does not answer")
    press(card(other, "Lights").get_by_role("button", name="Try it without a board"))
    expect(toasts(other)).to_contain_text("The virtual board is in use by another page.")
    lit(board, *HERON)


def test_a_page_that_is_gone_does_not_keep_the_board(context: BrowserContext, board: Page) -> None:
    page = connected(context)
    lit(board, *HERON)
    page.close()
    connected(context, OTHER)
    lit(board, "A5 start", "B6 hand", "C10 hand", "D18 finish")


def test_without_hardware_the_page_lights_the_virtual_board(visit: Visit) -> None:
    context = visit.context()
    page = lights_card(opened(context))
    press(card(page, "Lights").get_by_role("button", name="Try it without a board"))
    expect(toasts(page)).to_contain_text("No virtual board is open")
    board = virtual_board(context)
    press(card(page, "Lights").get_by_role("button", name="Try it without a board"))
    lit(board, *HERON)
    expect(board.locator(".writes")).to_have_text("2 writes of up to 20 bytes.")
    page.reload()  # connects again as before
    expect(card(page, "Lights")).to_contain_text("Connected to MoonBoard in this browser.")


def test_a_browser_without_bluetooth_says_which_ones_have_it(visit: Visit) -> None:
    page = lights_card(visit(LINK))
    page.evaluate("delete Navigator.prototype.bluetooth")
    page.reload()
    expect(card(page, "Lights")).to_contain_text("This browser has no Web Bluetooth. Chrome and Edge have it")
    expect(card(page, "Lights").get_by_role("button", name="Connect", exact=True)).to_have_count(0)


def test_the_walk_over_the_leds_makes_a_mapping_that_is_used(context: BrowserContext, board: Page) -> None:
    page = connected(context)
    card(page, "Lights").get_by_text("A strip of your own").click()
    press(card(page, "Lights").get_by_role("button", name="Step through the LEDs"))
    box = page.get_by_role("dialog", name="Step through the LEDs")
    expect(box.get_by_role("status")).to_have_text("LED 0 is at no hold that is known.")
    lit(board, "LED 0 hand")
    press(box.get_by_role("button", name="Next LED"))
    lit(board, "LED 1 hand")
    for label in ("F5", "D9", "G13", "E15", "G18"):
        touch(page, label)
    expect(box.get_by_role("status")).to_contain_text("LED 6 ")
    press(box.get_by_role("button", name="Use this wiring (5 seen)"))
    back(page)
    press(action(page, "Light this problem"))
    lit(board, *(f"LED {i} hand" if i in (2, 3) else f"{one}" for i, one in enumerate(OWN, 1)))


OWN = ["LED 1 start", "", "", "A5 hand", "LED 5 finish"]
"""What the board at its usual wiring shows of the problem at LEDs 1 to 5."""


def test_a_mapping_file_is_used_and_a_bad_one_refused(context: BrowserContext, board: Page, tmp_path: Path) -> None:
    page = connected(context)
    lit(board, *HERON)
    card(page, "Lights").get_by_text("A strip of your own").click()
    chooser = card(page, "Lights").locator("input[type=file]")
    for content, words in (
        ("{", "A mapping file is JSON such as"),
        ('{"Z9": 1}', "names “Z9”, which MoonBoard 2016 does not have"),
        ('{"F5": "1"}', "The LED of F5 must be a number"),
        ('{"F5": 1, "D9": 1}', "LED 1 is at F5 and at D9."),
    ):
        (tmp_path / "strip.json").write_text(content)
        chooser.set_input_files(tmp_path / "strip.json")
        expect(toasts(page)).to_contain_text(words)
    numbers = {"F5": 63, "D9": 103, "G13": 125, "E15": 120, "G18": 86, "A1": 0}
    (tmp_path / "strip.json").write_text(json.dumps(numbers))
    chooser.set_input_files(tmp_path / "strip.json")
    expect(card(page, "Lights")).to_contain_text("Your own wiring of this board is used.")
    back(page)
    press(action(page, "Light this problem"))
    lit(board, "D9 start", "F5 hand", "G18 hand", "G13 hand", "E15 finish")


def test_a_problem_with_a_hold_that_the_wall_lacks_is_not_lit_in_part(context: BrowserContext, board: Page) -> None:
    page = opened(context)
    mapping = json.dumps({"mappings": {"moonboard-2016": {"F5": 1, "G18": 2}}})
    page.evaluate("text => localStorage.setItem('climbpath.lights', text)", mapping)
    page.close()
    page = connected(context)
    expect(toasts(page)).to_contain_text("MoonBoard 2016 has no D9, G13 and E15.")
    assert writes(page) == []


def test_the_virtual_board_shows_bytes_that_are_typed_in(visit: Visit) -> None:
    board = virtual_board(visit.context(), "?board=moonboard-mini-2020")
    board.get_by_label("Bytes").fill("~D*~M*l#S1,P22,E131,P500#")
    press(board.get_by_role("button", name="Show"))
    lit(board, "A2 start", "B2 hand", "K12 finish", "LED 500 hand")
    expect(board.locator(".state")).to_contain_text("A second LED at every hold. A Mini.")
    board.get_by_label("Bytes").fill("01 04 7e 02 54 10 00 1c 03")
    press(board.get_by_role("button", name="Show"))
    expect(board.locator(".state")).to_contain_text("Not understood: ")
    lit(board, "A2 start", "B2 hand", "K12 finish", "LED 500 hand")
    board.get_by_label("Bytes").fill("01047f02541000 1c03")
    press(board.get_by_role("button", name="Show"))
    expect(board.locator(".state li")).to_have_count(1)


@pytest.fixture
def bare(visit: Visit) -> Page:
    """A page that runs scripts of ours."""
    return visit(LINK)


def test_the_page_writes_the_same_bytes_as_the_command(bare: Page) -> None:
    cases = []
    for problem in random_problems(60, seed=5):
        layout = boards.load(problem.board)
        lights = wall_of(layout).lights(holds_of(problem))
        for options in ({}, {"extraLeds": True}, {"newLetters": True, "mini": True}):
            flags = {"extra_leds": "extraLeds" in options, "new_letters": "newLetters" in options}
            sent = moonboard.encode(lights, **flags, mini="mini" in options)
            cases.append(([light._asdict() for light in lights], options, list(sent)))
    js = "async all => { const m = await import('/js/lights-bytes.js');"
    js += "return all.map(([lights, options]) => [...m.moonboard(lights, options)]) }"
    assert bare.evaluate(js, [case[:2] for case in cases]) == [case[2] for case in cases]


def test_the_page_writes_the_same_bytes_for_boards_by_aurora(bare: Page) -> None:
    colours = {"start": "00FF00", "hand": "00FFFF", "finish": "FF00FF", "foot": "FFA500"}
    cases, wanted = [], []
    for count in (0, 1, 2, 12, 84, 85, 130, 170, 271):
        lights = [Light(str(3 * i), 3 * i, list(colours)[i % 4]) for i in range(count)]
        for level in (2, 3):
            for brightness in (1, 0.5, 0.1):
                cases.append([[light._asdict() for light in lights], colours, level, brightness])
                try:
                    wanted.append(list(aurora.encode(lights, colours, level, brightness)))
                except ClimbpathError:
                    wanted.append([])
    js = "async all => { const m = await import('/js/lights-bytes.js'); return all.map((one) => {"
    js += "try { return [...m.aurora(...one)] } catch (error) {"
    js += "if (error instanceof m.LightError) return []; throw error } })}"
    assert bare.evaluate(js, cases) == wanted
    js = "async () => { const m = await import('/js/lights-bytes.js');"
    js += "return [[true, 3], [false, 2], [false, 3]].map((one) => [...m.off(...one)]) }"
    assert bare.evaluate(js) == [list(one) for one in (moonboard.OFF, aurora.off(2), aurora.off(3))]


def test_the_page_s_virtual_board_understands_what_the_command_s_does(bare: Page) -> None:
    strings = [fuzzed(seed) for seed in range(600)]
    wanted = [
        [
            [[one.position, one.colour] for one in outcome.lights]
            for outcome in virtual.received([sent])
            if isinstance(outcome, Shown)
        ]
        for sent in strings
    ]
    js = "async all => { const m = await import('/js/lights-receiver.js');"
    js += "const shown = (bytes) => new m.Receiver().feed(bytes).filter((one) => !one.fault);"
    js += "return all.map((bytes) => shown(bytes).map((one) => one.lights.map((l) => [l.position, l.colour]))) }"
    assert bare.evaluate(js, [list(sent) for sent in strings]) == wanted


def test_the_server_knows_the_leds_of_its_boards(server: Server) -> None:
    leds = server.ask("GET", "/leds/moonboard-2016.json")
    assert leds["isMoonboard"]
    assert leds["sizes"]["11 x 18"]["F5"] == 103


def test_a_board_by_aurora_lights_in_its_size_and_colours(context: BrowserContext) -> None:
    board = virtual_board(context, "?board=kilter-original&size=12 x 14")
    page = opened(context, "?view=compose&board=kilter-original&angle=40&problem=")
    expect(page.locator(".message")).to_be_visible()
    lights_card(page)
    page.evaluate("window.radio.name = 'Kilter Board#7@3'")
    press(card(page, "Lights").get_by_role("button", name="Connect", exact=True))
    expect(card(page, "Lights")).to_contain_text("Connected to Kilter Board#7@3.")
    tab(page, "Compose")
    hold(page, "1200").locator(".touch").click(force=True)
    expect(toasts(page)).to_contain_text("Which size is your Kilter Board Original?")
    lights_card(page)
    card(page, "Lights").get_by_label("Size of the wall").select_option("12 x 14")
    card(page, "Lights").get_by_label("Brightness").select_option("50")
    tab(page, "Compose")
    hold(page, "1100").locator(".touch").click(force=True)
    expect(board.locator(".state li")).to_have_count(2)
    expect(board.locator(".state li")).to_have_text([re.compile("^1100 "), re.compile("^1200 ")])
