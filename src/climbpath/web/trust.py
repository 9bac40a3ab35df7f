"""The setup page of climbpath serve --https, over plain HTTP: where a phone gets the certificate that it is to trust.

It knows no secret. The access token is only in the link to the app that the terminal shows: here, whoever listens in
the network would learn it.
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
"""What a browser's name for itself tells of the device; an iPad may call itself a Macintosh."""


def create_app(authority: Authority, address: str) -> Starlette:
    """The page with the authority's root certificate, and a link to the app's address."""
    web = resources.files("climbpath") / "web"
    template = Template((web / "trust" / "index.html").read_text(encoding="utf-8"))
    style = (web / "trust" / "trust.css").read_bytes()
    icon = (web / "static" / "icon.svg").read_bytes()
    told = {"name": authority.name, "fingerprint": authority.fingerprint, "address": address}

    def answer(content: str | bytes, media: str) -> Response:
        return Response(content, headers=HEADERS | {"Cache-Control": "no-store"}, media_type=media)

    def get_page(request: Request) -> Response:
        agent = request.headers.get("user-agent", "")
        device = next((device for name, device in DEVICES.items() if name in agent), "linux")
        opened = {f"{one}_open": "open" if one == device else "" for one in (*DEVICES.values(), "linux")}
        return answer(template.substitute({k: escape(v) for k, v in told.items()} | opened), "text/html")

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
