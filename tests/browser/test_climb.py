"""The Climb view: problem after problem, their beta, and sharing them."""

import json
import re
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from climbpath.grader.grader import bundled_grader
from climbpath.problem import parse_notation
from support.server import Server, eventually
from support.steps import (
    LINK,
    NOTATION,
    PROBLEM,
    Held,
    action,
    address,
    bounding_box,
    card,
    choose,
    fields,
    holds,
    log_tries,
    message,
    press,
    shown,
    swipe,
    tab,
    toasts,
)
from support.visits import Visit, on_desktop, on_phone

NO_MODEL = "No model has learned {}"


def another(page: Page, *known: str) -> str:
    """The problem in the address, once it is a new one."""
    for problem in known:
        expect(page).not_to_have_url(re.compile(f"problem={problem}$"))
    return shown(page)


def grade_of(page: Page) -> str:
    return page.locator(".caption .pill").inner_text().split()[0]


def test_going_back_calls_off_a_next_that_is_still_on_its_way(visit: Visit) -> None:
    page = visit()
    shown(page)
    held = Held(page, "**/api/generate")
    while not page.locator(".stage.busy").count():
        press(action(page, "Next"))
        page.wait_for_timeout(50)
    press(action(page, "Previous"))
    problem = shown(page)
    expect(page.locator(".stage.busy")).to_have_count(0)
    with page.expect_response("**/api/generate"):
        held.release()
    page.wait_for_timeout(300)
    assert shown(page) == problem
    press(action(page, "Next"))
    assert another(page, problem)


def test_the_first_problem_appears_without_a_press(visit: Visit, device: str) -> None:
    page = visit(device=device)
    problem = shown(page)
    expect(page.locator(".caption h1")).not_to_be_empty()
    assert fields(page)["board"] == "moonboard-2016"
    assert grade_of(page) in ("6B", "6B+", "6C", "6C+", "7A")
    assert len(holds(page, "start")) in (1, 2)
    assert len(holds(page, "finish")) in (1, 2)
    expect(page.locator(".board")).to_have_attribute("aria-label", re.compile(problem.replace("-", " ")))
    expect(card(page, "Beta").locator(".moves li").first).to_be_visible()
    expect(card(page, "Grade")).to_contain_text("The grader")


def test_next_and_back_by_button_swipe_and_arrow_keys(visit: Visit, device: str) -> None:
    page = visit(device=device)
    one = shown(page)
    expect(action(page, "Previous")).to_be_disabled()
    press(action(page, "Next"))
    two = another(page, one)
    swipe(page, 1)
    three = another(page, one, two)
    page.keyboard.press("ArrowRight")
    four = another(page, one, two, three)
    press(action(page, "Previous"))
    assert another(page, four) == three
    swipe(page, -1)
    assert another(page, three) == two
    page.keyboard.press("ArrowLeft")
    assert another(page, two) == one
    press(action(page, "Next"))
    assert another(page, one) == two, "forward again shows what was shown"
    assert len({one, two, three, four}) == 4


def test_the_next_problems_do_not_wait_for_the_network(visit: Visit) -> None:
    page = visit()
    seen = {shown(page)}
    page.route("**/api/*", lambda route: None)  # from now on the server does not answer
    for _ in range(5):
        press(action(page, "Next"))
        seen.add(another(page, *seen))
    assert len(seen) == 6


@on_phone
def test_many_quick_presses_break_nothing(visit: Visit, device: str) -> None:
    page = visit(device=device)
    shown(page)
    for _ in range(12):
        press(action(page, "Next"))
    expect(page.locator(".stage")).not_to_have_class(re.compile("busy"))
    expect(page.locator(".board")).to_have_attribute("aria-label", re.compile(shown(page).replace("-", " ")))


def test_a_press_survives_an_update_of_the_page(visit: Visit) -> None:
    """Grade and beta may arrive at any time, even while a button is pressed."""
    page = visit(LINK)
    expect(page.locator(".moves li").first).to_be_visible()
    held = Held(page, "**/api/beta")
    page.goto(LINK.replace("G13", "G12"))
    expect(action(page, "Beta")).to_be_disabled()
    before = shown(page)
    button = bounding_box(action(page, "Next"))
    page.mouse.move(button["x"] + 20, button["y"] + 20)
    page.mouse.down()
    held.release()
    expect(action(page, "Beta")).to_be_enabled()
    page.mouse.up()
    another(page, before)


