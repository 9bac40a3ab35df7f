"""What stands before every request: which hosts, origins and sizes are let in, and what browsers may load.

The page loads nothing from elsewhere and runs no inline script. On a local install only this machine's own names are
served, so that no foreign page can rename itself to it (DNS rebinding); on a shared network an access token is asked.
"""

import hmac
import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from climbpath.errors import ClimbpathError

LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
COOKIE_S = 365 * 86400
OPEN_PATHS = frozenset({"/manifest.webmanifest", "/icon.svg", "/icon-192.png", "/icon-512.png"})
"""What browsers fetch without cookies; it tells nothing."""
MOST_BYTES, MOST_IMPORTED_BYTES = 64 * 1024, 16 * 1024 * 1024
IMPORT_PATH = "/api/import"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
        "manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class TooLargeError(HTTPException):
    """A request's body is larger than it may be."""

    def __init__(self) -> None:
        super().__init__(413, "the request is too large")


class Guard:
    """The middleware. `token` is asked for where it is given; else only this machine's own names are served."""

    def __init__(self, app: ASGIApp, token: str | None) -> None:
        self.app, self.token = app, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer why not."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store" if scope["path"].startswith("/api/") else "no-cache")
            await send(message)

        refusal = self._refusal(Request(scope))
        if refusal:
            await refusal(scope, receive, send_guarded)
            return
        await self.app(scope, _limited(scope, receive), send_guarded)

    def _refusal(self, request: Request) -> Response | None:
        path, only_reads = request.scope["path"], request.method in ("GET", "HEAD", "OPTIONS")
        if not self.token and not _is_local(request.headers):
            host = request.headers.get("host", "")
            return _error(403, f"this app is only for this machine, under the name localhost, not {host[:80]!r}")
        if not only_reads and not _is_same_origin(request.headers):
            return _error(403, "this request comes from another site")
        if self._size(request.headers) > _limit(path):
            return _error(413, TooLargeError().detail)
        if not self.token:
            return None
        if only_reads and hmac.compare_digest(request.query_params.get("token", "").encode(), self.token.encode()):
            return self._let_in(request)
        if path in OPEN_PATHS or self._has_token(request):
            return None
        if path.startswith("/api/"):
            return _error(401, "this needs the access token: open the link or the QR code that climbpath serve printed")
        return Response(DOOR, 401, media_type="text/html; charset=utf-8")

    def _has_token(self, request: Request) -> bool:
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        given = bearer if scheme.lower() == "bearer" else request.cookies.get(_cookie(request), "")
        return hmac.compare_digest(given.encode(), (self.token or "").encode())

    def _let_in(self, request: Request) -> Response:
        """Keep the token in a cookie, and take it out of the address."""
        clean = request.url.remove_query_params("token")
        response = RedirectResponse(f"/{clean.path.lstrip('/')}?{clean.query}".rstrip("?"), 303)
        response.set_cookie(
            _cookie(request),
            self.token or "",
            max_age=COOKIE_S,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return response

    @staticmethod
    def _size(headers: Headers) -> int:
        told = headers.get("content-length", "0")
        return int(told) if told.isascii() and told.isdigit() and len(told) < 16 else 0


DOOR = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>climbpath</title><h1>One step missing</h1><p>Open the link with the access token, or scan the QR code, that
<code>climbpath serve</code> printed where it was started.</p></html>
"""


def _cookie(request: Request) -> str:
    """The cookie that keeps the token: HTTP may not replace one that came over HTTPS from the same host."""
    return "__Host-climbpath_token" if request.url.scheme == "https" else "climbpath_token"


def _limit(path: str) -> int:
    return MOST_IMPORTED_BYTES if path == IMPORT_PATH else MOST_BYTES


def _limited(scope: Scope, receive: Receive) -> Receive:
    """The same body, which raises TooLargeError once it is larger than it may be, whatever size was told."""
    limit, size = _limit(scope["path"]), 0

    async def receive_some() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > limit:
            raise TooLargeError
        return message

    return receive_some


def _is_local(headers: Headers) -> bool:
    """Whether a request is for one of this machine's own names, with a port or without."""
    host = re.sub(r":[0-9]+$", "", headers.get("host", ""))
    return host.strip("[]").lower() in LOCAL_NAMES


def _is_same_origin(headers: Headers) -> bool:
    """Whether a browser says that its own page of this server asks; what is no browser says nothing and may."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None and site not in ("same-origin", "none"):
        return False
    return origin is None or origin.partition("://")[2] == headers.get("host")


def _error(status: int, words: str) -> JSONResponse:
    return JSONResponse({"error": words}, status)


def check_token(token: str) -> str:
    """The token itself. Raises ClimbpathError for one that could not stand in a link, or be guessed."""
    if not (16 <= len(token) <= 200 and token.isascii() and token.replace("-", "").replace("_", "").isalnum()):
        raise ClimbpathError("an access token is 16 to 200 letters, digits, - and _")
    return token
