"""The MoonBoard app's API: {"Data": [{Id, Name, Grade, Method, MoonBoardConfiguration, Holdsetup, Moves, …}]}."""

from typing import Any

from climbpath.board import load, names
from climbpath.errors import ClimbpathError
from climbpath.importers.records import clean_problem
from climbpath.problem import DEFAULT_METHOD, Problem


def _board(title: str) -> str:
    by_title = {load(name).title: name for name in names()}
    if title not in by_title:
        raise ClimbpathError(f"unknown hold setup {title!r}: known are {', '.join(by_title)}")
    return by_title[title]


def problem(record: dict[str, Any]) -> Problem:
    """The problem of one API record. Raises ClimbpathError with the reason where it holds none."""
    moves = record["Moves"]
    configuration = record["MoonBoardConfiguration"]["Description"]
    return clean_problem(
        [move["Description"] for move in moves if move["IsStart"]],
        [move["Description"] for move in moves if not move["IsStart"] and not move["IsEnd"]],
        [move["Description"] for move in moves if move["IsEnd"]],
        board=_board(record["Holdsetup"]["Description"]),
        angle=int(configuration.split("°")[0]),
        grade=record["Grade"],
        user_grade=record.get("UserGrade"),
        name=record.get("Name"),
        ids=(f"api-dump:{record['Id']}",) if "Id" in record else (),
        repeats=record.get("Repeats"),
        benchmark=bool(record.get("IsBenchmark")),
        method=record.get("Method") or DEFAULT_METHOD,
    )
