"""The Climber view: climbers with their reach and their logbook, and the app's appearance."""

import json

from playwright.sync_api import APIResponse, Locator, Page, Route, expect

from support.server import Server, eventually
from support.steps import LINK, PROBLEM, Held, action, card, choose, log_tries, press, remove, shown, tab, toasts
from support.visits import Visit, on_desktop, on_phone

FAR = "?board=moonboard-2016&angle=40&problem=F5s-D9-G14-G18e"
"""A problem with a move that is out of reach for a short climber."""


def people(page: Page) -> Locator:
    return page.get_by_role("group", name="Who climbs?").locator("[aria-pressed]")


def chosen(page: Page) -> Locator:
    return page.get_by_role("group", name="Who climbs?").locator("[aria-pressed=true]")


def sent(page: Page, server: Server, **wanted: object) -> None:
    """Whether the server has a climber with these fields."""
    expect(page.locator("#header .offline")).to_have_count(0)
    eventually(lambda: any(wanted.items() <= one.items() for one in server.ask("GET", "/api/profiles")))


def test_a_late_answer_does_not_undo_a_renaming(visit: Visit, server: Server) -> None:
    page = visit("?view=climber", climber=server.climber("Kim"))
    expect(chosen(page)).to_have_text("Kim")
    late: list[tuple[Route, APIResponse]] = []
    page.route("**/api/profiles", lambda route: late.append((route, route.fetch())), times=1)
    with page.expect_request("**/api/profiles"):
        page.evaluate("void dispatchEvent(new Event('online'))")
    eventually(lambda: page.title() and late)
    page.get_by_label("Name").fill("Sam")
    page.get_by_label("Name").press("Tab")
    sent(page, server, name="Sam")
    (route, answer) = late[0]
    with page.expect_request("**/api/profiles"):
        route.fulfill(response=answer)
    expect(chosen(page)).to_have_text("Sam")


@on_desktop
def test_adding_renaming_and_removing_a_climber(visit: Visit, server: Server, device: str) -> None:
    page = visit("?view=climber", device)
    expect(chosen(page)).to_have_text("Kim")
    press(page.get_by_role("button", name="Add a climber"))
    press(page.get_by_role("dialog").get_by_role("button", name="Close"))
    expect(people(page)).to_have_count(1)
    press(page.get_by_role("button", name="Add a climber"))
    expect(page.get_by_role("dialog").get_by_label("Name")).to_be_focused()
    page.keyboard.type("Sam")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(chosen(page)).to_have_text("Sam")
    sent(page, server, name="Sam")
    name = page.get_by_label("Name")
    name.fill("  ")
    name.press("Tab")
    expect(name).to_have_value("Sam")
    remove(visit, page)
    expect(page.get_by_role("heading", name="Who is climbing?")).to_be_visible()
    expect(page.locator(".choices button")).to_have_text(["Kim", "Add a climber"])
    expect(toasts(page).locator(".toast")).to_have_text(["Sam removedUndo"])
    press(toasts(page).get_by_role("button", name="Undo"))
    expect(chosen(page)).to_have_text("Sam")
    sent(page, server, name="Sam")
    page.reload()
    expect(chosen(page)).to_have_text("Sam")


def test_grades_that_were_chosen_stay_with_their_climber(visit: Visit, server: Server) -> None:
    """On a board on which nobody would get them unasked, also those with which every climber once began."""
    kim = server.climber("Kim")
    page = visit("?view=climber&board=kilter-original&angle=40", climber=kim)
    for label, grade in (("Easiest grade", "6B+"), ("Hardest grade", "7A")):
        with page.expect_response("**/api/profiles/*"):
            page.get_by_label(label).select_option(grade)
    other = visit("?view=climber", climber=kim)
    for label, grade in (("Easiest grade", "6B+"), ("Hardest grade", "7A")):
        expect(other.get_by_label(label)).to_have_value(grade)


