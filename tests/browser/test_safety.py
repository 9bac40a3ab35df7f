"""Text from outside is shown as text everywhere. (Every other test also checks console, policy and requests.)"""

import json

import pytest
from playwright.sync_api import Page, expect

from support.server import Server, eventually
from support.steps import LINK, PROBLEM, action, bounding_box, card, press, remove, shown, tab
from support.visits import Visit, on_phone

HOSTILE = '<img src=x onerror="document.title=1">'
OUTSIDE = """() => [...document.querySelectorAll(".card")].flatMap((card) => {
  const { right } = card.getBoundingClientRect();
  const parts = [...card.querySelectorAll("input, select, button, textarea, p, li, .pill, .chart")];
  return parts.filter((part) => part.getBoundingClientRect().right > right - 8).map((part) => part.outerHTML);
})"""
LONG = "Wolfeschlegelsteinhausenbergerdorff" * 3


@pytest.fixture
def mallory(server: Server) -> str:
    """A climber whose name and saved problem contain markup."""
    climber = server.climber(HOSTILE)
    server.ask("POST", f"/api/problems?profile={climber}", PROBLEM | {"name": HOSTILE, "method": HOSTILE})
    (entry,) = server.entries(climber)
    noted = {"notes": HOSTILE, "lists": [HOSTILE]}
    server.ask("PATCH", f"/api/problems/{entry['identity']}?profile={climber}", noted)
    return climber


def is_text_alone(page: Page) -> None:
    assert not page.locator("#main img, #main script, #main iframe, #toasts img, dialog img").count()
    assert page.title().endswith(" · climbpath")


@on_phone
def test_markup_in_names_notes_and_lists_stays_text(visit: Visit, server: Server, mallory: str, device: str) -> None:
    page = visit("?view=logbook", device, mallory)
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{HOSTILE}’s logbook")
    expect(page.locator(".results strong")).to_have_text(HOSTILE)
    expect(page.locator(".search").get_by_label("List").locator("option").nth(1)).to_have_text(f"{HOSTILE} (1)")
    is_text_alone(page)
    press(page.locator(".results .problem-line"))
    expect(page.locator(".caption h1")).to_have_text(HOSTILE)
    expect(card(page, "Your logbook").get_by_label("Notes")).to_have_value(HOSTILE)
    expect(card(page, "Beta")).to_contain_text(f"For {HOSTILE}: 175 cm.")
    is_text_alone(page)
    tab(page, "Compose")
    is_text_alone(page)
    tab(page, "Climber")
    expect(page.get_by_role("group", name="Who climbs?").locator("[aria-pressed=true]")).to_have_text(HOSTILE)
    press(page.get_by_role("button", name="Add a climber"))
    page.get_by_role("dialog").get_by_label("Name").fill("Alex")
    press(page.get_by_role("button", name="Start climbing"))
    press(page.get_by_role("button", name=HOSTILE))
    remove(visit, page)
    expect(page.locator("#toasts")).to_contain_text(f"{HOSTILE} removed")
    is_text_alone(page)
    # the page says so at once, and its request must not be under way when the climbers of this test are removed
    eventually(lambda: [one["name"] for one in server.ask("GET", "/api/profiles")] == ["Alex"])


def test_markup_in_server_errors_stays_text(visit: Visit, mallory: str) -> None:
    visit.allow("status of 409")
    page = visit("?view=logbook&part=files", climber=mallory)
    problem = {"start": ["F5"], "finish": ["G18"], "name": HOSTILE, "board": "<img src=x>"}
    broken = json.dumps({"format": "climbpath logbook", "entries": [{"problem": problem}]})
    page.locator("input[type=file]").set_input_files(
        {"name": "x.json", "mimeType": "application/json", "buffer": broken.encode()}
    )
    expect(card(page, "Import")).to_contain_text("1 rejected")
    is_text_alone(page)


