"""Routes for boards and problems: generate, grade, beta, similar problems, pictures."""

from dataclasses import replace
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Query, Response
from fastapi import Request as HttpRequest
from fastapi.concurrency import run_in_threadpool

from climbpath import __version__, grades
from climbpath import board as boards
from climbpath.angles import UNKNOWN
from climbpath.beta import drawing as beta_drawing
from climbpath.beta.body import DEFAULT_CLIMBER, Climber
from climbpath.beta.solver import solve
from climbpath.board import Setup
from climbpath.drawing import problem as drawing
from climbpath.drawing.themes import THEMES, Theme
from climbpath.generator.request import Request, Sampling, parse_rules, seed_or_random
from climbpath.generator.sample import as_drawn
from climbpath.grader.grader import checked_grader_of, graded_setups, influence
from climbpath.naming import file_stem
from climbpath.problem import DEFAULT_BOARD, DEFAULT_METHOD, Problem, check_sound, parse_notation
from climbpath.wall import Wall, parse_wall
from climbpath.web import similar
from climbpath.web.access import own_climbers
from climbpath.web.logbook.store import NO_PROFILE, NotFoundError
from climbpath.web.routes.parameters import BINARY, LONGEST_NOTATION, NOT_FOUND, ProfileId
from climbpath.web.schemas.beta import BetaOut, BetaRequest, beta_out
from climbpath.web.schemas.boards import AppInfo, board_out
from climbpath.web.schemas.fields import Ape, BoardName, Grade, Height, HoldSets, LinkedAngle, Name, ShortName
from climbpath.web.schemas.generate import GeneratedProblems, GenerateRequest
from climbpath.web.schemas.grade import GradeOut, grade_out
from climbpath.web.schemas.problem import ProblemBody, problem_out
from climbpath.web.schemas.similar import SimilarProblem, SimilarProblems
from climbpath.web.services import Services

MEDIA = {"svg": "image/svg+xml", "png": "image/png", "gif": "image/gif"}
PICTURES: dict[int | str, dict[str, Any]] = {200: {"content": dict.fromkeys(MEDIA.values(), BINARY)}}


def add_generate_routes(app: FastAPI, services: Services) -> None:
    """Add these routes to the app."""

    @app.get("/api/boards")
    def get_boards() -> AppInfo:
        """The boards with their holds, and the grades that the models know on each."""
        return app_info(services)

    @app.post("/api/generate", responses=NOT_FOUND)
    async def post_generate(body: GenerateRequest, http: HttpRequest) -> GeneratedProblems:
        """New problems: valid, novel and distinct. Waiting requests with equal conditions are sampled in one batch."""
        services.sampler.admit()
        request = _request(services, body)
        sent = frozenset[int]()
        if body.unsent_by:
            own = own_climbers(http)
            if own is not None and str(body.unsent_by) not in own:
                raise NotFoundError(NO_PROFILE)
            sent = await run_in_threadpool(services.logbook.sent_keys, str(body.unsent_by))
        problems = await services.sampler.generate(request, body.seed is not None, sent)
        return GeneratedProblems(problems=[problem_out(problem) for problem in problems])

    @app.post("/api/grade")
    async def post_grade(body: ProblemBody) -> GradeOut:
        """How hard a problem is: the probability of every grade, and the influence of each hold."""
        problem = body.problem()

        def task() -> GradeOut:
            grader = checked_grader_of(problem.setup)
            (prediction,) = grader.predict([problem])
            return grade_out(prediction, influence(grader, problem))

        return await services.workers.run(task)

    @app.post("/api/beta")
    async def post_beta(body: BetaRequest) -> BetaOut:
        """How a climber climbs a problem, move by move."""
        problem, climber = body.problem.problem(), body.climber.climber()
        return await services.workers.run(lambda: beta_out(solve([problem], climber)[0]))

    @app.post("/api/similar", responses=NOT_FOUND)
    async def post_similar(body: ProblemBody, profile: ProfileId) -> SimilarProblems:
        """The most similar known problems, from the climber's logbook and from the data that the server was given."""
        problem = body.problem()

        def task() -> SimilarProblems:
            saved = [entry.problem for entry in services.logbook.entries(str(profile))]
            is_known = services.generator.is_known(problem) or any(
                one.identity == problem.identity for one in services.known
            )
            is_known, known, found = similar.compare(problem, [*saved, *services.known], is_known)
            problems = [SimilarProblem(problem=problem_out(one), similarity=round(value, 3)) for one, value in found]
            return SimilarProblems(is_known=is_known, known=known, problems=problems)

        return await services.workers.run(task)

    @app.get("/api/picture/{kind}", response_class=Response, responses=PICTURES)
    async def get_picture(
        kind: Literal["svg", "png", "gif"],
        problem: Annotated[
            str,
            Query(max_length=LONGEST_NOTATION, description="The problem's notation, with - between holds: F5s-D9-G18e"),
        ],
        board: BoardName = DEFAULT_BOARD,
        angle: LinkedAngle = "40",
        size: ShortName | None = None,
        hold_sets: Annotated[HoldSets | None, Query()] = None,
        grade: Grade | None = None,
        name: Name = "",
        method: Name = DEFAULT_METHOD,
        with_beta: bool = False,
        height: Height = DEFAULT_CLIMBER.height,
        ape: Ape = DEFAULT_CLIMBER.ape,
        theme: Literal["dark", "light"] = "dark",
    ) -> Response:
        """A picture of a problem on the board, or on one of its sizes with some of its hold sets, optionally with its
        beta. A GIF always shows the beta, move by move."""
        set_at = None if angle == UNKNOWN else int(angle)
        read = parse_notation(problem.replace("-", " "), board, set_at, grade)
        shown = check_sound(replace(read, name=name or None, method=method))
        wall = parse_wall(board, size, hold_sets)
        content = await services.workers.run(
            partial(_picture, kind, shown, with_beta, Climber(height, ape), THEMES[theme], wall)
        )
        headers = {"Content-Disposition": f'attachment; filename="{file_stem(shown)}.{kind}"'}
        return Response(content, media_type=MEDIA[kind], headers=headers)


