import hashlib
import os
import random
import subprocess
import sys
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from climbpath import board as boards
from climbpath.data import importers, parquet, stats
from climbpath.data import merge as merging
from climbpath.data.filter import filter_problems
from climbpath.data.importers import Failure, LeftOut, Rejection
from climbpath.data.merge import distinct, gather, merge, report
from climbpath.data.split import split
from climbpath.errors import ClimbpathError
from climbpath.grades import LADDER, rank
from climbpath.problem import Problem, parse_notation
from climbpath.training.train import read_problems
from support.making import DATA, problems, random_problems

SIX = parse_notation("F5s E8 G11 E13 H15 G18e", grade="6C")
MASTERS = parse_notation("C5s F6s D9 G12 E15 F18e", "moonboard-masters-2017", 25, "6A")

in_one_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)


# Gather and merge


def test_of_many_rejections_the_first_are_listed_and_all_are_counted() -> None:
    """However many different reasons there are, the account takes little memory."""
    gathered = gather([("a", [Rejection("a", i, f"reason {i % 2000}") for i in range(5000)])])
    assert gathered.tallies == [("a", 5000, 0, 0, 5000, 0)]
    assert [rejection.record for rejection in gathered.rejections] == list(range(1000))
    assert gathered.reasons.total() == 5000
    assert len(gathered.reasons) == 1001


def test_every_record_is_kept_merged_rejected_or_left_out() -> None:
    bad = Rejection("b", 1, "because")
    gone, lost = LeftOut("b", 2, "withdrawn"), Failure("d", "it is empty")
    gathered = gather(
        [("a", [SIX, MASTERS, SIX]), ("b", [replace(SIX, name="again"), bad, gone]), ("c", []), ("d", [lost])]
    )
    assert gathered.tallies == [("a", 3, 2, 1, 0, 0), ("b", 3, 0, 1, 1, 1), ("c", 0, 0, 0, 0, 0)]
    assert gathered.rejections == [bad]
    assert gathered.reasons == {"because": 1}
    assert gathered.left_out == {"withdrawn": 1}
    assert gathered.failures == [lost]
    assert gathered.problems == [replace(SIX, name="again"), MASTERS]


@given(
    st.lists(
        st.lists(problems() | st.just(Rejection("x", 0, "y")) | st.just(LeftOut("x", 0, "z")), max_size=4), max_size=4
    )
)
def test_the_account_of_any_records_adds_up(files: list[list[Problem | Rejection | LeftOut]]) -> None:
    gathered = gather((str(i), items + items) for i, items in enumerate(files))
    for tally, items in zip(gathered.tallies, files, strict=True):
        assert tally.read == 2 * len(items) == tally.kept + tally.merged + tally.rejected + tally.left_out
    assert len(gathered.problems) == sum(tally.kept for tally in gathered.tallies)
    assert len({problem.identity for problem in gathered.problems}) == len(gathered.problems)


def test_the_real_shapes_together() -> None:
    files = [DATA / name for name in ("guide.csv", "site_scrape.json", "api_dump.json")]
    gathered = gather((str(path), importers.read(path)) for path in files)
    assert [tally[1:] for tally in gathered.tallies] == [
        (4, 3, 0, 1, 0),
        (4, 2, 1, 1, 0),
        (3, 2, 0, 1, 0),
    ]
    first = gathered.problems[0]
    assert (first.name, first.grade, first.repeats, first.benchmark) == ("First light", "6B+", 137, True)
    assert first.ids == ("guide-csv:1", "site-scrape:1")
    assert gathered.conflicts == [
        "moonboard-2016 40° F5s E8 G11 E13 H15 G18e: 6B+ (guide-csv:1), 6C (site-scrape:1); kept 6B+"
    ]
    account = report(gathered)
    assert account["problems"] == [
        {"board": "moonboard-2016", "angle": 40, "problems": 5},
        {"board": "moonboard-masters-2017", "angle": 25, "problems": 1},
        {"board": "moonboard-masters-2017", "angle": 40, "problems": 1},
    ]
    assert [rejection["record"] for rejection in account["rejections"]] == [3, 3, 2]


