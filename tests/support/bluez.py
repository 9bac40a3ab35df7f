"""BlueZ as Bluetooth programs meet it: org.bluez on a message bus of its own, with boards that are made up.

A real BlueZ needs a Bluetooth controller. This one answers on a real D-Bus daemon, so that bleak and all of ours above
it run as they do with hardware; only the radio is made up.
"""

import asyncio
import contextlib
import os
import shutil
import subprocess
import threading
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest

pytest.importorskip("dbus_fast", reason="Bluetooth needs the extra lights, and D-Bus Linux")

from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus

CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:dir={folder}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
</policy></busconfig>"""
ADAPTER = "/org/bluez/hci0"
UART = "6e400001-b5a3-f393-e0a9-e50e24dcca9e"
UART_WRITE = "6e400002-b5a3-f393-e0a9-e50e24dcca9e"
REDBEAR = "713d0000-503e-4c75-ba94-3148f18d941e"
REDBEAR_WRITE = "713d0003-503e-4c75-ba94-3148f18d941e"
AURORA = "4488b571-7806-4df6-bcff-a2897e4953ff"

Props = dict[str, Variant]
Result = TypeVar("Result")


@dataclass
class Box:
    """A board's controller."""

    name: str
    address: str = "AA:BB:CC:00:00:01"
    advertised: tuple[str, ...] = (UART,)
    service: str = UART
    written: str = UART_WRITE
    flags: tuple[str, ...] = ("write", "write-without-response")
    mtu: int = 23
    refuses: str = ""
    """The D-Bus error with which it refuses writes."""
    loses_after: list[int] = field(default_factory=list)
    """After how many writes each connection is lost; connections after these are kept."""
    is_connected: bool = False
    connections: int = 0
    writes: list[tuple[bytes, str]] = field(default_factory=list)
    """What came, with 'request' for a write with response and 'command' for one without."""

    @property
    def path(self) -> str:
        return f"{ADAPTER}/dev_{self.address.replace(':', '_')}"

    @property
    def received(self) -> bytes:
        """All bytes that came."""
        return b"".join(part for part, _ in self.writes)


