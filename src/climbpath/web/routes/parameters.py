"""Parameters and responses that several routes share."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query

from climbpath.web.schemas.errors import ErrorOut
from climbpath.web.schemas.fields import MOST_HOLDS

LONGEST_NOTATION = (2 * MOST_HOLDS + 4) * len("12345678f-")
"""Characters of the longest notation: as many hands and feet as may be, and two starts and finishes."""

NOT_FOUND: dict[int | str, dict[str, Any]] = {
    404: {"model": ErrorOut, "description": "The climber or the problem does not exist."}
}
ProfileId = Annotated[UUID, Query(description="A climber's id.")]
Identity = Annotated[
    str,
    Path(
        pattern=rf"^[a-z0-9-]{{1,60}}@([0-9]{{1,2}}|unknown):[A-Za-z0-9-]{{4,{LONGEST_NOTATION}}}$",
        description="A problem's identity: moonboard-2016@40:F5s-D9-G18e",
    ),
]
BINARY = {"schema": {"type": "string", "format": "binary"}}
