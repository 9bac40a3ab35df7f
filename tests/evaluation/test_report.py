import re
from collections import Counter
from copy import deepcopy
from html.parser import HTMLParser
from typing import Any

import pytest

from climbpath import board as boards
from climbpath.evaluation import report
from climbpath.problem import parse_notation

HOSTILE = "<script>alert('1')</script>\x1b[31m\udc80"
DEFAULT = "generated, the users' default"
GENERATED = parse_notation("F5s D9 G13 I16 G18e", grade="7A")
REAL = parse_notation("F5s D9 G13 G18e", grade="6C+")


def nats(per_problem: float) -> dict[str, float]:
    return {
        "problems": 1323,
        "nats_per_problem": per_problem,
        "standard_error": 0.11,
        "nats_per_hold": 2.5,
        "nats_per_token": 2.2,
        "perplexity_of_hold": 16.2,
    }


def row(**more: Any) -> dict[str, Any]:
    return {
        "problems": 1323,
        "valid": 0.931,
        "distinct": 0.998,
        "novel": 0.976,
        "nearest": {"50%": 0.44, "90%": 0.6, "99%": 0.83},
        "usage": 0.0123,
        "holds": 8.2,
        "auc": {"value": 0.53, "low": 0.5, "high": 0.56},
        "judged": 1323,
        "grading": {"problems": 1323, "same": 0.31, "within_one": 0.74, "mean_distance": 1.08},
        **more,
    }


def place() -> dict[str, Any]:
    holds = len(boards.load("moonboard-2016").holds)
    shapes = {"holds": [4, 5, 7], "longest reach, cm": [80.0, 101.5, 90.0], "width, cm": [40.0, 60.0, 120.0]}
    return {
        "board": "moonboard-2016",
        "angle": 40,
        "rows": {
            "real, held out": row(),
            "generated, the model's own distribution": row(
                sampling={"temperature": 1.0, "top_p": 1.0, "guidance": 1.0}
            ),
            DEFAULT: row(sampling={"temperature": 0.9, "top_p": 0.95, "guidance": 1.5}, novel=0.987),
            "theirs": row(left_out={"with fewer than two holds": 3}),
        },
        "shapes": {"real": shapes, "generated": shapes},
        "usage": {"real": [0.1] * holds, "generated": [0.2] * holds},
        "likeness": {"generated": [0.4, 0.5, 0.9], "real": [0.5, 0.5, 0.6]},
        "closest": [{"similarity": 0.8, "generated": GENERATED.to_dict(), "real": REAL.to_dict()}] * 2,
        "guidance": [
            {"guidance": g, **{name: row()[name] for name in ("valid", "distinct", "novel", "grading")}}
            | {"alike": 0.1 * g, "holds_in_use": 100.0}
            for g in (1.0, 1.5)
        ],
    }


def measured_all() -> dict[str, Any]:
    return {
        "model": {"recipe": {"name": "fast", "seed": 0}, "epoch": 12, "nats_per_problem": 20.51, "numbers": 428_448},
        "split": "test",
        "held_out": 1323,
        "left_out": {"with other foot rules than feet follow hands": 123},
        "likelihood": {
            "all": nats(20.33),
            "by_grade": {"6C+": nats(19.5), "7A": nats(21.25)},
            "by_setup": {"moonboard-2016@40": nats(20.33)},
            "calibration": {
                "bins": [
                    {"tokens": 900, "confidence": 0.2, "frequency": 0.25},
                    {"tokens": 100, "confidence": 0.9, "frequency": 0.85},
                ],
                "expected_error": 0.05,
            },
        },
        "setups": {"moonboard-2016@40": place()},
    }


@pytest.fixture
def result() -> dict[str, Any]:
    return measured_all()


@pytest.fixture(scope="module")
def html() -> str:
    return report.page(measured_all())


class Page(HTMLParser):
    """Tags, attributes and words of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str]] = []
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.words += data

    def values(self, *names: str) -> list[str]:
        return [value for name, value in self.attributes if name in names]


def test_the_page_needs_nothing_from_elsewhere(html: str) -> None:
    page = Page(html)
    assert not page.tags.keys() & {"script", "link", "img", "iframe", "object", "embed", "base", "form"}
    assert page.values("href", "xlink:href", "src", "action")
    targets = set(page.values("href", "xlink:href", "src", "action"))
    targets |= set(re.findall(r"url\((.*?)\)", html))
    assert all(target.startswith("#") for target in targets)
    assert {target[1:] for target in targets} <= set(page.values("id"))
    assert "@import" not in html


def test_charts_and_pictures_do_not_clash(result: dict[str, Any]) -> None:
    result["setups"]["moonboard-masters-2017@40"] = deepcopy(result["setups"]["moonboard-2016@40"])
    page = Page(report.page(result))
    assert max(Counter(page.values("id")).values()) == 1
    assert page.tags["style"] == 1, "a chart's own style sheet would reach the whole page"


def test_the_page_shows_the_pairs_and_how_they_were_sampled(html: str) -> None:
    page = Page(html)
    labels = page.values("aria-label")
    assert sum(GENERATED.notation in label for label in labels) == sum(REAL.notation in label for label in labels) == 2
    for said in ("20.33", "0.53 (0.50–0.56)", "98.7%", "temperature 0.9, top-p 0.95, guidance 1.5", "428,448"):
        assert said in page.words
    assert "3 with fewer than two holds" in page.words
    assert "123 with other foot rules" in page.words


def test_the_same_result_makes_the_same_page(result: dict[str, Any], html: str) -> None:
    assert report.page(result) == html


def test_names_of_strangers_are_only_text(result: dict[str, Any]) -> None:
    result["model"]["recipe"] = {"name": HOSTILE, HOSTILE: HOSTILE}
    result["left_out"] = {HOSTILE: 1}
    measured = result["setups"]["moonboard-2016@40"]
    measured["rows"][HOSTILE] = row(left_out={HOSTILE: 1}, sampling={"temperature": 1, "top_p": 1, "guidance": 1})
    measured["closest"][0]["generated"]["name"] = HOSTILE
    html = report.page(result)
    page = Page(html)
    assert html.encode()
    assert not page.tags["script"]
    assert page.words.count("<script>") >= 5
    assert "\x1b" not in report.text(result)


def test_what_was_not_measured_is_a_dash(result: dict[str, Any]) -> None:
    measured = result["setups"]["moonboard-2016@40"]
    for line in [*measured["rows"].values(), *measured["guidance"]]:
        for name in ("auc", "judged", "grading"):
            line.pop(name, None)
    del measured["likeness"]["real"]
    result["model"] = {"numbers": 428_448}
    html, text = report.page(result), report.text(result)
    assert "<td>–</td>" in html
    for said in (html, text):
        assert "too few problems for an AUC" in said
        assert "no other real problems" in said.replace("\n  ", " ")
    assert re.search(r"theirs .* –  +–  +–  +–\n", text)
    measured["guidance"], measured["closest"] = [], []
    assert "Guidance" not in Page(report.page(result)).words
    assert "guidance  " not in report.text(result)


def test_the_text_fits_a_terminal(result: dict[str, Any]) -> None:
    result["setups"]["moonboard-2016@40"]["rows"]["a list with a very long name " * 5] = row()
    text = report.text(result)
    assert max(map(len, text.splitlines())) <= 100
    for said in ("20.33", "21.25", "7A (V6)", "MoonBoard 2016 · 40°", "0.53 (0.50–0.56)", "guidance 1.5", "… "):
        assert said in text
