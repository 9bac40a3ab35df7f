"""Whose logbook a request may open, on a server where each climber has a token of their own.

A device's access token is the server's, followed by those of its climbers, with a dot between. `security` checks the
server's; what is here looks up the others.
"""

from uuid import UUID

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool

from climbpath.web.logbook import tokens
from climbpath.web.logbook.store import NO_PROFILE, Logbook, NotFoundError
from climbpath.web.security import climber_tokens, set_token_cookie

ASKS = frozenset({"/api/profiles", "/api/invitation", "/api/generate"})
"""Routes that need to know a device's climbers though they name none in their address."""


class Access:
    """The check before every request. A logbook that it may not open is one that is not there."""

    def __init__(self, logbook: Logbook) -> None:
        self.logbook = logbook

    async def __call__(self, request: Request) -> None:
        """Raises NotFoundError if a request names another climber than those of its device."""
        named = {*request.query_params.getlist("profile")}
        in_path = request.path_params.get("profile")
        if not named and not in_path and request.url.path not in ASKS:
            return
        database = self.logbook.database
        own = await run_in_threadpool(tokens.climbers_of, database, climber_tokens(request))
        request.state.own = own
        for text in named:
            if _id(text) not in own:
                raise NotFoundError(NO_PROFILE)
        if in_path and (profile := _id(in_path)) not in own:
            is_new = request.method == "PUT" and not await run_in_threadpool(tokens.is_climber, database, profile)
            if not is_new:
                raise NotFoundError(NO_PROFILE)


def own_climbers(request: Request) -> dict[str, str] | None:
    """The climbers that a request may open, with their tokens; None where it may open all."""
    return getattr(request.state, "own", None)


def admit(logbook: Logbook, request: Request, response: Response, profile: str) -> None:
    """Give the device that added a climber the climber's token, in its cookie."""
    own = own_climbers(request)
    if own is not None and profile not in own:
        set_token_cookie(request, response, [*climber_tokens(request), tokens.new_token(logbook.database, profile)])


def _id(text: str) -> str:
    """A climber's id as it is stored; text that is none names nobody."""
    try:
        return str(UUID(text))
    except ValueError:
        return ""
