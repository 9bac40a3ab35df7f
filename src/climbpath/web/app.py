"""The JSON API and the page: every route parses, calls one module and answers."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from importlib import resources
from itertools import islice
from typing import Annotated, Any, Literal
from uuid import UUID

import numpy as np
from fastapi import FastAPI, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.routing import Match
from threadpoolctl import threadpool_limits

from climbpath import __version__, grades
from climbpath import board as boards
from climbpath.api import CHECKED_GUIDANCE, Generator, bundled_grader, parse_rules
from climbpath.beta import drawing as beta_drawing
from climbpath.beta.solver import Climber, solve
from climbpath.drawing import problem as drawing
from climbpath.errors import ClimbpathError
from climbpath.features import presence, similarity
from climbpath.generator.sample import DEFAULT_GUIDANCE, Sampling, guidance_of, thin_evidence
from climbpath.grader.grader import influence, verdicts
from climbpath.problem import Problem, parse_notation, sound
from climbpath.web import transfer
from climbpath.web.logbook import Logbook, MissingError, Profile, Search, Tick, UnusableError
from climbpath.web.schemas import (
    Alike,
    Angle,
    Ape,
    BetaOut,
    BetaWish,
    BoardName,
    BoardOut,
    Change,
    EntryOut,
    Failure,
    Found,
    Generated,
    Grade,
    GradeOut,
    Height,
    HoldOut,
    Imported,
    Name,
    ProblemBody,
    ProfileBody,
    ProfileOut,
    Rejected,
    Similar,
    TickBody,
    Welcome,
    Wish,
    beta_out,
    entry_out,
    fault_in,
    grade_out,
    problem_out,
)
from climbpath.web.security import HEADERS, Guard
from climbpath.web.workers import BusyError, Condition, Sampler, Workers

MOST_ALIKE = 6
MOST_REASONS = 50
MOST_RECORDS = 50_000
"""Records of one imported file that are read."""
DESCRIPTION = """New problems for climbing boards, how hard they are, how they go, and the logbook.

Every answer that is not a success is `{"error": "…"}`, in words for the user: 409 where a well-formed request cannot
be met, as on a board that has no such hold; 422 where it is not well-formed; 429 where too many requests wait; 503
where the logbook's file cannot be used just now."""
REFUSALS: dict[int | str, dict[str, Any]] = {
    code: {"model": Failure, "description": words}
    for code, words in {
        401: "The access token is missing.",
        403: "Another site, or another name of this machine, asks.",
        409: "This cannot be met; why is told in words.",
        413: "The request is too large.",
        422: "The request is not well-formed.",
        429: "Too many requests wait: try again a little later.",
        503: "The logbook's file cannot be used just now.",
    }.items()
}
NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"model": Failure, "description": "It is not there."}}

ProfileId = Annotated[UUID, Query(description="A climber's id.")]
Identity = Annotated[
    str,
    Path(
        pattern=r"^[a-z0-9-]{1,40}@[0-9]{1,2}:[A-Za-z0-9-]{4,400}$",
        description="A problem's identity: moonboard-2016@40:F5s-D9-G18e",
    ),
]


