"""The API keeps to its own description, by schemathesis: what it allows is taken, what it forbids is refused, and every
answer is one that it tells of."""

import re
import sys
from pathlib import Path

import pytest

from climbpath.problem import parse_notation
from climbpath.web import workers
from climbpath.web.logbook import identity_of
from support.commands import run
from support.serving import KIM, client_of

HERON = parse_notation("F5s D9 G13 G18e", grade="7A")
THERE = f"""
[parameters]
"query.profile" = "{KIM}"
"path.identity" = "{identity_of(HERON)}"
"query.problem" = "F5s-D9-G13-G18e"
"""


@pytest.mark.parametrize(
    ("phases", "config", "examples"),
    [
        pytest.param("examples,coverage,fuzzing,stateful", "", 10, id="of-anything"),
        pytest.param("fuzzing", THERE, 10, id="of-what-is-there"),
        pytest.param("fuzzing,stateful", "", 50, id="of-much-more", marks=pytest.mark.slow),
        pytest.param("fuzzing", THERE, 50, id="of-much-more-of-what-is-there", marks=pytest.mark.slow),
    ],
)
def test_the_api_keeps_to_its_description(
    phases: str, config: str, examples: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By default all that is asked for is made up, and most of it is in no logbook; so once it is."""
    monkeypatch.setattr(workers, "LONGEST_S", 0.1)  # what cannot be answered is not tried for long
    (tmp_path / "schemathesis.toml").write_text(config)
    with client_of(tmp_path) as client:
        client.post(f"/api/problems?profile={KIM}", HERON.to_dict(), 201)
        done = run(
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{client.address}/openapi.json", "--no-color"),
            *("--phases", phases, "--max-examples", examples, "--generation-deterministic"),
            cwd=tmp_path,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"Selected: (\d+)/\1\n +Tested: \1\n", done.stdout), done.stdout
