"""Statistics of a climber's ticks."""

from dataclasses import replace

from climbpath.problem import Problem, parse_notation
from climbpath.web.logbook.records import Entry, Tick
from climbpath.web.logbook.statistics import GradeCount, HoldCount, Month, statistics

HERON = parse_notation("F5s D9 G13 G18e", grade="7A")
LEDGE = parse_notation("F5s E8 G11 G18e", grade="6C")
MASTERS = parse_notation("C5s F6s D9 G12 E15 F18e", "moonboard-masters-2017", 25, "6B")


def entry(problem: Problem, *ticks: tuple[str, int, bool, str]) -> Entry:
    return Entry(problem, ticks=tuple(Tick(str(number), *tick) for number, tick in enumerate(ticks)))


BOOK = [
    entry(HERON, ("2026-01-30", 4, False, "G13"), ("2026-02-01", 2, True, ""), ("2026-03-01", 1, True, "")),
    entry(LEDGE, ("2026-02-01", 1, True, "")),
    entry(replace(LEDGE, hands=("D9",)), ("2026-02-03", 3, False, "")),
    Entry(parse_notation("F5s C9 G18e", grade="8A")),
    entry(MASTERS, ("2025-12-31", 1, True, "")),
]


def test_problems_are_counted_by_grade() -> None:
    found = statistics(BOOK)
    assert (found.board, found.boards) == ("moonboard-2016", {"moonboard-2016": 3, "moonboard-masters-2017": 1})
    assert found.grades == {"6C": GradeCount(1, 1, 1), "7A": GradeCount(1, 0, 0)}
    assert list(found.grades) == ["6C", "7A"]
    assert (found.sent, found.flashed, found.tries, found.failed, found.days) == (2, 1, 11, 8, 4)


def test_a_problem_counts_in_the_month_of_its_first_send() -> None:
    assert statistics(BOOK).months == {
        "2026-01": Month(0, 4, None),
        "2026-02": Month(2, 6, "7A"),
        "2026-03": Month(0, 1, "7A"),
    }


def test_holds_count_sends_failed_tries_and_where_those_ended() -> None:
    found = statistics(BOOK)
    assert found.holds["G13"] == HoldCount(1, 5, 4)
    assert found.holds["E8"] == HoldCount(1, 0, 0)
    assert found.holds["D9"] == HoldCount(1, 8, 0)
    assert found.stopped == 4
    assert "C9" not in found.holds


def test_how_far_the_tries_before_a_send_got_is_counted() -> None:
    found = statistics([entry(HERON, ("2026-01-30", 5, True, "G13"))])
    assert (found.failed, found.stopped, found.holds["G13"].stopped) == (4, 4, 4)


def test_another_board_and_an_empty_logbook() -> None:
    masters = statistics(BOOK, "moonboard-masters-2017")
    assert (masters.sent, masters.days, list(masters.months)) == (1, 1, ["2025-12"])
    assert statistics(BOOK, "moonboard-mini-2020").tries == 0
    assert statistics([]).board is None


def test_problems_without_a_grade_come_last() -> None:
    bare = entry(replace(HERON, grade=None), ("2026-01-30", 1, True, ""))
    found = statistics([bare, *BOOK])
    assert list(found.grades) == ["6C", "7A", ""]
    assert found.months["2026-01"] == Month(1, 5, None)