def test_a_removal_whose_answer_was_lost_is_repeated_silently(visit: Visit, server: Server) -> None:
    visit.allow("net::ERR_|status of 404")
    sam = server.climber("Sam")
    server.climber("Kim")
    page = visit("?view=climber", climber=sam)
    expect(people(page)).to_have_count(2)

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/api/profiles/*", lose, times=1)
    with page.expect_event("requestfailed"):  # the route is served while the page is waited for, and not after
        remove(visit, page)
    expect(toasts(page)).to_contain_text("Sam removed")
    eventually(lambda: [one["name"] for one in server.ask("GET", "/api/profiles")] == ["Kim"])
    expect(page.locator("#header .offline")).to_have_count(0)
    expect(toasts(page)).not_to_contain_text("could not be saved")


def test_a_removed_climber_s_logbook_is_restored_too(visit: Visit, server: Server) -> None:
    sam = server.climber("Sam")
    server.climber("Kim")
    server.ask("POST", f"/api/problems?profile={sam}", PROBLEM)
    page = visit("?view=climber", climber=sam)
    remove(visit, page)
    expect(page.get_by_role("heading", name="Who is climbing?")).to_be_visible()
    press(toasts(page).get_by_role("button", name="Undo"))
    tab(page, "Logbook")
    expect(page.locator(".results .problem-line")).to_have_count(1)


@on_phone
def test_height_and_ape_index_change_the_beta(visit: Visit, device: str) -> None:
    page = visit(FAR, device)
    beta = card(page, "Beta")
    expect(beta).to_contain_text("For Kim: 175 cm.")
    expect(beta.locator(".warn")).to_have_count(0)
    tab(page, "Climber")
    page.get_by_label("Height").fill("110")
    page.get_by_label("Ape index").fill("-8")
    page.get_by_label("Ape index").press("Tab")
    page.go_back()
    expect(beta).to_contain_text("For Kim: 110 cm, ape index −8 cm.")
    expect(beta).to_contain_text("Out of reach for Kim by")
    press(action(page, "Beta"))
    for _ in range(2):
        press(action(page, "Next move"))
    expect(page.locator(".step")).to_contain_text("cm too far")
    expect(page.locator(".board .move.far").first).to_be_attached()
    page.reload()
    expect(beta).to_contain_text("Out of reach for Kim by")


def test_stored_beta_belongs_to_its_climber(visit: Visit) -> None:
    page = visit(FAR)
    expect(page.locator(".moves li").first).to_be_visible()
    tab(page, "Climber")
    page.get_by_label("Height").fill("110")
    page.get_by_label("Height").press("Tab")
    expect(page.locator("#header .offline")).to_have_count(0)
    page.goto(FAR)
    expect(card(page, "Beta")).to_contain_text("Out of reach for Kim by")


def test_what_is_out_of_range_is_told_and_not_changed(visit: Visit, server: Server) -> None:
    page = visit("?view=climber")
    for label, typed, told in (
        ("Height", "999", "A climber’s height is 100 to 230 cm (3′3″ to 7′7″)."),
        ("Height", "tall", "Write it as 165, 1.65 m or 5'5\"."),
        ("Height", "", "Write it as 165, 1.65 m or 5'5\"."),
        ("Ape index", "-99", "An ape index is −40 to 40 cm (−16″ to 16″)."),
    ):
        field = page.get_by_label(label)
        field.fill(typed)
        field.press("Tab")
        expect(page.get_by_role("alert")).to_have_text(told)
        expect(field).to_have_value(typed)
        expect(field).to_have_attribute("aria-invalid", "true")
        field.fill("1.80 m" if label == "Height" else "4.5")
        field.press("Tab")
        expect(page.get_by_role("alert")).to_have_count(0)
    sent(page, server, height=180, ape=4.5)


def test_feet_and_inches_are_understood(visit: Visit, server: Server) -> None:
    page = visit("?view=climber")
    page.get_by_label("Height").fill("5'5\"")
    page.get_by_label("Height").press("Tab")
    expect(page.get_by_label("Height")).to_have_value("165.1")
    expect(page.locator("#height-said")).to_have_text("cm, or 5′5″")
    sent(page, server, height=165.1)


@on_phone
def test_switching_climbers_switches_logbook_and_grades(visit: Visit, server: Server, device: str) -> None:
    kim = server.climber("Kim")
    server.climber("Sam", easiest="7C", hardest="7C+")
    server.ask("POST", f"/api/problems?profile={kim}", PROBLEM)
    page = visit(LINK, device, kim)
    expect(action(page, "Saved")).to_be_visible()
    tab(page, "Climber")
    press(people(page).filter(has_text="Sam"))
    expect(chosen(page)).to_have_text("Sam")
    tab(page, "Logbook")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sam’s logbook")
    expect(page.locator(".results")).to_contain_text("Nothing here yet")
    tab(page, "Climb")
    expect(action(page, "Save")).to_be_visible()
    expect(page.locator(".filters").get_by_label("Easiest grade")).to_have_value("7C")
    problem = shown(page)
    press(action(page, "Next"))
    expect(page.locator(".caption .pill")).to_contain_text("7C")
    assert shown(page) != problem


def test_each_climber_keeps_the_grades_chosen_in_climb(visit: Visit, server: Server) -> None:
    kim = server.climber("Kim")
    server.climber("Sam", easiest="7C", hardest="7C+")
    page = visit("", climber=kim)
    easiest = page.locator(".filters").get_by_label("Easiest grade")
    page.locator(".filters").get_by_label("Hardest grade").select_option("7B+")
    easiest.select_option("7A+")
    eventually(lambda: server.ask("GET", "/api/profiles")[0]["easiest"] == "7A+")
    for name, grade in (("Sam", "7C"), ("Kim", "7A+")):
        tab(page, "Climber")
        press(people(page).filter(has_text=name))
        tab(page, "Climb")
        expect(easiest).to_have_value(grade)


def test_the_grades_offered_are_those_of_the_climber_s_board(visit: Visit, server: Server) -> None:
    kim = server.climber("Kim", walls=[{"board": "tension-1", "angle": 40}])
    server.climber("Sam", walls=[{"board": "moonboard-2024", "angle": 40}])
    page = visit("?view=climber", climber=kim)
    offered = page.get_by_label("Easiest grade").locator("option")
    for name, first in (("Kim", "V0"), ("Sam", "5+"), ("Kim", "V0")):
        press(people(page).filter(has_text=name))
        expect(offered.first).to_have_text(first)


def test_switching_while_the_logbook_loads_mixes_nothing(visit: Visit, server: Server) -> None:
    kim, sam = server.climber("Kim"), server.climber("Sam")
    server.ask("POST", f"/api/problems?profile={kim}", PROBLEM)
    page = visit("?view=climber", climber=kim)
    held = Held(page, "**/api/problems?**")
    tab(page, "Logbook")
    tab(page, "Climber")
    press(people(page).filter(has_text="Sam"))
    tab(page, "Logbook")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sam’s logbook")
    with page.expect_response(f"**/api/problems?profile={kim}**"):
        held.release(newest_first=True)
    expect(page.locator(".results")).to_contain_text("Nothing here yet")
    eventually(lambda: page.evaluate(f"localStorage['climbpath.book.{sam}']") == "[]")


