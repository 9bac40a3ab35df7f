"""The structure of the package: the listing in docs/architecture.md is complete, and imports keep to its order."""

import re

from structure import cycle, imports, modules, rooms
from support.commands import ROOT

PUBLIC = ("api", "__init__")
"""What whoever asks for the public names imports, from wherever it stands."""


def listed() -> list[str]:
    """What docs/architecture.md lists, in order: modules, 'drawing.shapes', and folders that it lists whole, 'cli'."""
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    listing = text.split("```text\nsrc/climbpath/\n")[1].split("```")[0]
    lines = re.findall(r"^(  |    )(\w+/?)(?= |$)", listing, re.MULTILINE)
    found, room = [], ""
    for i, (indent, name) in enumerate(lines):
        if len(indent) == 2:
            room = ""
        if name.endswith("/") and len(indent) == 2 and len(lines[i + 1 : i + 2] and lines[i + 1][0]) == 4:
            room = f"{name[:-1]}."
        else:
            found.append(room + name.rstrip("/"))
    return found


def entry_of(module: str, entries: list[str]) -> str | None:
    """The entry that lists a module; None where there is none."""
    return next((entry for entry in entries if module == entry or module.startswith(f"{entry}.")), None)


def test_every_module_is_listed_once_and_nothing_else() -> None:
    entries, files = listed(), modules()
    assert len(set(entries)) == len(entries)
    assert set(entries) <= set(files)
    inits = {module for module, path in files.items() if path.name == "__init__.py"}
    assert [module for module in files if not entry_of(module, entries) and module not in inits] == []


def test_modules_import_only_modules_listed_above_them() -> None:
    entries = listed()
    wrong = []
    for module, others in imports().items():
        for other in others:
            mine, theirs = entry_of(module, entries), entry_of(other, entries)
            if mine and theirs and entries.index(theirs) > entries.index(mine) and theirs not in PUBLIC:
                wrong.append(f"{module} imports {other}")
    assert wrong == []


def test_rooms_import_each_other_in_no_cycle() -> None:
    assert cycle({room: set(others) for room, others in rooms().items()}) == []


def test_a_cycle_is_found() -> None:
    assert cycle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