def test_the_focus_survives_an_update_of_the_page(visit: Visit) -> None:
    page = visit(LINK)
    picker = page.locator(".filters").get_by_label("Board", exact=True)
    picker.focus()
    press_next = action(page, "Next")
    expect(page.locator(".moves li").first).to_be_visible()
    expect(picker).to_be_focused()
    press_next.focus()
    for _ in range(3):
        before = shown(page)
        page.keyboard.press("Enter")
        another(page, before)
        expect(press_next).to_be_focused()


@on_desktop
def test_board_angle_and_grades_change_the_next_problems(visit: Visit, device: str) -> None:
    page = visit(device=device)
    shown(page)
    choose(page, "Board", "moonboard-masters-2017")
    expect(page).to_have_url(re.compile("board=moonboard-masters-2017&angle=40&"))
    choose(page, "Angle", "25")
    expect(page).to_have_url(re.compile("board=moonboard-masters-2017&angle=25&"))
    choose(page, "Hardest grade", "7A")
    choose(page, "Easiest grade", "7A")
    for _ in range(3):
        expect(page.locator(".caption .pill")).to_contain_text("7A")
        problem = shown(page)
        press(action(page, "Next"))
        another(page, problem)
    expect(page.locator(".caption")).to_contain_text("Masters 2017 · 25°")


def test_grades_that_the_model_has_not_learned_here_become_the_nearest_ones(visit: Visit) -> None:
    page = visit()
    choose(page, "Hardest grade", "8A")
    choose(page, "Easiest grade", "8A")
    expect(page.locator(".caption .pill")).to_contain_text("8A")
    choose(page, "Board", "moonboard-masters-2017")
    choose(page, "Angle", "25")
    expect(page.locator(".caption")).to_contain_text("25°")
    easiest = page.locator(".filters").get_by_label("Easiest grade").input_value()
    expect(page.locator(".caption .pill")).to_contain_text(easiest)
    assert easiest == "7A+"


@on_phone
def test_a_problem_has_one_grade_that_of_the_grader(visit: Visit, device: str) -> None:
    """The pill, the chart, the words, the link and the logbook say the same; the range is the usual one at first."""
    page = visit(device=device)
    first = page.locator(".filters").get_by_label("Easiest grade").input_value()
    assert (first, page.locator(".filters").get_by_label("Hardest grade").input_value()) == ("6B+", "7A")
    for _ in range(3):
        problem = shown(page)
        grade = fields(page)["grade"]
        assert grade in ("6B+", "6C", "6C+", "7A")
        expect(page.locator(".caption .pill")).to_contain_text(grade)
        expect(card(page, "Grade").locator(".chart .chosen b")).to_have_text(grade)
        expect(card(page, "Grade")).to_contain_text(f"The grader says {grade}")
        (prediction,) = bundled_grader().predict([parse_notation(fields(page)["problem"].replace("-", " "))])
        expect(card(page, "Grade")).to_contain_text(f"The grader says {prediction.words}: ")
        colours = (
            card(page, "Grade")
            .locator(".chart i")
            .evaluate_all("bars => [...new Set(bars.map(bar => getComputedStyle(bar).backgroundColor))]")
        )
        assert len(colours) == 1
        press(action(page, "Next"))
        another(page, problem)


def test_grades_of_few_problems_are_offered_where_any_grade_will_do_and_say_so(visit: Visit) -> None:
    page = visit()
    shown(page)
    easiest = page.locator(".filters").get_by_label("Easiest grade")
    expect(easiest.locator("option").first).to_have_text("6B+")
    page.locator("summary").get_by_text("Fine-tuning").click()
    page.get_by_label("Only problems that match the grade").uncheck()
    expect(easiest.locator("option").first).to_have_text(re.compile(r"^6B \(\d+ problems\)$"))
    choose(page, "Easiest grade", "6B")
    choose(page, "Hardest grade", "6B")
    expect(card(page, "Grade")).to_contain_text("Asked for 6B.")
    page.get_by_label("Only problems that match the grade").check()
    expect(page.locator(".caption .pill")).to_contain_text("6B+")
    expect(card(page, "Grade")).not_to_contain_text("Asked for")