def test_pictures_of_a_problem_with_markup_contain_no_script(visit: Visit, mallory: str) -> None:
    """Each is opened as a separate page, where markup would take effect."""
    page = visit(LINK.replace("Slow+Heron", "%3Cimg+src%3Dx+onerror%3Dalert(1)%3E"), climber=mallory)
    shown(page)
    svg = card(page, "Share and print").get_by_role("link", name="SVG", exact=True).get_attribute("href") or ""
    with page.expect_download():
        page.evaluate("href => { location.href = href; }", svg)  # not shown inside the page
    expect(action(page, "Next")).to_be_visible()


def test_another_site_cannot_show_or_use_the_app(visit: Visit, server: Server) -> None:
    """Neither in a frame nor by a request on the user's behalf."""
    visit.allow("frame-ancestors|ERR_BLOCKED_BY_RESPONSE|Refused to frame|violates")
    visit.allow("403|ERR_FAILED|CORS|a request to http://127.0.0.1")
    page = visit(LINK)
    elsewhere = f"http://127.0.0.1:{server.port}"
    page.goto(f"{elsewhere}/manifest.webmanifest")  # the same machine under another name: another site
    before = server.ask("GET", "/api/profiles")
    answer = page.evaluate(
        """async (url) => {
          const ways = [{}, { mode: "no-cors" }];
          const ask = (way) => fetch(url, { method: "DELETE", ...way });
          return Promise.all(ways.map((way) => ask(way).then((r) => r.status, () => "refused")));
        }""",
        f"{server.url}/api/profiles/{before[0]['id']}",
    )
    assert answer[0] == "refused"
    assert server.ask("GET", "/api/profiles") == before


@pytest.mark.parametrize(
    "size",
    [
        {"width": 320, "height": 568},
        {"width": 360, "height": 740},
        {"width": 740, "height": 360},
        {"width": 1280, "height": 800},
    ],
    ids=lambda size: f"{size['width']}x{size['height']}",
)
def test_nothing_is_wider_than_the_screen(visit: Visit, server: Server, size: dict[str, int]) -> None:
    """With any names, even on a phone in landscape; and the board is not hidden behind the buttons."""
    climber = server.climber(LONG[:40], height=120)
    name, lists = LONG[:80], [LONG[:40], "Projects"]
    server.ask("POST", f"/api/problems?profile={climber}", PROBLEM | {"name": name})
    (entry,) = server.entries(climber)
    server.ask("PATCH", f"/api/problems/{entry['identity']}?profile={climber}", {"lists": lists, "notes": LONG})
    for day in ("2026-05-30", "2026-05-31"):
        server.ask("PUT", f"/api/problems/{entry['identity']}/ticks/{server.climber()}?profile={climber}", {"day": day})
    page = visit(
        LINK.replace("Slow+Heron", name), climber=climber, viewport=size, has_touch=True, is_mobile=size["width"] < 800
    )
    expect(card(page, "Your logbook")).to_be_visible()
    expect(page.locator(".moves li").first).to_be_visible()
    press(page.locator(".tuning summary"))
    for view in ("Climb", "Compose", "Logbook", "Climber"):
        tab(page, view)
        if view == "Compose":
            for label in ("F5", "D9", "A18"):
                page.locator(f'[data-label="{label}"] .touch').tap()
            expect(page.locator(".caption .pill")).to_be_visible()
        if view == "Logbook":
            expect(page.locator(".results .problem-line")).to_have_count(1)
        wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert wide[0] <= size["width"], (view, wide)
        assert wide[1] == size["width"], (view, wide)
        assert page.evaluate(OUTSIDE) == [], view
        if view in ("Climb", "Compose"):
            assert bounding_box(page.locator(".board"))["height"] >= 200
            cut = page.locator(".actions button").evaluate_all(
                "all => all.filter((one) => one.scrollWidth > one.clientWidth).length"
            )
            assert not cut, view
