"""The board that the serving machine lights: routes, turns, and the bytes that arrive."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from climbpath.api import load
from climbpath.errors import ClimbpathError
from climbpath.lights.shared import Sent, SharedBoard
from climbpath.web.app import create_app
from climbpath.web.logbook.store import Logbook
from support.leds import read_moonboard
from support.serving import Client, client_of, served

KIM, ADA = (f"00000000-0000-4000-8000-00000000000{i}" for i in (1, 2))


class Box(NamedTuple):
    """A board that everything arrives at."""

    name: str
    received: list[bytes]


@pytest.fixture(scope="module")
def box() -> Box:
    return Box("MoonBoard A", [])


@pytest.fixture(scope="module")
def client(box: Box, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    async def send(message: Callable[[int], bytes], is_moonboard: bool) -> Sent:
        await asyncio.sleep(0)
        if not is_moonboard:
            raise ClimbpathError("found no board by Aurora")
        box.received.append(message(3))
        return box

    async def close() -> None:
        box.received.append(b"closed")

    logbook = Logbook(tmp_path_factory.mktemp("lights") / "logbook.sqlite3")
    with served(create_app(load(), logbook, lights=SharedBoard(send, close, "the board"))) as address:
        yield Client(address)
    assert box.received[-1] == b"closed"


@pytest.fixture(autouse=True)
def nobody(client: Client, box: Box) -> None:
    """Nobody holds the board, and nothing was sent."""
    for one in (KIM, ADA):
        client.ask("POST", "/api/lights/release", 204, json={"client": one})
    box.received.clear()


def hold(client: Client, who: str, name: str) -> dict[str, object]:
    return dict(client.post("/api/lights/hold", {"client": who, "name": name}))


def show(who: str, **more: object) -> dict[str, object]:
    lights = [{"position": 4, "role": "start"}, {"position": 77, "role": "hand"}, {"position": 197, "role": "finish"}]
    return {"client": who, "board": "moonboard-2016", "lights": lights} | more


def test_whoever_holds_the_board_lights_it_and_the_others_are_told_who(client: Client, box: Box) -> None:
    assert hold(client, KIM, "Kim")["is_mine"]
    client.ask("POST", "/api/lights/show", 204, json=show(KIM))
    assert read_moonboard(box.received[0]).lights == [(4, "S"), (77, "P"), (197, "E")]
    waits = hold(client, ADA, "Ada")
    assert (waits["is_mine"], waits["holder"], waits["board"]) == (False, "Kim", "MoonBoard A")
    assert client.refusal("POST", "/api/lights/show", 409, json=show(ADA)) == "Kim holds the board"
    assert len(box.received) == 1
    client.ask("POST", "/api/lights/release", 204, json={"client": KIM})
    client.ask("POST", "/api/lights/show", 204, json=show(ADA))
    assert len(box.received) == 2


def test_how_lights_are_sent_is_the_climber_s_choice(client: Client, box: Box) -> None:
    hold(client, KIM, "Kim")
    foot = [{"position": 1, "role": "foot"}, {"position": 2, "role": "left"}]
    sent = show(KIM, lights=foot, new_letters=True, extra_leds=True, mini=True)
    client.ask("POST", "/api/lights/show", 204, json=sent)
    assert box.received == [b"~D*~M*l#F1,L2#"]


def test_lights_go_out_only_when_asked(client: Client, box: Box) -> None:
    hold(client, KIM, "Kim")
    assert "nothing to light" in client.refusal("POST", "/api/lights/show", 409, json=show(KIM, lights=[]))
    assert box.received == []
    client.ask("POST", "/api/lights/show", 204, json=show(KIM, lights=[], off=True))
    assert box.received == [b"l##"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"lights": [{"position": -1, "role": "start"}]},
        {"lights": [{"position": 65536, "role": "start"}]},
        {"lights": [{"position": 1, "role": "king"}]},
        {"lights": [{"position": 1, "role": "start"}] * 301},
        {"board": "../etc"},
        {"brightness": 5},
        {"client": "me"},
        {"more": 1},
    ],
)
def test_what_is_not_valid_is_refused(client: Client, box: Box, wrong: dict[str, object]) -> None:
    hold(client, KIM, "Kim")
    client.refusal("POST", "/api/lights/show", 422, json=show(KIM) | wrong)
    assert box.received == []


def test_names_have_limits(client: Client) -> None:
    client.refusal("POST", "/api/lights/hold", 422, json={"client": KIM, "name": ""})
    client.refusal("POST", "/api/lights/hold", 422, json={"client": KIM, "name": "x" * 41})


def test_without_a_board_the_page_is_told_and_whoever_asks_learns_how(tmp_path: Path) -> None:
    with client_of(tmp_path) as client:
        assert client.get("/api/lights") == {
            **{"offered": False, "board": None, "holder": None, "is_mine": False, "ahead": 0}
        }
        assert "climbpath serve --lights" in client.refusal(
            "POST", "/api/lights/hold", 409, json={"client": KIM, "name": "Kim"}
        )


def test_the_leds_of_a_board_are_a_file_of_the_page(client: Client) -> None:
    leds = client.get("/leds/moonboard-mini-2020.json")
    assert leds["isMoonboard"]
    assert leds["sizes"]["11 x 12"]["B2"] == 22
    assert leds["colours"]["start"] == "00FF00"
    for name in ("nothing", "..%2Fapp", "moonboard-2016.json"):
        client.ask("GET", f"/leds/{name}.json", 404)
