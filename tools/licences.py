#!/usr/bin/env python3
"""Write docs/dev/licences.md: every package of requirements.lock and tools/torch.txt with its licence.

python tools/licences.py
"""

import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "dev" / "licences.md"
BY_HAND = {"axe-playwright-python": "MIT", "colorama": "BSD-3-Clause", "pywin32": "PSF-2.0", "tzdata": "Apache-2.0"}
"""Of packages that state theirs in a file alone, and of those for Windows, which are not installed here."""
FAMILIES = {"pyobjc-": "MIT", "winrt-": "MIT"}
"""Of packages for macOS and Windows, by how their names begin."""
SHORT = {
    "Apache License 2.0": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD 3-Clause License": "BSD-3-Clause",
    "BSD License": "BSD",
    "3-Clause BSD License": "BSD-3-Clause",
    "MIT License": "MIT",
    "ISC License (ISCL)": "ISC",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
"""Names of licences that packages write out, by their SPDX names."""
HEADER = """# Licences

climbpath itself is under the [MIT licence](../../LICENSE). These are the packages of
[requirements.lock](../../requirements.lock) and [tools/torch.txt](../../tools/torch.txt), with the licence that each
states. None of them is part of climbpath's own files: pip installs them from their authors' releases. The builds of
torch for NVIDIA GPUs bring NVIDIA's libraries, which are under NVIDIA's own terms.

`python tools/licences.py` writes this page.

| package | licence |
|---|---|
"""


def pinned() -> list[str]:
    """The names of the packages that are pinned, in alphabetical order."""
    text = "".join((ROOT / name).read_text(encoding="utf-8") for name in ("requirements.lock", "tools/torch.txt"))
    return sorted(set(re.findall(r"^([a-z][a-z0-9.-]*)==", text, re.MULTILINE)))


def licence_of(name: str) -> str:
    """The licence that a package states, by its SPDX name where it has one."""
    if name in BY_HAND:
        return BY_HAND[name]
    if family := next((start for start in FAMILIES if name.startswith(start)), None):
        return FAMILIES[family]
    about = distribution(name).metadata
    if "License-Expression" in about:
        return about["License-Expression"]
    classified = [value for value in about.get_all("Classifier") or () if value.startswith("License ::")]
    named = [value.rpartition(" :: ")[2] for value in classified if value.count("::") > 1]
    stated = next(iter(about.get_all("License") or ()), "").strip()
    # a classifier such as "BSD License" leaves open which one; some packages state the whole text of the licence
    if stated and "\n" not in stated and len(stated) <= 60:
        return SHORT.get(stated, stated)
    return ", ".join(SHORT.get(value, value) for value in named) or "none stated"


def page() -> str:
    """The whole page."""
    return HEADER + "".join(f"| {name} | {licence_of(name)} |\n" for name in pinned())


if __name__ == "__main__":
    try:
        PAGE.write_text(page(), encoding="utf-8")
    except PackageNotFoundError as error:
        raise SystemExit(f"{error.name} is not installed: run 'make setup' first") from None
