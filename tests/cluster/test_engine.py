"""Where the cluster asked for is not there. No Ray is started."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("ray")

from ray._private import services

from support.commands import climbpath_here


@pytest.fixture
def dead() -> Iterator[str]:
    """An address at which nothing listens, and nothing else can."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{taken.getsockname()[1]}"


def refused(cluster: str, folder: Path) -> str:
    done = climbpath_here("grade", "x.parquet", "--cluster", cluster, "--out", "graded", cwd=folder)
    assert done.returncode == 2
    return done.stderr


@pytest.mark.parametrize("scheme", ["", "ray://"])
def test_an_address_at_which_nothing_listens_is_told(scheme: str, dead: str, tmp_path: Path) -> None:
    said = refused(scheme + dead, tmp_path)
    assert f"no Ray cluster answers at {scheme}{dead} (ConnectionRefusedError" in said
    assert "or leave out --cluster" in said


def test_auto_tells_of_a_dead_cluster_in_the_environment(
    dead: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", dead)
    said = refused("auto", tmp_path)
    assert f"no Ray cluster answers at {dead}" in said
    assert "unset RAY_ADDRESS" in said


def test_auto_tells_of_a_cluster_that_has_ended_without_word(
    dead: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    monkeypatch.setattr(services, "find_gcs_addresses", set)  # other tests' clusters
    (tmp_path / "ray").mkdir()
    (tmp_path / "ray" / "ray_current_cluster").write_text(dead)
    said = refused("auto", tmp_path)
    assert f"no Ray cluster answers at {dead}" in said
    assert "'ray stop'" in said


def test_what_is_no_address_is_told(tmp_path: Path) -> None:
    for address in ("somewhere", "host:port"):
        assert f"no Ray cluster answers at {address} (ValueError" in refused(address, tmp_path)
