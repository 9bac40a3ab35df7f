"""The page on walls without rows: a size, angles that nobody learned, feet, and holds that stand close together."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from climbpath import board as boards
from climbpath.model.checkpoint import save_checkpoint
from climbpath.problem import parse_notation
from support.server import Server, eventually
from support.steps import action, bounding_box, card, hold, log_tries, toasts, touch
from support.untrained import checkpoint
from support.visits import Visit, visits

TOUCH: dict[str, Any] = {"has_touch": True, "is_mobile": True, "viewport": {"width": 360, "height": 740}}
WALLS = ("kilter-original", "tension-1")
SIZES = {"kilter-original": "7 x 10", "tension-1": "Short & Narrow"}
FINGER_PX = 40


@pytest.fixture(scope="module")
def wall_server(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app with a model of random weights that has learned every board, of Aurora boards at an unknown angle."""
    folder = tmp_path_factory.mktemp("walls")
    content = checkpoint()
    content["evidence"] = {
        text.replace("@40", "@unknown") if boards.load(text.partition("@")[0]).has_angle(None) else text: counts
        for text, counts in content["evidence"].items()
    }
    save_checkpoint(folder / "model.pt", content)
    running = Server(folder, "--model", str(folder / "model.pt"))
    yield running
    running.kill()


@pytest.fixture
def wall_visit(chromium: Browser, wall_server: Server) -> Iterator[Visit]:
    yield from visits(chromium, wall_server)


