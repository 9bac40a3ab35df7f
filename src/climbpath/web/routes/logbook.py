"""Routes of the logbook: climbers, saved problems, ascents."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import FastAPI, Query, Response

from climbpath.problem import check_sound
from climbpath.web.logbook import Profile, Search, Tick
from climbpath.web.routes.parameters import NOT_FOUND, Identity, ProfileId
from climbpath.web.schemas import (
    BoardName,
    Change,
    EntryOut,
    Grade,
    ProblemBody,
    ProfileBody,
    ProfileOut,
    SearchResult,
    TickBody,
    entry_out,
)
from climbpath.web.services import Services

SAVED: dict[int | str, dict[str, Any]] = {200: {"model": EntryOut, "description": "It was there."}}


def add_logbook_routes(app: FastAPI, services: Services) -> None:
    """Give the app these routes."""

    @app.get("/api/profiles")
    def get_profiles() -> list[ProfileOut]:
        """The climbers who have a logbook here."""
        return [ProfileOut(**profile._asdict()) for profile in services.book.profiles()]

    @app.put("/api/profiles/{profile}")
    def put_profile(profile: UUID, body: ProfileBody) -> ProfileOut:
        """Add a climber under an id of the client's choice, or change the one with that id."""
        kept = services.book.keep_profile(Profile(str(profile), **body.model_dump()))
        return ProfileOut(**kept._asdict())

    @app.delete("/api/profiles/{profile}", responses=NOT_FOUND, status_code=204)
    def delete_profile(profile: UUID) -> None:
        """Remove a climber; putting the same id again brings back the logbook, too."""
        services.book.remove_profile(str(profile))

    @app.get("/api/problems", responses=NOT_FOUND)
    def get_problems(
        profile: ProfileId,
        text: Annotated[str, Query(max_length=100, description="Words in name, notes or holds.")] = "",
        board: BoardName | None = None,
        easiest: Grade | None = None,
        hardest: Grade | None = None,
        in_list: Annotated[str | None, Query(max_length=40)] = None,
        ticked: bool | None = None,
        stars: Annotated[int, Query(ge=0, le=5)] = 0,
        order: Literal["newest", "easiest", "hardest", "stars", "name"] = "newest",
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
    ) -> SearchResult:
        """A climber's saved problems."""
        wanted = Search(text, board, easiest, hardest, in_list, ticked, stars, order, limit, offset)
        entries, total = services.book.search(str(profile), wanted)
        return SearchResult(
            entries=[entry_out(entry) for entry in entries], total=total, lists=services.book.lists(str(profile))
        )

    @app.post("/api/problems", responses=NOT_FOUND | SAVED, status_code=201)
    def post_problem(body: ProblemBody, profile: ProfileId, response: Response) -> EntryOut:
        """Save a problem. One that is there stays as it is (200); one that was deleted comes back."""
        entry, is_new = services.book.save(str(profile), check_sound(body.problem()))
        response.status_code = 201 if is_new else 200
        return entry_out(entry)

    @app.patch("/api/problems/{identity}", responses=NOT_FOUND)
    def patch_problem(identity: Identity, body: Change, profile: ProfileId) -> EntryOut:
        """Change what is named, and only that; `deleted` deletes an entry or brings it back."""
        return entry_out(services.book.change(str(profile), identity, **body.model_dump(exclude_unset=True)))

    @app.put("/api/problems/{identity}/ticks/{tick}", responses=NOT_FOUND)
    def put_tick(identity: Identity, tick: UUID, body: TickBody, profile: ProfileId) -> EntryOut:
        """Note an ascent under an id of the client's choice, or correct the one with that id."""
        return entry_out(services.book.tick(str(profile), identity, Tick(str(tick), body.day, body.attempts)))

    @app.delete("/api/problems/{identity}/ticks/{tick}", responses=NOT_FOUND)
    def delete_tick(identity: Identity, tick: UUID, profile: ProfileId) -> EntryOut:
        """Take an ascent back."""
        return entry_out(services.book.untick(str(profile), identity, str(tick)))
