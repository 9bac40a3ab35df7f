"""A new device asks who climbs, a phone is invited by a code, and a link without access shows its problem."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from climbpath.beta.body import parse_ape, parse_height
from climbpath.errors import ClimbpathError
from support.server import Server, eventually
from support.steps import LINK, NOTATION, action, bounding_box, holds, press, shown, tab
from support.visits import Visit, on_phone

NEW: dict[str, Any] = {"storage_state": {"cookies": [], "origins": []}, "climber": "-"}
"""A browser that was never here."""
REFUSED = "status of 401"
TYPED_HEIGHTS = [
    *("165", "165 cm", "165.5", "165,5cm", "1.65", "1.65 m", "1,65m", "1.65 metres", "2.3", "100", "230", "99.9"),
    *("231", "0", "", "tall", "5'5\"", "5’5”", "5′5″", "5'5", "5' 5.5\"", "5 ft 5 in", "5ft5", "5 feet", "6'", "65 in"),
    *('65"', "65''", "5'12\"", "5'13", "3'3\"", "3'4\"", "-165", "+165", "165 m", "1 65", "1e2", "NaN", ".9 m", "²"),
]
TYPED_APES = [
    *("0", "5", "+5", "+5 cm", "-3", "−3", "-1.5 in", '2"', "2''", "0.05 m", "1.65", "40", "-40", "41", "", "x"),
    *("1'", "-1'4\""),
]


def heading(page: Page) -> Any:
    return page.get_by_role("heading", name="Who is climbing?")


@pytest.fixture
def lent(chromium: Browser, tmp_path: Path) -> Iterator[Server]:
    """A server for a network, which needs the access token."""
    running = Server(tmp_path, "--host", "0.0.0.0")
    running.kill()
    (tmp_path / "token").write_text(TOKEN)
    running.start()
    yield running
    running.kill()


TOKEN = "a-secret-of-24-letters_0"


@pytest.fixture
def guest(chromium: Browser, lent: Server) -> Iterator[Visit]:
    visit = Visit(chromium, lent)
    visit.allow(REFUSED)
    yield visit
    visit.end()


def test_a_new_device_asks_who_climbs_and_writes_nothing_before(visit: Visit, server: Server, device: str) -> None:
    kim, _ = server.climber("Kim", easiest="7A", hardest="7B"), server.climber("Sam")
    context = visit.context(device, **NEW)
    page = context.new_page()
    writes: list[str] = []
    page.on("request", lambda request: writes.append(request.url) if request.method != "GET" else None)
    page.goto(LINK)
    expect(heading(page)).to_be_visible()
    expect(page.locator(".choices button")).to_have_text(["Kim", "Sam", "Add a climber"])
    expect(page.locator("#tabs a")).to_have_count(0)
    page.keyboard.press("s")
    page.reload()
    expect(heading(page)).to_be_visible()
    assert not writes
    press(page.get_by_role("button", name="Kim"))
    assert shown(page) == NOTATION, "the link that was opened"
    assert json.loads(page.evaluate("localStorage['climbpath.profileId']")) == kim
    assert json.loads(page.evaluate("localStorage['climbpath.range']")) == ["7A", "7B"]
    press(action(page, "Save"))
    eventually(lambda: server.entries(kim))


@on_phone
def test_a_new_climber_is_added_at_the_first_visit(visit: Visit, server: Server, device: str) -> None:
    page = visit("", device, **NEW)
    for profile in server.ask("GET", "/api/profiles"):
        server.ask("DELETE", f"/api/profiles/{profile['id']}")
    page.reload()
    expect(heading(page)).to_be_visible()
    expect(page.locator(".choices")).to_have_count(0)
    page.get_by_label("Height").fill("9'")
    page.get_by_label("Name").fill("Ada")
    press(page.get_by_role("button", name="Start climbing"))
    expect(page.get_by_role("alert")).to_have_text("A climber’s height is 100 to 230 cm (3′3″ to 7′7″).")
    expect(page.get_by_label("Height")).to_have_value("9'")
    expect(page.get_by_label("Name")).to_have_value("Ada")
    assert not server.ask("GET", "/api/profiles")
    page.get_by_label("Height").fill("5'5\"")
    press(page.get_by_role("button", name="Start climbing"))
    assert shown(page)
    eventually(lambda: server.ask("GET", "/api/profiles"))
    (ada,) = server.ask("GET", "/api/profiles")
    assert (ada["name"], ada["height"]) == ("Ada", 165.1)


def test_adding_beside_others_keeps_what_is_half_typed(visit: Visit, server: Server) -> None:
    server.climber("Kim")
    page = visit("?view=logbook", **NEW)
    press(page.get_by_role("button", name="Add a climber"))
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.type("A")
    server.climber("Sam")
    with page.expect_response("**/api/profiles"):
        page.evaluate("void dispatchEvent(new Event('online'))")
    expect(page.locator(".choices button")).to_have_text(["Kim", "Sam"])
    page.keyboard.type("da")
    expect(page.get_by_label("Name")).to_have_value("Ada")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ada’s logbook")


def test_a_climber_removed_on_another_device_is_asked_for_again(visit: Visit, server: Server) -> None:
    visit.allow("status of 404")
    kim, sam = server.climber("Kim"), server.climber("Sam")
    page = visit(LINK, climber=kim)
    expect(action(page, "Save")).to_be_visible()
    server.ask("DELETE", f"/api/profiles/{kim}")
    page.evaluate("void dispatchEvent(new Event('online'))")
    expect(heading(page)).to_be_visible()
    assert not server.entries(sam)
    press(page.get_by_role("button", name="Sam"))
    expect(action(page, "Save")).to_be_visible()


def test_the_page_reads_lengths_as_the_shell_does(visit: Visit) -> None:
    page = visit("?view=climber")

    def read(field: str, text: str) -> float | None:
        try:
            return (parse_height if field == "height" else parse_ape)(text)
        except ClimbpathError:
            return None

    script = """async ([field, texts]) => {
      const { readLength } = await import("/js/lengths.js");
      return texts.map((text) => readLength(field, text).cm ?? null);
    }"""
    for field, texts in (("height", TYPED_HEIGHTS), ("ape", TYPED_APES)):
        by_page = page.evaluate(script, [field, texts])
        assert dict(zip(texts, by_page, strict=True)) == {text: read(field, text) for text in texts}


def test_a_link_without_access_shows_its_problem_and_whom_to_ask(guest: Visit, device: str) -> None:
    context = guest.context(device, **NEW)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(guest.server.url)))
    page.goto(LINK)
    expect(page.get_by_role("heading", level=1)).to_have_text("Slow Heron")
    expect(page.locator(".pill")).to_contain_text("7A")
    expect(page.locator(".guest")).to_contain_text("Ask whoever runs it to open Climber, then Invite a phone")
    assert [holds(page, role) for role in ("start", "hands", "finish")] == [["F5"], ["D9", "G13", "E15"], ["G18"]]
    assert bounding_box(page.locator(".board"))["height"] > 200
    expect(page.locator("#tabs a")).to_have_count(0)
    answers = {path for path in asked if path.startswith("/api/")}
    assert answers == {"/api/boards", "/api/profiles"}, "both are refused"


def test_without_access_and_without_a_problem_the_page_says_what_to_ask_for(guest: Visit) -> None:
    for link, words in (
        ("", "This climbpath is for people who were invited."),
        ("?view=logbook", "This climbpath is for people who were invited."),
        ("?problem=Z99", "This link is not valid"),
        (f"?problem=F5s-D9-G18e&name={quote('<img src=x onerror=alert(1)>')}", "This problem is in the link itself."),
    ):
        page = guest(link, **NEW)
        expect(page.locator(".card")).to_contain_text(words)
        expect(page.locator(".card")).to_contain_text("Invite a phone")
        assert not page.locator("main img").count()


def test_a_phone_is_invited_by_a_code_and_asks_who_climbs(guest: Visit, lent: Server) -> None:
    page = guest(f"?token={TOKEN}", **NEW)
    page.get_by_label("Name").fill("Kim")
    press(page.get_by_role("button", name="Start climbing"))
    tab(page, "Climber")
    press(page.get_by_role("button", name="Show the code"))
    dialog = page.get_by_role("dialog", name="Invite a phone")
    link = dialog.locator("code").inner_text()
    assert re.fullmatch(rf"http://[0-9.a-z]+:{lent.port}/\?token={TOKEN}", link)
    expect(dialog.get_by_role("img", name="QR code of the address")).to_be_visible()
    expect(dialog).to_contain_text("Whoever has this code can see and change every logbook here.")
    other = guest(f"?token={TOKEN}", **NEW)
    expect(other.locator(".choices button")).to_have_text(["Kim", "Add a climber"])


def test_on_this_machine_only_the_invitation_says_what_to_start(visit: Visit) -> None:
    page = visit("?view=climber")
    press(page.get_by_role("button", name="Show the code"))
    expect(page.get_by_role("dialog")).to_contain_text("climbpath serve --host 0.0.0.0")
