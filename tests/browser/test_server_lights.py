"""A browser without Web Bluetooth lights the board through the Bluetooth of the machine that serves."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from support.bluez import Bluez, Box, bluez
from support.server import Server, eventually
from support.steps import LINK, action, card, press, tab, toasts
from support.visits import Visit, visits

SENT = b"l#S103,P63,P120,P86,E125#"


@pytest.fixture
def air(tmp_path: Path) -> Iterator[Bluez]:
    """The radio, with one board in range."""
    with bluez(tmp_path) as service:
        service.boxes.append(Box("MoonBoard A"))
        yield service


@pytest.fixture
def lit_visit(chromium: Browser, air: Bluez, tmp_path: Path) -> Iterator[Visit]:
    """Pages of a server that lights a board."""
    folder = tmp_path / "served"
    folder.mkdir()
    running = Server(folder, "--lights", "MoonBoard A")
    yield from visits(chromium, running)
    running.kill()


def with_lights(visit: Visit, climber: str) -> Page:
    page = visit(LINK, climber=visit.server.climber(climber))
    expect(page.locator(".moves li").first).to_be_visible()
    tab(page, "Climber")
    expect(card(page, "Lights").get_by_role("button", name="Use the Bluetooth of this server")).to_be_visible()
    return page


def take(page: Page) -> None:
    press(card(page, "Lights").get_by_role("button", name="Use the Bluetooth of this server"))


def test_one_climber_at_a_time_holds_the_board(lit_visit: Visit, air: Bluez) -> None:
    lit_visit.allow("status of 409")
    (box,) = air.boxes
    kim = with_lights(lit_visit, "Kim")
    take(kim)
    expect(card(kim, "Lights")).to_contain_text("Connected to MoonBoard A.")
    eventually(lambda: box.received == SENT)
    ada = with_lights(lit_visit, "Ada")
    expect(card(ada, "Lights")).to_contain_text("Kim holds the board now.")
    take(ada)
    expect(toasts(ada)).to_contain_text("Kim holds the board. You are next.")
    assert box.received == SENT
    press(card(kim, "Lights").get_by_role("button", name="Disconnect"))
    take(ada)
    expect(card(ada, "Lights")).to_contain_text("Connected to MoonBoard A.")
    eventually(lambda: box.received == SENT * 2)
    tab(ada, "Climb")
    press(action(ada, "Next"))
    eventually(lambda: len(box.received) > len(SENT * 2) and box.received.endswith(b"#"))
    assert re.fullmatch(rb"l#S.*E\d+#", box.received[len(SENT * 2) :])
    assert box.connections == 1


def test_a_board_that_is_out_of_reach_says_so(lit_visit: Visit, air: Bluez) -> None:
    lit_visit.allow("status of 409")
    air.boxes[0].refuses = "org.bluez.Error.Failed"
    page = with_lights(lit_visit, "Kim")
    take(page)
    expect(toasts(page)).to_contain_text("MoonBoard A (AA:BB:CC:00:00:01) refused")
