"""Statistics of the logbook: pyramid, progress, holds, the picture to share, and what is shown offline."""

from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from support.server import Server
from support.steps import LINK, PROBLEM, card, log_tries, press, tab, toasts
from support.visits import Visit

STATISTICS = "?view=logbook&part=statistics"
TODAY = "2026-05-31T12:00:00"
BOOK = (
    ("6B", ["D9"], [("2026-03-02", 1, True, "")]),
    ("6C", ["D9", "G13"], [("2026-04-02", 3, True, "")]),
    ("7A", ["E10"], [("2026-05-02", 4, False, "E10"), ("2026-05-09", 2, True, "")]),
    ("7A", ["G13"], [("2026-05-30", 5, False, "")]),
)


@pytest.fixture
def kim(server: Server) -> str:
    """A climber who has sent three problems and tried a fourth."""
    climber = server.climber("Kim")
    for i, (grade, hands, ticks) in enumerate(BOOK):
        problem = PROBLEM | {"grade": grade, "hands": hands, "name": f"Problem {i}"}
        entry = server.ask("POST", f"/api/problems?profile={climber}", problem)
        for j, (day, attempts, sent, reached) in enumerate(ticks):
            body = {"day": day, "attempts": attempts, "sent": sent, "reached": reached}
            tick = f"00000000-0000-4000-8000-0000000000{i}{j}"
            server.ask("PUT", f"/api/problems/{entry['identity']}/ticks/{tick}?profile={climber}", body)
    return climber


def opened(visit: Visit, kim: str, device: str = "desktop", address: str = STATISTICS, **options: str) -> Page:
    page = visit.context(device, kim, **options).new_page()
    page.clock.set_fixed_time(TODAY)
    page.goto(address)
    return page


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_the_pyramid_the_progress_and_the_totals(visit: Visit, kim: str, device: str, scheme: str) -> None:
    page = opened(visit, kim, device, color_scheme=scheme)
    totals = page.locator(".totals div")
    expect(totals).to_have_text(["sent3", "flashed1", "tries15", "days5"])
    pyramid = card(page, "Pyramid").get_by_role("img")
    expect(pyramid).to_have_attribute(
        "aria-label",
        "6B: 1 sent, 1 flashed, 0 not sent yet; 6C: 1 sent, 0 flashed, 0 not sent yet; "
        "7A: 1 sent, 0 flashed, 1 not sent yet",
    )
    expect(pyramid.locator("text.label").first).to_have_text("7A")  # the hardest on top
    progress = card(page, "Progress")
    expect(progress.get_by_role("img")).to_have_attribute(
        "aria-label", "Mar 2026: 1 sent, hardest 6B; Apr 2026: 1 sent, hardest 6C; May 2026: 1 sent, hardest 7A"
    )
    expect(progress.locator(".dot")).to_have_count(3)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    # every text of a chart is inside it
    outside = """figure => [...figure.querySelectorAll("text")].filter((text) => {
      const [one, all] = [text.getBoundingClientRect(), figure.getBoundingClientRect()];
      return one.left < all.left - 1 || one.right > all.right + 1;
    }).length"""
    for figure in page.locator(".figure").all():
        assert figure.evaluate(outside) == 0


def test_holds_of_sends_of_failed_tries_and_where_those_ended(visit: Visit, kim: str) -> None:
    page = opened(visit, kim)
    holds = card(page, "Holds")
    board = holds.get_by_role("img")
    expect(board).to_have_attribute("aria-label", "Holds that you sent on: F5 3, G18 3, D9 2, G13 1, E10 1")
    holds.get_by_label("Holds", exact=True).select_option("stopped")
    expect(board).to_have_attribute("aria-label", "Where tries ended: E10 4")
    expect(holds.locator(".warmth")).to_have_count(1)
    expect(holds).to_contain_text("How far you got in 4 of 12 tries without a send.")
    holds.get_by_label("Holds", exact=True).select_option("failed")
    expect(holds.locator(".warmth")).to_have_count(5)