def problem_on(name: str, size: str | None = None) -> str:
    """A link's query to a problem of a start, a hand, a foot and a finish, all of a size."""
    layout = boards.load(name)
    labels = list(layout.size(size).leds) if size else list(layout.labels)
    labels.sort(key=layout.labels.index)
    start, hand, foot, finish = labels[len(labels) // 3], labels[len(labels) // 2], labels[0], labels[-1]
    return f"board={name}&angle=40&problem={start}s-{hand}-{foot}f-{finish}e"


def shown_holds(page: Page) -> int:
    return page.locator(".stage .board .hold").count()


def next_problem(page: Page) -> None:
    before = page.locator(".title h1").inner_text()
    page.locator("button.primary").click()
    expect(page.locator(".title h1")).not_to_have_text(before)


def open_tuning(page: Page) -> Page:
    page.locator(".tuning summary").click()
    return page


def test_an_unknown_angle_is_said_in_words(wall_visit: Visit, wall_server: Server) -> None:
    page = wall_visit("", climber=wall_server.climber("Kim"), **TOUCH | {"viewport": {"width": 320, "height": 640}})
    page.get_by_role("combobox", name="Board", exact=True).select_option("tension-1")
    angle = page.get_by_role("combobox", name="Angle")
    narrow = bounding_box(angle)
    angle.select_option("unknown")
    expect(angle.locator("option:checked")).to_have_text("unknown")
    wide = bounding_box(angle)  # as wide as the word, beside the others
    assert (wide["width"] > narrow["width"], wide["y"]) == (True, narrow["y"])
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    with page.expect_response("**/api/problems?**"):
        action(page, "Save").click()
    page.goto("?view=logbook")
    expect(page.locator(".problem-line .about small").last).to_contain_text("Tension 1 · unknown angle · ")


@pytest.mark.parametrize("name", WALLS)
def test_new_problems_come_on_a_wall_and_say_that_its_angle_was_not_learned(wall_visit: Visit, name: str) -> None:
    page = wall_visit(f"?{problem_on(name)}", **TOUCH)
    expect(page.locator(".title h1")).not_to_be_empty()
    expect(card(page, "Grade")).to_contain_text("as if the angle were unknown")
    next_problem(page)
    angle = page.get_by_role("combobox", name="Angle")
    expect(angle).to_have_value("40")
    expect(angle.locator("option:checked").locator("xpath=..")).to_have_attribute("label", "As if unknown")
    expect(page.locator(".title small")).to_contain_text("unknown angle")
    expect(card(page, "Grade")).to_contain_text("as if the angle were unknown")
    angle.select_option("unknown")
    expect(angle).to_have_value("unknown")
    expect(card(page, "Grade")).not_to_contain_text("as if the angle were unknown")


@pytest.mark.parametrize("name", WALLS)
def test_grades_are_those_of_the_board(wall_visit: Visit, name: str) -> None:
    page = wall_visit(f"?{problem_on(name)}")
    ladder = boards.load(name).ladder
    expect(page.locator(".stage .lit")).to_have_count(4)
    offered = page.get_by_label("Easiest grade").locator("option").all_inner_texts()
    assert offered
    assert set(offered) <= set(ladder)
    page.goto("?view=climber")
    expect(page.get_by_label("Easiest grade").locator("option")).to_have_text(list(ladder))
    page.goto("?view=logbook")
    offered_there = page.locator(".search").get_by_label("Easiest grade").locator("option")
    expect(offered_there).to_have_text(["From", *ladder])


@pytest.mark.parametrize("name", WALLS)
def test_a_size_is_chosen_once_and_shows_its_holds_alone(wall_visit: Visit, name: str) -> None:
    layout, size = boards.load(name), SIZES[name]
    page = wall_visit(f"?{problem_on(name, size)}")
    expect(page.locator(".stage .lit")).to_have_count(4)
    assert shown_holds(page) == len(layout.holds)
    open_tuning(page).get_by_label("Size of your board").select_option(size)
    expect(page.locator(".stage .board .hold")).to_have_count(len(layout.size(size).leds))
    page.reload()
    expect(page.locator(".stage .board .hold")).to_have_count(len(layout.size(size).leds))
    for _ in range(2):
        next_problem(page)
        expect(page.locator(".stage .board .hold")).to_have_count(len(layout.size(size).leds))


@pytest.mark.parametrize("answer", ["7 x 10", "All holds"])
def test_the_size_of_a_wall_is_asked_for_once(wall_visit: Visit, answer: str) -> None:
    page = wall_visit("", **TOUCH)
    board, asked = page.get_by_role("combobox", name="Board", exact=True), page.get_by_label("Which size is your wall?")
    expect(board).to_be_visible()
    expect(asked).to_have_count(0)  # this board has one
    board.select_option("kilter-original")
    asked.select_option(label=answer)
    expect(asked).to_have_count(0)
    layout = boards.load("kilter-original")
    shown = len(layout.size(answer).leds) if answer == "7 x 10" else len(layout.holds)
    expect(page.locator(".stage .board .hold")).to_have_count(shown)
    page.reload()
    expect(page.locator(".stage .board .hold")).to_have_count(shown)
    expect(asked).to_have_count(0)


def test_tries_have_the_angle_that_the_wall_was_set_to(wall_visit: Visit, wall_server: Server) -> None:
    kim, link = wall_server.climber("Kim"), problem_on("tension-1").replace("angle=40", "angle=unknown")
    page = wall_visit("", climber=kim, **TOUCH)
    page.get_by_role("combobox", name="Board", exact=True).select_option("tension-1")
    page.get_by_role("combobox", name="Angle").select_option("20")
    expect(page.locator(".title small")).to_contain_text("Tension 1 · unknown angle")
    page.goto(f"?{link}")
    expect(page.locator(".title small")).to_contain_text("Tension 1 · unknown angle")
    # tries of another angle are not gone on with
    log_tries(page, 3, "3 tries, not sent")
    action(page, "Sent").click()
    sheet = page.get_by_role("dialog")
    expect(sheet).to_contain_text("Goes on from 3 tries")
    expect(sheet.get_by_label("Angle")).to_have_value("20")
    sheet.get_by_label("Angle").select_option("45")
    expect(sheet).not_to_contain_text("Goes on from 3 tries")
    sheet.get_by_role("spinbutton", name="Tries").fill("2")
    sheet.get_by_role("button", name="Sent on try 2", exact=True).click()
    eventually(lambda: len(wall_server.entries(kim)[0]["ticks"]) == 2)
    (entry,) = wall_server.entries(kim)
    assert {(tick["attempts"], tick["sent"], tick["angle"]) for tick in entry["ticks"]} == {
        (3, False, 20),
        (2, True, 45),
    }
    expect(page.locator(".ticks")).to_contain_text("20°")
    expect(page.locator(".ticks")).to_contain_text("45°")


def test_an_easy_problem_of_an_unknown_angle_opens_on_a_wall_whose_grades_are_known(wall_visit: Visit) -> None:
    """As the warm-up of a workout, from the logbook, and by its link: no other problem takes its place."""
    easy = "1155s-1173s-1206-1208-1257-1259-1308-1288e-1306e"
    page = wall_visit("", **TOUCH)
    page.get_by_role("combobox", name="Board", exact=True).select_option("kilter-original")
    expect(page.locator(".caption h1")).to_be_visible()
    link = f"?board=kilter-original&angle=unknown&grade=4C&name=Warm+Fern&problem={easy}"
    page.goto(link)
    expect(page.locator(".caption h1")).to_have_text("Warm Fern")
    with page.expect_response("**/api/problems?**"):
        action(page, "Save").click()
    page.goto("?view=logbook")
    page.locator(".results .problem-line").click()
    expect(page.locator(".caption h1")).to_have_text("Warm Fern")
    page.goto("?view=workout")
    page.get_by_role("button", name="Plan it").click()
    first = page.locator(".problem-line .about strong").first
    expect(first).to_be_visible(timeout=60_000)
    name = first.inner_text()
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator(".caption h1")).to_have_text(name)
    expect(page.locator(".workout-bar .rest")).to_be_visible()
    expect(page.locator(".workout-bar .away")).to_have_count(0)