def app_info(services: Services) -> AppInfo:
    """The boards, and what the models know of them."""
    evidence = services.generator.evidence
    graded = set(graded_setups())
    known = {name for model in services.generator.models for name in model.config.boards}
    methods = {setup: services.generator.model_of(setup).methods(setup) for setup in evidence}
    return AppInfo(
        version=__version__,
        ladder=list(grades.ALL_GRADES),
        v_grades=[grades.v_grade(grade) for grade in grades.ALL_GRADES],
        ranks=[grades.rank(grade) for grade in grades.ALL_GRADES],
        boards=[
            board_out(boards.load(name), evidence if name in known else {}, graded, methods) for name in boards.names()
        ],
    )


def _request(services: Services, body: GenerateRequest) -> Request:
    """The request that a body describes. Raises ClimbpathError if the board or the model cannot meet it."""
    setup = Setup(body.board, body.angle)
    services.generator.thin_evidence(setup, tuple(body.grades))
    rules = parse_rules(
        body.board,
        pin=body.pins,
        start=body.start,
        finish=body.finish,
        ban=body.bans,
        size=body.size,
        hold_sets=body.hold_sets,
        min_holds=body.min_holds,
        max_holds=body.max_holds,
    )
    asked = Request(
        setup=setup,
        grades=tuple(dict.fromkeys(body.grades)),
        number=body.number,
        rules=rules,
        sampling=Sampling(body.temperature),
        method=body.method,
        climber=body.climber.climber() if body.climber else None,
        any_grade=body.any_grade,
        seed=seed_or_random(body.seed),
    )
    return as_drawn(services.generator.model_of(setup), asked)


def _picture(kind: str, problem: Problem, with_beta: bool, climber: Climber, theme: Theme, wall: Wall) -> bytes:
    if kind == "gif":
        return beta_drawing.gif(solve([problem], climber)[0], theme=theme, wall=wall)
    if with_beta:
        beta = solve([problem], climber)[0]
        if kind == "png":
            return beta_drawing.png(beta, theme=theme, wall=wall)
        return beta_drawing.svg(beta, theme, wall).encode()
    if kind == "png":
        return drawing.png(problem, theme=theme, wall=wall)
    return drawing.svg(problem, theme=theme, wall=wall).encode()
