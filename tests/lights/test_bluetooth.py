"""climbpath light over Bluetooth: bleak and everything above it, on a message bus with a BlueZ that is made up.

A radio is not part of it: that needs a controller, a virtual one at least (/dev/vhci), which test machines rarely have.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("bleak", reason="Bluetooth needs the extra lights")

from bleak.exc import BleakBluetoothNotAvailableReason

from climbpath.errors import ClimbpathError
from climbpath.lights import aurora, bluetooth
from climbpath.lights.memory import recall
from support.bluez import AURORA, REDBEAR, REDBEAR_WRITE, Bluez, Box, bluez
from support.commands import climbpath_on_a_thread
from support.serving import finish

FIVE = "F5 D9 G13 I16 G18"
SENT = b"l#S103,P63,P120,P159,E125#"
QUICK_S = 0.3


@pytest.fixture(autouse=True)
def own_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a test remembers; scans end soon."""
    path = tmp_path / "data" / "lights.json"
    monkeypatch.setattr("climbpath.lights.memory.memory_file", lambda: path)
    monkeypatch.setenv("CLIMBPATH_HOME", str(path.parent))
    monkeypatch.setattr(bluetooth, "SCAN_S", QUICK_S)
    monkeypatch.setattr(bluetooth.scan, "__defaults__", (QUICK_S,))
    monkeypatch.setattr(bluetooth.find, "__defaults__", (QUICK_S,))
    monkeypatch.setattr(bluetooth, "LAST_S", 0.01)
    return path


@pytest.fixture
def air(tmp_path: Path) -> Iterator[Bluez]:
    """The radio: boards that are in range are added to it."""
    with bluez(tmp_path) as service:
        yield service


def light(*arguments: object, cwd: Path) -> "subprocess.CompletedProcess[str]":
    return climbpath_on_a_thread("light", *arguments, cwd=cwd)


def refusal(*arguments: object, cwd: Path) -> str:
    done = light(*arguments, cwd=cwd)
    assert done.returncode == 2, done.stdout
    return done.stderr.removeprefix("Looking for boards …\n")


