"""Back and forward through the problems seen, and lists that are played."""

import re

import pytest
from playwright.sync_api import Page, expect

from climbpath import board as boards
from climbpath.board import row_of
from support.server import Server
from support.steps import (
    AWAKE,
    BOARD,
    LINK,
    NOTATION,
    PROBLEM,
    action,
    choose,
    message,
    press,
    shown,
    swipe,
    tab,
    toasts,
)
from support.visits import Visit, on_phone

NAMES = ("Ash Crack", "Birch Wall", "Cedar Prow", "Dogwood Traverse")
HANDS = (["D9"], ["D9", "G13"], ["E10", "G13", "E15"], ["D9", "E12", "E15"])


def name(page: Page) -> str:
    return page.locator(".caption h1").inner_text()


def see(page: Page, number: int) -> list[str]:
    """The problem shown and as many more; all of them in order."""
    seen = [shown(page)]
    for _ in range(number):
        press(action(page, "Next"))
        expect(page).not_to_have_url(re.compile(f"problem={seen[-1]}$"))
        seen.append(shown(page))
    return seen


def at(page: Page, problem: str) -> None:
    """Wait until the page shows a problem, on the board and in the address."""
    expect(page).to_have_url(re.compile(f"problem={problem}$"))
    expect(page.locator(".board")).to_have_attribute("aria-label", re.compile(problem.replace("-", " ")))


@pytest.fixture
def kim(server: Server) -> str:
    """A climber with four problems, two of them in a list."""
    profile = server.climber("Kim")
    for title, hands in zip(NAMES, HANDS, strict=True):
        body = PROBLEM | {"name": title, "hands": hands}
        entry = server.ask("POST", f"/api/problems?profile={profile}", body)
        if title[0] in "BD":
            address = f"/api/problems/{entry['identity']}?profile={profile}"
            server.ask("PATCH", address, {"lists": ["Projects"]})
    return profile


def test_the_browser_s_back_and_forward_go_through_the_problems_as_the_buttons_do(visit: Visit, device: str) -> None:
    page = visit(device=device)
    one, two, three = see(page, 2)
    page.go_back()
    at(page, two)
    press(action(page, "Previous"))
    at(page, one)
    expect(action(page, "Previous")).to_be_disabled()
    page.go_forward()
    at(page, two)
    press(action(page, "Next"))
    at(page, three)
    swipe(page, -1)
    at(page, two)
    page.go_back()
    at(page, one)


def test_many_quick_steps_back_and_forward_end_where_they_should(visit: Visit) -> None:
    page = visit()
    seen = see(page, 5)
    # where it ends it has not been before, so that the address tells when the browser has arrived
    for key in ("ArrowLeft",) * 3 + ("ArrowRight",) * 2 + ("ArrowLeft",) * 3:
        page.keyboard.press(key)
    at(page, seen[1])
    page.go_back()
    at(page, seen[0])
    page.go_forward()
    page.go_forward()
    at(page, seen[2])


def test_previous_passes_other_views_by(visit: Visit) -> None:
    page = visit()
    one, two = see(page, 1)
    tab(page, "Logbook")
    tab(page, "Climb")
    at(page, two)
    press(action(page, "Previous"))
    at(page, one)
    press(action(page, "Next"))
    at(page, two)
    page.go_forward()
    expect(page).to_have_title("Logbook · climbpath")


@on_phone
def test_after_reopening_the_last_problem_is_there_and_previous_goes_back(visit: Visit, device: str) -> None:
    page = visit(device=device)
    context = page.context
    one, two, three = see(page, 2)
    page.reload()
    at(page, three)
    press(action(page, "Previous"))
    at(page, two)
    page.close()
    page = context.new_page()
    page.goto("")
    at(page, two)
    press(action(page, "Next"))
    at(page, three)
    press(action(page, "Previous"))
    at(page, two)
    press(action(page, "Previous"))
    at(page, one)
    expect(action(page, "Previous")).to_be_disabled()
    press(action(page, "Next"))
    at(page, two)
    page.go_back()
    at(page, one)


def test_a_link_opened_after_others_goes_back_to_them(visit: Visit) -> None:
    page = visit()
    (one,) = see(page, 0)
    page.goto(LINK)
    at(page, NOTATION)
    press(action(page, "Previous"))
    at(page, one)
    press(action(page, "Next"))
    at(page, NOTATION)


