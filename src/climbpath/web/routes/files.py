"""Routes for files: export and import of a logbook."""

from functools import partial
from itertools import islice
from typing import Any, Literal

from fastapi import FastAPI, Response
from fastapi import Request as HttpRequest

from climbpath.data import importers
from climbpath.errors import ClimbpathError
from climbpath.web import ticks, transfer
from climbpath.web.logbook.records import Entry, LoggedTick
from climbpath.web.routes.parameters import BINARY, NOT_FOUND, ProfileId
from climbpath.web.schemas import ImportResult, NotFoundTick, RejectedRecord
from climbpath.web.services import Services

MOST_REASONS = 50
"""Reasons for rejection that an import reports."""
MOST_RECORDS = 50_000
"""Records that an imported file may have."""
EXPORTS: dict[int | str, dict[str, Any]] = {200: {"content": {"application/json": {}, "text/csv": {}}}}
FILE_BODY = {"requestBody": {"required": True, "content": {"application/octet-stream": BINARY}}}


def add_file_routes(app: FastAPI, services: Services) -> None:
    """Add these routes to the app."""

    @app.get("/api/export/{kind}", response_class=Response, responses=NOT_FOUND | EXPORTS)
    def get_export(kind: Literal["json", "csv", "app"], profile: ProfileId) -> Response:
        """A climber's whole logbook as a file: JSON with everything, CSV, or the format of the board's app (`app`)."""
        name, media, write = transfer.FORMATS[kind]
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        entries = services.logbook.entries(str(profile))
        if kind == "json":
            content = transfer.to_json(entries, services.logbook.not_found(str(profile)))
        else:
            content = write(entries)
        return Response(content, media_type=media, headers=headers)

    @app.post("/api/import", responses=NOT_FOUND, openapi_extra=FILE_BODY)
    async def post_import(request: HttpRequest, profile: ProfileId) -> ImportResult:
        """Add the problems of a file in any format that climbpath reads. Existing notes are never overwritten."""
        content = await request.body()
        return await services.imports.run(partial(_import, services, str(profile), content))

    @app.get("/api/not-found", responses=NOT_FOUND)
    def get_not_found(profile: ProfileId) -> list[NotFoundTick]:
        """Imported ticks whose problems were not found."""
        return [NotFoundTick(**tick._asdict()) for tick in services.logbook.not_found(str(profile))]


def _import(services: Services, profile: str, content: bytes) -> ImportResult:
    logbook, notes = services.logbook, importers.Tallied()
    # an unknown climber is reported before the file is read
    logbook.profile(profile)
    records = list(islice(transfer.read(content, notes.note), MOST_RECORDS + 1))
    if len(records) > MOST_RECORDS:
        raise ClimbpathError(f"this file has more than {MOST_RECORDS:,} records: split it")
    entries = [record for record in records if isinstance(record, Entry)]
    logged = [record for record in records if isinstance(record, LoggedTick)]
    rejected = [RejectedRecord(record=i, reason=record) for i, record in enumerate(records) if isinstance(record, str)]
    added, merged = logbook.merge(profile, entries)
    # ticks of this file and of earlier ones, whose problems may have come with this
    waiting = logbook.not_found(profile)
    if logged or waiting:
        problems = [*(entry.problem for entry in logbook.entries(profile)), *services.known]
        found, missing = ticks.find(logged, problems)
        more, fewer = logbook.merge(profile, found)
        added, merged = added + more, merged + fewer
        found, still_waiting = ticks.find(waiting, problems)
        logbook.merge(profile, found)
        logbook.put_not_found(profile, [*still_waiting, *missing])
        if found:
            several = f"{len(found)} ticks of earlier imports found their problems"
            notes.note("1 tick of an earlier import found its problem" if len(found) == 1 else several)
    return ImportResult(
        read=len(records),
        added=added,
        merged=merged,
        rejected=len(rejected),
        reasons=rejected[:MOST_REASONS],
        not_found=len(records) - added - merged - len(rejected),
        notes=[text if count == 1 else f"{count} × {text}" for text, count in notes.most_common(MOST_REASONS)],
    )
