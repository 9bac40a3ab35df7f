"""Ticks from logbooks of other programs, and the problems that they find."""

import json
import os
import random
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from climbpath import board as boards
from climbpath.data import importers, parquet
from climbpath.data.importers import Tallied
from climbpath.data.importers.sample import sample
from climbpath.errors import ClimbpathError
from climbpath.problem import Problem, parse_notation
from climbpath.web import importing, ticks, transfer
from climbpath.web.logbook.records import Entry, LoggedTick, Profile
from climbpath.web.logbook.store import Logbook
from climbpath.web.schemas.files import ImportResult
from support import transfers
from support.making import api_record
from support.mutation import mutated

REAL = Path(os.environ.get("CLIMBPATH_DATA") or Path(__file__).parents[3] / "shared" / "data")
CASES = REAL.parent / "cases" / "import"
SLAB = replace(
    parse_notation("J4s G6 D15 F18e", "moonboard-masters-2017", 40, "7A"), name="Old School", ids=("api-dump:305445",)
)
OTHER = replace(parse_notation("F5s D9 G13 G18e", grade="6B+"), name="Far away", ids=("guidebook:19215",))
BOARDLIB = (
    "board,angle,climb_name,date,logged_grade,displayed_grade,is_benchmark,tries,is_mirror,is_ascent,comment\n"
    "moon2017,40,OLD SCHOOL,2020-01-26,6C+,7A,False,2,False,True,good one\n"
    "moonboard-2016,40,nobody knows it,26/01/2020,V5,?,False,1,False,True,\n"
    "moon2016,40,far away,03/04/2020,,6B+,False,5,False,False,\n"
)
EXPORT = """First Name,Test
Username,climber

Problem Id,Grade,Tries,Attempts,Rating,Date
305445,6B+,Flashed,1,4,26/01/20
19215,6B+,Project,5,,27/01/20
7,6B+,more than 3 tries,,9,28/01/20
1,6B+
"""


def read(content: str | bytes) -> tuple[list[Entry | LoggedTick | str], Tallied]:
    notes = Tallied()
    return transfers.read(content, notes.note), notes


def test_boardlibs_logbook() -> None:
    records, notes = read(BOARDLIB)
    assert records == [
        LoggedTick(
            name="OLD SCHOOL",
            board="moonboard-masters-2017",
            angle=40,
            grade="7A",
            day="2020-01-26",
            attempts=2,
            felt="6C+",
            notes="good one",
        ),
        LoggedTick(name="nobody knows it", board="moonboard-2016", angle=40, day="2020-01-26", felt="6C+"),
        LoggedTick(name="far away", board="moonboard-2016", angle=40, grade="6B+", attempts=5, sent=False),
    ]
    assert dict(notes) == {"user grade '?' is not on the ladder: left out": 1, "date left out: '03/04/2020'": 1}


def test_boardlibs_logbook_of_a_board_by_aurora() -> None:
    """It names the app and not the board, and the angle that the wall was set to."""
    records, notes = read(
        "board,angle,climb_name,date,logged_grade,displayed_grade,difficulty,tries,is_mirror,is_ascent,comment\n"
        "tension,40,Bumble,2024-06-17 16:28:23,V5,V4,16.0,1,True,True,\n"
        "tension,,bumble,2024-06-18 09:00:00,,6b+/V4,16.0,2,False,False,\n"
        "kilter,40,Bumble,2024-06-17 16:28:23,V3,V3,16.0,1,False,True,\n"
        "decoy,40,Bumble,2024-06-17 16:28:23,V3,V3,16.0,1,False,True,\n"
        "kilter,400,Bumble,2024-06-17 16:28:23,V3,V3,16.0,1,False,True,\n"
    )
    first, second, third, unknown, steep = records
    assert first == LoggedTick(name="Bumble", board="tension", angle=40, grade="V4", day="2024-06-17", felt="V5")
    assert second == LoggedTick(name="bumble", board="tension", grade="V4", day="2024-06-18", attempts=2, sent=False)
    assert third == LoggedTick(name="Bumble", board="kilter", angle=40, grade="6A+", day="2024-06-17", felt="6A+")
    assert "unknown hold setup 'decoy'" in str(unknown)
    assert "cannot read an angle from '400'" in str(steep)
    assert not notes


def climb_on(board: str, angle: int | None, grade: str) -> Problem:
    """A problem called Bumble."""
    start, *_, hand, finish = boards.load(board).labels
    return Problem(
        board=board, angle=angle, grade=grade, start=(start,), hands=(hand,), finish=(finish,), name="Bumble"
    )


