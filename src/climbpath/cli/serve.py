"""The command that starts the web app: serve."""

from pathlib import Path

import click

from climbpath.cli.common import FILE, Command, model_flag
from climbpath.errors import ClimbpathError


@click.command(cls=Command)
@click.option("--host", default="127.0.0.1", help="Address to listen on; 0.0.0.0 lets other devices in the network in.")
@click.option("--port", type=click.IntRange(1, 65534), default=8000, help="Port to listen on.")
@click.option("--https", is_flag=True, help="Serve over HTTPS; the next port serves a setup page for phones.")
@click.option(
    "--logbook",
    envvar="CLIMBPATH_LOGBOOK",
    help="The logbook's file, or postgresql://USER:PASSWORD@HOST/NAME. [default: a file in your system's data folder]",
)
@click.option("--data", type=FILE, help="A file of known problems, to find similar ones in.")
@click.option(
    "--connections",
    type=click.IntRange(8, 100_000),
    default=256,
    help="Most connections from one address: a phone has about 6, and a gym's phones may share an address.",
)
@click.option("--lights", help="Light a board with this machine's Bluetooth, too: its name or address, or any.")
@click.option("--private", is_flag=True, help="Each climber's logbook opens only on devices that have their token.")
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    help="Processes that serve together, at most one for each core; each has the models in its memory.",
)
@click.option("--address", help="Where others find the app, where a proxy stands before it: https://climb.example.org")
@click.option(
    "--proxies", default="", help="Addresses of proxies whose X-Forwarded-For is trusted; commas separate several."
)
@click.option("--metrics", is_flag=True, help="Numbers for Prometheus at /metrics.")
@click.option(
    "--log", type=click.Choice(["text", "json"]), default="text", help="json: a line for each request, on stderr."
)
@model_flag
def serve(
    host: str,
    port: int,
    https: bool,
    logbook: str | None,
    data: Path | None,
    connections: int,
    lights: str | None,
    private: bool,
    workers: int,
    address: str | None,
    proxies: str,
    metrics: bool,
    log: str,
    model: Path | None,
) -> None:
    """Start the web app for this machine or for phones: generate and compose problems, see beta, keep a logbook.

    \b
    climbpath serve
    climbpath serve --host 0.0.0.0
    climbpath serve --host 0.0.0.0 --https

    With --host 0.0.0.0 it prints a QR code for phones; the link in it contains an access token. Browsers allow
    installing an app and offline use only on localhost or over HTTPS. --https makes this possible, and serves a setup
    page that shows how to make a phone trust this machine.
    """
    import gc

    from climbpath.folders import data_folder

    if https and address:
        raise ClimbpathError("--address is for a proxy, which has its own certificate: leave out --https")
    if address and not address.startswith(("https://", "http://")):
        raise ClimbpathError(f"--address is a whole address, https://{address}")
    if private and host in ("127.0.0.1", "localhost", "::1") and not address:
        raise ClimbpathError("--private is for a server that others can open: add --host 0.0.0.0 or --address")
    if lights and workers > 1:
        raise ClimbpathError("a board takes one connection: --lights goes with one process, so leave out --workers")
    _check_proxies(proxies)
    if metrics:
        _check_metrics()
    folder = data_folder()
    gc.disable()  # what is loaded now stays: a sixth of the start would go into looking at it
    try:
        from climbpath.cli.common import read_file
        from climbpath.lights import shared
        from climbpath.web import serving
        from climbpath.web.connections import Limits
        from climbpath.web.server import Content

        known = [p for p in read_file(data) if not p.partial] if data else []
        # a proxy has all connections of all who come through it
        most = max(800, connections)
        limits = Limits(connections=most, per_address=most if proxies else connections)
        endpoint = serving.Endpoint(host, port, folder, https, limits, workers, address, proxies, metrics, log)
        board = shared.bluetooth_board(None if lights == "any" else lights) if lights else None
        content = Content(logbook_place(logbook, folder), model, known, private, board)
        serving.serve(endpoint, content, click.echo)
    finally:
        gc.enable()


def logbook_place(given: str | None, folder: Path) -> Path | str:
    """The file or the URL of the logbook. Raises ClimbpathError for a URL of something else."""
    from climbpath.web.logbook.database import is_url

    if given is None:
        return folder / "logbook.sqlite3"
    if is_url(given):
        return given
    if "://" in given:
        raise ClimbpathError(f"a logbook is a file or postgresql://…, not {given.partition('://')[0]}://…")
    if not given:
        raise ClimbpathError("--logbook is empty: name a file, or leave it out")
    return Path(given)


def _check_proxies(proxies: str) -> None:
    """Raises ClimbpathError if one of them is no address and no network."""
    from ipaddress import ip_network

    for one in filter(None, proxies.split(",")):
        try:
            ip_network(one.strip())
        except ValueError:
            raise ClimbpathError(f"--proxies takes addresses and networks such as 10.0.0.0/8, not {one!r}") from None


def _check_metrics() -> None:
    """Raises ClimbpathError if Prometheus' client is not installed."""
    from importlib.util import find_spec

    if not find_spec("prometheus_client"):
        raise ClimbpathError("--metrics needs prometheus_client: run pip install '.[metrics]' in climbpath's folder")
