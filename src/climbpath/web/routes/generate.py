"""Routes of boards and problems: generate, grade, beta, similar, picture."""

from dataclasses import replace
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Query, Response

from climbpath import __version__, grades
from climbpath import board as boards
from climbpath.beta import drawing as beta_drawing
from climbpath.beta.solver import Climber, solve
from climbpath.board import Setup
from climbpath.data.similar import most_similar
from climbpath.drawing import problem as drawing
from climbpath.generator.request import Request, Sampling, parse_rules, random_seed
from climbpath.grader.grader import influence, predictions
from climbpath.problem import Problem, check_sound, parse_notation
from climbpath.web.routes.parameters import BINARY, NOT_FOUND, ProfileId
from climbpath.web.schemas import (
    Alike,
    Angle,
    Ape,
    AppInfo,
    BetaOut,
    BetaRequest,
    BoardName,
    BoardOut,
    Generated,
    GenerateRequest,
    Grade,
    GradeOut,
    Height,
    HoldOut,
    Name,
    ProblemBody,
    Similar,
    beta_out,
    grade_out,
    problem_out,
)
from climbpath.web.services import Services

MOST_ALIKE = 6
MEDIA = {"svg": "image/svg+xml", "png": "image/png", "gif": "image/gif"}
PICTURES: dict[int | str, dict[str, Any]] = {200: {"content": dict.fromkeys(MEDIA.values(), BINARY)}}


def add_generate_routes(app: FastAPI, services: Services) -> None:
    """Give the app these routes."""

    @app.get("/api/boards")
    def get_boards() -> AppInfo:
        """The boards with their holds, and which grades the models know on each."""
        return AppInfo(
            version=__version__,
            ladder=list(grades.LADDER),
            v_grades=[grades.v_grade(grade) for grade in grades.LADDER],
            boards=[_board(services, name) for name in boards.names()],
        )

    @app.post("/api/generate")
    async def post_generate(body: GenerateRequest) -> Generated:
        """New problems: valid, novel and distinct. Requests that wait together are sampled in one batch."""
        found = await services.sampler.generate(_request(services, body), body.seed is not None)
        return Generated(problems=[problem_out(problem) for problem in found])

    @app.post("/api/grade")
    async def post_grade(body: ProblemBody) -> GradeOut:
        """How hard a problem is: the probability of every grade, and what each hold adds."""
        problem = body.problem()

        def task() -> GradeOut:
            (prediction,) = predictions(services.grader.probabilities([problem]))
            return grade_out(prediction, influence(services.grader, problem))

        return await services.workers.run(task)

    @app.post("/api/beta")
    async def post_beta(body: BetaRequest) -> BetaOut:
        """How a climber climbs a problem, move by move."""
        problem, climber = body.problem.problem(), body.climber.climber()
        return await services.workers.run(lambda: beta_out(solve([problem], climber)[0]))

    @app.post("/api/similar", responses=NOT_FOUND)
    async def post_similar(body: ProblemBody, profile: ProfileId) -> Similar:
        """Known problems like this one: of the climber's logbook, and of the data that the server was given."""
        problem = body.problem()
        return await services.workers.run(partial(_similar, services, problem, str(profile)))

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
        shown = check_sound(replace(parse_notation(problem.replace("-", " "), board, angle, grade), name=name or None))
        content = await services.workers.run(partial(_picture, kind, shown, with_beta, Climber(height, ape)))
        headers = {"Content-Disposition": f'attachment; filename="problem-{shown.grade or "ungraded"}.{kind}"'}
        return Response(content, media_type=MEDIA[kind], headers=headers)


def _board(services: Services, name: str) -> BoardOut:
    layout = boards.load(name)
    evidence = services.generator.model.evidence
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
            angle: [grade for grade in grades.LADDER if evidence.get(Setup(name, angle), {}).get(grade)]
            for angle in layout.angles
        },
        graded={angle: Setup(name, angle) in services.grader.evidence for angle in layout.angles},
    )


def _request(services: Services, body: GenerateRequest) -> Request:
    """The request of a body. Raises ClimbpathError where the board or the model cannot meet it."""
    setup = Setup(body.board, body.angle)
    services.generator.thin_evidence(setup, tuple(body.grades))
    rules = parse_rules(
        body.board,
        pin=body.pins,
        start=body.start,
        finish=body.finish,
        ban=body.bans,
        hold_sets=body.hold_sets,
        min_holds=body.min_holds,
        max_holds=body.max_holds,
    )
    return Request(
        setup=setup,
        grades=tuple(dict.fromkeys(body.grades)),
        number=body.number,
        rules=rules,
        sampling=Sampling(body.temperature),
        climber=body.climber.climber() if body.climber else None,
        check_grade=body.check_grade,
        seed=random_seed() if body.seed is None else body.seed,
    )


def _similar(services: Services, problem: Problem, profile: str) -> Similar:
    saved = [entry.problem for entry in services.book.everything(profile)]
    others = [p for p in [*saved, *services.known] if p.board == problem.board and p.identity != problem.identity]
    by_identity = {other.identity: other for other in reversed(others)}
    others = list(by_identity.values())
    is_known = problem.key in services.generator.model.known or any(other.key == problem.key for other in others)
    found = [
        Alike(problem=problem_out(other), shared=round(similarity, 3))
        for other, similarity in most_similar(problem, others, MOST_ALIKE)
        if similarity > 0
    ]
    return Similar(is_known=is_known, known=len(others), problems=found)


def _picture(kind: str, problem: Problem, with_beta: bool, climber: Climber) -> bytes:
    if kind == "gif":
        return beta_drawing.gif(solve([problem], climber)[0])
    if with_beta:
        beta = solve([problem], climber)[0]
        return beta_drawing.png(beta) if kind == "png" else beta_drawing.svg(beta).encode()
    return drawing.png(problem) if kind == "png" else drawing.svg(problem).encode()