def test_the_walls_angle_stays_where_a_problem_is_edited_in_compose(wall_visit: Visit, wall_server: Server) -> None:
    page = wall_visit("", climber=wall_server.climber("Kim"), **TOUCH)
    page.get_by_role("combobox", name="Board", exact=True).select_option("tension-1")
    angle = page.get_by_role("combobox", name="Angle")
    angle.select_option("30")
    expect(page.locator(".title small")).to_contain_text("Tension 1 · unknown angle")
    page.get_by_role("link", name="Edit in Compose").click()
    expect(page.locator(".stage .lit").first).to_be_visible()
    expect(angle).to_have_value("30")


@pytest.mark.parametrize("name", WALLS)
def test_words_count_the_holds_of_a_wall_without_letters(wall_visit: Visit, name: str) -> None:
    """Placement numbers stand on no wall."""
    page = wall_visit(f"?{problem_on(name)}", **TOUCH)
    moves = page.locator(".moves li")
    expect(moves.first).to_contain_text("Both hands on hold 1")
    expect(moves.nth(1)).to_contain_text(re.compile("(Left|Right) hand to hold 2"))
    action(page, "Beta").click()
    expect(page.locator(".step strong")).to_have_text("Both hands on hold 1")


def test_the_virtual_board_has_the_size_of_the_wall(wall_visit: Visit, wall_server: Server) -> None:
    page = wall_visit("", climber=wall_server.climber("Kim"), **TOUCH)
    page.get_by_role("combobox", name="Board", exact=True).select_option("kilter-original")
    page.get_by_label("Which size is your wall?").select_option(label="7 x 10")
    page.goto("?view=climber")
    link = page.get_by_role("link", name="Open the virtual board")
    expect(link).to_have_attribute("href", "/virtual-board/?board=kilter-original&size=7+x+10")


def test_an_angle_that_was_not_learned_stays_where_a_problem_is_opened(wall_visit: Visit) -> None:
    page = wall_visit("", **TOUCH)
    page.get_by_role("combobox", name="Board", exact=True).select_option("tension-1")
    angle = page.get_by_role("combobox", name="Angle")
    angle.select_option("20")
    expect(page.locator(".title small")).to_contain_text("Tension 1 · unknown angle")
    link = page.locator(".link").input_value()
    page.get_by_role("combobox", name="Board", exact=True).select_option("moonboard-2016")
    expect(page.locator(".title small")).to_contain_text("MoonBoard 2016")
    page.goto(link)
    expect(page.locator(".title small")).to_contain_text("Tension 1 · unknown angle")
    expect(angle).to_have_value("20")
    expect(card(page, "Grade")).to_contain_text("no model has learned 20°")


