"""The HTTP side of climbpath led-server: bytes as a board takes them, in the body of a POST."""

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from climbpath.lights.receiver import Fault, Shown
from climbpath.web.security import SecurityChecks

PATH = "/api/lights"


def create_app(feed: Callable[[bytes], list[Shown | Fault]], token: str | None) -> Starlette:
    """The app. POST /api/lights takes a whole message, of at most 64 KB, and answers 204, or 422 with what is wrong.

    With a `token` every client needs it; without one, only this machine is served.
    """

    async def post_lights(request: Request) -> Response:
        outcomes = feed(await request.body())
        faults = [one.reason for one in outcomes if isinstance(one, Fault)]
        if faults or not outcomes:
            return JSONResponse({"error": "; ".join(faults[:3]) or "this is no whole message"}, 422)
        return Response(status_code=204)

    app = Starlette(routes=[Route(PATH, post_lights, methods=["POST"])])
    app.add_middleware(SecurityChecks, token=token)
    return app
