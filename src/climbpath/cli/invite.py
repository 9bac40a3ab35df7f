"""The command that opens a climber's logbook on another device: invite."""

import click

from climbpath.cli.common import Command
from climbpath.errors import ClimbpathError


@click.command(cls=Command)
@click.argument("climber", required=False)
@click.option("--address", help="Where others find the app. [default: this machine's address, port 8000]")
@click.option("--logbook", envvar="CLIMBPATH_LOGBOOK", help="The logbook's file or URL, as for climbpath serve.")
@click.option("--only", is_flag=True, help="No device that had the logbook before opens it any more: for a lost phone.")
def invite(climber: str | None, address: str | None, logbook: str | None, only: bool) -> None:
    """Print the link that opens a climber's logbook, for a server that runs with climbpath serve --private.

    \b
    climbpath invite                      # who there is
    climbpath invite Kim --address https://climb.example.org
    climbpath invite Kim --only           # after a phone was lost

    CLIMBER is a name or an id. Whoever has the link sees and changes that logbook.
    """
    from climbpath.cli.serve import logbook_place
    from climbpath.folders import data_folder
    from climbpath.web import serving
    from climbpath.web.logbook.store import Logbook
    from climbpath.web.logbook.tokens import new_token

    folder = data_folder()
    book = Logbook(logbook_place(logbook, folder))
    profiles = book.profiles()
    if climber is None:
        click.echo("\n".join(f"{one.name}  {one.id}" for one in profiles) or "There is no climber yet.")
        return
    found = [one for one in profiles if climber in (one.name, one.id)]
    if len(found) != 1:
        several = f"{len(found)} climbers are called {climber!r}: name the id" if found else f"there is no {climber!r}"
        raise ClimbpathError(f"{several}; climbpath invite lists all")
    token = serving.given_token() or serving.access_token(folder)
    address = address or f"http://{serving.lan_address()}:8000"
    link = f"{address.rstrip('/')}/?token={token}.{new_token(book.database, found[0].id, only=only)}"
    click.echo(f"{found[0].name}'s logbook opens at {link}")
    click.echo(serving.qr_code(link))
