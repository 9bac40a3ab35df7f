"""Links: the page and share.py write and read the same links, and no link breaks the page."""

import random
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from climbpath import board as boards
from climbpath.board import FINISH, METHODS, START
from climbpath.errors import ClimbpathError
from climbpath.problem import Problem
from climbpath.share import read_link
from support.links import query_of
from support.steps import LINK, NOTATION, action, card, holds, shown, tab, toasts
from support.visits import Visit

NAMES = [
    None,
    "Slow Heron",
    "Ö & ß = 50 % + 'x'",
    'a*b~c!(d)"e"/f?g#h',
    "日本 🧗 " * 30,
    "<b>x</b>",
    " spaced  ",
    "_-.a\tb\nc",
]
UNHEEDED = ["problem=F5s-D9-G18e&view=toString", "problem=F5s-D9-G18e&view=constructor", "problem=F5s-D9-G18e&x=%FF%00"]
BAD = [
    "problem=Z99-G18e",
    "problem=F5s-F5-G18e",
    "problem=F5s-G18e&board=kilter",
    "problem=F5s-G18e&board=__proto__",
    "problem=F5s-G18e&angle=41",
    "problem=F5s-G18e&angle=x",
    "problem=F5s-G18e&grade=9Z",
    "problem=F5s-G18e&grade=%3Cimg%20src%3Dx%3E",
    "problem=%00%FF&board=moonboard-2016",
    "problem=" + 3000 * "F5-",
]
CLIMBED = """async (links) => {
  const { query, readLink } = await import("/js/problem.js");
  const { state } = await import("/js/state.js");
  return links.map((link) => {
    const problem = readLink(new URLSearchParams(link), state.appInfo);
    return problem && [query(problem), problem];
  });
}"""


def some_problems() -> list[Problem]:
    """Sound problems with all roles and all kinds of names, on every board and angle."""
    rng = random.Random(7)
    found = []
    for i in range(80):
        layout = boards.load(rng.choice(boards.names()))
        angle = rng.choice(layout.angles)
        may = layout.may(angle)
        low = [label for label, can in zip(layout.labels, may[START], strict=True) if can]
        top = [label for label, can in zip(layout.labels, may[FINISH], strict=True) if can]
        start = rng.sample(low, rng.randint(1, 2))
        finish = rng.sample([label for label in top if label not in start], rng.randint(1, 2))
        used = {*start, *(top if layout.rows else finish)}
        others = rng.sample([label for label in layout.labels if label not in used], rng.randint(0, 12))
        feet = rng.randint(0, min(2, len(others)))
        found.append(
            Problem(
                board=layout.name,
                angle=angle,
                grade=rng.choice([*layout.ladder, None]),
                start=tuple(start),
                hands=tuple(others[feet:]),
                feet=tuple(others[:feet]),
                finish=tuple(finish),
                name=NAMES[i % len(NAMES)],
                method=METHODS[i % len(METHODS)],
            )
        )
    return found


def read_by_page(page: Page, links: Sequence[str]) -> list[Any]:
    return list(page.evaluate(CLIMBED, list(links)))


def test_the_page_reads_and_writes_the_links_of_share_py(visit: Visit) -> None:
    problems = some_problems()
    links = [query_of(problem) for problem in problems]
    page = visit(LINK)
    for link, problem, (again, read) in zip(links, problems, read_by_page(page, links), strict=True):
        assert again == link
        for role in ("start", "hands", "feet", "finish"):
            assert tuple(read[role]) == getattr(problem, role)
        assert (read["board"], read["angle"], read["grade"]) == (problem.board, problem.angle, problem.grade)
        assert read.get("method", METHODS[0]) == problem.method
        assert read["notation"] == problem.notation
        assert query_of(read_link(again)) == link