@pytest.mark.parametrize("opened", [0, 1])
def test_next_of_a_problem_of_the_logbook_is_the_next_of_the_logbook(
    visit: Visit, kim: str, device: str, opened: int
) -> None:
    page = visit("?view=logbook", device, kim)
    lines = page.locator(".results .problem-line")
    expect(lines).to_have_count(4)
    order = page.locator(".results .problem-line strong").all_inner_texts()
    press(lines.nth(opened))
    playing = page.get_by_role("group", name="The list that is played")
    for i in range(opened, 4):
        expect(page.locator(".caption h1")).to_have_text(order[i])
        expect(playing).to_contain_text(f"{i + 1} of 4")
        press(action(page, "Next"))
    expect(toasts(page)).to_contain_text("End of the list “Kim’s logbook”.")
    expect(page.locator(".caption h1")).to_have_text(order[3])
    press(action(page, "Previous"))
    expect(page.locator(".caption h1")).to_have_text(order[2])
    press(action(page, "Next"))
    expect(page.locator(".caption h1")).to_have_text(order[3])
    press(toasts(page).get_by_role("button", name="Once more"))
    expect(page.locator(".caption h1")).to_have_text(order[0])
    page.go_back()
    expect(page.locator(".caption h1")).to_have_text(order[3])


def test_a_list_is_played_over_a_restart_until_it_is_stopped(visit: Visit, kim: str) -> None:
    page = visit("?view=logbook", climber=kim)
    page.locator(".search").get_by_label("List", exact=True).select_option("Projects")
    expect(page.locator(".results .problem-line")).to_have_count(2)
    press(page.get_by_role("button", name="Play", exact=True))
    playing = page.get_by_role("group", name="The list that is played")
    expect(playing).to_contain_text("Projects")
    expect(playing).to_contain_text("1 of 2")
    first = name(page)
    context = page.context
    page.close()
    page = context.new_page()
    page.goto("")
    expect(page.locator(".caption h1")).to_have_text(first)
    playing = page.get_by_role("group", name="The list that is played")
    expect(playing).to_contain_text("1 of 2")
    press(action(page, "Next"))
    expect(playing).to_contain_text("2 of 2")
    assert {first, name(page)} == {"Birch Wall", "Dogwood Traverse"}
    press(playing.get_by_role("button", name="Stop playing this list"))
    expect(playing).to_have_count(0)
    expect(page.locator(".filters")).to_be_visible()
    press(action(page, "Next"))
    expect(page.locator(".caption h1")).not_to_have_text(re.compile("|".join(NAMES)))


def test_a_shuffled_list_has_every_problem_once_in_another_order(visit: Visit, kim: str) -> None:
    context = visit.context(climber=kim)
    context.add_init_script("Math.random = () => 0")  # the shuffle is the same each time
    page = context.new_page()
    page.goto("?view=logbook")
    expect(page.locator(".results .problem-line")).to_have_count(4)
    order = page.locator(".results .problem-line strong").all_inner_texts()
    press(page.get_by_role("button", name="Shuffle", exact=True))
    playing = page.get_by_role("group", name="The list that is played")
    expect(playing.get_by_role("button", name="Shuffle")).to_have_attribute("aria-pressed", "true")
    seen = []
    for i in range(4):
        expect(playing).to_contain_text(f"{i + 1} of 4")
        seen.append(name(page))
        if i == 1:  # in order again from here
            press(playing.get_by_role("button", name="Shuffle"))
            rest = [one for one in order if one not in seen]
        press(action(page, "Next"))
    assert sorted(seen) == sorted(order)
    assert seen[:2] != order[:2]
    assert seen[2:] == rest


@pytest.fixture
def lea(server: Server) -> str:
    """A climber with more problems than the logbook shows at first."""
    profile = server.climber("Lea")
    layout = boards.load(BOARD)
    for label in [hold.label for hold in layout.holds if 7 <= row_of(hold.label) <= 16][:52]:
        server.ask("POST", f"/api/problems?profile={profile}", PROBLEM | {"hands": [label], "name": label})
    return profile


def test_a_list_longer_than_a_page_is_played_to_its_end(visit: Visit, lea: str) -> None:
    page = visit("?view=logbook", climber=lea)
    press(page.get_by_role("button", name="Play", exact=True))
    expect(page.get_by_role("group", name="The list that is played")).to_contain_text("1 of 52")


