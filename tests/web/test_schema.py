"""The API conforms to its OpenAPI description, checked by schemathesis: valid requests are accepted, invalid ones are
refused, and every response is documented."""

import re
import sys
import time
from pathlib import Path

import pytest

from climbpath.problem import parse_notation
from climbpath.web import workers
from climbpath.web.logbook.records import identity_of
from support.commands import run
from support.serving import KIM, client_of

HERON = parse_notation("F5s D9 G13 G18e", grade="7A")
EXISTING = f"""
[parameters]
"query.profile" = "{KIM}"
"path.identity" = "{identity_of(HERON)}"
"query.problem" = "F5s-D9-G13-G18e"
"""


@pytest.mark.parametrize(
    ("phases", "config", "examples"),
    [
        pytest.param("examples,coverage,fuzzing,stateful", "", 10, id="anything"),
        pytest.param("fuzzing", EXISTING, 10, id="existing-entries"),
        pytest.param("fuzzing,stateful", "", 50, id="more", marks=pytest.mark.slow),
        pytest.param("fuzzing", EXISTING, 50, id="more-existing-entries", marks=pytest.mark.slow),
    ],
)
def test_the_api_conforms_to_its_description(
    phases: str, config: str, examples: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few of the requests made up by default are for an entry that exists; other runs are for existing ones."""
    monkeypatch.setattr(workers, "LONGEST_S", 0.1)  # so that no example takes long
    begin = time.perf_counter()
    (tmp_path / "schemathesis.toml").write_text(config)
    with client_of(tmp_path) as client:
        client.post(f"/api/problems?profile={KIM}", HERON.to_dict(), 201)
        done = run(
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{client.address}/openapi.json", "--no-color"),
            *("--phases", phases, "--max-examples", examples, "--generation-deterministic"),
            cwd=tmp_path,
        )
    counts = re.search(r"Test cases:\n +(.+)\n", done.stdout)
    print(f"\nrequests: {counts[1] if counts else 'not counted'}, {time.perf_counter() - begin:.0f} s")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"Selected: (\d+)/\1\n +Tested: \1\n", done.stdout), done.stdout
