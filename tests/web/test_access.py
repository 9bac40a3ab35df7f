"""A server on which each climber has a token: who sees which logbook."""

import re
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
import requests

from climbpath.api import load
from climbpath.web.app import create_app
from climbpath.web.logbook import tokens
from climbpath.web.logbook.records import Profile
from climbpath.web.logbook.store import Logbook
from climbpath.web.routes.invitation import Invitation
from climbpath.web.security import MOST_CLIMBERS
from support.commands import climbpath_here
from support.serving import KIM, NOBODY, TIMEOUT, Client, served

TOKEN = "a-secret-of-24-letters_0"
ALEX = "00000000-0000-4000-8000-000000000002"
HERON = {"start": ["F5"], "hands": ["D9", "G13"], "finish": ["G18"]}
IDENTITY = "moonboard-2016@40:F5s-D9-G13-G18e"


@pytest.fixture(params=["in a file", "in PostgreSQL"])
def logbook(request: pytest.FixtureRequest, tmp_path: Path) -> Logbook:
    in_file = request.param == "in a file"
    return Logbook(tmp_path / "logbook.sqlite3" if in_file else request.getfixturevalue("in_postgres"))


@pytest.fixture
def address(logbook: Logbook) -> Iterator[str]:
    """A private server's."""
    links = Invitation(f"http://192.168.1.20:8000/?token={TOKEN}", None)
    with served(create_app(load(), logbook, token=TOKEN, invitation=links, is_private=True)) as address:
        yield address


def device(address: str, token: str = TOKEN) -> requests.Session:
    """A browser that has opened a link."""
    session = requests.Session()
    assert session.get(f"{address}/?token={token}", timeout=TIMEOUT).status_code == 200
    return session


def add(browser: requests.Session, address: str, profile: str, name: str) -> int:
    return browser.put(f"{address}/api/profiles/{profile}", json={"name": name}, timeout=TIMEOUT).status_code


def names(browser: requests.Session, address: str) -> list[str]:
    return [one["name"] for one in browser.get(f"{address}/api/profiles", timeout=TIMEOUT).json()]


def test_a_device_sees_the_climbers_that_were_added_on_it_and_no_others(address: str) -> None:
    kims, alexs = device(address), device(address)
    assert add(kims, address, KIM, "Kim") == 200
    assert add(alexs, address, ALEX, "Alex") == 200
    assert names(kims, address) == ["Kim"]
    assert names(alexs, address) == ["Alex"]
    assert add(kims, address, NOBODY, "Kim's friend") == 200
    assert names(kims, address) == ["Kim", "Kim's friend"]
    assert names(device(address), address) == []


def test_another_climbers_logbook_is_one_that_is_not_there(address: str) -> None:
    """For every route, and in whatever way the climber is named."""
    kims, alexs = device(address), device(address)
    add(kims, address, KIM, "Kim")
    add(alexs, address, ALEX, "Alex")
    assert kims.post(f"{address}/api/problems?profile={KIM}", json=HERON, timeout=TIMEOUT).status_code == 201
    described = kims.get(f"{address}/openapi.json", timeout=TIMEOUT).json()["paths"]
    tried = 0
    for path, methods in described.items():
        for method, route in methods.items():
            parameters = {one["name"] for one in route.get("parameters", [])}
            if "profile" not in parameters:
                continue
            tried += 1
            filled = path.format(profile=KIM, identity=IDENTITY, tick=KIM, kind="json")
            for named in (KIM, KIM.upper(), f"{{{KIM}}}", f"urn:uuid:{KIM}"):
                body = {"name": "Evil"} if path.startswith("/api/profiles") else HERON
                answer = alexs.request(
                    method.upper(), address + filled, params={"profile": named}, json=body, timeout=TIMEOUT
                )
                assert answer.status_code == 404, f"{method} {path}"
                assert answer.json() == {"error": "there is no such climber"}
    assert tried >= 12
    two = alexs.get(f"{address}/api/problems?profile={ALEX}&profile={KIM}", timeout=TIMEOUT)
    assert two.status_code == 404
    assert alexs.get(f"{address}/api/problems?profile={KIM}&profile={ALEX}", timeout=TIMEOUT).status_code == 404
    unsent = alexs.post(f"{address}/api/generate", json={"unsent_by": KIM}, timeout=TIMEOUT)
    assert unsent.status_code == 404
    assert names(kims, address) == ["Kim"]
    assert kims.post(f"{address}/api/generate", json={"unsent_by": KIM}, timeout=TIMEOUT).status_code == 200


def test_a_removed_climber_is_restored_by_their_own_device_only(address: str) -> None:
    kims, alexs = device(address), device(address)
    add(kims, address, KIM, "Kim")
    assert kims.delete(f"{address}/api/profiles/{KIM}", timeout=TIMEOUT).status_code == 204
    assert add(alexs, address, KIM, "Evil") == 404
    assert add(kims, address, KIM, "Kim") == 200


