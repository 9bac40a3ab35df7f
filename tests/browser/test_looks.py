"""The page looks as before: every view in two sizes, compared with a baseline. `make baselines` renews those."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from support.looks import ARTIFACTS, BASELINES, MOST_DIFFERENT, compare, difference, small
from support.server import Server
from support.steps import BOARD, LINK, NOTATION, PROBLEM, action, card, choose, hold, press
from support.visits import Visit

COMPOSE = f"?view=compose&board={BOARD}&angle=40&grade=7A&problem={NOTATION}&pins=F5-D9&bans=E10-G11"
TODAY = "2026-05-31T12:00:00"
SAVED = (("Ash Crack", ["D9"], "6B"), ("Birch Wall", ["D9", "G13"], "6C"), ("Cedar Prow", ["E10", "G13", "E15"], "7A+"))


def climb(page: Page) -> None:
    page.goto(LINK)
    expect(page.locator(".moves li").first).to_be_visible()
    expect(card(page, "Similar problems")).to_be_visible()


def climb_more(page: Page) -> None:
    climb(page)
    card(page, "Beta").evaluate("card => card.scrollIntoView()")


def beta(page: Page) -> None:
    climb(page)
    press(action(page, "Beta"))
    for _ in range(3):
        press(action(page, "Next move"))


def entry(page: Page) -> None:
    page.goto(LINK.replace("D9-G13-E15", "D9-G13"))
    expect(page.locator(".moves li").first).to_be_visible()
    expect(card(page, "Similar problems")).to_be_visible()
    card(page, "Your logbook").evaluate("card => card.scrollIntoView()")


def no_model(page: Page) -> None:
    page.route("**/api/boards", without_a_model)
    climb(page)
    choose(page, "Board", "moonboard-mini-2020")
    expect(page.locator(".caption .message")).to_contain_text("No model has learned")
    page.unroute("**/api/boards")


def without_a_model(route: Route) -> None:
    """Answer as if no model had learned the Mini 2020."""
    answer = route.fetch().json()
    for board in answer["boards"]:
        if board["name"] == "moonboard-mini-2020":
            board["grades"], board["thin"], board["methods"] = {"40": []}, {"40": {}}, {"40": []}
    route.fulfill(json=answer)


def compose(page: Page) -> None:
    page.goto(COMPOSE)
    expect(page.locator(".moves li").first).to_be_visible()


def roles(page: Page) -> None:
    compose(page)
    hold(page, "F5").locator(".touch").click(button="right")
    expect(page.get_by_role("dialog")).to_be_visible()


def logbook(page: Page) -> None:
    page.goto("?view=logbook")
    expect(page.locator(".results .problem-line")).to_have_count(len(SAVED))


def climber(page: Page) -> None:
    page.goto("?view=climber")
    expect(page.get_by_label("Name")).to_be_visible()


def paper(page: Page) -> None:
    climb(page)
    page.emulate_media(media="print")  # not undone: this is the last view


VIEWS: dict[str, Callable[[Page], None]] = {
    "climb": climb,
    "climb-more": climb_more,
    "beta": beta,
    "entry": entry,
    "no-model": no_model,
    "compose": compose,
    "roles": roles,
    "logbook": logbook,
    "climber": climber,
    "paper": paper,
}
LIGHT_TOO = ("climb", "compose", "entry")
MISSING = {
    "climb": [(".board", "visibility: hidden"), (".stage", "height: auto"), ("*", "all: revert")],
    "climb-more": [(".panel", "visibility: hidden")],
    "compose": [(".board", "visibility: hidden")],
    "roles": [("dialog", "visibility: hidden")],
    "logbook": [(".page", "visibility: hidden")],
    "climber": [(".card", "display: none")],
}


@pytest.fixture
def kim(server: Server) -> str:
    """A climber with three problems."""
    profile = server.climber("Kim")
    for name, hands, grade in SAVED:
        server.ask("POST", f"/api/problems?profile={profile}", PROBLEM | {"name": name, "hands": hands, "grade": grade})
    birch = f"/api/problems/{BOARD}@40:F5s-D9-G13-G18e"
    server.ask("PATCH", f"{birch}?profile={profile}", {"stars": 4, "lists": ["Projects"], "notes": "Left foot on B4."})
    server.ask("PUT", f"{birch}/ticks/{profile}?profile={profile}", {"day": "2026-05-30", "attempts": 3})
    return profile


def opened(visit: Visit, kim: str, device: str, scheme: str) -> Page:
    context = visit.context(
        device, kim, color_scheme=scheme, reduced_motion="reduce", timezone_id="UTC", locale="en-GB"
    )
    page = context.new_page()
    page.clock.set_fixed_time(TODAY)
    return page


def picture(page: Page) -> bytes:
    return page.screenshot(animations="disabled", caret="hide")


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_every_view_looks_like_its_baseline(visit: Visit, kim: str, device: str, scheme: str) -> None:
    page = opened(visit, kim, device, scheme)
    found = {}
    for view in VIEWS if scheme == "dark" else LIGHT_TOO:
        VIEWS[view](page)
        found[view] = compare(f"{view}-{scheme}", device, picture(page))
    others = {view: f"{share:.0%}" for view, share in found.items() if share > MOST_DIFFERENT[device]}
    assert not others, f"{others} differ: look at {ARTIFACTS}, then `make baselines` if it is right"


def test_another_font_is_no_difference(visit: Visit, kim: str, device: str) -> None:
    page = opened(visit, kim, device, "dark")
    for view in ("climb", "logbook", "climber"):
        VIEWS[view](page)
        with styled(page, "*", "font-family: serif"):
            assert compared(page, view, device) <= MOST_DIFFERENT[device], view


def test_a_missing_part_is_a_difference(visit: Visit, kim: str, device: str) -> None:
    page = opened(visit, kim, device, "dark")
    for view, changes in MISSING.items():
        VIEWS[view](page)
        assert compared(page, view, device) <= MOST_DIFFERENT[device], view
        for selector, style in changes:
            with styled(page, selector, style):
                assert compared(page, view, device) > MOST_DIFFERENT[device], (view, selector, style)


@contextmanager
def styled(page: Page, selector: str, style: str) -> Iterator[None]:
    """Add a style rule that overrides all others, for the duration of the block."""
    rule = f"{selector} {{ {style} !important; }}"
    page.evaluate("rule => document.styleSheets[0].insertRule(rule, document.styleSheets[0].cssRules.length)", rule)
    yield
    page.evaluate("document.styleSheets[0].deleteRule(document.styleSheets[0].cssRules.length - 1)")


def compared(page: Page, view: str, device: str) -> float:
    """The difference from the baseline, without leaving an artifact."""
    path = ARTIFACTS / f"{view}-{device}-changed.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(picture(page))
    try:
        with Image.open(BASELINES / f"{view}-dark-{device}.png") as baseline:
            return difference(small(path, device), baseline)
    finally:
        path.unlink()