def create_app(generator: Generator, book: Logbook, known: Sequence[Problem] = (), token: str | None = None) -> FastAPI:
    """The app.

    Args:
        generator: what makes problems.
        book: where climbers' problems are kept.
        known: problems among which similar ones are looked for, beside the logbook's.
        token: access token that every client must have; None serves this machine only.
    """
    sampler, workers = Sampler(generator), Workers(2)
    grader = bundled_grader()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with threadpool_limits(1):  # requests run side by side: each on one core
            yield

    app = FastAPI(
        title="climbpath",
        version=__version__,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        responses=REFUSALS,
    )
    app.add_middleware(Guard, token=token)
    _answer_errors(app)

    @app.get("/api/boards")
    def get_boards() -> Welcome:
        """The boards with their holds, and which grades the models know on each."""
        return Welcome(
            version=__version__,
            ladder=list(grades.LADDER),
            v_grades=[grades.v_grade(grade) for grade in grades.LADDER],
            boards=[_board(generator, set(grader.evidence), name) for name in boards.names()],
        )

    @app.post("/api/generate")
    async def post_generate(wish: Wish) -> Generated:
        """New problems: valid, novel and distinct. Requests that wait together are sampled in one batch."""
        condition = _condition(generator, wish)
        found = await sampler.generate(condition, _shared_out(wish))
        return Generated(problems=[problem_out(problem) for problem in found])

    @app.post("/api/grade")
    async def post_grade(body: ProblemBody) -> GradeOut:
        """How hard a problem is: the probability of every grade, and what each hold adds."""
        problem = body.problem()

        def task() -> GradeOut:
            (verdict,) = verdicts(grader.probabilities([problem]))
            return grade_out(verdict, influence(grader, problem))

        return await workers.run(task)

    @app.post("/api/beta")
    async def post_beta(wish: BetaWish) -> BetaOut:
        """How a climber climbs a problem, move by move."""
        problem, climber = wish.problem.problem(), wish.climber.climber()
        return await workers.run(lambda: beta_out(solve([problem], climber)[0]))

    @app.post("/api/similar", responses=NOT_FOUND)
    async def post_similar(body: ProblemBody, profile: ProfileId) -> Similar:
        """Known problems like this one: of the climber's logbook, and of the data that the server was given."""
        problem = body.problem()
        return await workers.run(partial(_similar, generator, book, known, problem, str(profile)))

    @app.get("/api/picture/{kind}", response_class=Response, responses=PICTURES)
    async def get_picture(
        kind: Literal["svg", "png", "gif"],
        problem: Annotated[str, Query(max_length=400, description="Notation with - between holds: F5s-D9-G18e")],
        board: BoardName = "moonboard-2016",
        angle: Angle = 40,
        grade: Grade | None = None,
        name: Name = "",
        with_beta: bool = False,
        height: Height = 175,
        ape: Ape = 0,
    ) -> Response:
        """A problem as a picture, with its beta where that is wanted; a GIF always shows the beta, move by move."""
        shown = sound(replace(parse_notation(problem.replace("-", " "), board, angle, grade), name=name or None))
        content = await workers.run(partial(_picture, kind, shown, with_beta, Climber(height, ape)))
        headers = {"Content-Disposition": f'attachment; filename="problem-{shown.grade or "ungraded"}.{kind}"'}
        return Response(content, media_type=MEDIA[kind], headers=headers)

    @app.get("/api/profiles")
    def get_profiles() -> list[ProfileOut]:
        """The climbers who have a logbook here."""
        return [ProfileOut(**profile._asdict()) for profile in book.profiles()]

    @app.put("/api/profiles/{profile}")
    def put_profile(profile: UUID, body: ProfileBody) -> ProfileOut:
        """Add a climber under an id of the client's choice, or change the one with that id."""
        kept = book.keep_profile(Profile(str(profile), **body.model_dump()))
        return ProfileOut(**kept._asdict())

    @app.delete("/api/profiles/{profile}", responses=NOT_FOUND, status_code=204)
    def delete_profile(profile: UUID) -> None:
        """Remove a climber; putting the same id again brings back the logbook, too."""
        book.remove_profile(str(profile))

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
    ) -> Found:
        """A climber's saved problems."""
        wanted = Search(text, board, easiest, hardest, in_list, ticked, stars, order, limit, offset)
        entries, total = book.search(str(profile), wanted)
        return Found(entries=[entry_out(entry) for entry in entries], total=total, lists=book.lists(str(profile)))

    @app.post("/api/problems", responses=NOT_FOUND | SAVED, status_code=201)
    def post_problem(body: ProblemBody, profile: ProfileId, response: Response) -> EntryOut:
        """Save a problem. One that is there stays as it is (200); one that was deleted comes back."""
        entry, is_new = book.save(str(profile), sound(body.problem()))
        response.status_code = 201 if is_new else 200
        return entry_out(entry)

    @app.patch("/api/problems/{identity}", responses=NOT_FOUND)
    def patch_problem(identity: Identity, body: Change, profile: ProfileId) -> EntryOut:
        """Change what is named, and only that; `deleted` deletes an entry or brings it back."""
        return entry_out(book.change(str(profile), identity, **body.model_dump(exclude_unset=True)))

    @app.put("/api/problems/{identity}/ticks/{tick}", responses=NOT_FOUND)
    def put_tick(identity: Identity, tick: UUID, body: TickBody, profile: ProfileId) -> EntryOut:
        """Note an ascent under an id of the client's choice, or correct the one with that id."""
        return entry_out(book.tick(str(profile), identity, Tick(str(tick), body.day, body.attempts)))

    @app.delete("/api/problems/{identity}/ticks/{tick}", responses=NOT_FOUND)
    def delete_tick(identity: Identity, tick: UUID, profile: ProfileId) -> EntryOut:
        """Take an ascent back."""
        return entry_out(book.untick(str(profile), identity, str(tick)))

    @app.get("/api/export/{kind}", response_class=Response, responses=NOT_FOUND | EXPORTS)
    def get_export(kind: Literal["json", "csv", "app"], profile: ProfileId) -> Response:
        """A climber's whole logbook as a file: JSON has everything, `app` is in the shape of the board's app."""
        name, media, write = transfer.FORMATS[kind]
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(write(book.everything(str(profile))), media_type=media, headers=headers)

    @app.post("/api/import", responses=NOT_FOUND, openapi_extra=FILE_BODY)
    async def post_import(request: Request, profile: ProfileId) -> Imported:
        """Add the problems of a file in any format that climbpath reads. What is there is kept."""
        content = await request.body()
        return await workers.run(partial(_import, book, str(profile), content))

    static = resources.files("climbpath") / "web" / "static"
    app.mount("/", StaticFiles(directory=str(static), html=True))
    return app


