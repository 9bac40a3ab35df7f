"""Security checks before every request, and security headers on every response.

Without an access token, only this machine's own names are served, so that no other site can point its own name at this
machine (DNS rebinding); on a shared network every client needs the token, except for the page's own files: a problem
in a link is drawn by the page alone. Requests to the API must come from the app's own page or from a program, and
bodies are limited in size. The page loads nothing from other sites and runs no inline script.
"""

import contextlib
import hmac
import re
from collections.abc import Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from climbpath.errors import ClimbpathError

LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
COOKIE_S = 365 * 86400
MOST_CLIMBERS = 20
"""Climbers on a device, where each has a token."""
MOST_BYTES, MOST_IMPORTED_BYTES = 64 << 10, 1 << 30
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
    """A request's body is larger than allowed."""

    def __init__(self) -> None:
        super().__init__(413, "the request is too large")


class SecurityChecks:
    """The middleware. With a `token`, every client needs it; without, only this machine's own names are served."""

    def __init__(self, app: ASGIApp, token: str | None) -> None:
        self.app, self.token = app, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on to the app, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        # every response, refusals included, gets the security headers
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store" if scope["path"].startswith("/api/") else "no-cache")
            await send(message)

        response = self._check(Request(scope))
        if response:
            await response(scope, receive, send_with_headers)
            return
        with contextlib.suppress(ClientDisconnect):  # nobody is there to be answered
            await self.app(scope, _limited(scope, receive), send_with_headers)

    def _check(self, request: Request) -> Response | None:
        """The response to a request that is refused or redirected; None for one that may pass."""
        path, is_read = request.scope["path"], request.method in ("GET", "HEAD", "OPTIONS")
        # another name of this machine: DNS rebinding
        if not self.token and not _is_local(request.headers):
            host = request.headers.get("host", "")
            return _error(403, f"this app can only be opened on this machine, as localhost, not as {host[:80]!r}")
        # from another site's page: a change (cross-site request forgery), or work, though its answer would be hidden
        if not (is_read and _is_open(path)) and not _is_same_origin(request.headers):
            return _error(403, "this request comes from another site")
        # a body that says itself that it is too large; _limited checks the others while they are read
        if _content_length(request.headers) > _limit(path):
            return _error(413, TooLargeError().detail)
        if not self.token:
            return None
        # a link with the token: store it in a cookie
        given, climbers = _split(request.query_params.get("token", ""))
        if is_read and hmac.compare_digest(given.encode(), self.token.encode()):
            return self._keep(request, climbers)
        if (is_read and _is_open(path)) or self._has_token(request):
            return None
        # no token, or a wrong one
        return _error(401, "an access token is needed: open the link or scan the QR code that climbpath serve printed")

    def _has_token(self, request: Request) -> bool:
        given, _ = _split(_token(request))
        return hmac.compare_digest(given.encode(), (self.token or "").encode())

    def _keep(self, request: Request, climbers: list[str]) -> Response:
        """Store the token in a cookie, beside what the device has, and redirect to the address without it."""
        clean = request.url.remove_query_params("token")
        response = RedirectResponse(f"/{clean.path.lstrip('/')}?{clean.query}".rstrip("?"), 303)
        before = climber_tokens(request) if self._has_token(request) else []
        set_token_cookie(request, response, [*before, *climbers], self.token or "")
        return response


def climber_tokens(request: Request) -> list[str]:
    """The tokens of climbers that a request comes with."""
    return _split(_token(request))[1]


def set_token_cookie(request: Request, response: Response, climbers: Sequence[str], token: str = "") -> None:
    """Store the server's token, given or as the request has it, and those of climbers in a cookie; the latest of them
    if they are many.
    """
    several = list(dict.fromkeys(climbers))[-MOST_CLIMBERS:]
    response.set_cookie(
        _cookie_name(request),
        ".".join([token or _split(_token(request))[0], *several]),
        max_age=COOKIE_S,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )


def _token(request: Request) -> str:
    """The access token that a request comes with."""
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    return bearer if scheme.lower() == "bearer" else request.cookies.get(_cookie_name(request), "")


def _split(token: str) -> tuple[str, list[str]]:
    """The server's token, and those of climbers after it."""
    server, *climbers = token.split(".")
    return server, [one for one in climbers if one][-MOST_CLIMBERS:]


def _cookie_name(request: Request) -> str:
    """The cookie for the token. The names differ because HTTP may not replace a cookie that the host set over HTTPS."""
    return "__Host-climbpath_token" if request.url.scheme == "https" else "climbpath_token"


def _is_open(path: str) -> bool:
    """Whether anybody may read a path: the page's own files, which contain nothing of anybody, and no work."""
    return not path.startswith("/api/") and path not in ("/openapi.json", "/metrics")


def _content_length(headers: Headers) -> int:
    """The size that a request declares for its body, in bytes; 0 if it declares none."""
    length = headers.get("content-length", "0")
    return int(length) if length.isascii() and length.isdigit() and len(length) < 16 else 0


def _limit(path: str) -> int:
    return MOST_IMPORTED_BYTES if path == IMPORT_PATH else MOST_BYTES


def _limited(scope: Scope, receive: Receive) -> Receive:
    """The same body, which raises TooLargeError once more is received than allowed, whatever size was declared."""
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
    """Whether a request is for one of this machine's own names, with or without a port."""
    host = re.sub(r":[0-9]+$", "", headers.get("host", ""))
    return host.strip("[]").lower() in LOCAL_NAMES


def _is_same_origin(headers: Headers) -> bool:
    """Whether a request comes from this server's own page, as browsers state; other programs state nothing."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None and site not in ("same-origin", "none"):
        return False
    return origin is None or origin.partition("://")[2] == headers.get("host")


def _error(status: int, text: str) -> JSONResponse:
    return JSONResponse({"error": text}, status)


def check_token(token: str) -> str:
    """The token itself. Raises ClimbpathError if it does not fit in a link or is too short to be secure."""
    if not (16 <= len(token) <= 200 and token.isascii() and token.replace("-", "").replace("_", "").isalnum()):
        raise ClimbpathError("an access token is 16 to 200 letters, digits, - and _")
    return token
