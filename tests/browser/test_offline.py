"""Offline: the page starts, the last problems and the logbook are available, and changes are sent later."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from support.server import Server, eventually
from support.steps import LINK, NOTATION, PROBLEM, action, card, log_tries, press, shown, tab, toasts
from support.visits import Visit, on_desktop, on_phone

WAITS = "1 change waits to be sent"
PLAIN_NAME = "board.test"


def header(page: Page) -> Locator:
    return page.locator("#header .offline")


def has_worker(page: Page) -> None:
    """Wait until the service worker has cached the page and will serve it from the next load on."""
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")


def with_worker(visit: Visit, kim: str, device: str = "desktop") -> tuple[BrowserContext, Page]:
    """A page that works without the server, and has seen a problem and the logbook."""
    context = visit.context(device, kim, service_workers="allow")
    page = context.new_page()
    page.goto("?view=logbook")
    expect(page.locator(".results .problem-line")).to_have_count(1)
    page.goto(LINK)
    expect(page.locator(".moves li").first).to_be_visible()
    expect(card(page, "Similar problems")).to_be_visible()
    has_worker(page)
    return context, page


@pytest.fixture
def kim(server: Server) -> str:
    climber = server.climber("Kim")
    server.ask("POST", f"/api/problems?profile={climber}", PROBLEM)
    return climber


@pytest.fixture
def own_kim(own_server: Server) -> str:
    climber = own_server.climber("Kim")
    own_server.ask("POST", f"/api/problems?profile={climber}", PROBLEM)
    return climber


@on_phone
def test_without_network_the_app_starts_and_shows_stored_data(visit: Visit, kim: str, device: str) -> None:
    visit.allow("net::ERR_")
    context, page = with_worker(visit, kim, device)
    seen = {NOTATION}
    for _ in range(2):
        press(action(page, "Next"))
        expect(page.locator(".moves li").first).to_be_visible()
        seen.add(shown(page))
    context.set_offline(True)
    expect(header(page)).to_have_text("Offline")
    page.reload()
    expect(header(page)).to_have_text("Offline")
    expect(page.locator(".moves li").first).to_be_visible()
    fresh = context.new_page()
    fresh.goto("/")
    expect(header(fresh)).to_have_text("Offline")
    again = set()
    for _ in range(3):
        again.add(shown(fresh))
        expect(fresh.locator(".moves li").first).to_be_visible()
        press(action(fresh, "Next"))
        expect(toasts(fresh)).to_contain_text("Offline: these are the last problems that you saw.")
    assert again <= seen
    tab(fresh, "Logbook")
    expect(fresh.locator(".results .problem-line")).to_contain_text("Slow Heron")
    expect(fresh.locator(".results")).to_contain_text("Offline: the newest problems of your logbook.")
    tab(fresh, "Compose")
    expect(fresh.locator(".board")).to_be_visible()
    tab(fresh, "Climber")
    expect(fresh.get_by_label("Name")).to_have_value("Kim")


@on_desktop
def test_changes_made_without_network_are_sent_later(visit: Visit, server: Server, kim: str, device: str) -> None:
    visit.allow("net::ERR_")
    context, page = with_worker(visit, kim, device)
    context.set_offline(True)
    expect(header(page)).to_be_visible()
    entry = card(page, "Your logbook")
    log_tries(page, 2, "Sent on try 2")
    expect(entry.locator(".ticks li")).to_have_count(1)
    expect(header(page)).to_contain_text(WAITS)
    page.reload()
    expect(header(page)).to_contain_text(WAITS)
    expect(entry.locator(".ticks li")).to_have_count(1)
    context.set_offline(False)
    expect(toasts(page)).to_contain_text("Your offline changes have been sent")
    expect(header(page)).to_have_count(0)
    assert len(server.entries(kim)[0]["ticks"]) == 1


def test_a_stopped_server_is_noticed_and_loses_nothing(own_visit: Visit, own_server: Server, own_kim: str) -> None:
    context, page = with_worker(own_visit, own_kim)
    own_server.kill()
    entry = card(page, "Your logbook")
    log_tries(page, 2, "Sent on try 2")
    press(entry.get_by_role("button", name="3 stars"))
    entry.get_by_label("Notes").fill("noted in the cellar")
    entry.get_by_label("Notes").press("Tab")
    expect(header(page)).to_have_text("Offline · 3 changes wait to be sent")
    press(header(page))
    expect(toasts(page)).to_contain_text("your changes will be sent later")
    page.reload()
    expect(header(page)).to_have_text("Offline · 3 changes wait to be sent")
    expect(entry.get_by_label("Notes")).to_have_value("noted in the cellar")
    tab(page, "Logbook")
    expect(page.locator(".results .problem-line")).to_contain_text("✓ Sent on try 2 · ★★★")
    tab(page, "Climber")
    press(page.get_by_role("button", name="Add a climber"))
    page.get_by_role("dialog").get_by_label("Name").fill("Sam")
    press(page.get_by_role("button", name="Start climbing"))
    tab(page, "Climb")
    page.goto(LINK)
    expect(page.locator(".moves li").first).to_be_visible()
    press(action(page, "Save"))
    log_tries(page, 2, "Sent on try 2")
    expect(entry.locator(".ticks li")).to_have_count(1)
    page.close()
    own_server.start()
    page = context.new_page()
    page.goto("?view=logbook")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sam’s logbook")
    expect(page.locator(".results .problem-line")).to_contain_text("Sent on try 2")
    expect(header(page)).to_have_count(0)
    (kept,) = own_server.entries(own_kim)
    assert (kept["stars"], kept["notes"], len(kept["ticks"])) == (3, "noted in the cellar", 1)
    (sam,) = [one["id"] for one in own_server.ask("GET", "/api/profiles") if one["name"] == "Sam"]
    assert len(own_server.entries(sam)[0]["ticks"]) == 1


def test_an_open_page_sends_its_changes_when_the_server_is_back(
    own_visit: Visit, own_server: Server, own_kim: str
) -> None:
    page = own_visit.context(climber=own_kim).new_page()
    page.clock.install()
    page.goto(LINK)
    entry = card(page, "Your logbook")
    expect(entry).to_be_visible()
    own_server.kill()
    log_tries(page, 2, "Sent on try 2")
    expect(header(page)).to_contain_text(WAITS)
    own_server.start()
    page.clock.fast_forward("00:06")
    expect(toasts(page)).to_contain_text("Your offline changes have been sent")
    expect(header(page)).to_have_count(0)
    assert len(own_server.entries(own_kim)[0]["ticks"]) == 1


def test_what_is_refused_later_goes_from_the_page_and_is_told_once(visit: Visit, server: Server, kim: str) -> None:
    """As when the problem was deleted on another device meanwhile; what was not refused is in the logbook."""
    visit.allow("net::ERR_|status of 404")
    page = visit(LINK, climber=kim)
    entry = card(page, "Your logbook")
    expect(entry).to_be_visible()
    page.context.set_offline(True)
    log_tries(page, 2, "Sent on try 2")
    press(entry.get_by_role("button", name="3 stars"))
    expect(header(page)).to_contain_text("2 changes wait")
    identity = server.entries(kim)[0]["identity"]
    server.ask("PATCH", f"/api/problems/{identity}?profile={kim}", {"deleted": True})
    tab(page, "Climber")
    page.get_by_label("Name").fill("Kimberly")
    page.get_by_label("Name").press("Tab")
    expect(header(page)).to_contain_text("3 changes wait")
    tab(page, "Climb")
    expect(entry.locator(".ticks li")).to_have_count(1)
    page.context.set_offline(False)
    expect(toasts(page)).to_have_text("2 changes could not be saved: this problem is no longer in the logbook")
    expect(entry).to_have_count(0)
    expect(action(page, "Save")).to_be_visible()
    expect(header(page)).to_have_count(0)
    assert [one["name"] for one in server.ask("GET", "/api/profiles")] == ["Kimberly"]


def test_a_composed_problem_shows_no_change_that_was_refused_later(visit: Visit, server: Server, kim: str) -> None:
    visit.allow("net::ERR_|status of 404")
    page = visit(f"{LINK}&view=compose", climber=kim)
    entry = card(page, "Your logbook")
    expect(entry).to_be_visible()
    page.context.set_offline(True)
    press(entry.get_by_role("button", name="3 stars"))
    expect(entry.locator(".stars .on")).to_have_count(3)
    identity = server.entries(kim)[0]["identity"]
    server.ask("PATCH", f"/api/problems/{identity}?profile={kim}", {"deleted": True})
    page.context.set_offline(False)
    expect(toasts(page)).to_have_text("One change could not be saved: this problem is no longer in the logbook")
    expect(entry).to_have_count(0)


def test_a_hanging_network_counts_as_offline(visit: Visit, kim: str) -> None:
    """As with a very weak signal: requests do not fail, but get no response."""
    page = visit(LINK, climber=kim)
    entry = card(page, "Your logbook")
    expect(entry).to_be_visible()
    page.clock.install()
    page.route("**/api/**", lambda route: None)
    log_tries(page, 2, "Sent on try 2")
    page.clock.fast_forward("00:21")
    expect(header(page)).to_have_text(f"Offline · {WAITS}")
    expect(entry.locator(".ticks li")).to_have_count(1)


def test_a_change_sent_on_a_later_attempt_is_announced(visit: Visit, kim: str) -> None:
    visit.allow("net::ERR_")
    page = visit(LINK, climber=kim)
    entry = card(page, "Your logbook")
    expect(entry).to_be_visible()
    page.route("**/ticks/**", lambda route: route.abort(), times=2)
    log_tries(page, 2, "Sent on try 2")
    expect(toasts(page)).to_contain_text("Your offline changes have been sent")
    expect(header(page)).to_have_count(0)


def test_a_sign_in_page_of_the_network_is_not_taken_for_an_answer(visit: Visit, server: Server, kim: str) -> None:
    """As in a hotel, whose network answers every request with its sign-in page."""
    page = visit(LINK, climber=kim)
    entry = card(page, "Your logbook")
    expect(entry).to_be_visible()
    page.route("**/api/**", lambda route: route.fulfill(body="<h1>Sign in</h1>", content_type="text/html"))
    log_tries(page, 2, "Sent on try 2")
    expect(header(page)).to_have_text(f"Offline · {WAITS}")
    page.unroute("**/api/**")
    press(header(page))
    eventually(lambda: server.entries(kim)[0]["ticks"])
    expect(header(page)).to_have_count(0)


def test_two_tabs_lose_none_of_their_changes(own_visit: Visit, own_server: Server, own_kim: str) -> None:
    context, one = with_worker(own_visit, own_kim)
    two = context.new_page()
    two.goto(LINK)
    expect(card(two, "Your logbook")).to_be_visible()
    own_server.kill()
    for page, day in ((one, "2026-05-01"), (two, "2026-05-02"), (one, "2026-05-03")):
        entry = card(page, "Your logbook")
        log_tries(page, 2, "Sent on try 2", day)
        expect(entry.locator(".ticks")).to_contain_text(f"{int(day[-2:])} May 2026")
    expect(header(one)).to_contain_text("3 changes wait")
    one.close()
    own_server.start()
    two.reload()
    expect(header(two)).to_have_count(0)
    eventually(lambda: len(own_server.entries(own_kim)[0]["ticks"]) == 3)


def test_the_offline_logbook_is_complete_after_a_search(visit: Visit, server: Server, kim: str) -> None:
    """Entries that a search hides stay in the copy on this device, and the copy can be searched as well."""
    visit.allow("net::ERR_")
    server.ask("POST", f"/api/problems?profile={kim}", PROBLEM | {"hands": ["E10"], "grade": "6B", "name": "Birch"})
    page = visit("?view=logbook", climber=kim)
    lines = page.locator(".results .problem-line strong")
    expect(lines).to_have_text(["Birch", "Slow Heron"])
    page.locator(".search").get_by_label("Easiest grade").select_option("7A")
    expect(lines).to_have_text(["Slow Heron"])
    page.context.set_offline(True)
    page.locator(".search").get_by_label("Easiest grade").select_option("")
    expect(lines).to_have_text(["Birch", "Slow Heron"])
    page.locator(".search").get_by_label("Order").select_option("hardest")
    expect(lines).to_have_text(["Slow Heron", "Birch"])
    page.locator(".search").get_by_label("Hardest grade").select_option("6C")
    expect(lines).to_have_text(["Birch"])
    page.locator(".search").get_by_label("Hardest grade").select_option("")
    page.locator(".search").get_by_label("Search").fill("heron")
    expect(lines).to_have_text(["Slow Heron"])


def test_ungraded_problems_come_last_by_grade_offline_too(visit: Visit, server: Server, kim: str) -> None:
    visit.allow("net::ERR_")
    for hold in ("E10", "G13"):
        server.ask("POST", f"/api/problems?profile={kim}", PROBLEM | {"hands": [hold], "grade": None, "name": hold})
    page = visit("?view=logbook", climber=kim)
    lines = page.locator(".results .problem-line strong")
    expect(lines).to_have_text(["G13", "E10", "Slow Heron"])
    for is_offline in (False, True):
        page.context.set_offline(is_offline)
        for order in ("easiest", "hardest"):
            page.locator(".search").get_by_label("Order").select_option(order)
            expect(lines.first).to_have_text("Slow Heron")
        page.locator(".search").get_by_label("Order").select_option("newest")
        page.locator(".search").get_by_label("Hardest grade").select_option("7C")
        expect(lines).to_have_text(["Slow Heron"])
        page.locator(".search").get_by_label("Hardest grade").select_option("")
        expect(lines).to_have_text(["G13", "E10", "Slow Heron"])


def test_a_problem_of_the_logbook_opens_and_is_ticked_offline(visit: Visit, server: Server, kim: str) -> None:
    """Although nothing was changed on this device."""
    visit.allow("net::ERR_")
    page = visit("?view=logbook", climber=kim)
    line = page.locator(".results .problem-line")
    expect(line).to_have_count(1)
    page.context.set_offline(True)
    press(line)
    entry = card(page, "Your logbook")
    log_tries(page, 2, "Sent on try 2")
    expect(entry.locator(".ticks li")).to_have_count(1)
    page.context.set_offline(False)
    eventually(lambda: server.entries(kim)[0]["ticks"])
    expect(page.locator(".moves li").first).to_be_visible()  # the missing beta arrives as well
    expect(card(page, "Grade")).to_contain_text("The grader")


def test_the_app_works_without_browser_storage(visit: Visit, server: Server) -> None:
    context = visit.context(climber=server.climber())
    forbidden = "{ get() { throw new DOMException('no', 'SecurityError'); } }"
    context.add_init_script(f"Object.defineProperty(window, 'localStorage', {forbidden})")
    page = context.new_page()
    page.goto(LINK)
    press(page.get_by_role("button", name="Kim"))  # a page that can keep nothing asks at every visit
    press(action(page, "Save"))
    expect(toasts(page)).to_contain_text("Saved")
    expect(action(page, "Saved")).to_be_visible()
    expect(header(page)).to_have_count(0)


def test_a_first_visit_without_server_says_so(own_visit: Visit, own_server: Server) -> None:
    page = own_visit("?view=climber")
    page.route("**/api/**", lambda route: route.abort())
    page.evaluate("localStorage.clear()")
    page.reload()
    expect(page.locator("#main")).to_have_text("The server cannot be reached.")


@pytest.fixture
def open_server(chromium: Browser, tmp_path: Path) -> Iterator[Server]:
    """The app as phones use it: on all addresses, with a token, over plain HTTP."""
    running = Server(tmp_path, "--host", "0.0.0.0")
    yield running
    running.kill()


def test_plain_http_on_the_network_says_what_is_missing(launch: Callable[..., Browser], open_server: Server) -> None:
    browser = launch(f"--host-resolver-rules=MAP {PLAIN_NAME} 127.0.0.1")
    context = browser.new_context(base_url=f"http://{PLAIN_NAME}:{open_server.port}/")
    wrong: list[str] = []
    context.on("weberror", lambda error: wrong.append(error.error.message))
    page = context.new_page()
    page.goto("/")
    expect(page.get_by_role("heading")).to_have_text("You need an invitation")
    token = (open_server.folder / "token").read_text().strip()
    page.goto(f"/?view=climber&token={token}")
    assert "token" not in page.url
    page.get_by_label("Name").fill("Kim")
    press(page.get_by_role("button", name="Start climbing"))
    expect(page.locator("#main")).to_contain_text("browsers allow neither installation nor offline use")
    assert not page.evaluate("isSecureContext")
    page.goto(LINK)
    press(action(page, "Save"))
    expect(toasts(page)).to_contain_text("Saved")
    press(action(page, "Share"))
    expect(card(page, "Share and print").get_by_label("Opening this link")).to_be_focused()
    context.clear_cookies()
    log_tries(page, 2, "Sent on try 2")
    expect(header(page)).to_have_text(WAITS)
    page.goto("/")
    expect(page.get_by_role("heading")).to_have_text("You need an invitation")
    page.goto(f"/?token={token}")
    expect(header(page)).to_have_count(0)
    assert not wrong, wrong
    browser.close()
