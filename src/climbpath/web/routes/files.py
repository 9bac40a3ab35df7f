"""Routes for files: export and import of a logbook."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from fastapi import FastAPI
from fastapi import Request as HttpRequest
from fastapi.responses import StreamingResponse

from climbpath.errors import ClimbpathError
from climbpath.web import importing, transfer
from climbpath.web.admission import BusyError
from climbpath.web.logbook.database import UnusableError
from climbpath.web.logbook.records import LoggedTick
from climbpath.web.routes.parameters import BINARY, NOT_FOUND, ProfileId
from climbpath.web.schemas.files import ImportResult, NotFoundTick
from climbpath.web.services import Services

MOST_IMPORTS = 2
"""Imports at the same time."""
BLOCK = 1 << 16
"""Characters of an export that are sent at once."""
EXPORTS: dict[int | str, dict[str, Any]] = {200: {"content": {"application/json": {}, "text/csv": {}}}}
FILE_BODY = {"requestBody": {"required": True, "content": {"application/octet-stream": BINARY}}}


def add_file_routes(app: FastAPI, services: Services) -> None:
    """Add these routes to the app."""
    running: set[object] = set()

    @app.get("/api/export/{kind}", response_class=StreamingResponse, responses=NOT_FOUND | EXPORTS)
    def get_export(kind: Literal["json", "csv", "app"], profile: ProfileId) -> StreamingResponse:
        """A climber's whole logbook as a file: JSON with everything, CSV, or the format of the MoonBoard app (`app`),
        which has the problems of MoonBoards alone."""
        name, media, write = transfer.FORMATS[kind]
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        content = write(services.logbook.each(str(profile)), services.logbook.not_found(str(profile)))
        return StreamingResponse(_in_blocks(content), media_type=media, headers=headers)

    @app.post("/api/import", responses=NOT_FOUND, openapi_extra=FILE_BODY)
    async def post_import(request: HttpRequest, profile: ProfileId) -> ImportResult:
        """Add the problems of a file in any format that climbpath reads. Existing notes are never overwritten.

        Where the client hangs up, the import ends, and what it has saved by then stays.
        """
        if len(running) >= MOST_IMPORTS:
            raise BusyError
        this = object()
        running.add(this)
        try:
            with TemporaryDirectory() as folder:
                path = Path(folder) / "file"
                await _receive(request, path)
                return await _import(
                    services, request, importing.steps(services.logbook, services.known, str(profile), path)
                )
        finally:
            running.discard(this)

    @app.get("/api/not-found", responses=NOT_FOUND)
    def get_not_found(profile: ProfileId) -> list[NotFoundTick]:
        """Imported ticks whose problems were not found."""
        found = services.logbook.not_found(str(profile))
        return [NotFoundTick(**tick._asdict()) for tick in found if isinstance(tick, LoggedTick)]


def _in_blocks(pieces: Iterator[str]) -> Iterator[bytes]:
    """The text in blocks of some size, because each is sent on its own."""
    block, size = [], 0
    for piece in pieces:
        block.append(piece)
        size += len(piece)
        if size >= BLOCK:
            yield "".join(block).encode()
            block, size = [], 0
    yield "".join(block).encode()


async def _receive(request: HttpRequest, path: Path) -> None:
    """Write a request's body to a file. Raises UnusableError if the disk has no room for it."""
    try:
        with path.open("wb") as file:
            async for piece in request.stream():
                file.write(piece)
    except OSError as error:
        raise UnusableError(f"the file that was sent could not be stored: {error.strerror}") from None


async def _import(services: Services, request: HttpRequest, steps: Iterator[ImportResult | None]) -> ImportResult:
    """Carry out an import, as long as the client waits for it."""
    while not await request.is_disconnected():
        if result := await services.workers.run(partial(next, steps)):
            return result
    raise ClimbpathError("the import was cancelled")