attested = st.builds(
    lambda grade, repeats, benchmark: replace(SIX, grade=grade, repeats=repeats, benchmark=benchmark),
    st.none() | st.sampled_from(LADDER),
    st.none() | st.integers(0, 3),
    st.booleans(),
)


@given(st.lists(attested, min_size=1, max_size=4))
def test_the_order_of_records_does_not_change_which_grade_wins(records: list[Problem]) -> None:
    winners = {merge(order).problems[0].grade for order in permutations(records)}
    assert len(winners) == 1


@pytest.mark.parametrize(
    ("records", "grade"),
    [
        ([replace(SIX, grade="7A", repeats=900), replace(SIX, grade="6C", benchmark=True)], "6C"),
        ([replace(SIX, grade="7A", repeats=3), replace(SIX, grade="6C", repeats=30)], "6C"),
        ([replace(SIX, grade="7A"), replace(SIX, grade="6C", repeats=0)], "6C"),
        ([replace(SIX, grade="7A"), replace(SIX, grade="6C")], "6C"),
        ([replace(SIX, grade=None, repeats=30), replace(SIX, grade="6C")], "6C"),
    ],
)
def test_the_better_attested_grade_wins(records: list[Problem], grade: str) -> None:
    assert merge(records).problems[0].grade == grade


def test_what_the_best_record_lacks_is_taken_from_another() -> None:
    merged = merge(
        [
            replace(SIX, benchmark=True, ids=("a",)),
            replace(SIX, name="", repeats=8, ids=("b", "a")),
            replace(SIX, name="Named", repeats=4, user_grade="6C+"),
        ]
    )
    assert merged.problems == [replace(SIX, benchmark=True, name="Named", repeats=8, ids=("a", "b"), user_grade="6C+")]
    assert merged.merged == 2
    assert merged.conflicts == []


def test_a_conflict_at_an_unknown_angle_says_so() -> None:
    one = parse_notation("1164s 1233 1302e", "kilter-original", None, "6A")
    (conflict,) = merge([one, replace(one, grade="6B")]).conflicts
    assert conflict == "kilter-original unknown angle 1164s 1233 1302e: 6A (no id), 6B (no id); kept 6A"


def test_an_unknown_grade_is_no_conflict() -> None:
    assert merge([SIX, replace(SIX, grade=None)]).conflicts == []


def test_an_angle_makes_another_problem() -> None:
    assert len(merge([MASTERS, replace(MASTERS, angle=40)]).problems) == 2


# Partial problems

SEEN = replace(SIX, grade="7A", ids=("hand-sequence:1",), partial=True)


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False))
def test_records_that_decide_nothing_are_let_go_without_a_trace(rng: random.Random) -> None:
    def any_record(number: int) -> Problem:
        return replace(
            SIX,
            grade=rng.choice((None, "6B", "6C", "7A")),
            name=rng.choice((None, "", "Slab", "Wall")),
            repeats=rng.choice((None, 1, 5, 900)),
            benchmark=rng.random() < 0.1,
            user_grade=rng.choice((None, "6C+")),
            partial=rng.random() < 0.3,
            ids=rng.choice(((), (f"a:{number}",), ("b:1", f"c:{number}"))),
        )

    records = [any_record(number) for number in range(rng.randrange(90, 400))]
    few = merge(records)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(merging, "MOST_TOGETHER", 10_000)
        all_together = merge(records)
    (one,), (other,) = few.problems, all_together.problems
    assert replace(one, ids=()) == replace(other, ids=())
    assert set(one.ids) == set(other.ids)
    assert (few.merged, bool(few.conflicts)) == (all_together.merged, bool(all_together.conflicts))