def test_a_tick_that_is_answered_late_stays_with_its_climber(visit: Visit, server: Server) -> None:
    kim, sam = server.climber("Kim"), server.climber("Sam")
    for climber in (kim, sam):
        server.ask("POST", f"/api/problems?profile={climber}", PROBLEM)
    page = visit(LINK, climber=kim)
    expect(action(page, "Saved")).to_be_visible()
    held = Held(page, "**/ticks/**")
    log_tries(page, 2, "Sent on try 2")
    tab(page, "Climber")
    press(people(page).filter(has_text="Sam"))
    with page.expect_response("**/ticks/**"):
        held.release()
    assert server.entries(kim)[0]["ticks"]
    page.go_back()
    expect(action(page, "Saved")).to_be_visible()
    expect(card(page, "Your logbook").locator(".ticks li")).to_have_count(0)
    page.reload()
    expect(action(page, "Saved")).to_be_visible()
    expect(card(page, "Your logbook").locator(".ticks li")).to_have_count(0)
    assert not server.entries(sam)[0]["ticks"]


def test_grades_keep_their_order(visit: Visit, server: Server) -> None:
    """If the easiest grade were above the hardest, nothing could be generated."""
    page = visit("?view=climber")
    page.get_by_label("Easiest grade").select_option("7B")
    expect(page.get_by_label("Hardest grade")).to_have_value("7B")
    page.get_by_label("Hardest grade").select_option("6C")
    expect(page.get_by_label("Easiest grade")).to_have_value("6C")
    sent(page, server, easiest="6C", hardest="6C")
    tab(page, "Climb")
    expect(page.locator(".caption .pill")).to_contain_text("6C")


