"""Routes for the logbook: climbers, saved problems, ticks and statistics."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import FastAPI, Query, Response
from fastapi import Request as HttpRequest

from climbpath.problem import check_sound
from climbpath.web.access import admit, own_climbers
from climbpath.web.logbook.records import Entry, Tick
from climbpath.web.logbook.search import Search
from climbpath.web.logbook.statistics import statistics
from climbpath.web.routes.parameters import NOT_FOUND, Identity, ProfileId
from climbpath.web.schemas.fields import BoardName, Grade
from climbpath.web.schemas.logbook import EntryOut, EntryUpdate, SearchResult, TickBody, entry_out, left_out_text
from climbpath.web.schemas.problem import ProblemBody
from climbpath.web.schemas.profile import ProfileBody, ProfileOut, profile_out
from climbpath.web.schemas.statistics import StatisticsOut
from climbpath.web.services import Services

SAVED: dict[int | str, dict[str, Any]] = {200: {"model": EntryOut, "description": "The problem was already saved."}}


def add_logbook_routes(app: FastAPI, services: Services) -> None:
    """Add these routes to the app."""

    @app.get("/api/profiles")
    def get_profiles(request: HttpRequest) -> list[ProfileOut]:
        """All climbers; where each has a token, those of this device."""
        own = own_climbers(request)
        found = [profile for profile in services.logbook.profiles() if own is None or profile.id in own]
        return [profile_out(profile) for profile in found]

    @app.put("/api/profiles/{profile}")
    def put_profile(profile: UUID, body: ProfileBody, request: HttpRequest, response: Response) -> ProfileOut:
        """Add a climber with an id that the client chooses, or change the one with that id."""
        saved = services.logbook.put_profile(body.profile(str(profile)))
        admit(services.logbook, request, response, saved.id)
        return profile_out(saved)

    @app.delete("/api/profiles/{profile}", responses=NOT_FOUND, status_code=204)
    def delete_profile(profile: UUID) -> None:
        """Remove a climber. Adding the same id again restores the logbook as well."""
        services.logbook.remove_profile(str(profile))

    @app.get("/api/problems", responses=NOT_FOUND)
    def get_problems(
        profile: ProfileId,
        text: Annotated[str, Query(max_length=100, description="Words that name, notes or holds must contain.")] = "",
        board: BoardName | None = None,
        easiest: Grade | None = None,
        hardest: Grade | None = None,
        in_list: Annotated[str | None, Query(max_length=40)] = None,
        progress: Annotated[
            Literal["sent", "tried", "unsent"] | None,
            Query(description="Sent; tried, and not sent; or not sent, tried or not."),
        ] = None,
        order: Literal["newest", "easiest", "hardest", "stars", "name"] = "newest",
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
    ) -> SearchResult:
        """A page of a climber's saved problems that match all filters."""
        search = Search(text, board, easiest, hardest, in_list, progress, order, limit, offset)
        entries, left_out, read, total = services.logbook.search(str(profile), search)
        return SearchResult(
            entries=[entry_out(entry) for entry in entries],
            read=read,
            left_out=[left_out_text(one) for one in left_out],
            total=total,
            lists=services.logbook.lists(str(profile)),
            boards=services.logbook.boards(str(profile)),
        )

    @app.get("/api/statistics", responses=NOT_FOUND)
    async def get_statistics(profile: ProfileId, board: BoardName | None = None) -> StatisticsOut:
        """A climber's ticks on one board; without `board`, on the one that they have climbed most on."""

        def task() -> StatisticsOut:
            left_out: list[str] = []

            def readable() -> Iterator[Entry]:
                for one in services.logbook.each(str(profile), ticked=True):
                    if isinstance(one, Entry):
                        yield one
                    else:
                        left_out.append(left_out_text(one))

            found = statistics(readable(), board)
            return StatisticsOut(**asdict(found), left_out=left_out)

        return await services.workers.run(task)

    @app.post("/api/problems", responses=NOT_FOUND | SAVED, status_code=201)
    def post_problem(body: ProblemBody, profile: ProfileId, response: Response) -> EntryOut:
        """Save a problem (201). An existing entry stays as it is (200); a deleted one is restored (201)."""
        entry, is_new = services.logbook.save(str(profile), check_sound(body.problem()))
        response.status_code = 201 if is_new else 200
        return entry_out(entry)

    @app.patch("/api/problems/{identity}", responses=NOT_FOUND)
    def patch_problem(identity: Identity, body: EntryUpdate, profile: ProfileId) -> EntryOut:
        """Change the given fields of an entry; `deleted` deletes or restores it."""
        return entry_out(services.logbook.update(str(profile), identity, **body.model_dump(exclude_unset=True)))

    @app.put("/api/problems/{identity}/ticks/{tick}", responses=NOT_FOUND)
    def put_tick(identity: Identity, tick: UUID, body: TickBody, profile: ProfileId) -> EntryOut:
        """Add a day's attempts under an id that the client chooses, or correct those with that id."""
        return entry_out(services.logbook.tick(str(profile), identity, Tick(str(tick), **body.model_dump())))

    @app.delete("/api/problems/{identity}/ticks/{tick}", responses=NOT_FOUND)
    def delete_tick(identity: Identity, tick: UUID, profile: ProfileId) -> EntryOut:
        """Remove a day's attempts."""
        return entry_out(services.logbook.untick(str(profile), identity, str(tick)))