@pytest.mark.parametrize(
    "whole",
    [replace(SIX, ids=("guide-csv:1",)), replace(SIX, grade="7B", name="Named")],
    ids=["easier", "harder"],
)
def test_a_partial_record_of_a_whole_problem_changes_no_more_than_its_ids(whole: Problem) -> None:
    for records in permutations([whole, SEEN, replace(SEEN, grade="8A", ids=("hand-sequence:2",))]):
        problems, merged, conflicts = merge(records)
        assert [replace(problem, ids=whole.ids) for problem in problems] == [whole]
        assert {*whole.ids, "hand-sequence:1", "hand-sequence:2"} == set(problems[0].ids)
        assert merged == 2
        assert conflicts == []


def test_a_whole_problem_without_a_grade_takes_that_of_a_partial_record() -> None:
    assert merge([SEEN, replace(SIX, grade=None)]).problems == [replace(SIX, grade="7A", ids=SEEN.ids)]


def test_partial_records_alone_stay_partial() -> None:
    merged = merge([SEEN, replace(SEEN, ids=("hand-sequence:2",))])
    assert merged.problems == [replace(SEEN, ids=("hand-sequence:1", "hand-sequence:2"))]


def test_grades_of_whole_records_conflict_whatever_partial_ones_say() -> None:
    (conflict,) = merge([replace(SIX, ids=("a:1",)), SEEN, replace(SIX, grade="7B", ids=("b:2",))]).conflicts
    assert conflict.endswith("6C (a:1), 7B (b:2); kept 6C")


# Filter

MANY = [
    replace(SIX, repeats=20),
    replace(SIX, grade="7A", hands=("E8",), benchmark=True),
    replace(SIX, grade=None, hands=("E8", "G11"), repeats=5, method="Footless"),
    MASTERS,
    replace(MASTERS, angle=40, grade="7C"),
]


@pytest.mark.parametrize(
    ("filters", "places"),
    [
        ({}, [0, 1, 2, 3, 4]),
        ({"grades": "6A,6C,7A"}, [0, 1, 3]),
        ({"min_repeats": 10}, [0]),
        ({"min_repeats": 5}, [0, 2]),
        ({"benchmarks": True}, [1]),
        ({"max_holds": 4}, [1, 2]),
        ({"methods": ["footless"]}, [2]),
        ({"methods": ["Footless", "feet follow hands"]}, [0, 1, 2, 3, 4]),
        ({"board_names": ["moonboard-masters-2017"]}, [3, 4]),
        ({"angles": [25]}, [3]),
        ({"angles": [25, 40]}, [0, 1, 2, 3, 4]),
        ({"shortest": 1}, [1]),
        ({"shortest": 3}, [0, 1, 2]),
        ({"shortest": 99}, [0, 1, 2, 3, 4]),
        ({"shortest": 1, "grades": "6A,6C"}, [0]),
        ({"board_names": ["moonboard-2016"], "min_repeats": 1, "max_holds": 4}, [2]),
    ],
)
def test_filters_combine_and_keep_the_order(filters: dict[str, Any], places: list[int]) -> None:
    kept, left_out = filter_problems(MANY, **filters)
    assert kept == [MANY[i] for i in places]
    assert len(left_out) == len(filters)
    assert sum(left_out.values()) == len(MANY) - len(kept)


def test_grades_are_read_on_the_ladder_of_each_board() -> None:
    """V grades are Tension's own, and Font grades begin below those of the MoonBoards on Kilter's."""
    tension = replace(parse_notation("67s 125s 131 165e", "tension-1", None), grade="V5")
    easy = replace(parse_notation("1134s 1184 1384e", "kilter-original", None), grade="4A")
    moon = replace(SIX, grade="6C")
    every = [tension, easy, moon]
    assert filter_problems(every, grades="V5..V6").problems == [tension, moon]
    assert filter_problems(every, grades="4A..5C").problems == [easy]
    assert filter_problems(every, grades="4A..6C").problems == every
    assert filter_problems(every, grades="6C").problems == [tension, moon]
    with pytest.raises(ClimbpathError, match="'9Z' is not a grade"):
        filter_problems([], grades="9Z")