def test_a_problem_is_lit_in_writes_of_twenty_bytes_without_response(air: Bluez, tmp_path: Path) -> None:
    box = Box("MoonBoard A")
    air.boxes.append(box)
    done = light(FIVE, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "lit 5 holds on MoonBoard A (AA:BB:CC:00:00:01)\n"
    assert box.writes == [(SENT[:20], "command"), (SENT[20:], "command")]
    assert not box.is_connected


@pytest.mark.parametrize(("mtu", "sizes"), [(23, [20, 6]), (26, [23, 3]), (247, [26]), (517, [26])])
def test_writes_are_as_large_as_the_connection_allows(air: Bluez, tmp_path: Path, mtu: int, sizes: list[int]) -> None:
    air.boxes.append(Box("MoonBoard A", mtu=mtu))
    assert light(FIVE, cwd=tmp_path).returncode == 0
    assert [len(part) for part, _ in air.boxes[0].writes] == sizes
    assert air.boxes[0].received == SENT


def test_no_write_is_larger_than_any_controller_takes(air: Bluez) -> None:
    air.boxes.append(Box("MoonBoard A", mtu=517))
    finish(sent_by(bluetooth.Link(None, True), b"x" * 500))
    assert [len(part) for part, _ in air.boxes[0].writes] == [244, 244, 12]


async def sent_by(link: bluetooth.Link, *messages: bytes) -> None:
    try:
        for message in messages:
            await link.send(lambda level, message=message: message)  # type: ignore[misc]
    finally:
        await link.close()


def test_a_box_that_takes_only_writes_with_response_gets_them(air: Bluez, tmp_path: Path) -> None:
    air.boxes.append(Box("MoonBoard A", flags=("write",)))
    assert light(FIVE, cwd=tmp_path).returncode == 0
    assert {kind for _, kind in air.boxes[0].writes} == {"request"}
    assert air.boxes[0].received == SENT


def test_an_original_controller_is_written_to_with_response(air: Bluez, tmp_path: Path) -> None:
    air.boxes.append(Box("MoonBoard", advertised=(), service=REDBEAR, written=REDBEAR_WRITE))
    assert light(FIVE, cwd=tmp_path).returncode == 0
    assert {kind for _, kind in air.boxes[0].writes} == {"request"}
    assert air.boxes[0].received == SENT


def test_a_controller_of_one_s_own_is_found_by_its_service(air: Bluez, tmp_path: Path) -> None:
    air.boxes += [Box("My Garage"), Box("Headphones", "AA:BB:CC:00:00:09", advertised=())]
    assert light(FIVE, cwd=tmp_path).stdout == "lit 5 holds on My Garage (AA:BB:CC:00:00:01)\n"


def test_lights_go_out_only_when_asked(air: Bluez, tmp_path: Path) -> None:
    air.boxes.append(Box("MoonBoard A"))
    assert light("--off", cwd=tmp_path).stdout == "all lights are out on MoonBoard A (AA:BB:CC:00:00:01)\n"
    assert air.boxes[0].received == b"l##"


def test_what_is_in_range_is_listed(air: Bluez, tmp_path: Path) -> None:
    air.boxes += [Box("MoonBoard A"), Box("Kilter@3", "AA:BB:CC:00:00:02", advertised=(AURORA,))]
    done = light("--scan", cwd=tmp_path)
    assert "AA:BB:CC:00:00:01   -50 dBm  MoonBoard A  (MoonBoard)" in done.stdout
    assert "Kilter@3  (board by Aurora)" in done.stdout
    assert not any(box.connections for box in air.boxes)


def test_nothing_in_range(air: Bluez, tmp_path: Path) -> None:
    assert light("--scan", cwd=tmp_path).stdout.startswith("found no board: is it switched on")
    assert "found no MoonBoard: is it switched on" in refusal(FIVE, cwd=tmp_path)
    assert "found no board 'Mine': is it switched on" in refusal(FIVE, "--device", "Mine", cwd=tmp_path)


def test_of_several_boards_one_has_to_be_named_by_name_or_address(air: Bluez, tmp_path: Path) -> None:
    air.boxes += [Box("MoonBoard A"), Box("MoonBoard B", "AA:BB:CC:00:00:02")]
    told = refusal(FIVE, cwd=tmp_path)
    assert "found several boards: choose one with --device: MoonBoard A (AA:BB:CC:00:00:01), MoonBoard B (" in told
    assert not any(box.writes for box in air.boxes)
    assert light(FIVE, "--device", "moonboard b", cwd=tmp_path).returncode == 0
    assert light(FIVE, "--device", "aa:bb:cc:00:00:01", cwd=tmp_path).returncode == 0
    assert [box.received for box in air.boxes] == [SENT, SENT]


def test_the_board_lit_last_is_lit_again_among_several(air: Bluez, own_memory: Path, tmp_path: Path) -> None:
    air.boxes += [Box("MoonBoard A"), Box("MoonBoard B", "AA:BB:CC:00:00:02")]
    assert light(FIVE, "--device", "MoonBoard B", cwd=tmp_path).returncode == 0
    assert recall(own_memory).devices == {"moonboard-2016": "AA:BB:CC:00:00:02"}
    assert light(FIVE, cwd=tmp_path).returncode == 0
    assert [box.received for box in air.boxes] == [b"", SENT + SENT]


def test_a_board_of_another_kind_is_not_sent_what_it_does_not_understand(air: Bluez, tmp_path: Path) -> None:
    air.boxes.append(Box("Kilter@3", advertised=(AURORA,)))
    assert "found no MoonBoard" in refusal(FIVE, cwd=tmp_path)
    assert "Kilter@3 (AA:BB:CC:00:00:01) is no MoonBoard" in refusal(FIVE, "--device", "Kilter@3", cwd=tmp_path)
    assert not air.boxes[0].writes


def test_something_else_that_is_named_takes_no_lights(air: Bluez, tmp_path: Path) -> None:
    other = "0000180d-0000-1000-8000-00805f9b34fb"
    air.boxes.append(Box("Watch", advertised=(), service=other, written=other))
    assert "Watch (AA:BB:CC:00:00:01) takes no lights" in refusal(FIVE, "--device", "Watch", cwd=tmp_path)


def test_a_connection_that_is_lost_in_the_middle_is_made_again_and_the_problem_sent_whole(
    air: Bluez, tmp_path: Path
) -> None:
    air.boxes.append(Box("MoonBoard A", loses_after=[1]))
    assert light(FIVE, cwd=tmp_path).returncode == 0
    assert air.boxes[0].connections == 2
    assert air.boxes[0].received == SENT[:20] + SENT


def test_a_connection_that_is_lost_again_says_so(air: Bluez, tmp_path: Path) -> None:
    air.boxes.append(Box("MoonBoard A", loses_after=[1, 1]))
    told = refusal(FIVE, cwd=tmp_path)
    assert "the connection to MoonBoard A (AA:BB:CC:00:00:01) was lost twice: come nearer" in told


@pytest.mark.parametrize("error", ["org.bluez.Error.Failed", "org.bluez.Error.NotPermitted"])
def test_a_write_that_is_refused_says_so(air: Bluez, tmp_path: Path, error: str) -> None:
    air.boxes.append(Box("MoonBoard A", refuses=error))
    assert "MoonBoard A (AA:BB:CC:00:00:01) refused: " in refusal(FIVE, cwd=tmp_path)
    assert air.boxes[0].connections == 1


def test_without_an_adapter_or_power_or_permission_the_way_out_is_told(air: Bluez, tmp_path: Path) -> None:
    air.is_powered = False
    assert "Bluetooth is switched off: switch it on (run 'bluetoothctl power on')" in refusal(FIVE, cwd=tmp_path)
    air.has_adapter = False
    assert "this machine has no Bluetooth LE adapter" in refusal("--scan", cwd=tmp_path)
    air.denies = True
    assert "may not use Bluetooth: add yourself to the group bluetooth" in refusal(FIVE, cwd=tmp_path)


def test_without_the_bluetooth_service_the_way_out_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path / 'none'}")
    assert "is the bluetooth service running?" in refusal(FIVE, cwd=tmp_path)
    monkeypatch.undo()
    with bluez(tmp_path, has_service=False):
        assert "is the bluetooth service running?" in refusal("--scan", cwd=tmp_path)


