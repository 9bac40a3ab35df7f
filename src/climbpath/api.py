"""The public Python interface: a generator that takes what a climber would type."""

from dataclasses import replace
from pathlib import Path
from typing import Literal

from climbpath import board as boards
from climbpath.beta.body import Climber
from climbpath.beta.solver import solve
from climbpath.board import Evidence, Setup, drawn_as
from climbpath.drawing import problem as drawing
from climbpath.errors import ClimbpathError
from climbpath.generator import sample
from climbpath.generator.request import Request, Sampling, Typed, parse_method, parse_rules, seed_or_random
from climbpath.generator.variations import vary
from climbpath.grader.grader import bundled_grader, grader_of, load_grader
from climbpath.grades import parse_grades, rank, v_number
from climbpath.model.checkpoint import Model, bundled_model, bundled_model_of, bundled_names, load_model, not_learned
from climbpath.naming import named
from climbpath.problem import DEFAULT_BOARD, DEFAULT_METHOD, Problem

__all__ = [
    "Climber",
    "Generator",
    "Problem",
    "Problems",
    "bundled_grader",
    "generate_path",
    "load",
    "load_grader",
    "parse_request",
    "solve",
]


class Problems(list[Problem]):
    """A list of problems that shows as a contact sheet in a notebook."""

    reason: str | None = None
    """Where there are fewer than asked for: the condition that is in the way."""

    def _repr_png_(self) -> bytes | None:
        return drawing.sheet(self) if self else None


def parse_request(
    grade: str,
    num_samples: int = 1,
    *,
    board: str = DEFAULT_BOARD,
    angle: int | Literal["usual"] | None = "usual",
    seed: int | None = None,
    temperature: float = 1.0,
    top_p: float = 1.0,
    guidance: float | None = None,
    pin: Typed = None,
    start: Typed = None,
    finish: Typed = None,
    ban: Typed = None,
    hold_sets: Typed = None,
    size: str | None = None,
    min_holds: int | None = None,
    max_holds: int | None = None,
    max_feet: int | None = None,
    method: str = DEFAULT_METHOD,
    max_reach: float | None = None,
    climber: Climber | None = None,
    any_grade: bool = False,
    mirror: bool = False,
) -> Request:
    """A request as a user types it.

    Args:
        grade: '7A', 'V5', '6C..7B' or '6C,7A'; several grades share num_samples evenly.
        num_samples: how many problems.
        board: a board's name.
        angle: of the board, in degrees; 'usual' is 40, or the steepest that it has; None is one that is not known.
        seed: the same seed gives the same problems; None takes a random one.
        temperature: above 1 is more adventurous, below 1 more conventional.
        top_p: nucleus sampling; 1 considers every hold.
        guidance: above 1 keeps closer to what is typical of the grade; None is 1, the model's own, or 1.25 where
            any grade will do and the model can be guided.
        pin: holds that every problem uses: 'F5,E12', or a list of holds; in any role, or as 'F5s' start, 'E12h' hand,
            '1080f' foot, 'G18e' finish.
        start: exactly these start holds, 'F5' or 'F5,G6'.
        finish: exactly these finish holds.
        ban: holds that must not be used.
        hold_sets: only holds of these sets, 'A,Original'.
        size: the board's size whose holds may be used, '12 x 12 with kickboard'; None is all holds.
        min_holds: fewest holds for hands, starts and finishes included; None is what is usual on the board.
        max_holds: most of them.
        max_feet: most foot holds, on boards whose problems name such.
        method: the foot rule, on MoonBoards: 'No kickboard'.
        max_reach: longest move in cm; None is the board's own reach.
        climber: who must be able to reach every hold of the beta.
        any_grade: whether problems are kept, too, to which the grader gives another grade than was asked for.
        mirror: whether every problem is mirrored, on boards with mirror partners.

    Raises ClimbpathError where an argument is wrong.
    """
    rules = parse_rules(
        board,
        pin=pin,
        start=start,
        finish=finish,
        ban=ban,
        size=size,
        hold_sets=hold_sets,
        min_holds=min_holds,
        max_holds=max_holds,
        max_feet=max_feet,
        max_reach=max_reach,
    )
    layout = boards.load(board)
    return Request(
        setup=Setup(board, layout.usual_angle if angle == "usual" else angle),
        grades=tuple(parse_grades(grade, layout.ladder)),
        number=num_samples,
        rules=rules,
        sampling=Sampling(temperature, top_p, guidance),
        method=parse_method(method),
        climber=climber,
        any_grade=any_grade,
        mirror=mirror,
        seed=seed_or_random(seed),
    )


