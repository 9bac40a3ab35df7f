"""A foot rule that is asked for is shown with its problem, and goes with it everywhere."""

import json
import re

from playwright.sync_api import Page, expect

from support.server import Server, eventually
from support.steps import action, choose, fields, press, tab, touch
from support.visits import Visit


def footless(page: Page) -> None:
    """Ask for problems on the MoonBoard 2024 without feet, and wait for one."""
    choose(page, "Board", "moonboard-2024")
    press(page.locator(".tuning summary"))
    page.get_by_role("combobox", name="Feet").select_option("Footless")
    expect(page.locator(".caption .title small")).to_contain_text("Footless · MoonBoard 2024 · 40°")


def test_a_foot_rule_is_in_caption_link_compose_and_logbook(visit: Visit, server: Server) -> None:
    kim = server.climber("Kim")
    page = visit("", climber=kim)
    footless(page)
    link = page.locator(".link").input_value()
    assert "method=Footless" in link
    assert "method=Footless" in (page.get_by_role("link", name="PNG", exact=True).get_attribute("href") or "")
    press(action(page, "Save"))
    eventually(lambda: [entry["problem"]["method"] for entry in server.entries(kim)] == ["Footless"])
    # a link read on another device is graded by its rule, and so is what is made of it
    other = visit("", climber=kim)
    with other.expect_request("**/api/grade") as asking:
        other.goto(link)
    assert json.loads(asking.value.post_data or "")["method"] == "Footless"
    expect(other.locator(".caption .title small")).to_contain_text("Footless · MoonBoard 2024 · 40°")
    other.goto(link + "&view=compose")
    expect(other.locator(".caption h1")).to_contain_text("· Footless")
    touch(other, fields(other)["problem"].split("-")[-2].rstrip("se"))  # a hold to avoid
    with other.expect_request("**/api/grade") as asking:
        press(action(other, "Complete"))
    assert json.loads(asking.value.post_data or "")["method"] == "Footless"
    expect(other.locator(".caption h1")).to_contain_text("· Footless")
    tab(page, "Logbook")
    expect(page.locator(".problem-line .about small").first).to_have_text("Footless")
    expect(page.locator(".problem-line .about small").last).to_contain_text("MoonBoard 2024 · 40° · ")


def test_a_rule_that_no_model_of_the_board_knows_stays_with_its_problem_in_compose(visit: Visit) -> None:
    page = visit("?view=compose&board=moonboard-2016&angle=40&problem=F5s-D9-G13-G18e&method=No+kickboard")
    expect(page.locator(".caption h1")).to_contain_text("· No kickboard")
    assert "method=No+kickboard" in page.locator(".link").input_value()
    page.goto("?view=compose&board=moonboard-2016&angle=40&problem=F5s-D9-G13-G18e")
    expect(page.locator(".caption h1")).to_have_text("4 holds")


def test_a_workout_is_of_the_foot_rule_that_is_asked_for(visit: Visit) -> None:
    page = visit()
    footless(page)
    tab(page, "Workout")
    with page.expect_response("**/api/workout") as planning:
        press(page.get_by_role("button", name="Plan it"))
    plan = planning.value.json()
    assert {slot["problem"]["method"] for part in plan["sections"] for slot in part["problems"]} == {"Footless"}
    expect(page.locator("main")).to_contain_text(re.compile("MoonBoard 2024 · 40° · Footless"))
