"""Routes of files: export and import of a logbook."""

from functools import partial
from itertools import islice
from typing import Any, Literal

from fastapi import FastAPI, Response
from fastapi import Request as HttpRequest

from climbpath.errors import ClimbpathError
from climbpath.web import transfer
from climbpath.web.logbook import Logbook
from climbpath.web.routes.parameters import BINARY, NOT_FOUND, ProfileId
from climbpath.web.schemas import Imported, Rejected
from climbpath.web.services import Services

MOST_REASONS = 50
MOST_RECORDS = 50_000
"""Records of one imported file that are read."""
EXPORTS: dict[int | str, dict[str, Any]] = {200: {"content": {"application/json": {}, "text/csv": {}}}}
FILE_BODY = {"requestBody": {"required": True, "content": {"application/octet-stream": BINARY}}}


def add_file_routes(app: FastAPI, services: Services) -> None:
    """Give the app these routes."""

    @app.get("/api/export/{kind}", response_class=Response, responses=NOT_FOUND | EXPORTS)
    def get_export(kind: Literal["json", "csv", "app"], profile: ProfileId) -> Response:
        """A climber's whole logbook as a file: JSON has everything, `app` is in the shape of the board's app."""
        name, media, write = transfer.FORMATS[kind]
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(write(services.book.everything(str(profile))), media_type=media, headers=headers)

    @app.post("/api/import", responses=NOT_FOUND, openapi_extra=FILE_BODY)
    async def post_import(request: HttpRequest, profile: ProfileId) -> Imported:
        """Add the problems of a file in any format that climbpath reads. What is there is kept."""
        content = await request.body()
        return await services.workers.run(partial(_import, services.book, str(profile), content))


def _import(book: Logbook, profile: str, content: bytes) -> Imported:
    book.profile(profile)
    found = list(islice(transfer.read(content), MOST_RECORDS + 1))
    if len(found) > MOST_RECORDS:
        raise ClimbpathError(f"this file has more than {MOST_RECORDS:,} records: split it")
    entries = [item for item in found if not isinstance(item, str)]
    reasons = [Rejected(record=i, reason=item) for i, item in enumerate(found) if isinstance(item, str)]
    added, merged = book.merge(profile, entries)
    return Imported(read=len(found), added=added, merged=merged, rejected=len(reasons), reasons=reasons[:MOST_REASONS])