def test_statistics_of_a_board_at_a_known_and_an_unknown_angle(tmp_path: Path) -> None:
    some = [parse_notation("1134s 1184 1384e", "kilter-original", angle) for angle in (40, None)]
    assert [line for line in stats.describe(some).splitlines() if " benchmarks" in line] == [
        "kilter-original at unknown angle: 1 problem, 0 benchmarks",
        "kilter-original at 40°: 1 problem, 0 benchmarks",
    ]
    stats.chart(some, tmp_path / "chart.png")


def test_each_problem_is_counted_by_the_first_filter_that_leaves_it_out() -> None:
    left_out = filter_problems(MANY, shortest=1, max_holds=5, grades="7A,6C", board_names=["moonboard-2016"]).left_out
    assert left_out == {"board": 2, "grades": 1, "max-holds": 1, "shortest": 0}


def test_hold_sets_on_one_board_and_on_several() -> None:
    layout = boards.load(SIX.board)
    assert {layout.hold(label).hold_set for label in SIX.holds} == {"A", "B", "Original"}
    assert filter_problems([SIX], hold_sets="a, original,B").problems == [SIX]
    assert filter_problems([SIX], hold_sets="A,B").problems == []
    assert filter_problems(MANY, hold_sets="Original,A,B,C,Wooden").problems == MANY


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        (
            {"methods": ["Campus"]},
            r"no problem has the method 'Campus': there are Feet follow hands \(4\), Footless \(1\)",
        ),
        ({"board_names": ["kilter"]}, "no problem has the board 'kilter': there are moonboard-2016"),
        ({"angles": [30]}, r"no problem has the angle 30: there are 40 \(4\), 25 \(1\)"),
        ({"hold_sets": "A,Plastic"}, "no hold set 'Plastic' on MoonBoard 2016 and MoonBoard Masters 2017"),
        ({"hold_sets": "Wooden", "board_names": ["moonboard-2016"]}, "no hold set 'Wooden' on MoonBoard 2016"),
    ],
)
def test_what_is_not_there_cannot_be_asked_for(filters: dict[str, Any], words: str) -> None:
    with pytest.raises(ClimbpathError, match=words):
        filter_problems(MANY, **filters)


# Split


