"""Accessibility: axe finds nothing serious, and everything works with the keyboard."""

import re

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from support.server import Server
from support.steps import (
    IDENTITY,
    LINK,
    NOTATION,
    PROBLEM,
    action,
    card,
    choose,
    hold,
    message,
    press,
    remove,
    tab,
    toasts,
)
from support.visits import Visit

COMPOSE = f"?view=compose&board=moonboard-2016&angle=40&problem={NOTATION}&pins=F5-D9&bans=E10"


def found_by_axe(page: Page, *rules: str) -> list[str]:
    """The serious and critical violations that axe finds, of these rules or of all."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    options = {"resultTypes": ["violations"]} | ({"runOnly": list(rules)} if rules else {})
    violations = page.evaluate("options => axe.run(options).then((results) => results.violations)", options)
    return [
        f"{one['id']}: {one['help']}: {[node['html'][:120] for node in one['nodes'][:3]]}"
        for one in violations
        if one["impact"] in ("serious", "critical")
    ]


def test_axe_finds_nothing_serious(visit: Visit, server: Server, device: str) -> None:
    kim = server.climber("Kim", height=140)
    server.climber("Sam")
    server.ask("POST", f"/api/problems?profile={kim}", PROBLEM)
    server.ask("PUT", f"/api/problems/{IDENTITY}/ticks/{kim}?profile={kim}", {"day": "2026-05-31"})
    server.ask("PATCH", f"/api/problems/{IDENTITY}?profile={kim}", {"stars": 3, "lists": ["Projects"]})
    page = visit(LINK, device, kim, reduced_motion="reduce")
    violations = {}

    def look(what: str) -> None:
        """All rules in the dark theme; the light theme differs in its colours only."""
        violations[what] = found_by_axe(page)
        page.emulate_media(color_scheme="light")
        violations[f"{what}, light"] = found_by_axe(page, "color-contrast")
        page.emulate_media(color_scheme="dark")

    press(page.locator(".tuning summary"))
    expect(card(page, "Similar problems")).to_be_visible()
    expect(card(page, "Your logbook")).to_be_visible()
    look("climb")
    press(action(page, "Beta"))
    press(action(page, "Next move"))
    look("beta")
    choose(page, "Board", "moonboard-mini-2020")
    expect(message(page)).to_be_visible()
    look("no model")
    tab(page, "Logbook")
    expect(page.locator(".results .problem-line")).to_be_visible()
    look("logbook")
    page.locator(".search").get_by_label("Search").fill("nothing like this")
    expect(page.locator(".results")).to_contain_text("No problem matches")
    look("nothing found")
    tab(page, "Climber")
    press(page.get_by_role("button", name="Add a climber"))
    look("a new climber")
    page.get_by_role("dialog").get_by_label("Name").fill("Alex")
    press(page.get_by_role("button", name="Start climbing"))
    remove(visit, page)
    expect(toasts(page)).to_contain_text("removed")
    look("climber, and a toast")
    press(page.get_by_role("button", name="Sam"))
    page.goto(COMPOSE)
    expect(page.locator(".moves li").first).to_be_visible()
    look("compose")
    hold(page, "F5").locator(".touch").click(button="right")
    expect(page.get_by_role("dialog")).to_be_visible()
    look("roles")
    assert not any(violations.values()), violations


def test_axe_finds_a_deliberate_fault(visit: Visit) -> None:
    page = visit(LINK)
    page.evaluate("document.body.append(document.createElement('button'))")
    assert any(found.startswith("button-name") for found in found_by_axe(page))


def test_composing_by_keyboard_alone(visit: Visit) -> None:
    page = visit("?view=compose")
    expect(message(page)).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.locator("#skip")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(8):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.label"):
            break
    first = page.evaluate("document.activeElement.dataset.label")
    assert first, "Tab leads to the board"
    before = {first}
    for key in ("ArrowUp", "ArrowRight", "ArrowUp", "ArrowLeft", "ArrowDown"):
        page.keyboard.press(key)
        before.add(page.evaluate("document.activeElement.dataset.label"))
    assert len(before) >= 4
    label = page.evaluate("document.activeElement.dataset.label")
    at = hold(page, label)
    page.keyboard.press("Enter")
    expect(at).to_have_attribute("aria-label", re.compile("included"))
    expect(at).to_be_focused()
    page.keyboard.press(" ")
    expect(at).to_have_attribute("aria-label", re.compile("avoided"))
    page.keyboard.press("R")
    dialog = page.get_by_role("dialog", name=f"Hold {label}")
    expect(dialog).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(at).to_be_focused()
    expect(at).to_have_attribute("aria-label", re.compile("included$"))
    for _ in range(4):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Complete":
            break
    with page.expect_response("**/api/generate") as answering:
        page.keyboard.press("Enter")
    assert answering.value.ok
    expect(action(page, "Save")).to_be_enabled()
    expect(page.get_by_role("button", name="Complete")).to_be_focused()
    expect(at).to_have_attribute("aria-label", re.compile("included$"))


def test_the_board_is_one_tab_stop(visit: Visit) -> None:
    page = visit("?view=compose")
    expect(page.locator('[data-label][tabindex="0"]')).to_have_count(1)
    hold(page, "G13").locator(".touch").click()
    expect(page.locator('[data-label][tabindex="0"]')).to_have_attribute("data-label", "G13")
    choose(page, "Board", "moonboard-masters-2017")
    expect(page.locator('[data-label][tabindex="0"]')).to_have_count(1)


def test_arrow_keys_reach_every_hold(visit: Visit, server: Server) -> None:
    """From any hold, moving up, down, left and right, on every size of a board."""
    page = visit("?view=compose")
    expect(message(page)).to_be_visible()
    for board in server.ask("GET", "/api/boards")["boards"]:
        reached = page.evaluate(
            """async (layout) => {
              const { BoardView } = await import("/js/board.js");
              const reachedOn = (size) => {
                const view = new BoardView();
                view.lay(layout, false, size);
                const reached = new Set([view.layout.holds[0].label]);
                for (const label of reached) {
                  for (const way of [[0, 1], [0, -1], [-1, 0], [1, 0]]) {
                    const to = view.neighbour(view.byLabel.get(label), way);
                    if (to) reached.add(to.label);
                  }
                }
                return reached.size;
              };
              return [null, ...Object.keys(layout.sizes)].map(reachedOn);
            }""",
            board,
        )
        sizes = [board["holds"], *board["sizes"].values()]
        assert reached == [len(labels) for labels in sizes], board["name"]


def test_the_page_can_be_zoomed(visit: Visit) -> None:
    page = visit(LINK, "phone")
    content = page.locator("meta[name=viewport]").get_attribute("content") or ""
    assert "maximum-scale" not in content
    assert "user-scalable" not in content
    assert "pinch-zoom" in page.locator(".board").evaluate("board => getComputedStyle(board).touchAction")
    page.evaluate("document.documentElement.style.fontSize = '200%'")  # like a larger font size in the system
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_changes_are_announced_to_screen_readers(visit: Visit) -> None:
    page = visit(LINK)
    expect(page.locator(".board")).to_have_attribute(
        "aria-label", "MoonBoard 2016 at 40°: 5 holds, F5s D9 G13 E15 G18e"
    )
    expect(page.locator("#toasts")).to_have_attribute("aria-live", "polite")
    press(action(page, "Beta"))
    expect(page.locator(".step")).to_have_attribute("aria-live", "polite")
    expect(page.locator("h1")).to_have_count(1)
    expect(page.locator("#tabs [aria-current=page]")).to_have_text("Climb")
