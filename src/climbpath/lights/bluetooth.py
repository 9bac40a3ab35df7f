"""Bluetooth LE: the boards in range, and a connection to one that is kept and opened again where it was lost.

Boards are connected to without pairing. Services and characteristics are those that public reverse engineering of the
apps describes.
"""

import asyncio
import contextlib
import logging
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, NamedTuple

from bleak import BleakClient, BleakScanner
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason, BleakDBusError, BleakError

from climbpath.errors import ClimbpathError, cut
from climbpath.lights.aurora import level_of

UART = "6e400001-b5a3-f393-e0a9-e50e24dcca9e"
UART_WRITE = "6e400002-b5a3-f393-e0a9-e50e24dcca9e"
REDBEAR = "713d0000-503e-4c75-ba94-3148f18d941e"
REDBEAR_WRITE = "713d0003-503e-4c75-ba94-3148f18d941e"
AURORA = "4488b571-7806-4df6-bcff-a2897e4953ff"
CONTROLLERS = ((UART, UART_WRITE), (REDBEAR, REDBEAR_WRITE))
"""Service and characteristic of both generations of controllers, the newer first; Aurora's boards have that, too."""
MOONBOARD_NAME = "moonboard"
"""How the names of MoonBoards begin, in any case."""
LEAST_WRITE, MOST_WRITE = 20, 244
"""Bytes of a write: what every connection takes, and the most that is used of a larger agreed size."""
SCAN_S, CONNECT_S = 5.0, 20.0
LAST_S = 0.3
"""How long a connection stays open after a last write that nothing confirms."""


logging.getLogger("bleak").setLevel(logging.ERROR)  # its notes are not for climbers


class Found(NamedTuple):
    """A board in range."""

    name: str
    """What it calls itself; may be empty."""
    address: str
    """Its address; on macOS an identifier of the system's."""
    kind: str
    """'moonboard', 'aurora', or 'uart' for a controller of one's own, which may be a MoonBoard's."""
    signal: int
    """Strength of its signal in dBm, nearer to 0 is stronger."""
    device: BLEDevice
    """To connect to it."""

    @property
    def title(self) -> str:
        """For people: 'MoonBoard A (AA:BB:CC:DD:EE:FF)'."""
        return f"{self.name or 'unnamed'} ({self.address})"

    def can_be(self, is_moonboard: bool) -> bool:
        """Whether it may be a MoonBoard, or a board by Aurora."""
        return self.kind in (("moonboard", "uart") if is_moonboard else ("aurora",))


def kind_of(name: str, services: Sequence[str]) -> str | None:
    """What advertises this name and these services; None for something else."""
    if AURORA in services:
        return "aurora"
    if name.casefold().startswith(MOONBOARD_NAME) or REDBEAR in services:
        return "moonboard"
    return "uart" if UART in services else None


async def scan(seconds: float = SCAN_S) -> list[Found]:
    """The boards in range, the nearest first. Raises ClimbpathError where there is no Bluetooth."""
    async with _in_words():
        seen = await BleakScanner.discover(seconds, return_adv=True)
    found = [one for device, heard in seen.values() if (one := _found(device, heard))]
    return sorted(found, key=lambda one: -one.signal)


async def find(wanted: str | None, is_moonboard: bool, seconds: float = SCAN_S) -> Found:
    """The board of this name or address; the only one of its kind in range where none is named.

    Raises ClimbpathError where there is no Bluetooth, nothing is found, several are, or another kind of board is.
    """
    title = "MoonBoard" if is_moonboard else "board by Aurora"
    if wanted is None:
        found = [one for one in await scan(seconds) if one.can_be(is_moonboard)]
        if not found:
            raise ClimbpathError(
                f"found no {title}: is it switched on, in range, and connected to no phone? "
                "--scan lists what is in range, --device names a board"
            )
        if len(found) > 1:
            raise ClimbpathError(f"found several boards: choose one with --device: {', '.join(o.title for o in found)}")
        return found[0]
    named: list[Found] = []

    def is_wanted(device: BLEDevice, heard: AdvertisementData) -> bool:
        if wanted.casefold() not in (device.address.casefold(), (heard.local_name or device.name or "").casefold()):
            return False
        one = _found(device, heard) or Found(device.name or "", device.address, "uart", heard.rssi, device)
        named.append(one)
        return True

    async with _in_words():
        await BleakScanner.find_device_by_filter(is_wanted, 2 * seconds)
    if not named:
        raise ClimbpathError(
            f"found no board {cut(wanted)!r}: is it switched on, in range, and connected to no phone? "
            "--scan lists what is in range, --device names another"
        )
    if named[-1].kind != "uart" and not named[-1].can_be(is_moonboard):
        raise ClimbpathError(f"{named[-1].title} is no {title}: say with --board which board it is")
    return named[-1]