MEDIA = {"svg": "image/svg+xml", "png": "image/png", "gif": "image/gif"}
_BINARY = {"schema": {"type": "string", "format": "binary"}}
PICTURES: dict[int | str, dict[str, Any]] = {200: {"content": dict.fromkeys(MEDIA.values(), _BINARY)}}
EXPORTS: dict[int | str, dict[str, Any]] = {200: {"content": {"application/json": {}, "text/csv": {}}}}
SAVED: dict[int | str, dict[str, Any]] = {200: {"model": EntryOut, "description": "It was there."}}
FILE_BODY = {"requestBody": {"required": True, "content": {"application/octet-stream": _BINARY}}}


def _answer_errors(app: FastAPI) -> None:
    """Every refusal is {"error": words}."""

    def answer(status: int, words: str, headers: Any = None) -> JSONResponse:
        return JSONResponse({"error": words}, status, headers)

    @app.exception_handler(ClimbpathError)
    def cannot_be_met(request: Request, error: ClimbpathError) -> JSONResponse:
        status = {MissingError: 404, UnusableError: 503}.get(type(error), 409)
        return answer(status, str(error))

    @app.exception_handler(BusyError)
    def busy(request: Request, error: BusyError) -> JSONResponse:
        return answer(429, "too many requests wait: try again in a second", {"Retry-After": "1"})

    @app.exception_handler(RequestValidationError)
    def not_well_formed(request: Request, error: RequestValidationError) -> JSONResponse:
        return answer(422, "; ".join(_told(fault) for fault in error.errors()[:3]))

    @app.exception_handler(HTTPException)
    def refused(request: Request, error: HTTPException) -> JSONResponse:
        there = [r for r in app.routes if isinstance(r, APIRoute) and r.matches(request.scope)[0] != Match.NONE]
        methods = {method for route in there for method in route.methods or ()}
        if there and request.method not in methods:  # it was taken for one of the page's files
            return answer(405, "Method Not Allowed", {"Allow": ", ".join(sorted(methods))})
        not_read = error.status_code == 400  # FastAPI's answer to a body that it cannot read
        return answer(422 if not_read else error.status_code, error.detail, error.headers)

    @app.exception_handler(Exception)
    def failed(request: Request, error: Exception) -> JSONResponse:
        words = "climbpath failed here; where it was started, it tells how"
        return answer(500, words, HEADERS | {"Cache-Control": "no-store"})  # this answer does not pass the Guard


def _told(fault: Mapping[str, Any]) -> str:
    """A fault that FastAPI found in a request."""
    if fault["type"] == "json_invalid":
        return f"the body is not JSON: {fault['ctx']['error']} at character {fault['loc'][1]}"
    return fault_in(fault["loc"][1:], fault["msg"])