@pytest.mark.parametrize("board", ["moonboard-mini-2020", "moonboard-masters-2019"])
@on_phone
def test_a_board_without_a_model_says_so(old_visit: Visit, device: str, board: str) -> None:
    page = old_visit(device=device)
    problem = shown(page)
    choose(page, "Board", board)
    title = f"MoonBoard {page.locator('.filters option:checked').first.inner_text()}"
    expect(message(page)).to_contain_text(NO_MODEL.format(title))
    assert not holds(page, "start")
    for key in ("b", "s", "ArrowRight", "Escape"):
        page.keyboard.press(key)
    expect(message(page)).to_contain_text(NO_MODEL.format(title))
    assert "problem" not in fields(page), "the address shows no problem that is not there"
    press(action(page, "Previous"))
    assert shown(page) == problem
    expect(page.locator(".filters").get_by_label("Board", exact=True)).to_have_value("moonboard-2016")


def test_a_board_chosen_in_another_view_applies(visit: Visit) -> None:
    page = visit()
    shown(page)
    tab(page, "Compose")
    choose(page, "Board", "moonboard-masters-2017")
    tab(page, "Climb")
    expect(page).to_have_url(re.compile("board=moonboard-masters-2017"))
    expect(page.locator(".caption")).to_contain_text("Masters 2017")


def test_the_latest_conditions_apply(visit: Visit) -> None:
    """Even if responses come late and in any order."""
    page = visit()
    shown(page)
    held = Held(page, "**/api/generate")
    choose(page, "Board", "moonboard-masters-2017")
    expect(message(page)).to_contain_text("Looking for problems")
    choose(page, "Hardest grade", "6B")
    choose(page, "Board", "moonboard-2016")
    held.release(newest_first=True)
    expect(page).to_have_url(re.compile("board=moonboard-2016.*problem="))
    expect(page.locator(".caption .pill")).to_contain_text("6B")
    expect(page.locator(".caption")).to_contain_text("MoonBoard 2016")


def test_a_late_problem_does_not_appear_in_another_view(visit: Visit) -> None:
    page = visit()
    shown(page)
    held = Held(page, "**/api/generate")
    choose(page, "Board", "moonboard-masters-2017")
    tab(page, "Compose")
    with page.expect_response("**/api/generate"):
        held.release()
    expect(page).to_have_url(re.compile("view=compose"))
    tab(page, "Logbook")
    expect(page).to_have_url(re.compile("view=logbook"))


def test_beta_goes_step_by_step_and_shows_the_crux(visit: Visit, device: str) -> None:
    page = visit(LINK, device)
    press(action(page, "Beta"))
    step = page.locator(".step")
    expect(step).to_contain_text("Both hands on F5")
    expect(step).to_contain_text("0 of 5")
    expect(action(page, "Step back")).to_be_disabled()
    told_as_crux = 0
    for i in range(1, 6):
        press(action(page, "Next move"))
        expect(step).to_contain_text(f"{i} of 5")
        expect(page.locator(".board .move")).to_have_count(i)
        told_as_crux += step.locator(".crux").count()
    assert told_as_crux == 1
    expect(step).to_contain_text("G18, match")
    expect(action(page, "Next move")).to_be_disabled()
    expect(page.locator(".board .move.crux")).to_have_count(1)
    press(action(page, "Step back"))
    expect(step).to_contain_text("4 of 5")
    press(action(page, "Close beta"))
    expect(page.locator(".board .move")).to_have_count(0)
    expect(action(page, "Next")).to_be_visible()


def test_beta_by_keyboard_and_from_its_list(visit: Visit) -> None:
    page = visit(LINK)
    expect(page.locator(".moves li").first).to_be_visible()
    page.keyboard.press("b")
    step = page.locator(".step")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(step).to_contain_text("2 of 5")
    page.keyboard.press("ArrowLeft")
    expect(step).to_contain_text("1 of 5")
    page.keyboard.press("Escape")
    expect(step).to_have_count(0)
    press(card(page, "Beta").get_by_role("button", name="Right hand to G13"))
    expect(step).to_contain_text("2 of 5")
    expect(card(page, "Beta").locator("[aria-current=step]")).to_contain_text("Right hand to G13")


def test_keys_of_the_next_problem_s_beta_wait_for_it(visit: Visit) -> None:
    page = visit(LINK)
    press(action(page, "Beta"))
    expect(page.locator(".step")).to_be_visible()
    page.route("**/api/beta", lambda route: None)
    swipe(page, 1)
    another(page, NOTATION)
    for key in ("ArrowRight", "b", "Escape"):
        page.keyboard.press(key)
    expect(page.locator(".board")).to_be_visible()


