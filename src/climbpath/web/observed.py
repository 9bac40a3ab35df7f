"""What becomes of every request, as numbers and as lines of the log."""

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from climbpath.web.logs import REQUESTS

if TYPE_CHECKING:
    from climbpath.web.metrics import Metrics

LEFT = 499
"""The status of a request whose client left before the answer, as other servers write it."""
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class Observer:
    """The middleware that a request meets first: it notes the answer and how long it took."""

    def __init__(self, app: ASGIApp, waiting: Mapping[str, Callable[[], int]], metrics: "Metrics | None") -> None:
        self.app, self.waiting, self.metrics = app, waiting, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and note what became of it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status, began = LEFT, time.monotonic()

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        if self.metrics:
            self.metrics.running.inc()
        try:
            await self.app(scope, receive, noting)
        finally:
            self._note(scope, status, time.monotonic() - began)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        # a route's pattern, because a path may name a climber, and there are endlessly many
        route = getattr(scope.get("route"), "path", "") or "page"
        method = scope["method"] if scope["method"] in METHODS else "OTHER"
        REQUESTS.info(
            "%s %s",
            method,
            route,
            extra={"method": method, "route": route, "status": status, "ms": round(1000 * seconds, 1)},
        )
        if self.metrics:
            self.metrics.running.dec()
            self.metrics.requests.labels(method, route, status).inc()
            self.metrics.seconds.labels(route).observe(seconds)
            for kind, length in self.waiting.items():
                self.metrics.waiting.labels(kind).set(length())
