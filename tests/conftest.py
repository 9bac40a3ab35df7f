"""Fixtures of all tests."""

from pathlib import Path

import pytest

from climbpath.data import parquet
from support.making import random_problems


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Parquet file of 300 random problems on MoonBoard 2016."""
    path = tmp_path_factory.mktemp("data") / "tiny.parquet"
    parquet.write(path, random_problems(300))
    return path