def test_the_browser_s_own_keys_stay_the_browser_s(visit: Visit) -> None:
    page = visit(LINK)
    expect(page.locator(".moves li").first).to_be_visible()
    for keys in ("Control+ArrowRight", "Alt+ArrowRight", "Control+b", "Control+s", "Meta+ArrowRight"):
        page.keyboard.press(keys)
    assert shown(page) == NOTATION
    expect(page.locator(".step")).to_have_count(0)
    expect(action(page, "Save")).to_be_visible()


@on_phone
def test_a_link_shows_exactly_the_same_problem_elsewhere(visit: Visit, device: str) -> None:
    page = visit(device=device)
    shown(page)
    expect(page.locator(".moves li").first).to_be_visible()
    link = card(page, "Share and print").get_by_label("Opening this link").input_value()
    assert link == address(page), "the address bar has the link, too"
    other = visit(link)
    for part in (".caption h1", ".caption .pill", ".caption small", ".moves"):
        expect(other.locator(part).first).to_have_text(page.locator(part).first.inner_text(), use_inner_text=True)
    for role in ("start", "hands", "finish"):
        assert holds(other, role) == holds(page, role)


def test_a_link_is_copied(visit: Visit) -> None:
    page = visit(LINK, permissions=["clipboard-read", "clipboard-write"])
    page.evaluate("delete Navigator.prototype.share")
    press(action(page, "Share"))
    expect(toasts(page)).to_contain_text("Link copied")
    assert page.evaluate("navigator.clipboard.readText()") == address(page)
    page.evaluate("void (navigator.clipboard.writeText = () => Promise.reject(new Error()))")
    press(action(page, "Share"))
    link = card(page, "Share and print").get_by_label("Opening this link")
    expect(link).to_be_focused()
    assert page.evaluate("getSelection().toString()") == address(page), "where it cannot be, it is chosen to be copied"


@on_desktop
def test_pictures_can_be_downloaded(visit: Visit, device: str, tmp_path: Path) -> None:
    page = visit(LINK, device)
    links = card(page, "Share and print").get_by_role("group", name="Pictures").get_by_role("link")
    assert links.count() == 5
    sizes = {}
    for i in range(5):
        with page.expect_download() as downloading:
            press(links.nth(i))
        name = downloading.value.suggested_filename
        path = tmp_path / f"{i}-{name}"
        downloading.value.save_as(path)
        content = path.read_bytes()
        sizes[links.nth(i).inner_text()] = len(content)
        if name.endswith(".svg"):
            root = ElementTree.fromstring(content)
            assert root.tag.endswith("svg")
            assert "Slow Heron" in "".join(root.itertext())
        else:
            with Image.open(BytesIO(content)) as image:
                assert image.format == name.split(".")[-1].upper()
                assert image.width > 300
                assert getattr(image, "n_frames", 1) > 5 if name.endswith(".gif") else True
    assert sizes["PNG with beta"] != sizes["PNG"]
    assert sizes["SVG with beta"] > sizes["SVG"]


def test_printing_shows_only_board_and_beta(visit: Visit) -> None:
    page = visit(LINK)
    expect(page.locator(".moves li").first).to_be_visible()
    page.emulate_media(media="print")
    for there in (".board", ".caption h1", ".moves"):
        expect(page.locator(there)).to_be_visible()
    for gone in ("#tabs", ".actions", ".filters", ".tuning", ".link"):
        expect(page.locator(gone).first).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    paper = page.pdf(format="A4")
    assert paper.startswith(b"%PDF")
    assert paper.count(b"/Type /Page\n") == 1 or paper.count(b"/Type /Pages") == 1


@on_phone
def test_the_heart_is_a_switch_and_a_key_presses_it(visit: Visit, server: Server, device: str) -> None:
    kim = server.climber()
    page = visit(LINK, device, kim)
    press(action(page, "Save"))
    expect(toasts(page)).to_contain_text("Saved")
    expect(action(page, "Saved")).to_have_attribute("aria-pressed", "true")
    press(page.locator(".caption h1"))  # two taps in a row on one spot would be a double tap, which counts once
    press(action(page, "Saved"))
    expect(action(page, "Save")).to_have_attribute("aria-pressed", "false")
    expect(card(page, "Your logbook")).to_have_count(0)
    eventually(lambda: not server.entries(kim))
    press(toasts(page).get_by_role("button", name="Undo"))
    expect(action(page, "Saved")).to_be_visible()
    press(action(page, "Next"))
    expect(action(page, "Save")).to_be_visible()
    page.keyboard.press("s")
    expect(action(page, "Saved")).to_be_visible()
    eventually(lambda: len(server.entries(kim)) == 2)
    page.goto(LINK)
    expect(action(page, "Saved")).to_be_visible()


