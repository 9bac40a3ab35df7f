"""The report of an evaluation: its tables, and its page."""

import json
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from climbpath import board as boards
from climbpath.board import Setup
from climbpath.drawing.problem import wall_svg
from climbpath.evaluation import report, tables
from climbpath.evaluation.baseline_grader import GradeAgreement
from climbpath.evaluation.charts import likelihood_charts
from climbpath.evaluation.results import (
    Calibration,
    CalibrationBin,
    ClosestPair,
    EvaluationResult,
    GuidanceRow,
    Likelihood,
    LikelihoodRow,
    ListRow,
    SamplingSettings,
    SetupResult,
    Sides,
    Similarities,
    to_json,
)
from climbpath.evaluation.summary import in_short
from climbpath.evaluation.tables import _HEADLINES, Column
from climbpath.evaluation.two_sample import Interval
from climbpath.problem import Problem, parse_notation
from climbpath.wall import Wall

HOSTILE = "<script>alert('1')</script>\x1b[31m\udc80"
DEFAULT = "generated, the users' default"
GENERATED = parse_notation("F5s D9 G13 I16 G18e", grade="7A")
REAL = parse_notation("F5s D9 G13 G18e", grade="6C+")
SETUP = Setup("moonboard-2016", 40)
AGREEMENT = GradeAgreement(1323, 0.31, 0.74, 1.08)


COLUMNS: tuple[tuple[Column[Any], ...], ...] = (
    *(tables.LIKELIHOOD, tables.LISTS, tables.AGAINST_REAL, tables.BASELINE_GRADER, tables.OWN_GRADER),
    *(tables.CLIMBING, tables.GUIDANCE),
)


def list_tables(measured: SetupResult) -> list[tables.Table]:
    """The tables of lists of problems."""
    return [tables.table_of("list", columns, measured.rows) for columns in COLUMNS[1:-1]]


def nats(per_problem: float) -> LikelihoodRow:
    return LikelihoodRow(
        problems=1323,
        nats_per_problem=per_problem,
        standard_error=0.11,
        nats_per_hold=2.5,
        nats_per_token=2.2,
        perplexity_of_hold=16.2,
    )


def row(**more: Any) -> ListRow:
    measured: dict[str, Any] = {
        "problems": 1323,
        "valid": 0.931,
        "distinct": 0.998,
        "novel": 0.976,
        "nearest": {"50%": 0.44, "90%": 0.6, "99%": 0.83},
        "usage": 0.0123,
        "holds": 8.2,
        "auc": Interval(0.53, 0.5, 0.56),
        "judged": 1323,
        "baseline_grader": AGREEMENT,
    }
    return ListRow(**measured | more)


def measured_setup() -> SetupResult:
    holds = len(boards.load(SETUP.board).holds)
    shapes = {"holds": [4.0, 5.0, 7.0], "longest reach, cm": [80.0, 101.5, 90.0], "width, cm": [40.0, 60.0, 120.0]}
    return SetupResult(
        board=SETUP.board,
        angle=SETUP.angle,
        rows={
            "real, held out": row(),
            "generated, the model's own distribution": row(sampling=SamplingSettings(1.0, 1.0, 1.0)),
            DEFAULT: row(sampling=SamplingSettings(0.9, 0.95, 1.5), novel=0.987),
            "theirs": row(left_out={"with fewer than two holds": 3}),
        },
        shapes=Sides(shapes, shapes),
        usage=Sides([0.1] * holds, [0.2] * holds),
        similarity=Similarities([0.4, 0.5, 0.9], [0.5, 0.5, 0.6]),
        closest=[ClosestPair(0.8, GENERATED, REAL)] * 2,
        guidance=[
            GuidanceRow(
                guidance=guidance,
                valid=0.931,
                distinct=0.998,
                novel=0.976,
                alike=0.1 * guidance,
                holds_in_use=100.0,
                baseline_grader=AGREEMENT,
            )
            for guidance in (1.0, 1.5)
        ],
    )


ABOUT = {"recipe": {"name": "fast", "seed": 0}, "epoch": 12, "nats_per_problem": 20.51, "weights": 428_448}


def measured_all() -> EvaluationResult:
    return EvaluationResult(
        models={"best.pt": ABOUT},
        split="test",
        seed=3,
        held_out=1323,
        left_out={"with other foot rules than feet follow hands": 123},
        likelihood=Likelihood(
            all=nats(20.33),
            by_grade={"6C+": nats(19.5), "7A": nats(21.25)},
            by_setup={SETUP: nats(20.33)},
            calibration=Calibration([CalibrationBin(900, 0.2, 0.25), CalibrationBin(100, 0.9, 0.85)], 0.05),
        ),
        setups={SETUP: measured_setup()},
    )


def with_setup(result: EvaluationResult, **changes: Any) -> EvaluationResult:
    """The result with other measures of its setup."""
    return replace(result, setups={SETUP: replace(result.setups[SETUP], **changes)})