class Bluez:
    """The service; its boards may be changed at any time."""

    def __init__(self, bus: MessageBus, loop: asyncio.AbstractEventLoop) -> None:
        self.bus, self.loop = bus, loop
        self.boxes: list[Box] = []
        self.is_powered = True
        self.has_adapter = True
        self.denies = False
        self.is_discovering = False
        self.application: tuple[str, str] | None = None  # whose peripheral is registered, and where
        self.advertised: Props = {}
        self.peripheral: dict[str, dict[str, Props]] = {}

    def run(self, task: Coroutine[Any, Any, Result]) -> Result:
        """The result of a coroutine on the bus's own thread."""
        return asyncio.run_coroutine_threadsafe(task, self.loop).result(30)

    def objects(self) -> dict[str, dict[str, Props]]:
        if not self.has_adapter:
            return {}
        adapter = {"Address": Variant("s", "00:00:00:00:00:01"), "Powered": Variant("b", self.is_powered)}
        roles = {"Roles": Variant("as", ["central", "peripheral"]), "Discovering": Variant("b", False)}
        found = {ADAPTER: {"org.bluez.Adapter1": adapter | roles}}
        found[ADAPTER] |= {"org.bluez.GattManager1": {}, "org.bluez.LEAdvertisingManager1": {}}
        for box in self.boxes:
            service, written = f"{box.path}/service0001", f"{box.path}/service0001/char0002"
            found[box.path] = {"org.bluez.Device1": device(box)}
            found[service] = {
                "org.bluez.GattService1": {
                    "UUID": Variant("s", box.service),
                    "Device": Variant("o", box.path),
                    "Primary": Variant("b", True),
                    "Includes": Variant("ao", []),
                }
            }
            found[written] = {
                "org.bluez.GattCharacteristic1": {
                    "UUID": Variant("s", box.written),
                    "Service": Variant("o", service),
                    "Flags": Variant("as", list(box.flags)),
                    "MTU": Variant("q", box.mtu),
                    "Value": Variant("ay", b""),
                    "Notifying": Variant("b", False),
                }
            }
        return found

    def handle(self, message: Message) -> Message | bool | None:
        """Answer a call."""
        if message.message_type != MessageType.METHOD_CALL or not (message.path or "").startswith("/"):
            return None
        if self.denies:
            return Message.new_error(message, "org.freedesktop.DBus.Error.AccessDenied", "Rejected send message")
        if message.member == "GetManagedObjects":
            return Message.new_method_return(message, "a{oa{sa{sv}}}", [self.objects()])
        if message.member == "GetAll":
            return Message.new_method_return(message, "a{sv}", [self.objects()[str(message.path)][message.body[0]]])
        if message.member in ("StartDiscovery", "StopDiscovery"):
            self.is_discovering = message.member == "StartDiscovery"
            self.announce()
        box = next((box for box in self.boxes if (message.path or "").startswith(box.path)), None)
        if message.member == "Connect" and box:
            box.is_connected, box.connections = True, box.connections + 1
            self.changed(box)
        if message.member == "Disconnect" and box:
            self.lose(box)
        if message.member == "WriteValue" and box:
            return self.write(message, box)
        if message.member == "RegisterApplication":
            self.application = message.sender, message.body[0]
            self.loop.create_task(self.learn())
        if message.member == "RegisterAdvertisement":
            self.loop.create_task(self.advertise(message.sender, message.body[0]))
        return Message.new_method_return(message)

    def write(self, message: Message, box: Box) -> Message:
        if box.refuses:
            return Message.new_error(message, box.refuses, "refused")
        box.writes.append((bytes(message.body[0]), message.body[1]["type"].value))
        if box.loses_after:
            box.loses_after[0] -= 1
            if box.loses_after[0] <= 0:
                del box.loses_after[0]
                self.lose(box)
        return Message.new_method_return(message)

    def lose(self, box: Box) -> None:
        box.is_connected = False
        self.changed(box)

    def changed(self, box: Box) -> None:
        state = {name: device(box)[name] for name in ("Connected", "ServicesResolved")}
        self.signal(box.path, "org.freedesktop.DBus.Properties", "PropertiesChanged", "sa{sv}as", state)

    def announce(self) -> None:
        """What a discovery hears: every board, again and again."""
        if not self.is_discovering:
            return
        self.loop.call_later(0.03, self.announce)
        for box in self.boxes:
            heard = {name: device(box)[name] for name in ("RSSI",)}
            self.signal(box.path, "org.freedesktop.DBus.Properties", "PropertiesChanged", "sa{sv}as", heard)

    def signal(self, path: str, interface: str, member: str, signature: str, props: Props) -> None:
        body = ["org.bluez.Device1", props, []]
        self.bus.send(Message.new_signal(path, interface, member, signature, body))

    # The other way round: a program that is a board itself

    async def call(self, path: str, interface: str, member: str, signature: str = "", body: Any = ()) -> Any:
        """Call the program whose peripheral is registered."""
        assert self.application
        sent = Message(self.application[0], path, interface, member, signature=signature, body=list(body))
        reply = await self.bus.call(sent)
        assert reply
        if reply.message_type == MessageType.ERROR:
            raise AssertionError(f"{reply.error_name} {reply.body}")
        return reply.body[0] if reply.body else None

    async def learn(self) -> None:
        assert self.application
        root, interface = self.application[1], "org.freedesktop.DBus.ObjectManager"
        self.peripheral = await self.call(root, interface, "GetManagedObjects")

    async def advertise(self, sender: str, path: str) -> None:
        asked = ("org.freedesktop.DBus.Properties", "GetAll", "s", ["org.bluez.LEAdvertisement1"])
        self.application = self.application or (sender, "/")
        self.advertised = await self.call(path, *asked)

    def send(self, part: bytes, from_device: str = "/org/bluez/hci0/dev_1") -> None:
        """Write to the characteristic of the peripheral, as a phone would."""
        path = next(path for path, found in self.peripheral.items() if "org.bluez.GattCharacteristic1" in found)
        options = {"type": Variant("s", "command"), "device": Variant("o", from_device)}
        self.run(self.call(path, "org.bluez.GattCharacteristic1", "WriteValue", "aya{sv}", [part, options]))


def device(box: Box) -> Props:
    """A board as BlueZ describes it."""
    return {
        "Address": Variant("s", box.address),
        "AddressType": Variant("s", "public"),
        "Name": Variant("s", box.name),
        "Alias": Variant("s", box.name),
        "Adapter": Variant("o", ADAPTER),
        "UUIDs": Variant("as", list(box.advertised)),
        "RSSI": Variant("n", -50),
        "Paired": Variant("b", False),
        "Connected": Variant("b", box.is_connected),
        "ServicesResolved": Variant("b", box.is_connected),
    }


@contextlib.contextmanager
def bluez(folder: Path, has_service: bool = True) -> Iterator[Bluez]:
    """A BlueZ on a message bus of its own, which programs take for the system's."""
    daemon = shutil.which("dbus-daemon")
    if not daemon:
        pytest.skip("there is no dbus-daemon")
    (folder / "bus.conf").write_text(CONFIG.format(folder=folder))
    command = [daemon, f"--config-file={folder / 'bus.conf'}", "--nofork", "--print-address"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    address = process.stdout.readline().strip()
    before = os.environ.get("DBUS_SYSTEM_BUS_ADDRESS")
    os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = address
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def start() -> Bluez:
        service = Bluez(await MessageBus(bus_address=address).connect(), loop)
        service.bus.add_message_handler(service.handle)
        if has_service:
            await service.bus.request_name("org.bluez")
        return service

    async def stop(service: Bluez) -> None:
        service.bus.disconnect()

    try:
        service = asyncio.run_coroutine_threadsafe(start(), loop).result(30)
        yield service
        service.run(stop(service))
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
        if before is None:
            del os.environ["DBUS_SYSTEM_BUS_ADDRESS"]
        else:
            os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = before
        process.kill()
        process.wait()
        process.stdout.close()
