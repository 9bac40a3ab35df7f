"""The route for workouts: an evening on the board, of new problems or of a list."""

from functools import partial

from fastapi import FastAPI

from climbpath.board import Setup
from climbpath.generator.request import parse_rules, seed_or_random
from climbpath.grades import rank
from climbpath.web.schemas.workout import WorkoutOut, WorkoutRequest, workout_out
from climbpath.web.services import Services
from climbpath.workout import plan
from climbpath.workout.outline import Evening, outline


def add_workout_routes(app: FastAPI, services: Services) -> None:
    """Add this route to the app."""

    @app.post("/api/workout")
    async def post_workout(body: WorkoutRequest) -> WorkoutOut:
        """Plan an evening on the board: a warm-up, then a pyramid and projects, or the problems of a list.

        Tries and rests add up to the minutes asked for. New problems are within the climber's reach.
        """
        services.sampler.admit()
        outlined = await services.workers.run(partial(outline, services.generator, _evening(body)))
        drawn = [
            problem
            for request in outlined.requests
            for problem in await services.sampler.generate(request, has_own_seed=True)
        ]
        return workout_out(await services.workers.run(partial(plan.filled, outlined, drawn)))


def _evening(body: WorkoutRequest) -> Evening:
    """What a body asks for. Raises ClimbpathError if the board has no such problems."""
    return Evening(
        setup=Setup(body.board, body.angle),
        grades=tuple(sorted(set(body.grades), key=rank)),
        minutes=body.minutes,
        climber=body.climber.climber(),
        method=body.method,
        rules=parse_rules(body.board, size=body.size, hold_sets=body.hold_sets, ban=body.bans),
        seed=seed_or_random(body.seed),
        name=body.name,
        listed=tuple(one.problem() for one in body.problems),
    )
