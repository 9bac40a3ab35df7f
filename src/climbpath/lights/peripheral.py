"""A machine that is a board itself: a Bluetooth LE peripheral that phones find and write to, by BlueZ over D-Bus."""

from collections.abc import Callable
from typing import Annotated

from dbus_fast import BusType, Message, MessageType, PropertyAccess, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusBool, DBusBytes, DBusDict, DBusObjectPath, DBusSignature, DBusStr
from dbus_fast.errors import AuthError
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property

from climbpath.errors import ClimbpathError
from climbpath.lights.bluetooth import AURORA, UART, UART_WRITE

ROOT = "/climbpath"
SERVICE, CHARACTERISTIC, ADVERTISEMENT = f"{ROOT}/service0", f"{ROOT}/service0/char0", f"{ROOT}/advertisement0"
BLUEZ = "org.bluez"
MOST_NAME = 20
"""Bytes of a name that fits in an advertisement."""
Texts = Annotated[list[str], DBusSignature("as")]
READ = PropertyAccess.READ


class _Service(ServiceInterface):
    """The service of board controllers."""

    def __init__(self) -> None:
        super().__init__("org.bluez.GattService1")

    @dbus_property(READ)
    def UUID(self) -> DBusStr:  # noqa: N802
        """Which service it is."""
        return UART

    @dbus_property(READ)
    def Primary(self) -> DBusBool:  # noqa: N802
        """Not one that another includes."""
        return True


class _Characteristic(ServiceInterface):
    """What phones write to, with or without response."""

    def __init__(self, received: Callable[[str, bytes], object]) -> None:
        super().__init__("org.bluez.GattCharacteristic1")
        self.received = received

    @dbus_property(READ)
    def UUID(self) -> DBusStr:  # noqa: N802
        """Which characteristic it is."""
        return UART_WRITE

    @dbus_property(READ)
    def Service(self) -> DBusObjectPath:  # noqa: N802
        """Where it belongs."""
        return SERVICE

    @dbus_property(READ)
    def Flags(self) -> Texts:  # noqa: N802
        """What may be done with it."""
        return ["write", "write-without-response"]

    @dbus_method()
    def WriteValue(self, value: DBusBytes, options: DBusDict) -> None:  # noqa: N802
        """Bytes of a phone."""
        device = options.get("device")
        self.received(str(device.value) if device else "", bytes(value))


class _Advertisement(ServiceInterface):
    """What tells phones that a board is here."""

    def __init__(self, name: str, is_moonboard: bool) -> None:
        super().__init__("org.bluez.LEAdvertisement1")
        self.name_, self.service = name, UART if is_moonboard else AURORA

    @dbus_property(READ)
    def Type(self) -> DBusStr:  # noqa: N802
        """A board can be connected to."""
        return "peripheral"

    @dbus_property(READ)
    def LocalName(self) -> DBusStr:  # noqa: N802
        """Its name."""
        return self.name_

    @dbus_property(READ)
    def ServiceUUIDs(self) -> Texts:  # noqa: N802
        """What it is found by."""
        return [self.service]

    @dbus_method()
    def Release(self) -> None:  # noqa: N802
        """BlueZ has ended it."""


async def be_board(name: str, is_moonboard: bool, received: Callable[[str, bytes], object]) -> MessageBus:
    """Be a board of this name until the bus that is returned is disconnected.

    `received` is called with the phone and the bytes of each write. Raises ClimbpathError where BlueZ is not there, or
    does not let this machine be a peripheral.
    """
    if not name or len(name.encode()) > MOST_NAME:
        raise ClimbpathError(f"a board's Bluetooth name has 1 to {MOST_NAME} bytes, not {len(name.encode())}")
    try:
        bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
    except (OSError, AuthError) as error:
        raise ClimbpathError("there is no D-Bus: being a board needs BlueZ on Linux; use --serial or --http") from error
    bus.export(SERVICE, _Service())
    bus.export(CHARACTERISTIC, _Characteristic(received))
    bus.export(ADVERTISEMENT, _Advertisement(name, is_moonboard))
    adapter = await _adapter(bus)
    await _register(bus, adapter, "org.bluez.GattManager1", "RegisterApplication", ROOT)
    await _register(bus, adapter, "org.bluez.LEAdvertisingManager1", "RegisterAdvertisement", ADVERTISEMENT)
    return bus


async def _adapter(bus: MessageBus) -> str:
    """The first adapter that can be a peripheral."""
    asked = Message(BLUEZ, "/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")
    reply = await bus.call(asked)
    if reply is None or reply.message_type == MessageType.ERROR:
        raise ClimbpathError("there is no BlueZ: 'systemctl start bluetooth' starts it; or use --serial or --http")
    for path, interfaces in reply.body[0].items():
        if {"org.bluez.GattManager1", "org.bluez.LEAdvertisingManager1"} <= set(interfaces):
            return str(path)
    raise ClimbpathError("this machine has no Bluetooth adapter that can be a board: use --serial or --http")


async def _register(bus: MessageBus, adapter: str, interface: str, member: str, path: str) -> None:
    options: dict[str, Variant] = {}
    reply = await bus.call(Message(BLUEZ, adapter, interface, member, signature="oa{sv}", body=[path, options]))
    if reply is None or reply.message_type == MessageType.ERROR:
        said = f" ({reply.body[0]})" if reply and reply.body else ""
        raise ClimbpathError(f"Bluetooth does not let this machine be a board{said}: is it switched on and free?")
