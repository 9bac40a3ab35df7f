"""What an evaluation comes to, in three sentences for climbers."""

from climbpath.evaluation.results import EvaluationResult, ListRow, SetupResult
from climbpath.evaluation.tables import real_row, shown

ALIKE, CLEAR = 0.55, 0.65
"""Up to ALIKE, a share of pairs told apart is hardly more than guessing; from CLEAR on it is easy to see."""
AS_OFTEN = 0.05
"""Shares of grades confirmed that differ by no more count as equal."""
COPIED = 0.05
"""How much nearer to a known problem than real ones are, before it counts as copying."""


def in_short(result: EvaluationResult) -> list[str]:
    """Three sentences, on the board at the angle with the most held-out problems: whether generated problems look real,
    whether they keep to their grades, and whether they are new."""
    setup, measured = max(result.setups.items(), key=lambda item: real_row(item[1]).problems)
    generated, real = measured.rows[shown(measured)], real_row(measured)
    return [f"On {setup.title}, {_looks(generated)}.", f"{_grades(generated, real)}.", f"{_novelty(measured)}."]


def _looks(row: ListRow) -> str:
    if row.auc is None:
        return "too few problems were compared to say whether generated ones can be told from real ones"
    value = row.auc.value
    how = "can hardly be told" if value <= ALIKE else "can be told now and then" if value < CLEAR else "are easily told"
    return (
        f"generated problems {how} from real ones: of one of each, a program that has studied both picks the generated "
        f"one {100 * value:.0f} times in 100, where guessing gets 50"
    )


def _grades(row: ListRow, real: ListRow) -> str:
    if row.baseline_grader is None or real.baseline_grader is None:
        return "Whether they keep to their grades could not be measured: too few real problems have a grade"
    ours, theirs = row.baseline_grader.within_one, real.baseline_grader.within_one
    how = "as well as" if abs(ours - theirs) <= AS_OFTEN else "better than" if ours > theirs else "less well than"
    return (
        f"They keep to their grades {how} real problems do: a grader that learned from real ones only comes within one "
        f"grade of {ours:.0%} of them, and of {theirs:.0%} of real ones"
    )


def _novelty(measured: SetupResult) -> str:
    row, real = measured.rows[shown(measured)], real_row(measured)
    new = f"Of what the model writes {row.novel:.1%} is new and {row.valid:.1%} keeps the rules of the board"
    if measured.similarity.real is None:
        return f"{new}; there are no other real problems to say whether it copies parts of them"
    copies = row.nearest["99%"] > real.nearest["99%"] + COPIED
    return f"{new}, and {'some of it is copied from' if copies else 'it comes no closer to'} known problems" + (
        ": the closest share more holds than real problems do" if copies else " than other real problems do"
    )
