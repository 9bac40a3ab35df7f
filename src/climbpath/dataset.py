"""Sets of problems: gather, merge, keep, split, and the Parquet files that hold them."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from climbpath import board as boards
from climbpath.errors import ClimbpathError
from climbpath.features import presence, subset_of_any
from climbpath.files import replacing
from climbpath.grades import rank
from climbpath.importers import Rejection, climbpath_parquet, detect
from climbpath.problem import Problem

SPLITS = ("train", "validation", "test")
VALIDATION_SHARE, TEST_SHARE = 0.05, 0.10

BATCH = 10_000
"""Problems in a row group of a Parquet file."""
OPTIONS: dict[str, Any] = {"compression": "zstd", "write_page_checksum": True}


class Merged(NamedTuple):
    """Problems of distinct identity, how many records were folded into them, and the grade conflicts in words."""

    problems: list[Problem]
    merged: int
    conflicts: list[str]


class Tally(NamedTuple):
    """What became of the records of one file: read = kept + merged + rejected."""

    file: str
    read: int
    kept: int
    merged: int
    rejected: int


class Gathered(NamedTuple):
    """The problems of several files, and an account of every record."""

    problems: list[Problem]
    tallies: list[Tally]
    rejections: list[Rejection]
    conflicts: list[str]


class Kept(NamedTuple):
    """The problems that pass all filters, and how many of the rest each filter left out, in the order applied."""

    problems: list[Problem]
    left_out: dict[str, int]


def gather(sources: Iterable[tuple[str, Iterable[Problem | Rejection]]]) -> Gathered:
    """Merge what was read from several files, each given with its name.

    A record counts as kept where its identity is first seen and as merged from then on.
    """
    records: list[Problem] = []
    rejections: list[Rejection] = []
    tallies: list[Tally] = []
    seen: set[tuple[object, ...]] = set()
    for file, items in sources:
        counts: Counter[str] = Counter()
        for item in items:
            counts["read"] += 1
            if isinstance(item, Rejection):
                counts["rejected"] += 1
                rejections.append(item)
                continue
            counts["merged" if item.identity in seen else "kept"] += 1
            seen.add(item.identity)
            records.append(item)
        tallies.append(Tally(file, counts["read"], counts["kept"], counts["merged"], counts["rejected"]))
    problems, _, conflicts = merge(records)
    return Gathered(problems, tallies, rejections, conflicts)


def report(gathered: Gathered) -> dict[str, Any]:
    """What `climbpath data import` reports, in plain JSON types: files, problems by board and angle, rejections
    and grade conflicts."""
    places = Counter((problem.board, problem.angle) for problem in gathered.problems)
    return {
        "files": [tally._asdict() for tally in gathered.tallies],
        "problems": [{"board": board, "angle": angle, "problems": n} for (board, angle), n in sorted(places.items())],
        "rejections": [asdict(rejection) for rejection in gathered.rejections],
        "conflicts": gathered.conflicts,
    }


def merge(records: Iterable[Problem]) -> Merged:
    """Fold records of one identity into one problem, in order of first sight.

    The richer record wins field by field: ids of all are kept, what one lacks is taken from another, and of
    two grades the better attested stays (benchmark before others, then more repeats, then the easier grade).
    """
    groups: defaultdict[tuple[object, ...], list[Problem]] = defaultdict(list)
    for record in records:
        groups[record.identity].append(record)
    conflicts = []
    problems = []
    for group in groups.values():
        best, *others = ranked = sorted(group, key=_attestation)
        if not others:
            problems.append(best)
            continue
        kept = replace(
            best,
            ids=tuple(dict.fromkeys(i for p in group for i in p.ids)),
            grade=next((p.grade for p in ranked if p.grade), None),
            name=next((p.name for p in ranked if p.name), None),
            repeats=next((p.repeats for p in ranked if p.repeats is not None), None),
            user_grade=next((p.user_grade for p in ranked if p.user_grade), None),
        )
        problems.append(kept)
        graded = [p for p in ranked if p.grade and not p.partial]
        if len({p.grade for p in graded}) > 1:
            seen = ", ".join(f"{p.grade} ({', '.join(p.ids) or 'no id'})" for p in graded)
            conflicts.append(f"{kept.board} {kept.angle}° {kept.notation}: {seen}; kept {kept.grade}")
    return Merged(problems, sum(map(len, groups.values())) - len(problems), conflicts)


def _attestation(problem: Problem) -> tuple[bool, bool, int, int]:
    """Sorts the best attested record first."""
    repeats = -1 if problem.repeats is None else problem.repeats
    return (problem.partial, not problem.benchmark, -repeats, _hardness(problem))


def _hardness(problem: Problem) -> int:
    """The rank of the grade, -1 for none."""
    return rank(problem.grade) if problem.grade else -1


def keep(
    problems: Iterable[Problem],
    *,
    grades: Collection[str] = (),
    min_repeats: int = 0,
    benchmarks: bool = False,
    max_holds: int | None = None,
    hold_sets: str | None = None,
    methods: Collection[str] = (),
    board_names: Collection[str] = (),
    angles: Collection[int] = (),
    shortest: int | None = None,
) -> Kept:
    """The problems that pass every filter given, in their order.

    Args:
        problems: of any boards.
        grades: canonical Font grades (see grades.parse_grades).
        min_repeats: at least so many; a problem whose repeats are not known has none.
        benchmarks: benchmarks only.
        max_holds: at most so many holds.
        hold_sets: names as Board.parse_hold_sets takes them; every hold must be of one of these sets.
        methods: foot rules, in any case.
        board_names: names of boards.
        angles: in degrees.
        shortest: of those that pass all the others, so many with the fewest holds; of equals the first.

    Raises ClimbpathError for a board, a hold set or a method that is not among the problems.
    """
    problems = list(problems)
    present = Counter(problem.board for problem in problems)
    filters: dict[str, Callable[[Problem], bool]] = {}
    if board_names:
        wanted_boards = _among(board_names, present, "board")
        filters["board"] = lambda problem: problem.board in wanted_boards
    if angles:
        wanted_angles = _among(angles, Counter(problem.angle for problem in problems), "angle")
        filters["angle"] = lambda problem: problem.angle in wanted_angles
    if methods:
        wanted_methods = _among(methods, Counter(problem.method for problem in problems), "method")
        filters["method"] = lambda problem: problem.method in wanted_methods
    if grades:
        filters["grades"] = lambda problem: problem.grade in grades
    if min_repeats:
        filters["min-repeats"] = lambda problem: (problem.repeats or 0) >= min_repeats
    if benchmarks:
        filters["benchmarks"] = lambda problem: problem.benchmark
    if max_holds is not None:
        filters["max-holds"] = lambda problem: len(problem.holds) <= max_holds
    if hold_sets is not None:
        usable = _usable_holds(hold_sets, board_names or present)
        filters["hold-sets"] = lambda problem: usable[problem.board].issuperset(problem.holds)
    left_out = dict.fromkeys(filters, 0)
    passed = []
    for problem in problems:
        failed = next((name for name, passes in filters.items() if not passes(problem)), None)
        if failed:
            left_out[failed] += 1
        else:
            passed.append(problem)
    if shortest is not None:
        by_length = sorted(range(len(passed)), key=lambda i: len(passed[i].holds))
        left_out["shortest"] = len(by_length[shortest:])
        passed = [passed[i] for i in sorted(by_length[:shortest])]
    return Kept(passed, left_out)


def _among(wanted: Collection[str] | Collection[int], present: Counter[Any], what: str) -> set[Any]:
    """The values present that are wanted, in any case of letters. Raises ClimbpathError where one is not there."""
    by_name = {str(value).lower(): value for value in present}
    for value in wanted:
        if str(value).lower() not in by_name:
            there = ", ".join(f"{name} ({count:,})" for name, count in present.most_common())
            raise ClimbpathError(f"no problem has the {what} {value!r}: there are {there or 'no problems at all'}")
    return {by_name[str(value).lower()] for value in wanted}


def _usable_holds(hold_sets: str, board_names: Iterable[str]) -> dict[str, frozenset[str]]:
    """The labels of these hold sets on each board. Raises ClimbpathError for a set that none of the boards has."""
    layouts = [boards.load(name) for name in sorted(board_names)]
    wanted = {part.strip().lower() for part in hold_sets.split(",")}
    known = dict.fromkeys(name for layout in layouts for name in layout.hold_sets)
    for part in sorted(wanted.difference(name.lower() for name in known)):
        titles = ", ".join(layout.title for layout in layouts)
        raise ClimbpathError(f"{titles} has no hold set {part!r}: it has {', '.join(known)}")
    return {
        layout.name: frozenset(hold.label for hold in layout.holds if hold.hold_set.lower() in wanted)
        for layout in layouts
    }


def scaled(mix: Counter[str], total: int) -> Counter[str]:
    """So many grades in all, in the proportions of a mix, by largest remainders."""
    exact = {grade: count * total / mix.total() for grade, count in mix.items()}
    whole = Counter({grade: int(share) for grade, share in exact.items()})
    by_remainder = sorted(exact, key=lambda grade: (whole[grade] - exact[grade], rank(grade)))
    whole.update(by_remainder[: total - whole.total()])
    return Counter({grade: whole[grade] for grade in sorted(whole, key=rank) if whole[grade]})


def split(problems: Sequence[Problem]) -> dict[str, list[Problem]]:
    """Train, validation and test problems, 85/5/10, by key, stratified by board and grade, deterministic.

    Problems of one key (the same holds at another angle or with other roles) always fall into one split, in the
    stratum of their hardest grade. Within a stratum the keys, which are hashes, are their own random order.
    Partial problems are for training, but each that may be of a validation or test problem goes where that is.
    """
    keys = [problem.key for problem in problems]
    by_key: defaultdict[int, list[Problem]] = defaultdict(list)
    for key, problem in zip(keys, problems, strict=True):
        if not problem.partial:
            by_key[key].append(problem)
    strata: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    for key, group in by_key.items():
        strata[group[0].board, max(map(_hardness, group))].append(key)
    part_of: dict[int, str] = {}
    for stratum in strata.values():
        stratum.sort()
        test = round(TEST_SHARE * len(stratum))
        validation = round((TEST_SHARE + VALIDATION_SHARE) * len(stratum))
        for i, key in enumerate(stratum):
            part_of[key] = "test" if i < test else "validation" if i < validation else "train"
    parts: dict[str, list[Problem]] = {name: [] for name in SPLITS}
    for key, problem in zip(keys, problems, strict=True):
        if not problem.partial:
            parts[part_of[key]].append(problem)
    partial = [problem for problem in problems if problem.partial]
    for problem, name in zip(partial, _parts_of_partial(partial, parts), strict=True):
        parts[name].append(problem)
    return parts


def check_split(parts: Mapping[str, Iterable[Problem]]) -> None:
    """Raises ClimbpathError where problems of one key stand in two parts, which would leak from one to the other."""
    part_of: dict[int, str] = {}
    for name, problems in parts.items():
        for problem in problems:
            if part_of.setdefault(problem.key, name) != name:
                raise ClimbpathError(
                    f"{problem.notation} on {problem.board} stands in {part_of[problem.key]} and in {name}: split the "
                    "whole data anew with climbpath data split"
                )


def _parts_of_partial(partial: Sequence[Problem], parts: Mapping[str, Sequence[Problem]]) -> list[str]:
    """The part of the split that each partial problem belongs to.

    That of a whole one with its number, else of a held-out one on its board that has all its holds, else train.
    """
    by_number = {(p.board, number): name for name in SPLITS for p in parts[name] for number in numbers(p)}
    found: list[str | None] = [
        max((by_number[p.board, n] for n in numbers(p) if (p.board, n) in by_number), key=SPLITS.index, default=None)
        for p in partial
    ]
    for board in {problem.board for problem in partial}:
        layout = boards.load(board)
        mine = [i for i, problem in enumerate(partial) if problem.board == board and found[i] is None]
        holds = presence([partial[i].holds for i in mine], layout)
        for name in SPLITS[1:]:
            whole = presence([p.holds for p in parts[name] if p.board == board], layout)
            for i, inside in zip(mine, subset_of_any(holds, whole), strict=True):
                found[i] = found[i] or (name if inside else None)
    return [name or SPLITS[0] for name in found]


def numbers(problem: Problem) -> set[str]:
    """A problem's ids without their sources: what names it alike in the scrape, the guide's CSV and sequences."""
    return {number for name in problem.ids if (number := name.partition(":")[2])}


def write(path: Path, problems: Iterable[Problem]) -> int:
    """Write problems to a Parquet file, in memory for one batch, and return how many there were.

    The file appears whole or not at all. Raises ClimbpathError where it cannot be written.
    """
    import pyarrow as pa
    from pyarrow import parquet

    schema = climbpath_parquet.schema()
    written = 0
    try:
        with replacing(path) as temporary, parquet.ParquetWriter(temporary, schema, **OPTIONS) as file:
            remaining = iter(problems)
            while batch := list(islice(remaining, BATCH)):
                columns = [[getattr(problem, name) for problem in batch] for name in schema.names]
                arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
                file.write_batch(pa.record_batch(arrays, schema=schema))
                written += len(batch)
    except UnicodeEncodeError as error:
        raise ClimbpathError(f"cannot write {path}: {error.object!r} is not Unicode text") from error
    return written


def concatenate(path: Path, files: Sequence[Path]) -> None:
    """Put the problems of Parquet files that `write` wrote into one, in memory for one batch.

    Raises ClimbpathError where it cannot be written.
    """
    from pyarrow import parquet

    with replacing(path) as temporary, parquet.ParquetWriter(temporary, climbpath_parquet.schema(), **OPTIONS) as out:
        for file in files:
            with parquet.ParquetFile(file) as part:
                for batch in part.iter_batches(BATCH):
                    out.write_batch(batch)


def read(path: Path, batch_size: int = BATCH) -> Iterator[Problem]:
    """The problems of a Parquet file that climbpath wrote, in memory for one batch.

    Raises ClimbpathError, naming the file and the way out, where it is not one or is damaged.
    """
    try:
        if detect(path) is not climbpath_parquet:
            raise ClimbpathError("it is not Parquet: make it so with climbpath data import")
    except ClimbpathError as error:
        raise ClimbpathError(f"{path}: {error}") from error
    place = 0
    try:
        for record in climbpath_parquet.records(path, batch_size):
            yield Problem.from_dict(record)
            place += 1
    except ClimbpathError as error:
        raise ClimbpathError(
            f"{path}, record {place}: {error}: make the file anew with climbpath data import"
        ) from error


def load(path: Path) -> list[Problem]:
    """All problems of a Parquet file that climbpath wrote. Raises ClimbpathError as `read` does."""
    return list(read(path))