def test_a_problem_of_an_unknown_angle_is_found_at_every_angle() -> None:
    """The tick has the angle; where the climb is there at that angle, too, the tick is of that."""
    anywhere, steep = climb_on("tension-1", None, "V4"), climb_on("tension-1", 40, "V4")
    spray, other = climb_on("tension-2-spray", None, "V6"), climb_on("kilter-original", None, "6A")
    tick = LoggedTick(name="Bumble", board="tension", angle=40, grade="V4", day="2024-06-17")
    for problems, logged, problem, angle in (
        ([anywhere, other], tick, anywhere, 40),
        ([anywhere, steep], tick, steep, None),
        ([anywhere, steep], tick._replace(angle=45), anywhere, 45),
        ([anywhere, spray], tick, anywhere, 40),
        ([anywhere, spray], tick._replace(grade="V6"), spray, 40),
        ([anywhere], tick._replace(angle=0), anywhere, None),
        ([other, anywhere], tick._replace(board="kilter", grade="6A+"), other, 40),
    ):
        (entry,), missing = ticks.find([logged], problems)
        assert (entry.problem, [one.angle for one in entry.ticks], missing) == (problem, [angle], [])
    for problems, logged in (
        ([steep], tick._replace(angle=45)),
        ([anywhere], tick._replace(angle=33)),
        ([anywhere, spray], tick._replace(grade="V9")),
        ([other], tick),
    ):
        assert ticks.find([logged], problems) == ([], [logged])


def test_the_apps_own_export() -> None:
    records, notes = read(EXPORT)
    assert records == [
        LoggedTick(number="305445", grade="6B+", day="2020-01-26", stars=4),
        LoggedTick(number="19215", grade="6B+", day="2020-01-27", attempts=5, sent=False),
        LoggedTick(number="7", grade="6B+", day="2020-01-28", attempts=4),
        "the row has 2 fields where the header names 6",
    ]
    assert dict(notes) == {"stars left out: 9 is more than 5": 1}


def test_the_sites_logbook_has_the_holds() -> None:
    record = {
        "Problem": api_record(SLAB, 305445),
        "Attempts": 1,
        "Grade": "6C+",
        "NumberOfTries": "Flashed",
        "Rating": 3,
        "DateClimbed": "/Date(1580000000000)/",
        "Comment": "so good",
    }
    project = {**record, "NumberOfTries": "Project", "Attempts": 7, "DateClimbed": "soon"}
    (entry, tried), notes = read(json.dumps({"Data": [record, project], "Total": 2}))
    assert isinstance(entry, Entry)
    assert isinstance(tried, Entry)
    assert (entry.problem, entry.stars, entry.felt, entry.notes) == (SLAB, 3, "6C+", "so good")
    assert [(tick.day, tick.attempts) for tick in entry.ticks] == [("2020-01-26", 1)]
    assert (tried.ticks, tried.notes) == ((), "so good\nnot sent: 7 tries, on an unknown day")
    assert dict(notes) == {"date left out: 'soon'": 1}


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-01-26", "2026-01-26"),
        ("2026-01-26 18:30:00", "2026-01-26"),
        ("2026-01-26T18:30:00Z", "2026-01-26"),
        ("26 Jan 2020", "2020-01-26"),
        ("6. January 2020", "2020-01-06"),
        ("26/01/2026", "2026-01-26"),
        ("01/26/2026", "2026-01-26"),
        ("05/05/2026", "2026-05-05"),
        ("26.1.2026", "2026-01-26"),
        ("/Date(1580000000000)/", "2020-01-26"),
        ("", ""),
    ],
)
def test_days_in_the_usual_forms(text: str, day: str) -> None:
    notes = Tallied()
    assert ticks.read_day(text, notes.note) == day
    assert not notes


@pytest.mark.parametrize("text", ["03/04/2026", "2026-13-01", "soon", "31.2.2026", "26/01/26", "/Date(9e9)/", "9" * 99])
def test_a_day_that_may_be_another_is_left_out_with_a_note(text: str) -> None:
    notes = Tallied()
    assert ticks.read_day(text, notes.note) == ""
    assert [note.startswith("date left out: ") for note in notes] == [True]


def test_problems_are_found_by_number_or_by_name_board_and_angle() -> None:
    gentle = replace(SLAB, angle=25, ids=())
    twin = replace(OTHER, hands=("D9",), grade="6C", ids=())
    problems = [SLAB, gentle, OTHER, twin]
    for tick, problem in (
        (LoggedTick(number="305445"), SLAB),
        (LoggedTick(name="old school", board="moonboard-masters-2017", angle=40), SLAB),
        (LoggedTick(name="OLD SCHOOL", board="moonboard-masters-2017", angle=25), gentle),
        (LoggedTick(name="Far Away", board="moonboard-2016", angle=40, grade="6C"), twin),
    ):
        (entry,), missing = ticks.find([tick], problems)
        assert (entry.problem, missing) == (problem, [])
    for tick in (LoggedTick(number="5"), LoggedTick(name="far away", board="moonboard-2016", angle=40), LoggedTick()):
        assert ticks.find([tick], problems) == ([], [tick])


def test_the_json_export_keeps_ticks_that_were_not_found() -> None:
    kept = LoggedTick(number="7", grade="6B+", day="2020-01-28", attempts=4)
    assert read("".join(transfer.to_json([Entry(SLAB)], [kept])))[0] == [Entry(SLAB), kept]
    spoiled = "".join(transfer.to_json([], [kept._replace(attempts=0)]))
    assert read(spoiled)[0] == ["attempts: Input should be greater than or equal to 1"]