def test_compose_keeps_the_angle_of_a_problem(wall_visit: Visit) -> None:
    page = wall_visit(f"?view=compose&{problem_on('tension-1').replace('angle=40', 'angle=unknown')}", **TOUCH)
    expect(page.get_by_role("combobox", name="Angle")).to_have_value("unknown")
    expect(page.locator(".link")).to_have_value(re.compile("angle=unknown"))


def test_a_link_keeps_the_size_for_who_has_chosen_none(wall_visit: Visit) -> None:
    layout = boards.load("kilter-original")
    page = wall_visit(f"?{problem_on('kilter-original', '7 x 10')}&size=7+x+10")
    expect(page.locator(".stage .board .hold")).to_have_count(len(layout.size("7 x 10").leds))
    assert "size=7+x+10" in page.locator(".link").input_value()
    page.goto(f"?{problem_on('kilter-original')}&size=8+x+12")
    expect(page.locator(".stage .board .hold")).to_have_count(len(layout.holds))


@pytest.mark.parametrize("name", WALLS)
def test_fingers_hit_the_holds_of_a_wide_wall(wall_visit: Visit, name: str) -> None:
    page = wall_visit(f"?view=compose&board={name}&angle=40&problem=", **TOUCH)
    page.goto(f"?view=compose&{problem_on(name)}")
    free = boards.load(name).labels[len(boards.load(name).labels) // 2 + 7]
    touch(page, free)
    expect(toasts(page)).to_contain_text("tap the hold")
    widths = page.locator(".board .touch").evaluate_all(
        "all => Math.min(...all.map((one) => one.getBoundingClientRect().width))"
    )
    assert widths >= FINGER_PX
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    touch(page, free)
    expect(hold(page, free)).to_have_attribute("aria-label", f"{free}, start, included")


TOO_SMALL = f"""() => [...document.querySelectorAll("a, button, input, select, summary, textarea")]
    .filter((one) => !one.matches("#skip") && !one.closest(".board") && one.checkVisibility())
    .map((one) => [one, (one.closest("label") ?? one).getBoundingClientRect()])
    .filter(([one, {{ width, height }}]) => Math.min(width, height) < {FINGER_PX} - 0.5)
    .map(([one, box]) => `${{one.outerHTML.slice(0, 80)}}: ${{box.width}} x ${{box.height}}`)"""


@pytest.mark.parametrize("view", ["climb", "workout", "compose", "logbook", "climber"])
def test_everything_is_large_enough_for_a_finger(wall_visit: Visit, wall_server: Server, view: str) -> None:
    kim = wall_server.climber("Kim")
    page = wall_visit(f"?{problem_on('tension-1')}", climber=kim, **TOUCH)
    with page.expect_response(re.compile("/api/problems")):  # a write that is cut off would wait to be sent again
        page.locator(".heart").click()
    expect(card(page, "Your logbook")).to_be_visible()
    expect(page.locator(".moves li").first).to_be_visible()
    if view != "climb":
        page.goto(f"?view={view}")
        expect(page.locator("h1").first).to_be_visible()
    expect(page.locator("#header .offline")).to_have_count(0)
    for one in page.locator("summary").all():
        one.click()
    assert page.evaluate(TOO_SMALL) == []


def test_no_hold_covers_the_ring_or_the_pin_of_one_beside_it(wall_visit: Visit) -> None:
    page = wall_visit(f"?view=compose&{problem_on('kilter-original')}")
    expect(page.locator(".board .rings .pin")).to_have_count(4)
    assert page.evaluate("""() => {
        const rings = document.querySelector(".board .rings");
        const isBefore = (hold) => hold.compareDocumentPosition(rings) & Node.DOCUMENT_POSITION_FOLLOWING;
        return [...document.querySelectorAll(".board .hold")].every(isBefore);
    }""")


def test_taps_go_through_the_roles_where_rows_tell_none(wall_visit: Visit) -> None:
    page = wall_visit("?view=compose&board=tension-1&angle=40&problem=")
    page.goto(f"?view=compose&{problem_on('tension-1')}")
    label = boards.load("tension-1").labels[150]
    for words in ("start, included", "hand, included", "finish, included", "foot, included", "avoided", "free"):
        hold(page, label).click()
        expect(hold(page, label)).to_have_attribute("aria-label", f"{label}, {words}")


def test_a_wall_that_was_chosen_once_is_there_on_every_device_of_its_climber(
    wall_visit: Visit, wall_server: Server
) -> None:
    kim, layout = wall_server.climber("Kim"), boards.load("kilter-original")
    page = wall_visit("", climber=kim)
    page.get_by_role("combobox", name="Board", exact=True).select_option("kilter-original")
    page.get_by_role("combobox", name="Angle").select_option("25")
    open_tuning(page).get_by_label("Size of your board").select_option("7 x 10")
    page.get_by_label("Screw Ons").uncheck()
    wall = {"board": "kilter-original", "angle": 25, "size": "7 x 10", "hold_sets": ["Bolt Ons"]}
    eventually(lambda: wall_server.ask("GET", "/api/profiles")[0]["walls"] == [wall])
    other = wall_visit("", climber=kim)
    expect(other.locator(".stage .board .hold")).to_have_count(len(layout.size("7 x 10").leds))
    expect(other.get_by_role("combobox", name="Angle")).to_have_value("25")
    with other.expect_request("**/api/generate") as request:
        other.reload()
    asked: dict[str, Any] = request.value.post_data_json  # type: ignore[assignment]
    assert wall.items() <= asked.items()
    link = other.get_by_role("group", name="Pictures").get_by_role("link").first
    expect(link).to_have_attribute("href", re.compile(r"&size=7\+x\+10&hold_sets=Bolt\+Ons$"))
    other.get_by_role("combobox", name="Board", exact=True).select_option("moonboard-2016")
    eventually(lambda: len(wall_server.ask("GET", "/api/profiles")[0]["walls"]) == 2)
    other.get_by_role("combobox", name="Board", exact=True).select_option("kilter-original")
    expect(other.get_by_role("combobox", name="Angle")).to_have_value("25")


def test_each_climber_of_a_device_has_a_wall_of_their_own(wall_visit: Visit, wall_server: Server) -> None:
    walls = [{"board": "tension-1", "angle": 40, "size": "Short", "hold_sets": None}]
    kim = wall_server.climber("Kim")
    wall_server.climber("Sam", walls=walls)
    page = wall_visit("?view=climber", climber=kim)
    page.get_by_role("button", name="Sam", exact=True).click()
    page.goto("?view=climb")
    expect(page.get_by_role("combobox", name="Board", exact=True)).to_have_value("tension-1")
    expect(page.locator(".stage .board .hold")).to_have_count(len(boards.load("tension-1").size("Short").leds))


def lit(page: Page) -> list[str]:
    return parse_qs(urlsplit(page.evaluate("location.href")).query)["problem"][0].split("-")


def test_a_problem_is_mirrored_where_holds_have_partners(wall_visit: Visit) -> None:
    page = wall_visit(f"?{problem_on('tension-1')}&name=Aslant", **TOUCH)
    turned = parse_notation(" ".join(lit(page)), "tension-1").mirrored.notation.split()
    mirror = page.get_by_role("button", name="Mirror image")
    mirror.tap()
    expect(page.locator(".link")).to_have_value(re.compile("-".join(turned)))
    assert lit(page) == turned
    expect(page.locator(".title h1")).to_have_text("Aslant (mirrored)")
    mirror.tap()
    expect(page.locator(".title h1")).to_have_text("Aslant")
    page.goto(f"?view=compose&{problem_on('tension-1')}")
    expect(page.locator(".stage .lit")).to_have_count(4)
    mirror.tap()
    expect(hold(page, turned[0][:-1])).to_have_attribute("aria-label", f"{turned[0][:-1]}, start, included")
    assert lit(page) == turned
    page.goto("?board=moonboard-2016&angle=40&problem=F5s-D9-G13-E15-G18e")
    expect(page.locator(".title small")).to_contain_text("5 holds")
    expect(mirror).to_have_count(0)
