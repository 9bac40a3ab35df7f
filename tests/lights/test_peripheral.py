"""A machine that is a board: its services and advertisement, registered with a BlueZ that is made up."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("bleak", reason="Bluetooth needs the extra lights")

from climbpath.lights.peripheral import be_board
from support.bluez import AURORA, UART, UART_WRITE, Bluez, bluez
from support.commands import climbpath_on_a_thread
from support.led_server import Running, Strip
from support.server import eventually
from support.serving import finish


@pytest.fixture
def air(tmp_path: Path) -> Iterator[Bluez]:
    with bluez(tmp_path) as service:
        yield service


def test_a_phone_finds_the_board_and_lights_it(air: Bluez, tmp_path: Path) -> None:
    strip = Strip(tmp_path)
    server = Running(tmp_path, "--bluetooth", "MoonBoard DIY", "--driver", strip.path)
    try:
        server.says("This machine is the board 'MoonBoard DIY'")
        eventually(lambda: air.peripheral and air.advertised)
        assert air.advertised["LocalName"].value == "MoonBoard DIY"
        assert air.advertised["ServiceUUIDs"].value == [UART]
        found = {name: props for interfaces in air.peripheral.values() for name, props in interfaces.items()}
        assert found["org.bluez.GattService1"]["UUID"].value == UART
        assert found["org.bluez.GattCharacteristic1"]["UUID"].value == UART_WRITE
        assert set(found["org.bluez.GattCharacteristic1"]["Flags"].value) == {"write", "write-without-response"}
        for part in (b"l#S4,P7", b"7,E197#"):
            air.send(part)
        air.send(b"l#S1,P", "/org/bluez/hci0/dev_1")
        air.send(b"l#S5#", "/org/bluez/hci0/dev_2")  # another phone does not go on with what one began
        eventually(lambda: len(strip.shown()) == 2)
        assert strip.shown() == [{"4": [0, 255, 0], "77": [0, 0, 255], "197": [255, 0, 0]}, {"5": [0, 255, 0]}]
        assert server.stop() == 0
    finally:
        server.process.kill()
        server.process.wait()


def test_a_board_by_aurora_is_found_by_its_service(air: Bluez) -> None:
    async def be() -> None:
        bus = await be_board("Kilter DIY@3", False, lambda phone, part: None)
        await asyncio.to_thread(eventually, lambda: air.advertised)  # while it is on the air
        bus.disconnect()

    finish(be())
    assert air.advertised["ServiceUUIDs"].value == [AURORA]


def test_without_a_usable_adapter_the_way_out_is_told(air: Bluez, tmp_path: Path) -> None:
    air.has_adapter = False
    done = climbpath_on_a_thread("led-server", "--bluetooth", "MoonBoard DIY", cwd=tmp_path)
    assert (done.returncode, "no Bluetooth adapter that can be a board" in done.stderr) == (2, True)
    done = climbpath_on_a_thread("led-server", "--bluetooth", "x" * 21, cwd=tmp_path)
    assert "a board's Bluetooth name has 1 to 20 bytes, not 21" in done.stderr


def test_without_bluez_the_way_out_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path / 'none'}")
    done = climbpath_on_a_thread("led-server", "--bluetooth", "MoonBoard DIY", cwd=tmp_path)
    assert (done.returncode, "use --serial or --http" in done.stderr) == (2, True)
