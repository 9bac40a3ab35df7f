"""The command that starts the web app: serve."""

from pathlib import Path

import click

from climbpath.cli.common import FILE, model_flag


@click.command()
@click.option("--host", default="127.0.0.1", help="Address to listen on; 0.0.0.0 lets phones in your network in.")
@click.option("--port", type=click.IntRange(1, 65534), default=8000, help="Port to listen on.")
@click.option("--https", is_flag=True, help="Serve HTTPS; the next port shows how phones learn to trust it.")
@click.option("--logbook", type=FILE, help="File of the logbook. [default: in your system's folder for data]")
@click.option("--data", type=FILE, help="A file of known problems, among which similar ones are looked for.")
@model_flag
def serve(host: str, port: int, https: bool, logbook: Path | None, data: Path | None, model: Path | None) -> None:
    """Start the web app: problems on the board, composing, beta, and a logbook, on this machine or for a phone.

    \b
    climbpath serve
    climbpath serve --host 0.0.0.0
    climbpath serve --host 0.0.0.0 --https

    With --host 0.0.0.0 it prints a QR code for the phone; the address in it holds an access token. Browsers let an app
    be installed, work offline and talk to Bluetooth only from localhost or over HTTPS: --https makes that possible,
    and shows on a page how a phone learns to trust this machine.
    """
    import platformdirs

    from climbpath import api
    from climbpath.cli.common import read_problems
    from climbpath.web import serving

    folder = platformdirs.user_data_path("climbpath")
    known = [p for p in read_problems(str(data), "", 0) if not p.partial] if data else []
    endpoint = serving.Endpoint(host, port, folder, https)
    serving.serve(endpoint, api.load(model), known, logbook or folder / "logbook.sqlite3", click.echo)
