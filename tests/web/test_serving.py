"""climbpath serve for many: several processes, health, numbers, logs, proxies, and how it stops."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import psutil
import pytest
import requests

from climbpath.api import load
from climbpath.web.app import create_app
from climbpath.web.connections import USUAL
from climbpath.web.logbook.store import Logbook
from climbpath.web.processes import share
from climbpath.web.server import Content, Site
from climbpath.web.serving import database_name
from support.commands import climbpath_here
from support.server import Server, eventually, free_port
from support.serving import KIM, Client, client_of, served

TOKEN = "a-secret-of-24-letters_0"
HERON = {"start": ["F5"], "hands": ["D9", "G13"], "finish": ["G18"]}
needs_posix = pytest.mark.skipif(os.name != "posix", reason="signals are for POSIX")


def workers_of(server: Server) -> list[psutil.Process]:
    """The processes that serve; multiprocessing has one of its own beside them."""
    found = []
    for child in psutil.Process(server.process.pid).children():
        with suppress(psutil.NoSuchProcess):  # it ends just now
            found += [child] if "spawn_main" in " ".join(child.cmdline()) else []
    return found


def is_replaced(server: Server, gone: int) -> bool:
    return gone not in {one.pid for one in workers_of(server)} and server.answers()


# several processes


@pytest.fixture
def several(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path, "--workers", "2", "--metrics", "--log", "json")
    eventually(lambda: "Stop with" in (tmp_path / "serve.log").read_text())
    yield server
    if server.process.poll() is None:
        server.process.terminate()
        server.process.wait()


@needs_posix
def test_a_process_that_is_killed_is_replaced_and_nothing_is_lost(several: Server) -> None:
    kim = several.climber()
    first = {process.pid for process in workers_of(several)}
    several.ask("POST", f"/api/problems?profile={kim}", HERON)
    for victim in first:
        os.kill(victim, signal.SIGKILL)
        eventually(partial(is_replaced, several, victim))
        assert len(several.entries(kim)) == 1
    eventually(lambda: len(workers_of(several)) == 2)
    log = (several.folder / "serve.log").read_text()
    assert log.count("another takes its place") == 2
    several.process.terminate()
    assert several.process.wait() == 0


@needs_posix
def test_where_the_first_process_is_killed_the_others_end(several: Server) -> None:
    workers = workers_of(several)
    several.kill()
    psutil.wait_procs(workers, timeout=60)
    assert not any(worker.is_running() for worker in workers)


@needs_posix
@pytest.mark.parametrize("flags", [(), ("--workers", "2")])
def test_what_is_being_answered_is_answered_before_the_server_stops(tmp_path: Path, flags: tuple[str, ...]) -> None:
    server = Server(tmp_path, *flags)
    server.ask("POST", "/api/generate", {})
    statuses: list[int] = []

    def ask() -> None:
        with requests.get(f"{server.url}/api/picture/gif?problem=F5s-D9-E12-G13-G18e", timeout=60) as answer:
            statuses.append(answer.status_code)

    asking = threading.Thread(target=ask)
    asking.start()
    threading.Event().wait(0.05)
    server.process.terminate()
    asking.join()
    assert server.process.wait() == 0
    assert statuses in ([200], [])
    assert "Traceback" not in (tmp_path / "serve.log").read_text()


def test_several_processes_say_why_they_cannot_serve(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("all my notes\n" * 500)
    done = climbpath_here(
        "serve", "--workers", "2", "--port", free_port(), "--logbook", tmp_path / "notes.txt", cwd=tmp_path
    )
    assert done.returncode == 2
    assert "notes.txt: file is not a database" in done.stderr
    assert "Traceback" not in done.stderr


def test_processes_together_keep_to_the_limits_of_one() -> None:
    site = Site(Content(Path("book")), None, None, None, USUAL)
    assert share(site, 4).limits == USUAL._replace(connections=200, per_address=64)
    assert share(site, 64).limits == USUAL._replace(connections=16, per_address=16)


# health


def test_health_and_readiness_need_no_token_and_tell_nothing(tmp_path: Path) -> None:
    with client_of(tmp_path, token=TOKEN) as client:
        guest = Client(client.address)
        assert guest.get("/healthz") == guest.get("/readyz") == {"status": "ok"}
        for file in tmp_path.iterdir():
            file.unlink()
        (tmp_path / "logbook.sqlite3").write_text("spilled coffee" * 1000)
        eventually(lambda: requests.get(f"{client.address}/readyz", timeout=60).status_code == 503)
        assert guest.refusal("GET", "/readyz", 503) == "the logbook cannot be used"
        assert guest.get("/healthz") == {"status": "ok"}


# numbers and logs


def test_the_numbers_are_for_those_with_the_token_and_name_no_climber(tmp_path: Path) -> None:
    logbook = Logbook(tmp_path / "logbook.sqlite3")
    with served(create_app(load(), logbook, token=TOKEN, has_metrics=True)) as address:
        client = Client(address, {"Authorization": f"Bearer {TOKEN}"})
        client.ask("PUT", f"/api/profiles/{KIM}", json={"name": "Kim"})
        client.ask("GET", "/nothing/at-all", 404)
        Client(address).ask("GET", "/api/profiles", 401)
        assert Client(address).refusal("GET", "/metrics", 401)
        numbers = client.ask("GET", "/metrics").text
    assert 'climbpath_requests_total{method="PUT",route="/api/profiles/{profile}",status="200"} 1.0' in numbers
    assert 'climbpath_requests_total{method="GET",route="page",status="404"}' in numbers
    assert 'status="401"' in numbers
    assert "climbpath_requests_waiting" in numbers
    assert KIM not in numbers
    assert "nothing/at-all" not in numbers


def test_without_being_asked_for_there_are_no_numbers(tmp_path: Path) -> None:
    with client_of(tmp_path) as client:
        client.ask("GET", "/metrics", 404)


def test_processes_count_together_and_every_request_is_a_line_of_json(several: Server) -> None:
    kim = several.climber("Kim")
    for _ in range(20):
        several.ask("GET", f"/api/problems?profile={kim}&text=secret")
    numbers = requests.get(f"{several.url}/metrics", timeout=60).text
    assert re.search(r'requests_total\{method="GET",route="/api/problems",status="200"\} 20\.0', numbers)
    several.process.terminate()
    several.process.wait()
    lines = [json.loads(line) for line in (several.folder / "serve.log").read_text().splitlines() if line[:1] == "{"]
    assert [line["route"] for line in lines].count("/api/problems") == 20
    one = next(line for line in lines if line["route"] == "/api/problems")
    assert (one["method"], one["status"], one["level"]) == ("GET", 200, "info")
    assert one["ms"] > 0
    assert "secret" not in str(lines)
    assert kim not in str(lines)


# proxies, addresses, and wrong flags


def test_only_a_named_proxy_says_whom_a_request_is_from(tmp_path: Path) -> None:
    for proxies, scheme in (("127.0.0.0/8", "https"), ("10.0.0.0/8", "http")):
        server = Server(tmp_path, "--address", "https://climb.example.org", "--proxies", proxies)
        eventually(lambda: "Stop with" in (tmp_path / "serve.log").read_text())
        text = (tmp_path / "serve.log").read_text()
        token = re.findall(r"https://climb\.example\.org/\?token=(\S+)", text)
        answer = requests.get(
            f"{server.url}/?token={token[0]}",
            headers={"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9", "Host": "climb.example.org"},
            allow_redirects=False,
            timeout=60,
        )
        assert answer.status_code == 303
        assert ("__Host-" in answer.headers["Set-Cookie"]) == (scheme == "https")
        assert requests.get(f"{server.url}/api/profiles", timeout=60).status_code == 401
        server.kill()


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--logbook", "mysql://host/db"), r"a logbook is a file or postgresql://…, not mysql://…"),
        (("--logbook", ""), r"--logbook is empty"),
        (
            ("--logbook", "postgresql://kim:secret@127.0.0.1:1/climbs"),
            r"cannot use the logbook postgresql://kim:\*\*\*@",
        ),
        (("--workers", "0"), "--workers"),
        (("--workers", "65"), "--workers"),
        (("--proxies", "proxy.example.org"), "--proxies takes addresses and networks"),
        (("--log", "xml"), "--log"),
        (("--lights", "any", "--workers", "2"), "a board takes one connection"),
        (("--https", "--address", "https://x.example"), "leave out --https"),
        (("--address", "climb.example.org"), "--address is a whole address, https://climb.example.org"),
    ],
)
def test_wrong_flags_are_refused_with_the_way_out(tmp_path: Path, flags: tuple[str, ...], words: str) -> None:
    done = climbpath_here("serve", "--port", free_port(), *flags, cwd=tmp_path)
    assert done.returncode == 2
    assert re.search(words, done.stderr)
    assert "Traceback" not in done.stderr
    assert "secret" not in done.stderr


def test_a_token_from_the_environment_is_checked(tmp_path: Path) -> None:
    environment = {**os.environ, "CLIMBPATH_TOKEN": "short", "XDG_DATA_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "climbpath", "serve", "--host", "0.0.0.0", "--port", str(free_port())]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "CLIMBPATH_TOKEN: an access token is 16 to 200 letters" in done.stderr


def test_a_logbook_is_named_without_its_password() -> None:
    assert (
        database_name("postgresql://kim:secret@db.example/climbs?sslmode=require") == "postgresql://db.example/climbs"
    )
    assert database_name(Path("book.sqlite3")) == "book.sqlite3"