def test_a_double_tap_on_save_saves_once(visit: Visit, server: Server) -> None:
    """The tick is sent after all earlier writes."""
    kim = server.climber()
    page = visit(LINK, climber=kim)
    action(page, "Save").dblclick()
    expect(action(page, "Saved")).to_be_visible()
    log_tries(page, 2, "Sent on try 2")
    eventually(lambda: any(entry["ticks"] for entry in server.entries(kim)))
    expect(page.locator("#header .offline")).to_have_count(0)
    assert len(server.entries(kim)) == 1


def test_similar_problems_are_listed_and_open(visit: Visit, server: Server) -> None:
    kim = server.climber()
    server.ask("POST", f"/api/problems?profile={kim}", PROBLEM | {"hands": ["D9", "G13"], "name": "Near"})
    page = visit(LINK, climber=kim)
    press(card(page, "Similar problems").get_by_role("button", name="Near"))
    expect(page.locator(".caption h1")).to_have_text("Near")
    assert shown(page) == "F5s-D9-G13-G18e"


def test_fine_tuning_is_requested_and_stored(visit: Visit) -> None:
    page = visit()
    shown(page)
    tuning = page.locator(".tuning")
    press(tuning.locator("summary"))
    fewest, most = (tuning.get_by_role("slider", name=name) for name in ("Fewest holds", "Most holds"))
    with page.expect_request("**/api/generate") as asking:
        most.fill("5")
    assert json.loads(asking.value.post_data or "")["max_holds"] == 5
    expect(page.locator(".caption .title small")).to_have_text(re.compile("^[345] holds ·"))
    with page.expect_request("**/api/generate") as asking:
        fewest.fill("8")
    body = json.loads(asking.value.post_data or "")
    assert (body["min_holds"], body["max_holds"]) == (8, 8)
    expect(most).to_have_value("8")
    expect(tuning.locator(".slider", has_text="Most holds").locator("b")).to_have_text("8")
    expect(page.locator(".caption .title small")).to_have_text(re.compile("^8 holds ·"))
    with page.expect_request("**/api/generate") as asking:
        tuning.get_by_label("Only what Kim can reach").check()
    assert json.loads(asking.value.post_data or "")["climber"] == {"height": 175, "ape": 0}
    page.reload()
    expect(page.locator(".tuning input[type=range]").nth(1)).to_have_value("8")


def test_fine_tuning_stays_open_however_soon_it_is_used(visit: Visit) -> None:
    """The browser says that it is open a moment after it is."""
    page = visit()
    shown(page)
    page.evaluate("""() => {
      const tuning = document.querySelector(".tuning");
      tuning.querySelector("summary").click();
      const most = tuning.querySelectorAll("input[type=range]")[1];
      most.value = "6";
      most.dispatchEvent(new Event("change", { bubbles: true }));
    }""")
    expect(page.locator(".tuning .slider", has_text="Most holds").locator("b")).to_have_text("6")
    expect(page.get_by_role("slider", name="Adventurousness")).to_be_visible()


def test_at_least_one_hold_set_stays_selected(visit: Visit) -> None:
    page = visit()
    shown(page)
    sets = page.locator(".tuning").get_by_role("group", name="Hold sets on your board")
    press(page.locator(".tuning summary"))
    sets.get_by_label("Original").uncheck()
    expect(page.locator(".hold.absent").first).to_be_attached()
    sets.get_by_label("A", exact=True).uncheck()
    sets.get_by_label("B", exact=True).click()
    expect(sets.get_by_label("B", exact=True)).to_be_checked()
    lit = ", ".join(
        f'.hold[data-role="{role}"].set-{name}' for role in ("start", "hands", "finish") for name in ("a", "original")
    )
    expect(page.locator('.hold[data-role="start"].set-b').first).to_be_attached()
    expect(page.locator(lit)).to_have_count(0)


@on_phone
def test_the_browser_s_back_button_goes_through_the_views(visit: Visit, device: str) -> None:
    page = visit(LINK, device)
    tab(page, "Compose")
    tab(page, "Logbook")
    tab(page, "Climber")
    for view in ("Logbook", "Compose", "Climb"):
        page.go_back()
        expect(page).to_have_title(f"{view} · climbpath")
    assert shown(page) == NOTATION
    expect(action(page, "Previous")).to_be_disabled()
    page.go_forward()
    expect(page).to_have_title("Compose · climbpath")