class Generator:
    """One or more models that can be asked for problems; of several, each knows boards of its own."""

    def __init__(self, *models: Model) -> None:
        self.models = models

    def model_of(self, setup: Setup) -> Model:
        """The model, or of several the first that has learned a setup. Raises ClimbpathError, listing what they
        know, if none has."""
        if len(self.models) == 1:
            return self.models[0]  # it says itself what it has not learned
        for model in self.models:
            if drawn_as(setup, model.evidence) in model.evidence:
                return model
        raise not_learned(setup, self.evidence)

    @property
    def evidence(self) -> Evidence:
        """How many problems of every grade were learned, by setup; of several models, by the first that knows it."""
        return {setup: counts for model in reversed(self.models) for setup, counts in model.evidence.items()}

    def grades_of(self, text: str, setup: Setup) -> tuple[str, ...]:
        """The grades of a setup as a user types them, easiest first; of a V grade those of its Font grades of which
        enough problems were learned, where that is so of any. Raises ClimbpathError as `parse_grades` does."""
        evidence = boards.evidence_for(setup, self.evidence)
        found: set[str] = set()
        for part in text.split(","):
            named = parse_grades(part, boards.load(setup.board).ladder)
            well = [grade for grade in named if evidence.get(grade, 0) >= boards.LEAST_EVIDENCE]
            known = set(map(v_number, well)) if part.strip().upper().startswith("V") else set()
            found |= {grade for grade in named if grade in well or v_number(grade) not in known}
        return tuple(sorted(found, key=rank))

    def is_known(self, problem: Problem) -> bool:
        """Whether a model knows a problem of exactly these holds on their board."""
        key = problem.key
        return any(key in model.known for model in self.models)

    def generate(
        self,
        grade: str,
        num_samples: int = 1,
        *,
        board: str = DEFAULT_BOARD,
        angle: int | Literal["usual"] | None = "usual",
        seed: int | None = None,
        temperature: float = 1.0,
        top_p: float = 1.0,
        guidance: float | None = None,
        pin: Typed = None,
        start: Typed = None,
        finish: Typed = None,
        ban: Typed = None,
        hold_sets: Typed = None,
        size: str | None = None,
        min_holds: int | None = None,
        max_holds: int | None = None,
        max_feet: int | None = None,
        method: str = DEFAULT_METHOD,
        max_reach: float | None = None,
        climber: Climber | None = None,
        any_grade: bool = False,
        mirror: bool = False,
    ) -> Problems:
        """New problems: valid, distinct, and not among the problems that the model knows; easiest grade first.

        They resemble problems that ten or more climbers have repeated, where the model has learned such at the grade.
        See `parse_request` for the arguments.

        Returns fewer than num_samples, and the reason with them, if the conditions allow no more. Raises ClimbpathError
        if they allow none, naming the condition, or if an argument is wrong.
        """
        request = parse_request(
            grade,
            num_samples,
            board=board,
            angle=angle,
            seed=seed,
            temperature=temperature,
            top_p=top_p,
            guidance=guidance,
            pin=pin,
            start=start,
            finish=finish,
            ban=ban,
            size=size,
            hold_sets=hold_sets,
            min_holds=min_holds,
            max_holds=max_holds,
            max_feet=max_feet,
            method=method,
            max_reach=max_reach,
            climber=climber,
            any_grade=any_grade,
            mirror=mirror,
        )
        return self.run(replace(request, grades=self.grades_of(grade, request.setup)))

    def run(self, request: Request, shown: bool = False) -> Problems:
        """The problems of a request, with names, easiest grade asked for first; if `shown`, under a progress bar where
        it takes long.

        Raises ClimbpathError, naming the condition that is in the way, if there are none.
        """
        reasons: list[str] = []
        drawn = sample.generate(
            self.model_of(request.setup), request, grader=grader_of(request.setup), give_up=reasons.append
        )
        if shown:
            from climbpath.progress import PATIENCE, progress_bar  # tqdm takes a while to import

            drawn = progress_bar(drawn, "Generate", request.number, delay=PATIENCE)
        found = Problems(map(named, drawn))
        if not found:
            raise ClimbpathError(f"found nothing: {reasons[0]}")
        found.sort(key=lambda problem: request.grades.index(problem.asked_grade or ""))
        found.reason = next(iter(reasons), None)
        return found

    def vary(
        self,
        problem: Problem,
        num_samples: int = 1,
        *,
        keep: float = 0.7,
        seed: int | None = None,
        ban: Typed = None,
        hold_sets: Typed = None,
        size: str | None = None,
    ) -> Problems:
        """Variations of a problem: each keeps a random fraction of its holds; the model fills in the rest.

        Args:
            problem: the variations are drawn for its setup and grade; the grader says which grade each has.
            num_samples: how many.
            keep: fraction of the holds that each variation keeps, more than 0 and less than 1.
            seed: the same seed gives the same variations; None takes a random one.
            ban: holds that must not be used.
            hold_sets: only holds of these sets, 'A,Original'.
            size: the board's size whose holds may be used; None is all holds.

        Returns fewer where there are no more. Raises ClimbpathError where the problem has no grade, the model does not
        know it, `keep` is out of range, or nothing keeps to the conditions.
        """
        if problem.grade is None:
            raise ClimbpathError("the problem has no grade: name one, so that the variations are of that grade")
        request = Request(
            setup=problem.setup,
            grades=(problem.grade,),
            number=num_samples,
            rules=parse_rules(problem.board, ban=ban, hold_sets=hold_sets, size=size),
            seed=seed_or_random(seed),
        )
        varied = vary(self.model_of(problem.setup), problem, request, keep, grader_of(request.setup))
        return Problems(map(named, varied))

    def thin_evidence(self, setup: Setup, grades: tuple[str, ...]) -> dict[str, int]:
        """Those of the grades that the model learned from few examples, with the number of examples.

        Raises ClimbpathError for a grade that it has not learned.
        """
        model = self.model_of(setup)
        setup = setup._replace(angle=boards.drawn_as(setup, model.evidence, grades).angle)
        counts = {grade: sample.thin_evidence(model, setup, grade) for grade in grades}
        return {grade: count for grade, count in counts.items() if count is not None}


def load(path: str | Path | None = None, setup: Setup | None = None) -> Generator:
    """A generator from a model or checkpoint file, or where no path is given, of the bundled models: of the one that
    has learned a setup, or of all.

    Raises ClimbpathError where the file is missing, damaged or no model, or no bundled model has learned the setup.
    """
    if path is not None:
        return Generator(load_model(Path(path)))
    names = bundled_names() if setup is None else [bundled_model_of(setup)]
    return Generator(*map(bundled_model, names))


def generate_path(grade: str, seed: int | None = None) -> Problem:
    """One new problem from the bundled model (the guide says path for problem). Raises ClimbpathError for what is no
    grade."""
    return load(setup=Setup(DEFAULT_BOARD, 40)).generate(grade, seed=seed)[0]
