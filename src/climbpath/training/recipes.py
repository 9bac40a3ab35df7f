"""Recipes: named, complete sets of training settings, built in or read from a TOML file.

Imports nothing heavy, because the command line makes its flags of a recipe's settings.
"""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, Field, asdict, dataclass, field, fields, replace
from pathlib import Path
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

from climbpath.errors import ClimbpathError

if TYPE_CHECKING:
    from climbpath.model.config import ModelConfig

MOST = 2**32 - 1
"""The largest whole number in a recipe."""


def setting(doc: str, default: Any = MISSING) -> Any:
    """A setting of a recipe, with its one line of documentation: for this file, --help and recipe files alike."""
    return field(default=default, metadata={"doc": doc})


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that decides how a model is trained, but not on what and where.

    Raises ClimbpathError for a setting out of range, and for one that needs hold tokens where there are none.
    """

    name: str = setting("What the recipe is called.")
    vocabulary: str = setting("'hold' (one token a hold) or 'coordinate' (the guide's, two tokens a hold).")
    boards: tuple[str, ...] | None = setting("Boards that the model has tokens for; left out, those of the data.", None)
    mask_invalid: bool = setting("Whether tokens that cannot follow are taken out of the softmax.")
    d_model: int = setting("Width of the model.")
    num_layers: int = setting("Layers of the model.")
    nhead: int = setting("Attention heads per layer.")
    dim_feedforward: int = setting("Width of the feed-forward part.")
    dropout: float = setting("Probability to drop an activation in training.")
    embedding_dropout: float = setting("The same behind the embeddings.")
    max_seq_len: int = setting("Longest problem in tokens; longer ones are left out.")
    tied: bool = setting("Whether one token table serves as input and output.")
    batch_size: int = setting("Problems per step.")
    num_epochs: int = setting("Times through the data.")
    learning_rate: float = setting("AdamW's highest learning rate.")
    muon_learning_rate: float | None = setting(
        "Muon's learning rate for the blocks' matrices; omit it to train everything with AdamW.", None
    )
    warmup_steps: int = setting("Steps until the learning rates are reached.")
    lr_decay: bool = setting("Whether the learning rates fall linearly to zero after the warm-up.")
    weight_decay: float = setting("AdamW's and Muon's weight decay.")
    ema_decay: float = setting("Decay per step of the weights' moving average, which is kept; 0 keeps the weights.")
    patience: int = setting("Epochs without improvement before training stops.")
    pinned: float = setting("Fraction of problems of which some holds are given as pins; needs hold tokens.")
    grade_dropout: float = setting("Fraction of problems whose grade is dropped, for guidance; needs hold tokens.")
    mirrored: float = setting(
        "Fraction of problems that are learned as their mirror image, on boards with mirror partners.", 0.0
    )
    future_holds: float = setting("Weight of the future-holds task: to predict which holds occur anywhere later.")
    teachers: tuple[str, ...] = setting("Checkpoints of teacher models; needs hold tokens.", ())
    consensus: bool = setting(
        "Whether a consensus grade (ten repeats or more) is a condition; needs hold tokens.", False
    )
    seed: int = setting("Seed of weights, data order and dropout.")

    def given(self, foot_rules: bool) -> str:
        """What a model of this recipe is given of each problem, in validation, too; `foot_rules` says whether the data
        have other rules than the usual one."""
        more = ["foot rule"] * foot_rules + ["whether the grade is a consensus"] * self.consensus
        *first, last = ["board", "angle", "grade", *more]
        return f"{', '.join(first)} and {last}"

    def __post_init__(self) -> None:
        for name in ("batch_size", "num_epochs", "patience"):
            if not 1 <= getattr(self, name) <= MOST:
                raise ClimbpathError(f"{name} must be from 1 to {MOST:,}, not {getattr(self, name)}")
        for name, most in (("warmup_steps", MOST), ("seed", MOST), ("future_holds", 1000), ("weight_decay", 1000)):
            if not 0 <= getattr(self, name) <= most:  # which refuses nan, too
                raise ClimbpathError(f"{name} must be from 0 to {most:,}, not {getattr(self, name)}")
        for name in ("pinned", "grade_dropout", "mirrored"):
            if not 0 <= getattr(self, name) <= 1:
                raise ClimbpathError(f"{name} is a fraction from 0 to 1, not {getattr(self, name)}")
        if not 0 <= self.ema_decay < 1:
            raise ClimbpathError(f"ema_decay must be at least 0 and under 1, not {self.ema_decay}")
        if self.vocabulary != "hold" and (self.pinned or self.grade_dropout or self.teachers or self.consensus):
            raise ClimbpathError(
                f"the recipe {self.name} has no hold tokens: pinned, grade_dropout, consensus and teachers need them"
            )
        for name in ("learning_rate", "muon_learning_rate"):
            rate = getattr(self, name)
            if rate is not None and not 0 < rate <= 1000:
                raise ClimbpathError(f"{name} must be above 0 and at most 1000, not {rate}")

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types; from_dict reads it back."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "Recipe":
        """The recipe that to_dict wrote. Raises ClimbpathError, naming the setting, where one is wrong or missing."""
        unknown = sorted(content.keys() - SETTINGS.keys())
        if unknown:
            raise ClimbpathError(f"a recipe has no setting {unknown[0]!r}")
        missing = [name for name, one in SETTINGS.items() if name not in content and one.default is MISSING]
        if missing:
            raise ClimbpathError(f"the recipe lacks {', '.join(missing)}")
        return cls(**{name: _checked(name, value) for name, value in content.items()})


SETTINGS: dict[str, Field[Any]] = {one.name: one for one in fields(Recipe)}
"""Every setting by name, in the order in which files list them."""
TYPES = get_type_hints(Recipe)


def doc_of(name: str) -> str:
    """The line of documentation of a setting."""
    return str(SETTINGS[name].metadata["doc"])


def type_of(name: str) -> type:
    """The type of a setting, None aside: str, bool, int, float or tuple."""
    hint = TYPES[name]
    if isinstance(hint, UnionType):
        (hint,) = (one for one in get_args(hint) if one is not NoneType)
    return get_origin(hint) or hint


KINDS = {tuple: "a list of texts", str: "a text", bool: "true or false", int: "a whole number", float: "a number"}


def _checked(name: str, value: Any) -> Any:
    """A value as its setting has it. Raises ClimbpathError for one of another type."""
    kind = type_of(name)
    if value is None and SETTINGS[name].default is None:
        return None
    if kind is tuple and isinstance(value, list | tuple) and all(isinstance(one, str) for one in value):
        return tuple(value)
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise ClimbpathError(f"{name} is {KINDS[kind]}, not {value!r}")
    return value


def _toml(value: Any) -> str:
    """A value as TOML writes it: like JSON, but for inf, and for DEL, which text must escape."""
    return repr(value) if isinstance(value, float) else json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def recipe_file(recipe: Recipe) -> str:
    """A recipe as a TOML file with a comment for every setting, to be copied and edited."""
    lines = ["# A recipe for climbpath train --recipe FILE: all settings, each with what it means."]
    for name, value in recipe.to_dict().items():
        lines += ["", f"# {doc_of(name)}"]
        lines.append(f"# {name} =" if value is None else f"{name} = {_toml(value)}")
    return "\n".join(lines) + "\n"


def read_recipe(path: Path) -> Recipe:
    """The recipe of a TOML file. Raises ClimbpathError, naming the file, the setting and the way out."""
    try:
        return Recipe.from_dict(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ClimbpathError(f"cannot read the recipe {path}: {error.strerror}") from None
    except (ClimbpathError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        way_out = "'climbpath train --print-recipe' writes a whole one"
        raise ClimbpathError(f"{path} is not a recipe: {error}; {way_out}") from None


def find_recipe(text: str) -> Recipe:
    """The built-in recipe of this name, or the one in the file of this name. Raises ClimbpathError for neither."""
    if text in RECIPES:
        return RECIPES[text]
    if not text.endswith(".toml"):
        raise ClimbpathError(f"there is no recipe {text!r}: choose from {', '.join(RECIPES)}, or name a .toml file")
    return read_recipe(Path(text))


def config_of(recipe: Recipe, boards: tuple[str, ...]) -> "ModelConfig":
    """The shape of the model that a recipe trains. Raises ClimbpathError where sizes contradict each other."""
    from climbpath.model.config import ModelConfig  # brings NumPy

    sizes = SETTINGS.keys() & ModelConfig.__dataclass_fields__.keys() - {"boards"}
    return ModelConfig(
        boards=boards,
        takes_pins=recipe.pinned > 0,
        predicts_future=recipe.future_holds > 0,
        **{name: getattr(recipe, name) for name in sizes},
    )


GUIDE = Recipe(
    name="guide",
    vocabulary="coordinate",
    boards=("moonboard-2016",),
    mask_invalid=False,
    d_model=256,
    num_layers=6,
    nhead=8,
    dim_feedforward=1024,
    dropout=0.1,
    embedding_dropout=0.0,
    max_seq_len=64,
    tied=False,
    batch_size=16,
    num_epochs=50,
    learning_rate=1e-4,
    muon_learning_rate=None,
    warmup_steps=500,
    lr_decay=False,
    weight_decay=0.01,
    ema_decay=0.0,
    patience=10,
    pinned=0.0,
    grade_dropout=0.0,
    future_holds=0.0,
    seed=0,
)
GUIDE_SMALL = replace(GUIDE, name="guide-small", d_model=128, num_layers=4, nhead=4, dim_feedforward=512)
FAST = Recipe(
    name="fast",
    vocabulary="hold",
    boards=None,
    mask_invalid=True,
    d_model=96,
    num_layers=3,
    nhead=4,
    dim_feedforward=384,
    dropout=0.2,
    embedding_dropout=0.2,
    max_seq_len=64,
    tied=True,
    batch_size=128,
    num_epochs=15,
    learning_rate=3e-3,
    muon_learning_rate=0.01,
    warmup_steps=50,
    lr_decay=True,
    weight_decay=0.0,
    ema_decay=0.99,
    patience=10,
    pinned=0.2,
    grade_dropout=0.1,
    future_holds=0.1,
    consensus=True,
    seed=0,
)
RECIPES = {recipe.name: recipe for recipe in (FAST, GUIDE, GUIDE_SMALL)}
"""Every built-in recipe by name; the first is the default."""