@pytest.fixture
def result() -> EvaluationResult:
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


def test_charts_and_pictures_do_not_clash(result: EvaluationResult) -> None:
    twice = {SETUP: measured_setup(), Setup("moonboard-masters-2017", 40): measured_setup()}
    page = Page(report.page(replace(result, setups=twice)))
    assert max(Counter(page.values("id")).values()) == 1
    assert page.tags["style"] == 1, "a chart's own style sheet would reach the whole page"


def test_the_page_has_one_picture_of_a_board_for_all_its_problems() -> None:
    """At 70 KB and more a board, a wall below each problem made pages of many megabytes."""
    twice = {SETUP: measured_setup(), Setup("moonboard-2016", 25): measured_setup()}
    html = report.page(replace(measured_all(), setups=twice))
    assert html.count(wall_svg(Wall("moonboard-2016"))) == 1
    assert html.count('<use href="#wall-moonboard-2016"/>') == 8
    assert len(html) < 400_000


def test_surprise_is_drawn_of_grades_with_enough_problems_on_either_ladder(result: EvaluationResult) -> None:
    few = replace(nats(40.0), problems=19, standard_error=None)
    rows = {"5+": few, "6C+": nats(19.5), "V5": nats(19.0), "7A": nats(21.25), "V17": few}
    found = {one.title: one.svg for one in likelihood_charts(replace(result.likelihood, by_grade=rows))[1:]}
    assert [title[:22] for title in found] == ["Surprise by Font grade", "Surprise by V grade, w"]
    font, v = found.values()
    assert {grade for grade in rows if f">{grade}<" in font} == {"6C+", "7A"}
    assert {grade for grade in rows if f">{grade}<" in v} == {"V5"}


def test_the_page_shows_the_pairs_and_how_they_were_sampled(html: str) -> None:
    page = Page(html)
    labels = page.values("aria-label")
    assert sum(GENERATED.notation in label for label in labels) == sum(REAL.notation in label for label in labels) == 2
    for said in ("20.33", "0.53 (0.50–0.56)", "98.7%", "temperature 0.9, top-p 0.95, guidance 1.5", "428,448"):
        assert said in page.words
    assert "3 with fewer than two holds" in page.words
    assert "123 with other foot rules" in page.words


def test_the_same_result_makes_the_same_page(result: EvaluationResult, html: str) -> None:
    assert report.page(result) == html


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ([], "validation part"),
        (["foot rule"], "also told the foot rule of each problem"),
        (["foot rule", "consensus"], "of each problem and which problems ten or more climbers have repeated"),
    ],
)
def test_what_training_measured_is_told_from_what_is_measured_here(
    result: EvaluationResult, told: list[str], words: str
) -> None:
    result = replace(result, models={"best.pt": {**ABOUT, "told_in_training": told}})
    said = tables.facts(result)["surprise in training"]
    assert said.startswith("20.51 at problems of the validation part")
    assert said.endswith(words)


def test_names_of_strangers_are_only_text(result: EvaluationResult) -> None:
    hostile = row(left_out={HOSTILE: 1}, sampling=SamplingSettings(1, 1, 1))
    result = with_setup(
        result,
        rows=result.setups[SETUP].rows | {HOSTILE: hostile},
        closest=[ClosestPair(0.8, replace(GENERATED, name=HOSTILE), REAL)],
    )
    result = replace(result, models={HOSTILE: {"recipe": {"name": HOSTILE, HOSTILE: HOSTILE}}}, left_out={HOSTILE: 1})
    html = report.page(result)
    page = Page(html)
    assert html.encode()
    assert not page.tags["script"]
    assert page.words.count("<script>") >= 5
    assert "\x1b" not in report.text(result)


def test_what_was_not_measured_is_a_dash(result: EvaluationResult) -> None:
    measured = result.setups[SETUP]
    result = with_setup(
        result,
        rows={name: replace(line, auc=None, judged=None, baseline_grader=None) for name, line in measured.rows.items()},
        guidance=[replace(line, baseline_grader=None) for line in measured.guidance],
        similarity=Similarities(measured.similarity.generated),
    )
    result = replace(result, models={"best.pt": {"weights": 428_448}})
    assert "training recipe: not recorded in the model's file" in report.text(result)
    html, text = report.page(result), report.text(result)
    assert "<td>–</td>" in html
    for said in (html, text):
        assert "too few problems to be told apart" in said
        assert "no other real problems" in said.replace("\n  ", " ")
    assert re.search(r"theirs .* –\n", text)
    result = with_setup(result, guidance=[], closest=[])
    assert "Guidance" not in Page(report.page(result)).words
    assert "guidance  " not in report.text(result)