class Link:
    """A connection to a board, opened when it is first used, kept, and opened again where it was lost."""

    def __init__(self, wanted: str | None, is_moonboard: bool) -> None:
        self.wanted, self.is_moonboard = wanted, is_moonboard
        self.found: Found | None = None
        self.client: BleakClient | None = None
        self.target: tuple[BleakGATTCharacteristic, bool] | None = None

    async def send(self, message: Callable[[int], bytes]) -> Found:
        """Send a message, which is made for the API level of the board; returns the board.

        Raises ClimbpathError where the board is not found, does not answer, refuses the bytes, or is lost twice.
        """
        for _ in range(2):
            found, client = await self._connected()
            assert self.target
            try:
                async with _in_words(found):
                    await _write(client, *self.target, message(level_of(found.name)))
                if client.is_connected:
                    return found
            except ClimbpathError:
                if client.is_connected:
                    raise
            await self.close()
        raise ClimbpathError(f"the connection to {found.title} was lost twice: come nearer, or switch it off and on")

    async def close(self) -> None:
        """End the connection."""
        client, self.client = self.client, None
        if client and client.is_connected:
            if self.target and not self.target[1]:
                await asyncio.sleep(LAST_S)
            with contextlib.suppress(BleakError, OSError, EOFError, TimeoutError):
                await client.disconnect()

    async def _connected(self) -> tuple[Found, BleakClient]:
        """The board, connected to."""
        if self.client and self.client.is_connected and self.found:
            return self.found, self.client
        await self.close()
        self.found = self.found or await find(self.wanted, self.is_moonboard)
        client = BleakClient(self.found.device, timeout=CONNECT_S)
        try:
            async with _in_words(self.found):
                await client.connect()
        except ClimbpathError:
            self.found = None  # it may have another address the next time
            raise
        self.client = client
        self.target = _target(client, self.found)
        return self.found, client


def _found(device: BLEDevice, heard: AdvertisementData) -> Found | None:
    name = heard.local_name or device.name or ""
    kind = kind_of(name, heard.service_uuids)
    return Found(name, device.address, kind, heard.rssi, device) if kind else None


def _target(client: BleakClient, found: Found) -> tuple[BleakGATTCharacteristic, bool]:
    """The characteristic to write to, and whether with response. Raises ClimbpathError where there is none."""
    for service, written in CONTROLLERS:
        target = client.services.get_characteristic(written)
        if target and client.services.get_service(service):
            if "write-without-response" in target.properties and service != REDBEAR:
                return target, False
            if "write" in target.properties:
                return target, True
    raise ClimbpathError(f"{found.title} takes no lights: it is not the controller of a board that climbpath knows")


async def _write(client: BleakClient, target: BleakGATTCharacteristic, has_response: bool, message: bytes) -> None:
    """Write a message in the largest writes that the connection takes."""
    size = min(max(target.max_write_without_response_size, LEAST_WRITE), MOST_WRITE)
    for i in range(0, len(message), size):
        await client.write_gatt_char(target, message[i : i + size], response=has_response)


@contextlib.asynccontextmanager
async def _in_words(found: Found | None = None) -> AsyncIterator[None]:
    """Raises ClimbpathError, in words for people, for what Bluetooth says; `found` is the board that is spoken to."""
    try:
        yield
    except ClimbpathError:
        raise
    except BleakBluetoothNotAvailableError as error:
        raise ClimbpathError(_unavailable(error.reason)) from error
    except TimeoutError as error:
        where = found.title if found else "Bluetooth"
        raise ClimbpathError(f"{where} does not answer: come nearer, and end its connection to other phones") from error
    except BleakDBusError as error:
        if error.dbus_error in ("org.freedesktop.DBus.Error.AccessDenied", "org.bluez.Error.NotAuthorized"):
            raise ClimbpathError(_unavailable(BleakBluetoothNotAvailableReason.DENIED_BY_SYSTEM)) from error
        if error.dbus_error in ("org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NoReply"):
            raise ClimbpathError(_unavailable(BleakBluetoothNotAvailableReason.UNKNOWN)) from error
        raise ClimbpathError(_refused(found, error)) from error
    except BleakError as error:
        raise ClimbpathError(_refused(found, error)) from error
    except (OSError, EOFError) as error:  # there is no message bus, or it went away
        raise ClimbpathError(_unavailable(BleakBluetoothNotAvailableReason.UNKNOWN)) from error


def _refused(found: Found | None, error: Exception) -> str:
    said = cut(next(iter(str(error).splitlines()), "") or type(error).__name__)
    if not found:
        return f"Bluetooth failed: {said}; switch Bluetooth off and on"
    return f"{found.title} refused: {said}; end its connection to other phones, or switch it off and on"


def _unavailable(reason: BleakBluetoothNotAvailableReason) -> str:
    """Why there is no Bluetooth, and what to do about it on this system."""
    reasons: Any = BleakBluetoothNotAvailableReason
    if reason in (reasons.NO_BLUETOOTH, reasons.NO_BLE_CENTRAL_ROLE):
        return "this machine has no Bluetooth LE adapter: plug one in, or use a phone with Chrome"
    if reason == reasons.POWERED_OFF:
        how = {"linux": "run 'bluetoothctl power on'", "darwin": "in the menu bar", "win32": "in Settings, Bluetooth"}
        return f"Bluetooth is switched off: switch it on ({how.get(sys.platform, 'in the settings')})"
    if reason == reasons.UNKNOWN:
        how = {"linux": "is the bluetooth service running? 'systemctl start bluetooth' starts it"}
        return f"Bluetooth cannot be used: {how.get(sys.platform, 'switch it off and on')}"
    how = {
        "linux": "add yourself to the group bluetooth ('sudo usermod -aG bluetooth $USER'), and log in again",
        "darwin": "allow your terminal in System Settings, Privacy & Security, Bluetooth",
        "win32": "allow desktop apps in Settings, Privacy & security, Bluetooth",
    }
    return f"this program may not use Bluetooth: {how.get(sys.platform, 'allow it in the settings')}"
