"""The server is killed while the page writes: confirmed changes are saved, and the others are sent later."""

import pytest
from playwright.sync_api import Page, Response, expect

from support.server import Server, eventually
from support.steps import LINK, PROBLEM, action, card
from support.visits import Visit

TICKS = 40
WRITE_MANY = f"""async () => {{
  const {{ tick }} = await import("/js/book.js");
  const {{ kept }} = await import("/js/storage.js");
  const {{ profile }} = await import("/js/state.js");
  for (let i = 1; i <= {TICKS}; i++) {{
    const [entry] = kept(`book.${{profile().id}}`, []);
    const day = `2026-01-${{String(1 + i % 28).padStart(2, "0")}}`;
    tick(entry, {{ day, attempts: i, sent: i % 3 > 0, reached: "" }});
  }}
}}"""


def confirmed_by(page: Page, server: Server, enough: int) -> set[int]:
    """The attempts of the ticks that the page has seen confirmed; when there are enough, the server is killed."""
    found: set[int] = set()

    def note(response: Response) -> None:
        if "/ticks/" in response.url and response.ok:
            sent = response.request.post_data_json
            assert sent
            found.add(sent["attempts"])
            if len(found) == enough:
                server.process.kill()

    page.on("response", note)
    return found


@pytest.mark.parametrize("enough", [2, 17])
def test_every_confirmed_tick_is_saved_and_the_others_are_sent(
    own_visit: Visit, own_server: Server, enough: int
) -> None:
    kim = own_server.climber("Kim")
    own_server.ask("POST", f"/api/problems?profile={kim}", PROBLEM)
    page = own_visit(LINK, climber=kim)
    expect(action(page, "Saved")).to_be_visible()
    eventually(lambda: page.evaluate(f"localStorage['climbpath.book.{kim}']"))
    confirmed = confirmed_by(page, own_server, enough)
    page.evaluate(WRITE_MANY)
    expect(page.locator("#header .offline")).to_contain_text("to be sent")
    own_server.kill()
    before = set(confirmed)
    assert enough <= len(before) < TICKS, "the server was to be killed in the middle"
    own_server.start()
    there = {tick["attempts"] for tick in own_server.entries(kim)[0]["ticks"]}
    assert before <= there
    page.goto(LINK)
    expect(card(page, "Your logbook").locator(".ticks li")).to_have_count(TICKS)
    eventually(lambda: len(own_server.entries(kim)[0]["ticks"]) == TICKS)
    attempts = sorted(tick["attempts"] for tick in own_server.entries(kim)[0]["ticks"])
    assert attempts == list(range(1, TICKS + 1)), "each once"
    expect(page.locator("#header .offline")).to_have_count(0)