def _board(generator: Generator, graded: set[str], name: str) -> BoardOut:
    layout = boards.load(name)
    evidence = generator.model.evidence
    return BoardOut(
        name=name,
        title=layout.title,
        angles=list(layout.angles),
        rows=layout.rows,
        start_rows=layout.start_rows,
        top_row=layout.top_row,
        hold_sets=list(layout.hold_sets),
        holds=[
            HoldOut(
                label=hold.label,
                x=hold.x,
                y=hold.y,
                column=hold.column,
                row=hold.row,
                hold_set=hold.hold_set,
                orientation=hold.orientation,
            )
            for hold in layout.holds
        ],
        grades={
            angle: [grade for grade in grades.LADDER if evidence.get(f"{name}@{angle}", {}).get(grade)]
            for angle in layout.angles
        },
        graded={angle: f"{name}@{angle}" in graded for angle in layout.angles},
    )


def _condition(generator: Generator, wish: Wish) -> Condition:
    """What a wish must share with others. Raises ClimbpathError where the board or the model cannot meet it."""

    def typed(labels: Sequence[str]) -> str | None:
        return ",".join(labels) or None

    for grade in wish.grades:
        thin_evidence(generator.model, wish.board, wish.angle, grade)
    rules = parse_rules(
        wish.board,
        pin=typed(wish.pins),
        start=typed(wish.start),
        finish=typed(wish.finish),
        ban=typed(wish.bans),
        hold_sets=typed(wish.hold_sets),
        min_holds=wish.min_holds,
        max_holds=wish.max_holds,
    )
    guidance = guidance_of(generator.model, CHECKED_GUIDANCE if wish.check_grade else DEFAULT_GUIDANCE)
    return Condition(
        wish.board,
        wish.angle,
        rules,
        Sampling(wish.temperature, guidance=guidance),
        wish.climber.climber() if wish.climber else None,
        wish.check_grade,
        wish.seed,
    )


def _shared_out(wish: Wish) -> Counter[str]:
    """How many problems of each grade: as even as can be, the odd ones at random."""
    asked = list(dict.fromkeys(wish.grades))
    np.random.default_rng(wish.seed).shuffle(asked)
    return Counter(asked[i % len(asked)] for i in range(wish.number))


def _similar(generator: Generator, book: Logbook, known: Sequence[Problem], problem: Problem, profile: str) -> Similar:
    saved = [entry.problem for entry in book.everything(profile)]
    others = [p for p in [*saved, *known] if p.board == problem.board and p.identity != problem.identity]
    by_identity = {other.identity: other for other in reversed(others)}
    others = list(by_identity.values())
    is_known = problem.key in generator.model.known or any(other.key == problem.key for other in others)
    if not others:
        return Similar(is_known=is_known, known=0, problems=[])
    layout = boards.load(problem.board)
    alike = similarity(presence([problem.holds], layout), presence([other.holds for other in others], layout))[0]
    nearest = (-alike).argsort(kind="stable")[:MOST_ALIKE].tolist()
    found = [Alike(problem=problem_out(others[i]), shared=round(float(alike[i]), 3)) for i in nearest if alike[i] > 0]
    return Similar(is_known=is_known, known=len(others), problems=found)


def _picture(kind: str, problem: Problem, with_beta: bool, climber: Climber) -> bytes:
    if kind == "gif":
        return beta_drawing.gif(solve([problem], climber)[0])
    if with_beta:
        beta = solve([problem], climber)[0]
        return beta_drawing.png(beta) if kind == "png" else beta_drawing.svg(beta).encode()
    return drawing.png(problem) if kind == "png" else drawing.svg(problem).encode()


def _import(book: Logbook, profile: str, content: bytes) -> Imported:
    book.profile(profile)
    found = list(islice(transfer.read(content), MOST_RECORDS + 1))
    if len(found) > MOST_RECORDS:
        raise ClimbpathError(f"this file has more than {MOST_RECORDS:,} records: split it")
    entries = [item for item in found if not isinstance(item, str)]
    reasons = [Rejected(record=i, reason=item) for i, item in enumerate(found) if isinstance(item, str)]
    added, merged = book.merge(profile, entries)
    return Imported(read=len(found), added=added, merged=merged, rejected=len(reasons), reasons=reasons[:MOST_REASONS])