def test_a_climbers_link_opens_their_logbook_on_another_device(address: str) -> None:
    kims = device(address)
    add(kims, address, KIM, "Kim")
    invited = kims.get(f"{address}/api/invitation?profile={KIM}", timeout=TIMEOUT).json()
    assert invited["app"]["link"].endswith(f"?token={TOKEN}")
    token = invited["climber"]["link"].partition("token=")[2]
    second = device(address, token)
    assert names(second, address) == ["Kim"]
    # beside the climbers that the device has already
    alexs = device(address)
    add(alexs, address, ALEX, "Alex")
    alexs.get(f"{address}/?token={token}", timeout=TIMEOUT)
    assert names(alexs, address) == ["Kim", "Alex"]
    # and for a program
    bearer = {"Authorization": f"Bearer {token}"}
    assert requests.get(f"{address}/api/profiles", headers=bearer, timeout=TIMEOUT).json()[0]["name"] == "Kim"
    assert kims.get(f"{address}/api/invitation", timeout=TIMEOUT).json()["climber"] is None
    assert alexs.get(f"{address}/api/invitation?profile={NOBODY}", timeout=TIMEOUT).status_code == 404


@pytest.mark.parametrize("token", [f"{TOKEN}.wrong", f"{TOKEN}.", f"{TOKEN}..", f"wrong.{TOKEN}", f".{TOKEN}", "."])
def test_a_wrong_climbers_token_opens_nothing(address: str, token: str) -> None:
    kims = device(address)
    add(kims, address, KIM, "Kim")
    answer = requests.get(f"{address}/api/profiles", headers={"Authorization": f"Bearer {token}"}, timeout=TIMEOUT)
    assert (answer.status_code, answer.json()) == (200, []) if token.startswith(TOKEN) else answer.status_code == 401


def test_a_device_keeps_the_tokens_of_its_latest_climbers(address: str) -> None:
    browser = device(address)
    for number in range(MOST_CLIMBERS + 2):
        assert add(browser, address, str(UUID(int=number)), f"Climber {number}") == 200
    assert names(browser, address) == [f"Climber {number}" for number in range(2, MOST_CLIMBERS + 2)]
    long = ".".join([TOKEN, *["x" * 32] * 200])
    answer = requests.get(f"{address}/api/profiles", headers={"Authorization": f"Bearer {long}"}, timeout=TIMEOUT)
    assert answer.status_code == 200


def test_tokens_are_stored_as_hashes_and_can_be_revoked(logbook: Logbook) -> None:
    logbook.put_profile(Profile(KIM, "Kim"))
    first, second = (tokens.new_token(logbook.database, KIM) for _ in range(2))
    assert tokens.climbers_of(logbook.database, [first, second, "other"]).keys() == {KIM}
    assert first not in str(logbook.entries(KIM))
    third = tokens.new_token(logbook.database, KIM, only=True)
    assert tokens.climbers_of(logbook.database, [first, second]) == {}
    assert tokens.climbers_of(logbook.database, [third]) == {KIM: third}


def test_without_tokens_every_climber_is_there_for_everybody(tmp_path: Path) -> None:
    logbook = Logbook(tmp_path / "logbook.sqlite3")
    with served(create_app(load(), logbook, token=TOKEN)) as address:
        client = Client(address, {"Authorization": f"Bearer {TOKEN}"})
        client.ask("PUT", f"/api/profiles/{KIM}", json={"name": "Kim"})
        assert client.get("/api/profiles")[0]["name"] == "Kim"
        assert tokens.climbers_of(logbook.database, [TOKEN]) == {}


# the command


def test_the_owner_of_a_server_invites_a_climber_and_shuts_out_a_lost_phone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLIMBPATH_TOKEN", TOKEN)
    book = tmp_path / "logbook.sqlite3"
    logbook = Logbook(book)
    assert climbpath_here("invite", "--logbook", book, cwd=tmp_path).stdout == "There is no climber yet.\n"
    for profile, name in ((KIM, "Kim"), (ALEX, "Alex"), (NOBODY, "Alex")):
        logbook.put_profile(Profile(profile, name))
    assert f"Kim  {KIM}" in climbpath_here("invite", "--logbook", book, cwd=tmp_path).stdout
    first = climbpath_here("invite", "Kim", "--logbook", book, "--address", "https://x.example/", cwd=tmp_path).stdout
    (token,) = re.findall(rf"Kim's logbook opens at https://x\.example/\?token={TOKEN}\.(\S+)", first)
    assert tokens.climbers_of(logbook.database, [token]) == {KIM: token}
    assert climbpath_here("invite", KIM, "--logbook", book, "--only", cwd=tmp_path).returncode == 0
    assert tokens.climbers_of(logbook.database, [token]) == {}
    for who, words in (("Alex", "2 climbers are called 'Alex': name the id"), ("Robin", "there is no 'Robin'")):
        refused = climbpath_here("invite", who, "--logbook", book, cwd=tmp_path)
        assert refused.returncode == 2
        assert words in refused.stderr


def test_a_private_server_is_for_others(tmp_path: Path) -> None:
    done = climbpath_here("serve", "--private", cwd=tmp_path)
    assert done.returncode == 2
    assert "--private is for a server that others can open" in done.stderr