def test_only_problems_within_the_climber_s_reach(visit: Visit, server: Server) -> None:
    page = visit(climber=server.climber("Kim", height=150, ape=-5))
    shown(page)
    press(page.locator(".tuning summary"))
    with page.expect_request("**/api/generate") as asking:
        page.get_by_label("Only what Kim can reach").check()
    assert json.loads(asking.value.post_data or "")["climber"] == {"height": 150, "ape": -5}
    choose(page, "Hardest grade", "6C")
    for _ in range(2):
        expect(page.locator(".moves li").first).to_be_visible()
        expect(card(page, "Beta").locator(".warn")).to_have_count(0)
        problem = shown(page)
        press(action(page, "Next"))
        expect(page).not_to_have_url(f"problem={problem}")


@on_desktop
def test_the_theme_is_chosen_and_stored(visit: Visit, device: str) -> None:
    page = visit("?view=climber", device, color_scheme="dark")
    background = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(background)
    page.get_by_label("Appearance").select_option("light")
    light = page.evaluate(background)
    assert light != dark
    page.reload()
    expect(page.get_by_label("Appearance")).to_have_value("light")
    assert page.evaluate(background) == light
    page.emulate_media(color_scheme="light")
    page.get_by_label("Appearance").select_option("dark")
    assert page.evaluate(background) == dark
    page.get_by_label("Appearance").select_option("auto")
    assert page.evaluate(background) == light
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(background) == dark


ALI = "\u0639\u0644\u064a"
"""A name that is written from right to left."""
LEFT_OF = """(element, words) => words.map((word) => {
    const range = document.createRange();
    const [text, at] = [...element.childNodes].map((node) => [node, node.data.indexOf(word)]).find(([, at]) => at >= 0);
    range.setStart(text, at);
    range.setEnd(text, at + word.length);
    return range.getBoundingClientRect().left;
})"""


def test_a_name_from_right_to_left_leaves_the_words_around_it_in_order(visit: Visit, server: Server) -> None:
    ali = server.climber(ALI, ape=3)
    page = visit(LINK, climber=ali)
    words = card(page, "Beta").locator("p").last
    expect(words).to_contain_text("175 cm, ape index +3 cm.")
    places = words.evaluate(LEFT_OF, ["For", ALI, "175", "ape index", "+3"])
    assert places == sorted(places)
    for hands in (["D9"], ["E10"]):
        identity = server.ask("POST", f"/api/problems?profile={ali}", PROBLEM | {"hands": hands})["identity"]
        server.ask("PATCH", f"/api/problems/{identity}?profile={ali}", {"lists": [ALI]})
    page.goto("?view=logbook")
    page.locator(".search").get_by_label("List", exact=True).select_option(ALI)
    press(page.locator(".plays").get_by_role("link"))
    press(page.get_by_role("button", name="Plan it"))
    title = page.get_by_role("heading", level=1)
    expect(title).to_contain_text("60 min")
    places = title.evaluate(LEFT_OF, [ALI, "60", "min"])
    assert places == sorted(places)