def test_one_connection_carries_many_problems(air: Bluez) -> None:
    air.boxes.append(Box("MoonBoard A"))
    finish(sent_by(bluetooth.Link(None, True), b"l#S1#", b"l#S2#", b"l#S3#"))
    assert air.boxes[0].connections == 1
    assert [part for part, _ in air.boxes[0].writes] == [b"l#S1#", b"l#S2#", b"l#S3#"]


def test_a_kept_connection_that_was_lost_meanwhile_is_made_again(air: Bluez) -> None:
    box = Box("MoonBoard A")
    air.boxes.append(box)

    async def evening() -> None:
        link = bluetooth.Link(None, True)
        await link.send(lambda level: b"l#S1#")
        air.loop.call_soon_threadsafe(air.lose, box)
        while link.client and link.client.is_connected:
            await asyncio.sleep(0.01)
        await link.send(lambda level: b"l#S2#")
        await link.close()

    finish(evening())
    assert box.connections == 2
    assert box.received == b"l#S1#l#S2#"


@pytest.mark.parametrize(("name", "level"), [("Kilter Board#123@3", 3), ("Tension", 2)])
def test_an_aurora_board_is_spoken_to_at_the_level_that_its_name_says(air: Bluez, name: str, level: int) -> None:
    air.boxes.append(Box(name, advertised=(AURORA,)))

    async def send() -> None:
        link = bluetooth.Link(None, False)
        await link.send(aurora.off)
        await link.close()

    finish(send())
    assert air.boxes[0].received == aurora.off(level)


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32", "other"])
def test_every_system_has_its_way_out(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    for reason in BleakBluetoothNotAvailableReason:
        assert ": " in bluetooth._unavailable(reason)


def test_a_board_that_does_not_answer_is_named() -> None:
    async def wait() -> None:
        async with bluetooth._in_words():
            raise TimeoutError

    with pytest.raises(ClimbpathError, match="does not answer: come nearer"):
        finish(wait())