@on_phone
def test_back_finds_the_logbook_as_long_as_it_was_and_where_it_was_left(visit: Visit, lea: str, device: str) -> None:
    page = visit("?view=logbook", device, lea)
    lines = page.locator(".results .problem-line")
    expect(lines).to_have_count(50)
    press(page.get_by_role("button", name="Show more"))
    expect(lines).to_have_count(52)
    last = lines.last.locator("strong").inner_text()
    press(lines.last)
    expect(page.locator(".caption h1")).to_have_text(last)
    page.go_back()
    expect(lines).to_have_count(52)
    expect(lines.last).to_be_in_viewport()
    tab(page, "Climber")
    page.go_back()
    expect(lines).to_have_count(52)
    expect(lines.last).to_be_in_viewport()
    page.locator(".search").get_by_label("Order").select_option("name")
    expect(lines).to_have_count(50)


def test_the_screen_stays_awake_while_a_list_is_played(visit: Visit, kim: str) -> None:
    context = visit.context(climber=kim)
    context.add_init_script(AWAKE)
    page = context.new_page()
    page.goto("?view=logbook")
    press(page.get_by_role("button", name="Play", exact=True))
    page.wait_for_function("() => locks.length == 1")
    # the browser lets go of it when the page is hidden, and the page asks again when it is seen
    page.evaluate("locks[0].release().then(() => document.dispatchEvent(new Event('visibilitychange')))")
    page.wait_for_function("() => locks.length == 1")
    page.reload()
    page.wait_for_function("() => locks.length == 1")
    press(page.get_by_role("button", name="Stop playing this list"))
    page.wait_for_function("() => locks.length == 0")


@pytest.mark.parametrize("way", ["undefined", "{ request: async () => { throw new DOMException('no') } }"])
def test_where_the_screen_cannot_be_kept_awake_nothing_is_said(visit: Visit, kim: str, way: str) -> None:
    context = visit.context(climber=kim)
    context.add_init_script(f"Object.defineProperty(navigator, 'wakeLock', {{ value: {way} }})")
    page = context.new_page()
    page.goto("?view=logbook")
    press(page.get_by_role("button", name="Play", exact=True))
    expect(page.get_by_role("group", name="The list that is played")).to_contain_text("1 of 4")
    expect(page.locator(".toast")).to_have_count(0)


def refuse(page: Page, status: int, words: str) -> None:
    answer = {"status": status, "json": {"error": words}}
    page.route("**/api/generate", lambda route: route.fulfill(**answer))


def test_a_filter_that_finds_nothing_says_so_in_place_of_the_problem(visit: Visit, device: str) -> None:
    visit.allow("status of 422")
    page = visit(device=device)
    one = shown(page)
    refuse(page, 422, "no problem of 8A has 3 holds: allow more")
    choose(page, "Hardest grade", "8A")
    choose(page, "Easiest grade", "8A")
    expect(message(page)).to_have_text("No problem of 8A has 3 holds: allow more")
    expect(page.locator('.hold[data-role="start"]')).to_have_count(0)
    expect(page.locator(".caption .pill")).to_have_count(0)
    press(action(page, "Next"))
    expect(message(page)).to_have_text("No problem of 8A has 3 holds: allow more")
    page.unroute("**/api/generate")
    press(action(page, "Next"))
    expect(page.locator(".caption .pill")).to_contain_text("8A")
    press(action(page, "Previous"))
    at(page, one)


def test_while_a_filter_s_first_problem_takes_its_time_no_other_grade_stands_there(visit: Visit) -> None:
    page = visit()
    shown(page)
    page.route("**/api/generate", lambda route: None)
    choose(page, "Hardest grade", "8A")
    choose(page, "Easiest grade", "8A")
    expect(message(page)).to_have_text("Looking for problems …")
    expect(page.locator('.hold[data-role="start"]')).to_have_count(0)


def test_a_filter_changed_offline_shows_only_what_it_asks_for(visit: Visit) -> None:
    visit.allow("net::ERR_")
    page = visit(LINK)
    expect(page.locator(".moves li").first).to_be_visible()
    page.context.set_offline(True)
    choose(page, "Hardest grade", "8A")
    choose(page, "Easiest grade", "8A")
    expect(message(page)).to_contain_text("none of the problems that you saw last fits this board and these grades")
    choose(page, "Easiest grade", "7A")
    at(page, NOTATION)


@on_phone
def test_next_on_a_board_without_a_model_says_why(old_visit: Visit, device: str) -> None:
    page = old_visit("?board=moonboard-mini-2020&angle=40&problem=F3s-E5-F7-F12e", device)
    shown(page)
    press(action(page, "Next"))
    expect(message(page)).to_contain_text("No model has learned MoonBoard Mini 2020 yet")
    press(action(page, "Next"))
    expect(toasts(page)).to_contain_text("No model has learned MoonBoard Mini 2020 yet")
