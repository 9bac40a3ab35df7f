"""The setup page of climbpath serve --https: where a device gets the certificate authority to install.

The page is served over plain HTTP, so it contains no secret: others in the network could read an access token here. The
token is only in the link to the app that the terminal shows.
"""

from html import escape
from importlib import resources
from string import Template

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from climbpath.web.certificates import Authority
from climbpath.web.security import HEADERS

DEVICES = {"iPhone": "ios", "iPad": "ios", "Android": "android", "Windows": "windows", "Macintosh": "mac"}
"""Parts of the User-Agent header that identify a device; an iPad may call itself a Macintosh."""


def create_app(authority: Authority, address: str) -> Starlette:
    """An app with the setup page, which offers the authority's root certificate and links to the app's address."""
    web = resources.files("climbpath") / "web"
    template = Template((web / "trust" / "index.html").read_text(encoding="utf-8"))
    style = (web / "trust" / "trust.css").read_bytes()
    icon = (web / "static" / "icon.svg").read_bytes()
    values = {"name": authority.name, "fingerprint": authority.fingerprint, "address": address}
    escaped = {name: escape(value) for name, value in values.items()}

    def answer(content: str | bytes, media: str) -> Response:
        return Response(content, headers=HEADERS | {"Cache-Control": "no-store"}, media_type=media)

    def get_page(request: Request) -> Response:
        agent = request.headers.get("user-agent", "")
        device = next((device for name, device in DEVICES.items() if name in agent), "linux")
        is_open = {f"{one}_open": "open" if one == device else "" for one in (*DEVICES.values(), "linux")}
        return answer(template.substitute(escaped | is_open), "text/html")

    def get_style(request: Request) -> Response:
        return answer(style, "text/css")

    def get_icon(request: Request) -> Response:
        return answer(icon, "image/svg+xml")

    def get_certificate(request: Request) -> Response:
        return answer(authority.root_pem, "application/x-x509-ca-cert")

    return Starlette(
        routes=[
            Route("/", get_page),
            Route("/trust.css", get_style),
            Route("/icon.svg", get_icon),
            Route("/climbpath-ca.crt", get_certificate),
        ]
    )
