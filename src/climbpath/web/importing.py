"""The import of a file into a climber's logbook, in steps between which other requests have their turn."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from climbpath.data import importers
from climbpath.problem import Problem
from climbpath.web import ticks, transfer
from climbpath.web.logbook.records import Entry, LoggedTick
from climbpath.web.logbook.store import Logbook
from climbpath.web.schemas.files import ImportResult, RejectedRecord

STEP = 500
"""Records that are read and saved at once."""
MOST_REASONS = 50
"""Reasons for rejection that an import reports."""


def steps(logbook: Logbook, known: Sequence[Problem], profile: str, path: Path) -> Iterator[ImportResult | None]:
    """Import a file step by step: None after each, and the result last.

    The entries of every step are saved when it ends, so that an import that is not carried on loses only the rest;
    ticks that name their problem find it at the end. The same file can be imported again, and adds nothing twice.
    Raises NotFoundError for an unknown climber, before the file is read, and ClimbpathError if the file cannot be read
    at all.
    """
    logbook.profile(profile)
    notes = importers.Tallied()
    result = ImportResult(read=0, added=0, merged=0, rejected=0, reasons=[], not_found=0, notes=[])
    logged: list[LoggedTick] = []
    records, most = transfer.read(path, notes.note)
    while batch := list(islice(records, STEP if most is None else min(STEP, most - result.read))):
        entries = [record for record in batch if isinstance(record, Entry)]
        logged += [record for record in batch if isinstance(record, LoggedTick)]
        for number, record in enumerate(batch, result.read):
            if isinstance(record, str):
                result.rejected += 1
                if len(result.reasons) < MOST_REASONS:
                    result.reasons.append(RejectedRecord(record=number, reason=record))
        result.read += len(batch)
        _merge(logbook, profile, entries, result)
        yield None
    if most is not None and next(records, None) is not None:
        notes.note(f"the file has more than {most:,} records: those after them were not read; split it")

    # ticks of this file and of earlier ones, whose problems may have come with this
    waiting = [tick for tick in logbook.not_found(profile) if isinstance(tick, LoggedTick)]
    if logged or waiting:
        problems = [*(entry.problem for entry in logbook.entries(profile)), *known]
        found, missing = ticks.find(logged, problems)
        _merge(logbook, profile, found, result)
        found, still_waiting = ticks.find(waiting, problems)
        logbook.merge(profile, found)
        logbook.change_not_found(profile, set(waiting).difference(still_waiting), missing)
        if found:
            several = f"{len(found)} ticks of earlier imports found their problems"
            notes.note("1 tick of an earlier import found its problem" if len(found) == 1 else several)
    result.not_found = result.read - result.added - result.merged - result.rejected
    result.notes = [text if count == 1 else f"{count} × {text}" for text, count in notes.most_common(MOST_REASONS)]
    yield result


def _merge(logbook: Logbook, profile: str, entries: Sequence[Entry], result: ImportResult) -> None:
    added, merged = logbook.merge(profile, entries)
    result.added += added
    result.merged += merged
