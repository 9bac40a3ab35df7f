"""The command that starts the web app: serve."""

from pathlib import Path

import click

from climbpath.cli.common import FILE, model_flag


@click.command()
@click.option("--host", default="127.0.0.1", help="Address to listen on; 0.0.0.0 lets other devices in the network in.")
@click.option("--port", type=click.IntRange(1, 65534), default=8000, help="Port to listen on.")
@click.option("--https", is_flag=True, help="Serve over HTTPS; the next port serves a setup page for phones.")
@click.option("--logbook", type=FILE, help="The logbook's file. [default: in your system's data folder]")
@click.option("--data", type=FILE, help="A file of known problems, to find similar ones in.")
@click.option(
    "--connections",
    type=click.IntRange(8, 100_000),
    default=256,
    help="Most connections from one address: a phone has about 6, and a gym's phones may share an address.",
)
@click.option("--lights", help="Light a board with this machine's Bluetooth, too: its name or address, or any.")
@model_flag
def serve(
    host: str,
    port: int,
    https: bool,
    logbook: Path | None,
    data: Path | None,
    connections: int,
    lights: str | None,
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
    from climbpath import api
    from climbpath.cli.common import read_file
    from climbpath.folders import data_folder
    from climbpath.lights import shared
    from climbpath.web import serving
    from climbpath.web.connections import Limits

    folder = data_folder()
    known = [p for p in read_file(data) if not p.partial] if data else []
    limits = Limits(connections=max(800, connections), per_address=connections)
    endpoint = serving.Endpoint(host, port, folder, https, limits)
    board = shared.bluetooth_board(None if lights == "any" else lights) if lights else None
    serving.serve(endpoint, api.load(model), known, logbook or folder / "logbook.sqlite3", click.echo, board)