def test_years_can_be_chosen(visit: Visit, server: Server, kim: str) -> None:
    entry = server.ask("POST", f"/api/problems?profile={kim}", PROBLEM)
    body = {"day": "2024-07-01", "attempts": 2}
    server.ask("PUT", f"/api/problems/{entry['identity']}/ticks/{kim}?profile={kim}", body)
    page = opened(visit, kim)
    progress = card(page, "Progress")
    for period, words in (
        ("2024", "Jul 2024: 1 sent, hardest 7A"),
        ("all", "2024: 1 sent, hardest 7A; 2026: 3 sent, hardest 7A"),
    ):
        progress.get_by_label("Period").select_option(period)
        expect(progress.get_by_role("img")).to_have_attribute("aria-label", words)


def test_another_climber_s_statistics_begin_with_their_own_board(visit: Visit, server: Server, kim: str) -> None:
    other = PROBLEM | {"board": "moonboard-masters-2017", "hands": ["D9"]}
    entry = server.ask("POST", f"/api/problems?profile={kim}", other)
    server.ask("PUT", f"/api/problems/{entry['identity']}/ticks/{kim}?profile={kim}", {"day": "2026-05-31"})
    alex = server.climber("Alex")
    entry = server.ask("POST", f"/api/problems?profile={alex}", PROBLEM)
    server.ask("PUT", f"/api/problems/{entry['identity']}/ticks/{alex}?profile={alex}", {"day": "2026-05-31"})
    page = opened(visit, kim)
    page.get_by_label("Board", exact=True).select_option("moonboard-masters-2017")
    expect(page.locator(".totals div").first).to_have_text("sent1")
    tab(page, "Climber")
    press(page.get_by_role("button", name="Alex"))
    tab(page, "Logbook")
    press(page.get_by_role("link", name="Statistics"))
    expect(page.locator(".statistics .row strong")).to_have_text("MoonBoard 2016")


def test_a_picture_of_it_can_be_shared(visit: Visit, kim: str, tmp_path: Path) -> None:
    page = opened(visit, kim)
    with page.expect_download() as downloading:
        press(page.get_by_role("button", name="Share a picture"))
    expect(toasts(page)).to_contain_text("Picture saved")
    assert downloading.value.suggested_filename == "climbing.png"
    path = tmp_path / "climbing.png"
    downloading.value.save_as(path)
    with Image.open(path) as picture:
        colours = picture.convert("RGB").getcolors(1 << 24)
        assert picture.width == 1080
    assert colours
    # the dark page, and on it the yellow of sends and the green of flashes
    used = {colour for count, colour in colours if count > 200}
    assert {(0x15, 0x12, 0x0F), (0xE8, 0xC5, 0x47), (0x3D, 0xDC, 0x84)} <= used


def test_offline_the_last_statistics_are_shown_with_their_day(visit: Visit, kim: str) -> None:
    visit.allow("net::ERR_")
    page = opened(visit, kim)
    expect(page.locator(".totals")).to_contain_text("15")
    page.goto(LINK)
    expect(page.locator(".moves li").first).to_be_visible()
    page.context.set_offline(True)
    log_tries(page, 2, "Sent on try 2")
    press(page.locator("#tabs").get_by_role("link", name="Logbook"))
    press(page.get_by_role("link", name="Statistics"))
    expect(page.get_by_text("Offline: as of 31 May 2026, without what you have logged since.")).to_be_visible()
    expect(page.locator(".totals")).to_contain_text("15")
    page.context.set_offline(False)
    expect(page.locator(".totals")).to_contain_text("17")
    expect(page.get_by_text("Offline: as of")).to_have_count(0)


def test_without_ticks_or_server_the_statistics_say_so(visit: Visit, server: Server) -> None:
    visit.allow("net::ERR_")
    page = visit(STATISTICS, climber=server.climber())
    expect(page.locator(".statistics")).to_contain_text("Nothing here yet. Tap Sent below a problem")
    other = visit("?view=logbook", climber=server.climber())
    other.context.set_offline(True)
    press(other.get_by_role("link", name="Statistics"))
    expect(other.locator(".statistics")).to_contain_text("The server cannot be reached. Statistics need it once")
