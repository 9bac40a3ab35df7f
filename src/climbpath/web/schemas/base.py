"""The base class of bodies that hold what they declare and nothing else."""

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """A JSON object with no other fields than its own, each of exactly the type that it declares."""

    model_config = ConfigDict(extra="forbid", strict=True)