@pytest.mark.parametrize("content", [BOARDLIB, EXPORT, BOARDLIB.lower(), EXPORT.lower()])
def test_what_the_import_of_problems_calls_a_logbook_is_read_as_one(content: str, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(content)
    (failure,) = importers.read(tmp_path / "log.csv")
    assert isinstance(failure, importers.Failure)
    assert failure.reason.startswith("it is a logbook, whose ticks name no holds")
    assert ticks.is_logbook(sample(tmp_path / "log.csv"))


@pytest.mark.parametrize("content", [BOARDLIB, EXPORT])
def test_mutated_logbooks_give_no_traceback(content: str) -> None:
    rng = random.Random(0)
    for _ in range(200):
        with suppress(ClimbpathError):
            for record in transfers.read(mutated(content.encode(), rng)):
                assert isinstance(record, Entry | LoggedTick | str)


def imported(logbook: Logbook, known: list[Problem], path: Path, content: bytes) -> ImportResult:
    """What the import of a file with this content says at its end."""
    path.write_bytes(content)
    *_, result = importing.steps(logbook, known, "me", path)
    assert result
    return result


def test_ticks_that_find_nothing_are_kept_and_found_at_a_later_import(tmp_path: Path) -> None:
    logbook, path = Logbook(tmp_path / "logbook.sqlite3"), tmp_path / "file"
    logbook.put_profile(Profile("me", "Me"))
    done = imported(logbook, [OTHER], path, EXPORT.encode())
    assert (done.read, done.added, done.merged, done.rejected, done.not_found) == (4, 1, 0, 1, 2)
    assert waiting(logbook) == ["305445", "7"]
    (project,) = logbook.entries("me")
    assert project.problem == OTHER
    assert [(tick.day, tick.attempts, tick.sent) for tick in project.ticks] == [("2020-01-27", 5, False)]
    # the same again changes nothing
    again = imported(logbook, [OTHER], path, EXPORT.encode())
    assert (again.added, again.merged, again.not_found) == (0, 1, 2)
    assert len(waiting(logbook)) == 2
    assert logbook.entries("me") == [project]
    # its problem comes with another file
    parquet.write(tmp_path / "problems.parquet", [SLAB])
    last = imported(logbook, [OTHER], path, (tmp_path / "problems.parquet").read_bytes())
    assert last.added == 1
    assert last.notes == ["1 tick of an earlier import found its problem"]
    assert waiting(logbook) == ["7"]
    entry = next(entry for entry in logbook.entries("me") if entry.problem == SLAB)
    assert [(tick.day, tick.attempts) for tick in entry.ticks] == [("2020-01-26", 1)]
    assert entry.stars == 4


def waiting(logbook: Logbook) -> list[str]:
    """The numbers of the ticks whose problems were not found."""
    return [tick.number for tick in logbook.not_found("me") if isinstance(tick, LoggedTick)]


def test_odd_days_and_stars_of_our_own_csv_cost_no_entry() -> None:
    records, notes = read(
        "notation,grade,stars,felt,ticks\nF5s D9 G18e,7A,9,V5,26/01/2026 2026-01-27/3 26/01/2026/2 someday 03/04/2026\n"
    )
    (entry,) = records
    assert isinstance(entry, Entry)
    assert (entry.stars, entry.felt) == (0, "6C+")
    days = [(tick.day, tick.attempts) for tick in entry.ticks]
    assert days == [("2026-01-26", 1), ("2026-01-27", 3), ("2026-01-26", 2)]
    assert set(notes) == {
        "stars left out: 9 is more than 5",
        "date left out: 'someday'",
        "date left out: '03/04/2026'",
    }


@pytest.mark.skipif(not CASES.exists(), reason="needs the cases of shared/cases/import")
def test_the_cases() -> None:
    (entry,), _ = read((CASES / "13-logbook-site.json").read_bytes())
    assert isinstance(entry, Entry)
    assert (entry.problem.notation, entry.felt, entry.ticks[0].day) == ("J4s G6 D15 F18e", "6C+", "2020-01-26")
    (logged,), _ = read((CASES / "13b-boardlib-logbook.csv").read_bytes())
    assert ticks.find([logged], [SLAB])[0][0].ticks[0].day == "2020-01-26"  # type: ignore[list-item]
    records, _ = read((CASES / "13c-moonboard-export.csv").read_bytes())
    first, second = ticks.find(records, [SLAB, OTHER])[0]  # type: ignore[arg-type]
    assert (first.ticks[0].day, second.notes) == ("2020-01-26", "")
    assert second.ticks == (second.ticks[0]._replace(day="2020-01-27", attempts=5, sent=False),)
    entries, notes = read((CASES / "14-ticks.csv").read_bytes())
    assert all(isinstance(one, Entry) for one in entries)
    assert [len(one.ticks) for one in entries] == [3, 1, 1, 0]  # type: ignore[union-attr]
    assert dict(notes) == {"stars left out: 9 is more than 5": 1}
