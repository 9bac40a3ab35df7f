"""Workouts in the app: planned, climbed with a timer, kept over restarts and offline."""

import json
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from support.server import Server
from support.steps import AWAKE, PROBLEM, action, bounding_box, is_cut, log_tries, overlap, press, shown, tab, toasts
from support.visits import Visit, on_phone, sizes


@pytest.fixture(scope="module")
def plan(server: Server) -> dict[str, Any]:
    """A workout of 20 minutes: two warm-ups and more."""
    body = {"grades": ["6B+"], "minutes": 20, "seed": 1}
    planned: dict[str, Any] = server.ask("POST", "/api/workout", body)
    for problem in problems_of(planned):
        problem["name"] = problem["suggested_name"]
    return planned


def problems_of(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [slot["problem"] for section in plan["sections"] for slot in section["problems"]]


def slots_of(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [slot for section in plan["sections"] for slot in section["problems"]]


def opened(visit: Visit, plan: dict[str, Any], device: str = "desktop", **options: Any) -> Page:
    """A page with a plan, which is not begun."""
    context = visit.context(device, **options)
    workout = {"plan": plan, "at": 0, "tries": 0, "rest": None, "isDone": False}
    # only once: what the page keeps from then on counts
    context.add_init_script(
        f"if (location.host) localStorage['climbpath.workout'] ??= JSON.stringify({json.dumps(workout)}); {AWAKE}"
        "window.shaken = 0; navigator.vibrate = () => { window.shaken += 1; return true; };"
    )
    page = context.new_page()
    page.clock.install()
    page.goto("?view=workout")
    expect(page.get_by_role("button", name="Start")).to_be_visible()
    return page


def bar(page: Page) -> Locator:
    return page.get_by_role("group", name="Workout", exact=True)


def rest(page: Page) -> Locator:
    return bar(page).locator("button.rest")


def climbed(page: Page, problem: dict[str, Any]) -> None:
    """Wait until the board shows a problem."""
    expect(page.locator(".caption h1")).to_have_text(problem["name"])
    assert shown(page) == problem["notation"].replace(" ", "-")


@on_phone
def test_an_evening_is_planned_for_minutes_and_grades(visit: Visit, server: Server, device: str) -> None:
    page = visit("?view=workout", device, server.climber("Kim", height=165))
    press(page.get_by_role("button", name="30", exact=True))
    page.locator(".filters").get_by_label("Hardest grade").select_option("6C")
    page.locator(".filters").get_by_label("Easiest grade").select_option("6C")
    with page.expect_request("**/api/workout") as asking:
        press(page.get_by_role("button", name="Plan it"))
    body = json.loads(asking.value.post_data or "")
    assert (body["minutes"], body["grades"], body["climber"]) == (30, ["6C"], {"height": 165, "ape": 0})
    expect(page.get_by_role("heading", level=1)).to_have_text("6C · 30 min")
    expect(page.get_by_role("heading", name="Warm-up")).to_be_visible()
    lengths = page.locator(".card .counted small").all_inner_texts()
    assert sum(int(words.split(" · ")[1].split()[0]) for words in lengths) == 30
    first = page.locator(".problem-line strong").first.inner_text()
    press(page.get_by_role("button", name="Start"))
    expect(page.locator(".caption h1")).to_have_text(first)
    expect(bar(page)).to_contain_text("Warm-up 1 of ")


def test_a_plan_says_where_its_problems_are_made_as_on_another_board(visit: Visit) -> None:
    page = visit("?view=workout")
    page.locator(".filters").get_by_label("Board", exact=True).select_option("tension-2-mirror")
    press(page.get_by_role("button", name="30", exact=True))
    press(page.get_by_role("button", name="Plan it"))
    warnings = page.locator(".page > .warn")
    expect(warnings).to_contain_text(
        ["as if the angle were unknown", "New problems are made as on Tension Board 2 Spray"]
    )


def test_what_cannot_be_planned_says_why_and_the_form_stays(visit: Visit) -> None:
    visit.allow("status of 409")
    page = visit("?view=workout")
    page.locator(".filters").get_by_label("Board", exact=True).select_option("moonboard-mini-2020")
    page.route(
        "**/api/workout",
        lambda route: route.fulfill(status=409, json={"error": "the model has not learned MoonBoard Mini 2020"}),
    )
    press(page.get_by_role("button", name="Plan it"))
    expect(page.get_by_role("alert")).to_have_text("the model has not learned MoonBoard Mini 2020")
    expect(page.get_by_role("button", name="Plan it")).to_be_enabled()


def test_the_timer_leads_through_tries_and_rests(visit: Visit, plan: dict[str, Any], device: str) -> None:
    page = opened(visit, plan, device)
    press(page.get_by_role("button", name="Start"))
    slots = slots_of(plan)
    for i, slot in enumerate(slots):
        climbed(page, slot["problem"])
        for n in range(1, slot["tries"] + 1):
            expect(bar(page)).to_contain_text(f"Try {n} of {slot['tries']}")
            if (i, n) == (len(slots) - 1, slot["tries"]):
                expect(rest(page)).to_have_text("Finish")
                break
            seconds = slot["rest_seconds"][n - 1]
            expect(rest(page)).to_have_text(f"Rest {seconds // 60}:{seconds % 60:02}")
            press(rest(page))
            expect(bar(page)).to_contain_text("Rest, then try")
            page.clock.run_for(10_000)
            left = seconds - 10
            expect(rest(page)).to_have_text(f"{left // 60}:{left % 60:02}")
            before = page.evaluate("shaken")
            page.clock.run_for(1000 * left + 400)
            assert page.evaluate("shaken") == before + 1, "the phone shakes when a rest is over"
    press(rest(page))
    expect(toasts(page)).to_contain_text("well climbed")
    expect(bar(page)).to_have_count(0)
    tab(page, "Workout")
    press(page.get_by_role("button", name="Start again"))
    climbed(page, slots[0]["problem"])
    expect(bar(page)).to_contain_text("Try 1 of ")


def test_a_rest_goes_on_over_a_restart_and_can_be_ended(visit: Visit, plan: dict[str, Any]) -> None:
    page = opened(visit, plan)
    press(page.get_by_role("button", name="Start"))
    press(rest(page))
    climbed(page, problems_of(plan)[1])
    page.clock.run_for(30_000)
    page.reload()
    climbed(page, problems_of(plan)[1])
    expect(rest(page).locator("b")).to_be_visible()
    expect(rest(page)).to_have_attribute("aria-label", "End the rest now")
    press(rest(page))
    expect(bar(page)).to_contain_text("Try 1 of ")


def test_next_is_the_next_problem_of_the_plan_and_the_bar_leads_back(visit: Visit, plan: dict[str, Any]) -> None:
    page = opened(visit, plan)
    one, two, three = problems_of(plan)[:3]
    press(page.get_by_role("button", name="Start"))
    climbed(page, one)
    press(action(page, "Next"))
    climbed(page, two)
    press(action(page, "Previous"))
    climbed(page, one)
    press(bar(page).get_by_role("button", name=f"Back to {two['name']}"))
    climbed(page, two)
    press(action(page, "Next"))
    climbed(page, three)
    press(bar(page).get_by_role("link", name="The whole plan"))
    expect(page.locator(".problem-line[aria-current]")).to_contain_text(three["name"])
    expect(page.locator(".problem-line.past")).to_have_count(2)
    press(page.locator(".problem-line").nth(1))
    climbed(page, two)
    expect(bar(page)).to_contain_text("Warm-up 2 of 2")


def test_the_screen_stays_awake_during_a_workout_until_it_is_ended(visit: Visit, plan: dict[str, Any]) -> None:
    page = opened(visit, plan)
    press(page.get_by_role("button", name="Start"))
    page.wait_for_function("() => locks.length == 1")
    tab(page, "Workout")
    press(page.get_by_role("button", name="End", exact=True))
    page.wait_for_function("() => locks.length == 0")
    press(page.get_by_role("button", name="Start"))
    expect(bar(page)).to_be_visible()


@on_phone
def test_a_plan_is_there_offline_with_its_beta(visit: Visit, server: Server, device: str) -> None:
    visit.allow("net::ERR_")
    context = visit.context(device, server.climber(), service_workers="allow")
    page = context.new_page()
    page.goto("?view=workout")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    press(page.get_by_role("button", name="30", exact=True))
    press(page.get_by_role("button", name="Plan it"))
    expect(page.get_by_role("button", name="Start")).to_be_visible()
    number = page.locator(".problem-line").count()
    page.wait_for_function(
        "number => JSON.parse(localStorage['climbpath.planned'] ?? '[]').length == number", arg=number
    )
    context.set_offline(True)
    page.close()
    page = context.new_page()
    page.goto("?view=workout")
    press(page.get_by_role("button", name="Start"))
    for _ in range(number - 1):
        expect(page.locator(".moves li").first).to_be_visible()
        press(action(page, "Next"))
    expect(page.locator(".moves li").first).to_be_visible()


@on_phone
def test_a_list_becomes_an_evening(visit: Visit, server: Server, device: str) -> None:
    kim = server.climber("Kim")
    for name, hands in (("Ash", ["D9", "G13"]), ("Birch", ["E10", "G13", "E15"])):
        server.ask("POST", f"/api/problems?profile={kim}", PROBLEM | {"name": name, "hands": hands})
    page = visit("?view=logbook", device, kim)
    press(page.locator(".results").get_by_role("link", name="Workout"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Workout “Kim’s logbook”")
    press(page.get_by_role("button", name="Plan it"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Kim’s logbook · 60 min")
    last = page.locator(".card").nth(1)
    expect(last.get_by_role("heading")).to_have_text("Kim’s logbook")
    expect(last.locator(".problem-line")).to_have_count(2)


@sizes
def test_in_every_size_the_timer_is_large_and_nothing_is_cut(
    visit: Visit, plan: dict[str, Any], size: tuple[int, int]
) -> None:
    page = opened(visit, plan, viewport={"width": size[0], "height": size[1]})
    press(page.get_by_role("button", name="Start"))
    press(rest(page))
    page.clock.run_for(2000)
    expect(rest(page)).to_be_in_viewport(ratio=1)
    assert bounding_box(rest(page))["height"] >= 56
    assert not is_cut(page, ".workout-bar strong")
    assert not is_cut(page, ".caption .title b")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@sizes
def test_what_a_toast_offers_to_undo_is_not_where_the_rest_begins(
    visit: Visit, plan: dict[str, Any], size: tuple[int, int]
) -> None:
    page = opened(visit, plan, viewport={"width": size[0], "height": size[1]})
    press(page.get_by_role("button", name="Start"))
    climbed(page, problems_of(plan)[0])
    log_tries(page, 1, "Flashed")
    one = bounding_box(page.locator(".toast"))
    for part in (".board", ".playing", ".actions", ".heart", "#tabs"):
        assert not overlap(one, bounding_box(page.locator(part))), f"{part} is covered"


def test_ending_a_workout_is_undone_as_it_was_though_it_was_started_again(visit: Visit, plan: dict[str, Any]) -> None:
    page = opened(visit, plan)
    press(page.get_by_role("button", name="Start"))
    press(action(page, "Next"))
    climbed(page, problems_of(plan)[1])
    tab(page, "Workout")
    press(page.get_by_role("button", name="End", exact=True))
    expect(page.locator("main")).to_contain_text(f"Ended at problem 2 of {len(problems_of(plan))}.")
    press(page.get_by_role("button", name="Start again"))
    climbed(page, problems_of(plan)[0])
    press(toasts(page).get_by_role("button", name="Undo"))
    expect(bar(page)).to_contain_text(f"Back to {problems_of(plan)[1]['name']}")
