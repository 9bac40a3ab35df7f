"""The route for inviting another device: the app's address with its access token, as a QR code."""

from typing import Annotated, NamedTuple
from uuid import UUID

from fastapi import FastAPI, Query
from fastapi import Request as HttpRequest

from climbpath.web.access import own_climbers
from climbpath.web.schemas.invitation import CodeOut, InvitationOut


class Invitation(NamedTuple):
    """Where another device finds the app."""

    app: str
    """The link to the app, with its access token."""
    setup: str | None
    """With HTTPS, the link to the page that shows how to trust this machine."""


def add_invitation_routes(app: FastAPI, invitation: Invitation | None) -> None:
    """Add this route to the app; without an invitation only this machine can open the app, and the answer says so."""

    @app.get("/api/invitation")
    def get_invitation(request: HttpRequest, profile: Annotated[UUID | None, Query()] = None) -> InvitationOut:
        """The links that let another device in; null where only this machine can open the app.

        Where each climber has a token, `climber` opens the logbook of `profile` on another device of theirs.
        """
        if not invitation:
            return InvitationOut(app=None, setup=None, climber=None)
        setup = code_out(invitation.setup) if invitation.setup else None
        token = (own_climbers(request) or {}).get(str(profile))
        climber = code_out(f"{invitation.app}.{token}") if token else None
        return InvitationOut(app=code_out(invitation.app), setup=setup, climber=climber)


def code_out(link: str) -> CodeOut:
    """A link as a QR code."""
    import segno

    rows = segno.make(link, error="m", micro=False).matrix
    return CodeOut(link=link, code=["".join(map(str, row)) for row in rows])
