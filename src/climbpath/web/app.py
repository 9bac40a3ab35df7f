"""The web app: security, the API's routes, error responses, and the page's static files."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from importlib import resources
from typing import Any

from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.routing import Match
from threadpoolctl import threadpool_limits

from climbpath import __version__
from climbpath.api import Generator
from climbpath.errors import ClimbpathError
from climbpath.lights.shared import SharedBoard
from climbpath.problem import Problem
from climbpath.web.access import Access
from climbpath.web.admission import BUSY, AdmissionControl, BusyError
from climbpath.web.logbook.database import UnusableError
from climbpath.web.logbook.store import Logbook, NotFoundError
from climbpath.web.observed import Observer
from climbpath.web.routes.files import add_file_routes
from climbpath.web.routes.generate import add_generate_routes, app_info
from climbpath.web.routes.health import add_health_routes
from climbpath.web.routes.invitation import Invitation, add_invitation_routes
from climbpath.web.routes.lights import add_light_routes
from climbpath.web.routes.logbook import add_logbook_routes
from climbpath.web.routes.workout import add_workout_routes
from climbpath.web.scheduling import Usage
from climbpath.web.schemas.errors import ErrorOut, validation_message
from climbpath.web.security import HEADERS, SecurityChecks
from climbpath.web.services import Services
from climbpath.web.workers import Sampler, Workers

STATIC = str(resources.files("climbpath") / "web" / "static")
DESCRIPTION = """Generate problems for climbing boards, predict their grade and beta, and keep a logbook.

Every error is `{"error": "…"}`, with a text for the user: 409 if a valid request cannot be met, as when the board has
no such hold; 422 if the request is not valid; 429 if too many requests are waiting; 503 if the logbook cannot
be used."""
ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorOut, "description": description}
    for status, description in {
        401: "The access token is missing.",
        403: "The request comes from another site, or uses another name of this machine.",
        409: "The request is valid but cannot be met; the error says why.",
        413: "The request is too large.",
        422: "The request is not valid.",
        429: "Too many requests are waiting: try again a little later.",
        503: "The logbook cannot be used.",
    }.items()
}


def create_app(
    generator: Generator,
    logbook: Logbook,
    known: Sequence[Problem] = (),
    token: str | None = None,
    invitation: Invitation | None = None,
    lights: SharedBoard | None = None,
    *,
    is_private: bool = False,
    has_metrics: bool = False,
) -> FastAPI:
    """Create the app.

    Args:
        generator: the model that generates problems.
        logbook: where climbers' problems are saved.
        known: known problems, which the search for similar ones covers in addition to the logbook.
        token: access token that every client needs; None serves this machine only, without a token.
        invitation: where another device finds the app; None if only this machine can open it.
        lights: the board that this machine lights; None if it lights nothing.
        is_private: whether each climber's logbook opens only with the climber's own token.
        has_metrics: whether numbers are kept for Prometheus.
    """
    app = FastAPI(
        title="climbpath",
        version=__version__,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
        responses=ERRORS,
        dependencies=[Depends(Access(logbook))] if is_private else [],
    )
    app.state.lights = lights
    usage = Usage()
    app.add_middleware(AdmissionControl, usage=usage)
    app.add_middleware(SecurityChecks, token=token)
    services = Services(generator, logbook, known, Sampler(generator, usage), Workers(2, usage))
    _observe(app, services, has_metrics)  # the last one added is the first that a request meets
    for add_routes in (add_generate_routes, add_workout_routes, add_logbook_routes, add_file_routes):
        add_routes(app, services)
    add_invitation_routes(app, invitation)
    add_light_routes(app, lights)
    add_health_routes(app, logbook, has_metrics)
    _add_error_handlers(app)
    _add_boards(app, services)
    app.mount("/", StaticFiles(directory=STATIC, html=True))
    return app


def _observe(app: FastAPI, services: Services, has_metrics: bool) -> None:
    """Note what becomes of every request."""
    metrics = None
    if has_metrics:
        from climbpath.web.metrics import metrics as metrics_of_process

        metrics = metrics_of_process()
    sampler, workers = services.sampler, services.workers
    waiting = {"sampler": lambda: len(sampler.queue), "workers": lambda: len(workers.waiting)}
    app.add_middleware(Observer, waiting=waiting, metrics=metrics)


def _add_boards(app: FastAPI, services: Services) -> None:
    """The boards as a file of the page: without access, too, it draws a problem that is in a link."""
    content = app_info(services).model_dump_json().encode()

    @app.get("/boards.json", include_in_schema=False)
    async def get_boards() -> Response:
        return Response(content, media_type="application/json")


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    with threadpool_limits(1):  # requests run in parallel, each on one core
        yield
    if app.state.lights:
        await app.state.lights.close()


def _add_error_handlers(app: FastAPI) -> None:
    """Answer every error with {"error": text}, except an address that nothing is at: there a page says so."""

    def answer(status: int, text: str, headers: Any = None) -> JSONResponse:
        return JSONResponse({"error": text}, status, headers)

    @app.exception_handler(ClimbpathError)
    def cannot_be_met(request: Request, error: ClimbpathError) -> JSONResponse:
        status = {NotFoundError: 404, UnusableError: 503}.get(type(error), 409)
        return answer(status, str(error))

    @app.exception_handler(BusyError)
    def busy(request: Request, error: BusyError) -> JSONResponse:
        return answer(429, BUSY, {"Retry-After": "1"})

    @app.exception_handler(RequestValidationError)
    def not_valid(request: Request, error: RequestValidationError) -> JSONResponse:
        return answer(422, "; ".join(_message(detail) for detail in error.errors()[:3]))

    @app.exception_handler(HTTPException)
    def refused(request: Request, error: HTTPException) -> Response:
        # a path of the API with a wrong method falls through to the static files, which refuse it
        routes = [r for r in app.routes if isinstance(r, APIRoute) and r.matches(request.scope)[0] != Match.NONE]
        methods = {method for route in routes for method in route.methods or ()}
        if routes and request.method not in methods:
            return answer(405, "Method Not Allowed", {"Allow": ", ".join(sorted(methods))})
        if not routes and error.status_code == 404 and not request.url.path.startswith("/api/"):
            return FileResponse(f"{STATIC}/not-found.html", 404)
        # FastAPI answers 400 to a body that it cannot read
        status = 422 if error.status_code == 400 else error.status_code
        return answer(status, error.detail, error.headers)

    @app.exception_handler(Exception)
    def failed(request: Request, error: Exception) -> JSONResponse:
        # this answer bypasses SecurityChecks, which sets these headers otherwise
        text = "climbpath failed: the terminal where it was started shows the error"
        return answer(500, text, HEADERS | {"Cache-Control": "no-store"})


def _message(error: Mapping[str, Any]) -> str:
    """The text for an error that FastAPI found in a request."""
    if error["type"] == "json_invalid":
        return f"the body is not JSON: {error['ctx']['error']} at character {error['loc'][1]}"
    return validation_message(error["loc"][1:], error["msg"])