def varied(number: int) -> list[Problem]:
    """Distinct problems of several grades, some standing at both angles."""
    labels = boards.load("moonboard-masters-2017").labels
    middle = [label for label in labels if 7 <= int(label[1:]) <= 17]
    found = []
    for i in range(number):
        hands = (middle[i % 121], middle[(i * 7 + i // 121 + 1) % 121])
        problem = replace(MASTERS, hands=hands, grade=LADDER[i % 3 * 4], angle=40)
        found += [problem, replace(problem, angle=25, grade=LADDER[i % 5])] if i % 4 == 0 else [problem]
    return merge(found).problems


def test_a_split_is_complete_disjoint_by_key_and_stratified() -> None:
    whole = varied(900)
    parts = split(whole)
    assert list(parts) == ["train", "validation", "test"]
    assert Counter(p.identity for part in parts.values() for p in part) == Counter(p.identity for p in whole)
    keys = {name: {problem.key for problem in part} for name, part in parts.items()}
    assert not keys["train"] & keys["validation"]
    assert not keys["train"] & keys["test"]
    assert not keys["validation"] & keys["test"]
    hardest: dict[int, str] = {}
    for problem in whole:
        hardest[problem.key] = max(hardest.get(problem.key, "5+"), problem.grade or "", key=rank)
    for grade in set(hardest.values()):
        stratum = {key for key, hard in hardest.items() if hard == grade}
        assert len(stratum & keys["test"]) == round(0.10 * len(stratum))
        assert len(stratum & keys["validation"] | stratum & keys["test"]) == round(0.15 * len(stratum))


def test_the_two_angles_of_one_key_fall_into_one_part() -> None:
    parts = split(varied(900))
    for part in parts.values():
        both = Counter(problem.key for problem in part)
        assert 2 in both.values()


def test_a_split_does_not_depend_on_order_and_keeps_it() -> None:
    whole = varied(300)
    forwards, backwards = split(whole), split(whole[::-1])
    assert {name: part[::-1] for name, part in forwards.items()} == backwards
    assert forwards["train"] == [problem for problem in whole if problem in set(forwards["train"])]


def test_a_split_is_the_same_in_every_process() -> None:
    script = (
        "import sys; sys.path[:0] = ['tests', 'tests/data']; from test_sets import split, varied; "
        "print(sorted(p.key for p in split(varied(200))['test']))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


def test_another_board_leaves_a_board_s_problems_where_they_were() -> None:
    whole = varied(300)
    alone, together = split(whole), split([SIX, *whole])
    for name, part in alone.items():
        assert [problem for problem in together[name] if problem != SIX] == part


def test_ungraded_problems_are_split_too() -> None:
    parts = split([replace(problem, grade=None) for problem in varied(100)])
    assert all(parts.values())


def test_nothing_splits_into_nothing() -> None:
    assert split([]) == {"train": [], "validation": [], "test": []}


WHOLE = [replace(problem, ids=(f"site-scrape:{i}",)) for i, problem in enumerate(varied(120))]
WHERE = {problem.ids[0]: name for name, part in split(WHOLE).items() for problem in part}


@st.composite
def partial_problems(pick: st.DrawFn) -> Problem:
    """Some holds of a whole problem or of none, with its number, another's or none."""
    whole = pick(st.sampled_from(WHOLE))
    hands = pick(st.frozensets(st.sampled_from(whole.hands)))
    if pick(st.integers(0, 3)) == 0:
        hands |= {"A13"}
    number = pick(st.none() | st.just(whole.ids[0].partition(":")[2]) | st.integers(0, 2 * len(WHOLE)))
    ids = () if number is None else (f"hand-sequence:{number}",)
    start = whole.start if pick(st.booleans()) else whole.start[:1]
    return replace(whole, start=start, hands=tuple(hands), ids=ids, partial=True)


@settings(max_examples=50, deadline=None)
@given(st.lists(partial_problems(), max_size=20), st.randoms(use_true_random=False))
def test_partial_problems_never_cross_the_split(partial: list[Problem], random: Random) -> None:
    problems = [*WHOLE, *partial]
    random.shuffle(problems)
    parts = split(problems)
    assert Counter(p for part in parts.values() for p in part) == Counter(problems)
    for name, part in parts.items():
        assert all(WHERE[problem.ids[0]] == name for problem in part if not problem.partial)
        for problem in part:
            if problem.partial:
                assert name == place_of(problem)


def place_of(partial: Problem) -> str:
    """Where a partial problem belongs: to the whole one of its number, else to a held-out one that has its holds."""
    named = [WHERE.get(name.replace("hand-sequence", "site-scrape")) for name in partial.ids]
    around = {WHERE[p.ids[0]] for p in WHOLE if p.board == partial.board and set(partial.holds) <= set(p.holds)}
    held_out = [name for name in ("validation", "test") if name in around]
    return next((name for name in [*named, *held_out] if name), "train")


@pytest.mark.parametrize("held_out", ["validation", "test"])
def test_a_partial_record_of_two_problems_is_held_out_if_one_is(held_out: str) -> None:
    """Two sequences of one set of holds are merged, and then have the numbers of both problems."""
    by_part = {name: [p for p in WHOLE if WHERE[p.ids[0]] == name] for name in ("train", held_out)}
    for one, other in zip(by_part["train"], by_part[held_out], strict=False):
        numbers = [problem.ids[0].replace("site-scrape", "hand-sequence") for problem in (one, other)]
        partial = replace(one, hands=("A13",), ids=tuple(numbers), partial=True)
        assert partial in split([*WHOLE, partial])[held_out]


def test_partial_problems_leave_the_others_where_they_were() -> None:
    """Though whole ones of the same holds would weigh in the strata."""
    crowd = [replace(problem, partial=True, ids=()) for problem in WHOLE for _ in range(3)]
    parts = split([*crowd, *WHOLE])
    assert {name: [p for p in part if not p.partial] for name, part in parts.items()} == split(WHOLE)


# Parquet


@in_one_folder
@given(st.lists(problems(partial=True), max_size=5))
def test_parquet_round_trip(tmp_path: Path, written: list[Problem]) -> None:
    path = tmp_path / "problems.parquet"
    assert parquet.write(path, written) == len(written)
    assert parquet.load(path) == parquet.load(str(path)) == written


def test_a_faulty_problem_is_neither_written_nor_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model cannot learn from it: its loss would not be a number."""
    odd = Problem(start=("E8",), finish=("D9",), feet=("F5",))
    with pytest.raises(ClimbpathError, match="start hold E8 is not in rows 2 to 6"):
        parquet.write(tmp_path / "odd", [SIX, odd])
    assert list(tmp_path.iterdir()) == []
    with monkeypatch.context() as patch:
        patch.setattr(parquet, "check_sound", lambda problem: problem)
        parquet.write(tmp_path / "odd", [SIX, odd])
    with pytest.raises(ClimbpathError, match=r"odd, record 1: start hold E8 is not in rows 2 to 6"):
        parquet.load(tmp_path / "odd")


def test_a_stream_is_written_and_read_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "many.parquet"
    tracemalloc.start()
    parquet.write(path, (replace(SIX, name=f"{i:x}") for i in range(25_000)))
    most_writing = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    count = sum(1 for _ in parquet.read(path, batch_size=1_000))
    most_reading = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 25_000
    assert most_writing < 20_000_000
    assert most_reading < 5_000_000


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "problems.parquet"
    parquet.write(path, [SIX])

    def breaking() -> Iterator[Problem]:
        yield from [MASTERS] * 20_000
        raise RuntimeError("the source broke")

    with pytest.raises(RuntimeError):
        parquet.write(path, breaking())
    assert parquet.load(path) == [SIX]
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ClimbpathError, match=r"cannot write .*problems\.parquet: (File exists|Not a directory)"):
        parquet.write(tmp_path / "file" / "problems.parquet", [SIX])


def test_half_a_character_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(ClimbpathError, match="is not Unicode text"):
        parquet.write(tmp_path / "x", [replace(SIX, name="\ud800")])
    assert list(tmp_path.iterdir()) == []


def foreign(path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet as arrow

    arrow.write_table(pa.table({"grade": ["7A"]}), path)


def newer(path: Path) -> None:
    from pyarrow import parquet as arrow

    parquet.write(path, [SIX])
    table = arrow.read_table(path)
    arrow.write_table(table.replace_schema_metadata({"climbpath.problems": "next"}), path)


def fewer_columns(path: Path) -> None:
    from pyarrow import parquet as arrow

    parquet.write(path, [SIX])
    arrow.write_table(arrow.read_table(path).drop_columns(["finish"]), path)


def unknown_hold(path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet as arrow

    parquet.write(path, [SIX, MASTERS])
    table = arrow.read_table(path)
    places = table.schema.get_field_index("finish")
    arrow.write_table(table.set_column(places, "finish", pa.array([["G18"], ["L19"]])), path)


def empty_start(path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet as arrow

    parquet.write(path, [SIX])
    table = arrow.read_table(path)
    places = table.schema.get_field_index("start")
    arrow.write_table(table.set_column(places, "start", pa.array([None], pa.list_(pa.string()))), path)


def cut(path: Path) -> None:
    parquet.write(path, [SIX])
    path.write_bytes(path.read_bytes()[:-20])


def flipped(path: Path) -> None:
    parquet.write(path, (replace(SIX, name=f"{i * i:x}") for i in range(2000)))
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 0x55
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (foreign, "record 0: it is Parquet, but not written by climbpath"),
        (newer, "record 0: it is of version next, and this climbpath reads version"),
        (fewer_columns, "its columns are not those"),
        (unknown_hold, "record 1: there is no hold 'L19' on MoonBoard Masters 2017"),
        (empty_start, "record 0: the problem's field 'start' cannot be None"),
        (cut, "damaged or cut off"),
        (flipped, "damaged or cut off"),
        (lambda path: path.write_bytes(b"PAR1"), "damaged or cut off"),
        (lambda path: path.write_bytes(b"PAR1" + bytes(1000) + b"PAR1"), "damaged or cut off"),
        (lambda path: path.write_bytes((DATA / "guide.csv").read_bytes()), "not Parquet"),
        (lambda path: path.write_bytes(b"hello"), "in no format that climbpath reads"),
        (lambda path: path.write_bytes(b""), "it is empty"),
        (lambda path: None, "there is no such file"),
        (lambda path: path.mkdir(), "it is a folder"),
    ],
)
def test_what_is_not_a_whole_file_of_climbpath_s(tmp_path: Path, spoil: Callable[[Path], object], words: str) -> None:
    path = tmp_path / "problems.parquet"
    spoil(path)
    with pytest.raises(ClimbpathError, match=words) as caught:
        parquet.load(path)
    assert str(path) in str(caught.value)
    if path.is_file() and path.stat().st_size > 100:
        assert "climbpath data import" in str(caught.value)


def test_reading_does_not_need_what_writing_and_training_need() -> None:
    script = (
        "import sys; import climbpath.data.merge, climbpath.data.parquet; "
        "print({'pyarrow', 'ijson', 'torch', 'matplotlib'} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout.strip() == "set()"


# Real data, where there is some

REAL = Path(os.environ.get("CLIMBPATH_DATA") or Path(__file__).parents[3] / "similarity" / "data")


@pytest.mark.skipif(not (REAL / "moonboard2016").is_dir(), reason="no real data: set CLIMBPATH_DATA to their folder")
def test_the_real_data_of_2016() -> None:
    """The reference was trained on exactly this split."""
    names = ("quality_train.csv", "quality_val.csv", "site_scrape.json.gz")
    paths = [REAL / "moonboard2016" / name for name in names]
    gathered = gather((path.name, importers.read(path)) for path in paths)
    assert sum(tally.kept + tally.merged for tally in gathered.tallies) == 15_631
    assert [(rejection.file, rejection.record) for rejection in gathered.rejections] == [
        (str(paths[0]), 1135),
        (str(paths[2]), 3729),
    ]
    assert len(gathered.problems) == 13_239
    parts = split(gathered.problems)
    assert {name: len(part) for name, part in parts.items()} == {"train": 11_253, "validation": 663, "test": 1_323}
    assert {name: hash_of(part) for name, part in parts.items()} == {
        "train": "d615aa38baa917a8",
        "validation": "1f83b513dd93e5f9",
        "test": "cef7d533920b1cb6",
    }


def hash_of(part: list[Problem]) -> str:
    return hashlib.sha256(",".join(str(problem.key) for problem in part).encode()).hexdigest()[:16]


def test_problems_of_several_files_count_once(tmp_path: Path) -> None:
    problems = random_problems(20)
    parquet.write(tmp_path / "all.parquet", problems)
    parquet.write(tmp_path / "some.parquet", problems[:5])
    found = distinct([tmp_path / "all.parquet", tmp_path / "some.parquet"])
    assert (found.problems, found.merged) == (problems, 5)
    source = f"{tmp_path / 'some.parquet'}\n{tmp_path / 'all.parquet'}"
    assert sorted(p.key for p in read_problems(source)) == sorted(p.key for p in problems)