def test_the_page_and_share_py_reject_the_same_links(visit: Visit) -> None:
    """Only the page reads problems without a start or finish: it shows them where they can be completed."""
    page = visit(LINK)
    for link, read in zip(BAD, read_by_page(page, BAD), strict=True):
        assert read is None, link
        with pytest.raises(ClimbpathError):
            read_link(link)
    typed = [
        "problem=f5-d9-g18",
        "problem=F5+D9+G18e&grade=7a%2B",
        "problem=F5-B4-D9-G18",
        "problem=F5f-B4s-G18e&angle=40",
    ]
    for link, (_, read) in zip(typed, read_by_page(page, typed), strict=True):
        problem = read_link(link)
        assert (read["notation"], read["grade"]) == (problem.notation, problem.grade), link


def test_an_invalid_link_is_reported_and_the_page_works(visit: Visit) -> None:
    page = visit()
    for link in (BAD[0], BAD[4], BAD[-1]):
        page.goto(f"?{link}")
        expect(toasts(page)).to_contain_text("This link is not valid")
        assert shown(page)
        expect(page.locator(".moves li").first).to_be_visible()
    page.goto("?board=tension-9&problem=1s-2e")
    expect(toasts(page)).to_contain_text("its board is not known here")


def test_unknown_parameters_in_a_link_are_ignored(visit: Visit) -> None:
    page = visit()
    for link in UNHEEDED:
        page.goto(f"?{link}")
        assert shown(page) == "F5s-D9-G18e"


def test_invalid_pins_and_bans_do_not_break_the_page(visit: Visit) -> None:
    page = visit()
    for more in ("pins=ZZ9", "pins=", "pins=none&bans=none", "pins=constructor", "bans=D9s-D9", "pins=F5s-F5"):
        page.goto(f"?view=compose&problem={NOTATION}&{more}")
        expect(page.locator(".moves li").first).to_be_visible()
        assert holds(page, "start") == ["F5"]
        with page.expect_response("**/api/generate") as answering:
            action(page, "Complete").click()
        assert answering.value.ok


def test_a_name_with_markup_in_a_link_is_text(visit: Visit) -> None:
    page = visit()
    page.on("dialog", lambda dialog: visit.note("error", f"a script ran: {dialog.message}"))
    hands = ("D9", "G13", "E15")
    names = ("<img src=x onerror=alert(1)>", "</title><script>alert(1)</script>", "javascript:alert(1)")
    for name, hand in zip(names, hands, strict=True):
        page.goto(f"?name={quote(name)}&grade=7A&problem=F5s-{hand}-G18e")
        expect(page.locator(".caption h1")).to_have_text(name)
        action(page, "Save").click()
        expect(card(page, "Your logbook").get_by_label("Name", exact=True)).to_have_value(name)
    tab(page, "Logbook")
    expect(page.locator(".results .problem-line strong")).to_have_text(list(reversed(names)))
    assert not page.locator("main img, main script").count()


def test_data_stored_by_another_version_does_not_break_the_page(visit: Visit) -> None:
    page = visit(LINK)
    kept = {
        "setup": {"board": "kilter", "angle": 90},
        "range": ["9Z", "4"],
        "tuning": {"fewest": 5},
        "compose": {"moonboard-2016": {"marks": {"Z99": "use"}, "roles": {}, "filled": {}, "grade": None}},
    }
    page.evaluate(
        "kept => Object.entries(kept).forEach(([k, v]) => { localStorage[`climbpath.${k}`] = JSON.stringify(v); })",
        kept,
    )
    page.goto("/")
    assert shown(page)
    expect(page.locator(".filters").get_by_label("Board", exact=True)).to_have_value("moonboard-2016")
    tab(page, "Compose")
    expect(page.locator(".board")).to_be_visible()
    for name in kept:
        page.evaluate("name => { localStorage[`climbpath.${name}`] = '{broken'; }", name)
    page.goto("/")
    assert shown(page)


def test_an_address_where_no_page_is_says_so_and_leads_to_the_app(visit: Visit) -> None:
    visit.allow("status of 404")
    page = visit("/nothing/at-all")
    expect(page).to_have_title("Page not found · climbpath")
    expect(page.get_by_role("heading")).to_have_text("There is no such page")
    page.get_by_role("link", name="Open climbpath").click()
    expect(page).to_have_title("Climb · climbpath")
