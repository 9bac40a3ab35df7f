"""The app: its routes, its refusals in words, and the page."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from importlib import resources
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.routing import Match
from threadpoolctl import threadpool_limits

from climbpath import __version__
from climbpath.api import Generator, bundled_grader
from climbpath.errors import ClimbpathError
from climbpath.problem import Problem
from climbpath.web.logbook import Logbook, MissingError, UnusableError
from climbpath.web.routes.files import add_file_routes
from climbpath.web.routes.generate import add_generate_routes
from climbpath.web.routes.logbook import add_logbook_routes
from climbpath.web.schemas import (
    Failure,
    fault_in,
)
from climbpath.web.security import HEADERS, Guard
from climbpath.web.services import Services
from climbpath.web.workers import BusyError, Sampler, Workers

DESCRIPTION = """New problems for climbing boards, how hard they are, how they go, and the logbook.

Every answer that is not a success is `{"error": "…"}`, in words for the user: 409 where a well-formed request cannot
be met, as on a board that has no such hold; 422 where it is not well-formed; 429 where too many requests wait; 503
where the logbook's file cannot be used just now."""
REFUSALS: dict[int | str, dict[str, Any]] = {
    code: {"model": Failure, "description": words}
    for code, words in {
        401: "The access token is missing.",
        403: "Another site, or another name of this machine, asks.",
        409: "This cannot be met; why is told in words.",
        413: "The request is too large.",
        422: "The request is not well-formed.",
        429: "Too many requests wait: try again a little later.",
        503: "The logbook's file cannot be used just now.",
    }.items()
}


def create_app(generator: Generator, book: Logbook, known: Sequence[Problem] = (), token: str | None = None) -> FastAPI:
    """The app.

    Args:
        generator: what makes problems.
        book: where climbers' problems are kept.
        known: problems among which similar ones are looked for, beside the logbook's.
        token: access token that every client must have; None serves this machine only.
    """
    services = Services(generator, bundled_grader(), book, known, Sampler(generator), Workers(2))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with threadpool_limits(1):  # requests run side by side: each on one core
            yield

    app = FastAPI(
        title="climbpath",
        version=__version__,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        responses=REFUSALS,
    )
    app.add_middleware(Guard, token=token)
    _answer_errors(app)

    for add_routes in (add_generate_routes, add_logbook_routes, add_file_routes):
        add_routes(app, services)
    static = resources.files("climbpath") / "web" / "static"
    app.mount("/", StaticFiles(directory=str(static), html=True))
    return app


def _answer_errors(app: FastAPI) -> None:
    """Every refusal is {"error": words}."""

    def answer(status: int, words: str, headers: Any = None) -> JSONResponse:
        return JSONResponse({"error": words}, status, headers)

    @app.exception_handler(ClimbpathError)
    def cannot_be_met(request: Request, error: ClimbpathError) -> JSONResponse:
        status = {MissingError: 404, UnusableError: 503}.get(type(error), 409)
        return answer(status, str(error))

    @app.exception_handler(BusyError)
    def busy(request: Request, error: BusyError) -> JSONResponse:
        return answer(429, "too many requests wait: try again in a second", {"Retry-After": "1"})

    @app.exception_handler(RequestValidationError)
    def not_well_formed(request: Request, error: RequestValidationError) -> JSONResponse:
        return answer(422, "; ".join(_told(fault) for fault in error.errors()[:3]))

    @app.exception_handler(HTTPException)
    def refused(request: Request, error: HTTPException) -> JSONResponse:
        there = [r for r in app.routes if isinstance(r, APIRoute) and r.matches(request.scope)[0] != Match.NONE]
        methods = {method for route in there for method in route.methods or ()}
        if there and request.method not in methods:  # it was taken for one of the page's files
            return answer(405, "Method Not Allowed", {"Allow": ", ".join(sorted(methods))})
        not_read = error.status_code == 400  # FastAPI's answer to a body that it cannot read
        return answer(422 if not_read else error.status_code, error.detail, error.headers)

    @app.exception_handler(Exception)
    def failed(request: Request, error: Exception) -> JSONResponse:
        words = "climbpath failed here; where it was started, it tells how"
        return answer(500, words, HEADERS | {"Cache-Control": "no-store"})  # this answer does not pass the Guard


def _told(fault: Mapping[str, Any]) -> str:
    """A fault that FastAPI found in a request."""
    if fault["type"] == "json_invalid":
        return f"the body is not JSON: {fault['ctx']['error']} at character {fault['loc'][1]}"
    return fault_in(fault["loc"][1:], fault["msg"])
