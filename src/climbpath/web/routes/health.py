"""Routes for whoever runs the server: whether it lives, whether it can serve, and its numbers."""

import asyncio
import time

from fastapi import FastAPI, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from climbpath.web.logbook.database import UnusableError
from climbpath.web.logbook.store import Logbook

FRESH_S = 1.0
"""Seconds for which an answer about the logbook holds: anybody may ask, and the database is not asked as often."""


def add_health_routes(app: FastAPI, logbook: Logbook, has_metrics: bool) -> None:
    """Add these routes to the app."""
    one_at_a_time = asyncio.Lock()
    until, error = 0.0, ""

    async def trouble() -> str:
        """What is wrong with the logbook; "" for nothing."""
        nonlocal until, error
        async with one_at_a_time:
            if time.monotonic() > until:
                try:
                    await run_in_threadpool(logbook.check)
                    error = ""
                except UnusableError:
                    error = "the logbook cannot be used"
                until = time.monotonic() + FRESH_S
            return error

    @app.get("/healthz", include_in_schema=False)
    async def get_health() -> JSONResponse:
        """Whether this process answers at all; where not, it is to be restarted."""
        return JSONResponse({"status": "ok"})

    @app.get("/readyz", include_in_schema=False)
    async def get_readiness() -> JSONResponse:
        """Whether requests can be met: 503 while the logbook cannot be used, and no restart helps."""
        wrong = await trouble()
        return JSONResponse({"error": wrong}, 503) if wrong else JSONResponse({"status": "ok"})

    if has_metrics:
        from climbpath.web import metrics

        @app.get("/metrics", include_in_schema=False)
        def get_metrics() -> Response:
            """Numbers for Prometheus, of all processes of this server."""
            content, media = metrics.text()
            return Response(content, media_type=media)