def test_the_report_begins_with_three_sentences(result: EvaluationResult, html: str) -> None:
    sentences = in_short(result)
    assert sentences == [
        "On MoonBoard 2016 · 40°, generated problems can hardly be told from real ones: of one of each, a program that "
        "has studied both picks the generated one 53 times in 100, where guessing gets 50.",
        "They keep to their grades as well as real problems do: a grader that learned from real ones only comes within "
        "one grade of 74% of them, and of 74% of real ones.",
        "Of what the model writes 98.7% is new and 93.1% keeps the rules of the board, and it comes no closer to "
        "known problems than other real problems do.",
    ]
    assert " ".join(report.text(result).split()).startswith(" ".join(sentences))
    assert " ".join(sentences) in Page(html).words
    assert Page(html).words.index(sentences[0]) < Page(html).words.index("Summary")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"auc": Interval(0.62, 0.6, 0.64)}, "can be told now and then from real ones"),
        ({"auc": Interval(0.9, 0.8, 0.95)}, "are easily told from real ones"),
        ({"auc": None}, "too few problems were compared to say"),
        ({"baseline_grader": GradeAgreement(9, 0.6, 0.95, 0.5)}, "better than real problems do"),
        ({"baseline_grader": GradeAgreement(9, 0.1, 0.4, 2.0)}, "less well than real problems do"),
        ({"baseline_grader": None}, "could not be measured"),
        ({"nearest": {"50%": 0.44, "90%": 0.6, "99%": 0.99}}, "some of it is copied from known problems"),
    ],
)
def test_the_three_sentences_say_what_was_found(result: EvaluationResult, changes: dict[str, Any], words: str) -> None:
    rows = result.setups[SETUP].rows
    result = with_setup(result, rows=rows | {DEFAULT: replace(rows[DEFAULT], **changes)})
    sentences = in_short(result)
    assert len(sentences) == 3
    assert words in " ".join(sentences)
    assert all(sentence.endswith(".") and sentence[0].isupper() for sentence in sentences)


def test_every_dash_is_explained(result: EvaluationResult) -> None:
    """Wherever a table has a dash, what stands below it says why, by column."""
    for content in (*tables.likelihood_tables(result.likelihood), *list_tables(result.setups[SETUP])):
        for i, column in enumerate(content.columns, 1):
            if any(row[i] == tables.MISSING for row in content.rows):
                (why,) = [dash for dash in content.dashes if column.title in dash]
                assert column.dash in why
                assert len(column.dash) > 20
    text, html = report.text(result), report.page(result)
    for said in (text, Page(html).words):
        assert "– under knowing repeats: this model does not learn how often" in said.replace("\n  ", " ")
        assert (
            "– under moves, hardest move, all moves, crossed, no hand, reached: a list given to --compare, of"
            in " ".join(said.split())
        )


INSIDE = (
    "AUC",
    "nats per",
    "perplexity",
    "token",
    "calibrat",
    "epoch",
    "logits",
    "Jensen",
    "plain sample",
    "consensus",
)


def test_the_report_needs_no_inside_words(result: EvaluationResult) -> None:
    """Technical names stand only where columns are explained."""
    explained = {column.meaning for columns in COLUMNS for column in columns}
    words = Page(report.page(result)).words
    for meaning in explained:
        words = words.replace(meaning, "")
    for said in (report.text(result), words):
        assert [word for word in INSIDE if word.lower() in said.lower()] == []


def test_the_text_fits_a_terminal(result: EvaluationResult) -> None:
    rows = result.setups[SETUP].rows | {"a list with a very long name " * 5: row()}
    text = report.text(with_setup(result, rows=rows))
    assert max(map(len, text.splitlines())) <= 100
    for said in ("20.33", "21.25", "7A (V6)", "MoonBoard 2016 · 40°", "0.53 (0.50–0.56)", "guidance 1.5", "… "):
        assert said in text


def test_the_json_has_the_fields_by_name_and_leaves_out_what_was_not_measured(result: EvaluationResult) -> None:
    content = to_json(result)
    assert json.loads(json.dumps(content)) == content
    assert content["likelihood"]["by_setup"]["moonboard-2016@40"]["nats_per_problem"] == 20.33
    assert "nats_given_consensus" not in content["likelihood"]["all"]
    assert content["models"]["best.pt"]["recipe"] == {"name": "fast", "seed": 0}
    measured = content["setups"]["moonboard-2016@40"]
    assert measured["rows"]["theirs"]["left_out"] == {"with fewer than two holds": 3}
    assert "left_out" not in measured["rows"][DEFAULT]
    assert measured["rows"][DEFAULT]["auc"] == {"value": 0.53, "low": 0.5, "high": 0.56}
    assert measured["rows"][DEFAULT]["sampling"] == {"temperature": 0.9, "top_p": 0.95, "guidance": 1.5}
    assert measured["guidance"][1]["baseline_grader"]["within_one"] == 0.74
    assert Problem.from_dict(measured["closest"][0]["generated"]) == GENERATED


def test_the_summary_says_how_well_problems_are_told_apart() -> None:
    assert [column.title for column in _HEADLINES][:3] == ["told apart (range)", "from confirmed", "near 50%"]
