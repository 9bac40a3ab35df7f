"""climbpath led-server in a process of its own: a serial line, HTTP and Bluetooth in, a driver out."""

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from climbpath.errors import ClimbpathError
from climbpath.lights import aurora, drivers
from climbpath.lights.bridge import Bridge, wiring_of
from climbpath.lights.leds import Light
from support.commands import climbpath_on_a_thread, needs_posix
from support.led_server import DRIVER, Running, Strip
from support.server import eventually


@pytest.fixture
def strip(tmp_path: Path) -> Strip:
    return Strip(tmp_path)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[list[Running]]:
    """What a test has started, which is ended after it."""
    started: list[Running] = []
    yield started
    for one in started:
        one.process.kill()
        one.process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@needs_posix
def test_what_comes_over_a_serial_line_is_lit(strip: Strip, start: list[Running], tmp_path: Path) -> None:
    master, line = os.openpty()
    server = Running(tmp_path, "--serial", os.ttyname(line), "--driver", strip.path)
    start.append(server)
    server.says("Lighting what comes over")
    for part in (
        b"l#S4,P7",
        b"7,E197#",
        b"nonsense",
        aurora.encode([Light("1", 100, "start")], {"start": "00FF00"}, 3),
    ):
        os.write(master, part)
    eventually(lambda: len(strip.shown()) == 2)
    assert strip.shown() == [{"4": [0, 255, 0], "77": [0, 0, 255], "197": [255, 0, 0]}, {"100": [0, 255, 0]}]
    server.says("not understood: 8 bytes that begin no message")
    assert server.stop() == 0
    assert strip.told()[0] == ["start", 198]
    assert strip.told()[-1] == ["stop"]
    os.close(master)
    os.close(line)


@needs_posix
def test_a_mapping_file_leads_to_the_strip_s_own_leds(strip: Strip, start: list[Running], tmp_path: Path) -> None:
    (tmp_path / "strip.json").write_text(json.dumps({"F5": 0, "G18": 1, "A1": 2}))
    master, line = os.openpty()
    flags = ("--serial", os.ttyname(line), "--driver", strip.path, "--mapping", "strip.json")
    server = Running(tmp_path, *flags)
    start.append(server)
    server.says("Lighting what comes over")
    os.write(master, b"l#S103,P63,E125#")
    eventually(lambda: strip.shown())
    assert strip.shown() == [{"0": [0, 255, 0], "1": [255, 0, 0]}]
    server.says("the strip has no LED 63")
    os.close(master)
    os.close(line)


def test_bytes_over_http_are_lit_on_this_machine_alone(strip: Strip, start: list[Running], tmp_path: Path) -> None:
    port = free_port()
    server = Running(tmp_path, "--http", "--port", port, "--driver", strip.path)
    start.append(server)
    server.says("Taking bytes at")
    address = f"http://127.0.0.1:{port}/api/lights"
    eventually(lambda: answers(port))
    assert requests.post(address, b"l#S4#", timeout=30).status_code == 204
    assert strip.shown() == [{"4": [0, 255, 0]}]
    for body, words in ((b"hello", "begin no message"), (b"", "no whole message"), (b"l#S4", "no whole message")):
        answer = requests.post(address, body, timeout=30)
        assert answer.status_code == 422
        assert words in answer.json()["error"]
    assert requests.post(address, b"l#" * 40_000, timeout=30).status_code == 413
    assert requests.post(address, b"l#S4#", headers={"Host": "evil.example"}, timeout=30).status_code == 403
    assert requests.post(address, b"l#S4#", headers={"Origin": "http://evil.example"}, timeout=30).status_code == 403
    assert len(strip.shown()) == 1
    assert server.stop() == 0


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_other_devices_need_the_token(strip: Strip, start: list[Running], tmp_path: Path) -> None:
    port = free_port()
    server = Running(tmp_path, "--http", "--host", "0.0.0.0", "--port", port, "--driver", strip.path)
    start.append(server)
    server.says("Authorization: Bearer ")
    token = server.log.read_text().split("Bearer ")[1].split("'")[0]
    eventually(lambda: answers(port))
    address = f"http://127.0.0.1:{port}/api/lights"
    assert requests.post(address, b"l#S4#", timeout=30).status_code == 401
    assert requests.post(address, b"l#S4#", headers={"Authorization": f"Bearer {token}"}, timeout=30).status_code == 204
    assert len(strip.shown()) == 1


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ((), "name what bytes come from"),
        (("--http", "--driver", "none.py"), "there is no driver none.py"),
        (("--http", "--driver", "broken.py"), "broken.py is no driver: SyntaxError"),
        (("--http", "--driver", "half.py"), "half.py lacks show, stop"),
        (("--http", "--driver", "failing.py"), "failing.py: start failed: RuntimeError: no strip"),
        (("--http", "--mapping", "none.json"), "there is no such file"),
        (("--serial", "/dev/null"), "/dev/null is no serial line"),
        (("--serial", "/dev/none"), "cannot open /dev/none"),
        (("--http", "--board", "kilter-original"), "which size is your"),
        (("--http", "--port", "0"), "port"),
    ],
)
@needs_posix
def test_what_cannot_be_done_says_why(flags: tuple[str, ...], words: str, tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def start(:")
    failing = 'def start(leds): raise RuntimeError("no strip")\ndef show(lights): pass\ndef stop(): pass\n'
    (tmp_path / "failing.py").write_text(failing)
    (tmp_path / "half.py").write_text("def start(leds): pass")
    done = climbpath_on_a_thread("led-server", *flags, cwd=tmp_path)
    assert done.returncode == 2
    assert words in done.stderr


def test_the_driver_that_prints() -> None:
    lines: list[str] = []
    printing = drivers.load_driver("print", lines.append)
    bridge = Bridge(printing, {4: 4, 5: 5}, lines.append)
    printing.start(200)
    bridge.feed(b"l#S4,E5#l##")
    assert lines == ["a strip of up to 200 LEDs", "4 00FF00, 5 FF0000", "all lights are out"]


def test_a_driver_that_fails_once_is_noted_and_asked_again(tmp_path: Path) -> None:
    path = tmp_path / "flaky.py"
    path.write_text("def start(leds): pass\ndef show(lights): assert 5 not in lights\ndef stop(): pass\n")
    notes: list[str] = []
    bridge = Bridge(drivers.from_file(path), {4: 4, 5: 5}, notes.append)
    assert len(bridge.feed(b"l#S5#l#S4#")) == 2
    assert notes == [f"{path}: show failed: AssertionError"]


def test_a_file_that_is_no_python_is_no_driver(tmp_path: Path) -> None:
    (tmp_path / "strip.txt").write_text(DRIVER)
    with pytest.raises(ClimbpathError, match="name a Python file"):
        drivers.from_file(tmp_path / "strip.txt")


def test_wiring_goes_by_holds() -> None:
    assert wiring_of({"A1": 0, "A2": 1}, {"A2": 7, "B1": 9}) == {1: 7}
