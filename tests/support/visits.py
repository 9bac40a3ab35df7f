"""Pages on a phone and on a desktop; any error in them fails the test."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from support.server import Server

DEVICES: dict[str, dict[str, Any]] = {
    "phone": {
        "viewport": {"width": 360, "height": 740},
        "device_scale_factor": 2,
        "has_touch": True,
        "is_mobile": True,
    },
    "desktop": {"viewport": {"width": 1280, "height": 800}},
}
PATIENCE_MS = 30_000

expect.set_options(timeout=PATIENCE_MS)

on_phone = pytest.mark.parametrize("device", ["phone"])
on_desktop = pytest.mark.parametrize("device", ["desktop"])

SIZES = {"phone": (360, 740), "tablet": (820, 1180), "desktop": (1280, 800), "landscape": (740, 360)}

sizes = pytest.mark.parametrize("size", SIZES.values(), ids=list(SIZES))


@dataclass
class Visit:
    """Opens pages, and records what goes wrong in them: errors, and requests to other servers."""

    browser: Browser
    server: Server
    contexts: list[BrowserContext] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)

    def context(self, device: str = "desktop", climber: str | None = None, **options: Any) -> BrowserContext:
        """A separate browser context, as `climber` or as a new one; without service workers unless requested."""
        chosen = {"name": "climbpath.profileId", "value": json.dumps(climber or self.server.climber())}
        defaults = {
            "base_url": f"{self.server.url}/",
            "storage_state": {"cookies": [], "origins": [{"origin": self.server.url, "localStorage": [chosen]}]},
            "service_workers": "block",
            "color_scheme": "dark",
        }
        options = defaults | DEVICES[device] | options
        context = self.browser.new_context(**options)
        context.set_default_timeout(PATIENCE_MS)
        self.contexts.append(context)
        context.on("request", lambda request: self.check_address(request.url, options["base_url"]))
        context.on("console", lambda message: self.note(message.type, f"{message.text} {message.location['url']}"))
        context.on("weberror", lambda error: self.note("error", f"{error.error.message} {error.error.stack}"))
        return context

    def check_address(self, url: str, base: str) -> None:
        if not url.startswith((base, "data:", "blob:")):
            self.wrong.append(f"a request to {url}")

    def note(self, kind: str, text: str) -> None:
        if kind == "error" and "favicon.ico" not in text:
            self.wrong.append(text)

    def allow(self, pattern: str) -> None:
        """Allow errors that a test provokes."""
        self.allowed.append(pattern)

    def __call__(self, path: str = "", device: str = "desktop", climber: str | None = None, **options: Any) -> Page:
        """Open a page, and wait until it shows its view."""
        page = self.context(device, climber, **options).new_page()
        page.goto(path)
        expect(page.locator("#main")).not_to_be_empty()
        return page

    def end(self) -> None:
        for context in self.contexts:
            context.close()
        wrong = [text for text in self.wrong if not any(re.search(pattern, text) for pattern in self.allowed)]
        assert not wrong, wrong


def visits(browser: Browser, server: Server) -> Iterator[Visit]:
    visit = Visit(browser, server)
    yield visit
    try:
        visit.end()
    finally:
        if server.process.poll() is None:
            for profile in server.ask("GET", "/api/profiles"):
                server.ask("DELETE", f"/api/profiles/{profile['id']}")
