"""A search for better settings of a recipe: Optuna chooses what to try, and Ray tries several at a time."""

import logging
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from climbpath.errors import ClimbpathError
from climbpath.parts import claim
from climbpath.terminal import printable
from climbpath.training.recipes import Recipe

FACTOR = 4
"""Learning rates are tried from the recipe's divided by this to it multiplied by this."""
MOST_DROPOUT = 0.4
MOST_FUTURE = 0.5
EMA_DECAYS = (0.98, 0.99, 0.995, 0.998)
REDUCTION = 3
"""Of the trials that have come as far, so many go on to three times as many epochs: one in three."""
TRIALS = "trials"


class Trial(NamedTuple):
    """What became of a trial."""

    settings: dict[str, Any]
    """The settings that were tried."""
    history: list[tuple[int, float]]
    """Epoch and fewest nats per validation problem until then."""
    failure: str | None
    """Why it has failed."""

    @property
    def nats(self) -> float:
        """Its fewest nats per validation problem."""
        return min((nats for _, nats in self.history), default=math.inf)


def space(recipe: Recipe) -> dict[str, Any]:
    """The settings that are tried, as Ray Tune has them: never those of the model's size, which decide its speed."""
    from ray import tune

    rates = [name for name in ("learning_rate", "muon_learning_rate") if getattr(recipe, name)]
    found = {name: tune.loguniform(getattr(recipe, name) / FACTOR, getattr(recipe, name) * FACTOR) for name in rates}
    found["batch_size"] = tune.choice([max(1, recipe.batch_size // 2), recipe.batch_size, 2 * recipe.batch_size])
    for name in ("dropout", "embedding_dropout"):
        found[name] = tune.uniform(0, max(MOST_DROPOUT, getattr(recipe, name)))
    if recipe.future_holds:
        found["future_holds"] = tune.uniform(0, max(MOST_FUTURE, recipe.future_holds))
    if recipe.ema_decay:
        found["ema_decay"] = tune.choice(sorted({*EMA_DECAYS, recipe.ema_decay}))
    return found


def tune(recipe: Recipe, source: str, folder: Path, trials: int, tell: Callable[[str], None]) -> list[Trial]:
    """Try settings of a recipe on a connected cluster; the first trial is of the recipe itself.

    A trial that is worse than two thirds of those that came as far ends early. If interrupted, the same call goes on:
    finished trials are kept, the others continue from their last epoch.

    Args:
        recipe: where to begin; its number of epochs is that of the longest trials.
        source: files of problems, a line each, '' for the bundled ones; every machine must have them.
        folder: of this search alone; every machine must have it.
        trials: how many.
        tell: called with a line after every trial.

    Returns the trials, best first. Raises ClimbpathError where all have failed, or another search was interrupted here.
    """
    os.environ["RAY_AIR_NEW_OUTPUT"] = "0"  # no tables of Ray's own
    os.environ["TUNE_DISABLE_SIGINT_HANDLER"] = "1"  # Ctrl-C ends the command
    os.environ["RAY_CHDIR_TO_TRIAL_DIR"] = "0"
    import optuna
    from ray import tune as ray_tune
    from ray.tune.schedulers import ASHAScheduler
    from ray.tune.search.optuna import OptunaSearch

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    logging.getLogger("ray.tune").setLevel(logging.ERROR)
    folder = folder.absolute()
    claim(folder, {"recipe": recipe.to_dict(), "problems": source, "trials": trials})
    experiment = folder / TRIALS
    trainable = ray_tune.with_resources(_trial(recipe, source), {"cpu": 1})
    if ray_tune.Tuner.can_restore(str(experiment)):
        tuner = ray_tune.Tuner.restore(
            str(experiment), trainable, resume_unfinished=True, resume_errored=False, restart_errored=False
        )
    else:
        tried = space(recipe)
        own = {name: getattr(recipe, name) for name in tried}
        goal: dict[str, Any] = {"metric": "nats", "mode": "min"}
        tuner = ray_tune.Tuner(
            trainable,
            tune_config=ray_tune.TuneConfig(
                **goal,
                num_samples=trials,
                trial_dirname_creator=_folder_name,
                search_alg=OptunaSearch(tried, points_to_evaluate=[own], seed=recipe.seed, **goal),
                scheduler=ASHAScheduler(
                    time_attr="epoch",
                    max_t=recipe.num_epochs,
                    grace_period=max(1, recipe.num_epochs // REDUCTION**2),
                    reduction_factor=REDUCTION,
                ),
            ),
            run_config=ray_tune.RunConfig(
                name=TRIALS, storage_path=str(folder), verbose=0, callbacks=[_reporter(trials, tell)]
            ),
        )
    results = tuner.fit()
    found = [_outcome(results[number]) for number in range(len(results))]
    found.sort(key=lambda one: one.nats)
    if not found or found[0].nats == math.inf:
        reasons = "; ".join({one.failure or "it was stopped" for one in found})
        raise ClimbpathError(f"all {len(found)} trials have failed: {reasons}")
    return found


def _folder_name(trial: Any) -> str:
    """The name of a trial's folder."""
    return str(trial.trial_id)


def _trial(recipe: Recipe, source: str) -> Callable[[dict[str, Any]], None]:
    """A trial: it trains with the settings given, and reports each epoch."""

    def run(settings: dict[str, Any]) -> None:
        from ray import tune

        from climbpath.training.machine import Machine
        from climbpath.training.run import Progress
        from climbpath.training.train import problems_of, train

        def report(progress: Progress) -> None:
            reported.append(progress.epoch)
            tune.report({"epoch": progress.epoch, "nats": progress.best})

        reported: list[int] = []
        own = Path(tune.get_context().get_trial_dir())
        checkpoints = own / "checkpoints"
        one = replace(recipe, **settings)
        resume = (checkpoints / "latest.pt").exists()
        progress = train(
            problems_of(source), one, checkpoints, own / "log", Machine("cpu", threads=1), resume, source, report
        )
        if not reported:  # all was done but the last report
            report(progress)

    return run


def _reporter(trials: int, tell: Callable[[str], None]) -> Any:
    """What tells of every trial that is over."""
    from ray.tune import Callback

    class Reporter(Callback):
        def on_trial_complete(self, iteration: int, trials: Any, trial: Any, **info: Any) -> None:
            self._tell(trials, trial, f"{trial.last_result.get('nats', math.inf):.3f} nats")

        def on_trial_error(self, iteration: int, trials: Any, trial: Any, **info: Any) -> None:
            self._tell(trials, trial, "failed")

        def _tell(self, all_trials: Sequence[Any], trial: Any, what: str) -> None:
            over = sum(one.is_finished() or one is trial for one in all_trials)
            best = min((one.last_result or {}).get("nats", math.inf) for one in all_trials)
            epochs = (trial.last_result or {}).get("epoch", 0)
            passed = f"{epochs} epoch" if epochs == 1 else f"{epochs} epochs"
            tell(f"trial {over} of {trials}: {what} after {passed}; best {best:.3f}")

    return Reporter()


def _outcome(result: Any) -> Trial:
    """What became of a trial, by Ray's result."""
    frame = result.metrics_dataframe
    history = [] if frame is None else list(zip(frame["epoch"].tolist(), frame["nats"].tolist(), strict=True))
    failure = printable(str(result.error).strip().splitlines()[-1]) if result.error else None
    return Trial(result.config, history, failure)
