"""The structure of the package: modules of each room, and imports between modules and between rooms.

    python tools/structure.py [SOURCE]

A room is a folder of the package; modules beside `__init__.py` are the room `climbpath`. Entries are what the package's
folder shows: each room, and each module of the room `climbpath` by itself. Imports in functions count, those for type
checkers alone and the picture that a problem shows in a notebook do not.
"""

import ast
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

PACKAGE = "climbpath"
SOURCE = Path(__file__).parents[1] / "src" / PACKAGE


def modules(source: Path = SOURCE) -> dict[str, Path]:
    """Dotted name without the package -> file, of every module; a room's `__init__` goes by the room's name."""
    found = {}
    for path in sorted(source.rglob("*.py")):
        parts = path.relative_to(source).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name or "__init__"] = path
    return found


def imports(source: Path = SOURCE) -> dict[str, set[str]]:
    """The modules that each module imports, by the names of `modules`."""
    files = modules(source)
    return {
        name: {other for other in _imported(ast.parse(path.read_text(encoding="utf-8")), files) if other != name}
        for name, path in files.items()
    }


def _imported(node: ast.AST, files: dict[str, Path]) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef) and node.name.startswith("_repr_"):
        return
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return
    if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == PACKAGE:
        inner = (node.module or "").removeprefix(PACKAGE).removeprefix(".")
        for alias in node.names:
            whole = ".".join(filter(None, (inner, alias.name)))
            yield whole if whole in files else inner or "__init__"
    elif isinstance(node, ast.Import):
        for alias in node.names:
            if alias.name.split(".")[0] == PACKAGE:
                yield alias.name.removeprefix(PACKAGE).removeprefix(".") or "__init__"
    for child in ast.iter_child_nodes(node):
        yield from _imported(child, files)


def room_of(module: str, source: Path = SOURCE) -> str:
    """The room that a module stands in: its folder, or the package's own.

    `api`, whose names `__init__` hands out, stands above the rooms that it uses, so it is one of its own.
    """
    if module in ("api", "__init__"):
        return "api"
    if module == "__main__":
        return "cli"
    return module.split(".")[0] if "." in module or (source / module).is_dir() else PACKAGE


def rooms(source: Path = SOURCE) -> dict[str, Counter[str]]:
    """Room -> the other rooms that its modules import, with the number of imports."""
    found: dict[str, Counter[str]] = {}
    for module, others in imports(source).items():
        room = room_of(module, source)
        used = [room_of(other, source) for other in others]
        found.setdefault(room, Counter()).update(other for other in used if other != room)
    return found


def entries(source: Path = SOURCE) -> dict[str, set[str]]:
    """Entry of the package's folder -> the other entries that it imports."""

    def entry_of(module: str) -> str:
        room = room_of(module, source)
        return module if room == PACKAGE else room

    found: dict[str, set[str]] = {}
    for module, others in imports(source).items():
        entry = entry_of(module)
        found.setdefault(entry, set()).update(set(map(entry_of, others)) - {entry})
    return found


def cycle(graph: dict[str, set[str]]) -> list[str]:
    """One cycle of a graph, its first node again at the end; empty where there is none."""
    done: set[str] = set()

    def search(node: str, way: list[str]) -> list[str]:
        if node in way:
            return [*way[way.index(node) :], node]
        if node in done:
            return []
        for other in sorted(graph.get(node, ())):
            if found := search(other, [*way, node]):
                return found
        done.add(node)
        return []

    return next((found for node in sorted(graph) if (found := search(node, []))), [])


def main() -> None:
    """Print the structure."""
    source = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else SOURCE
    between = rooms(source)
    sizes = Counter(room_of(module, source) for module in modules(source))
    for room in sorted(between):
        used = ", ".join(f"{other} {count}" for other, count in sorted(between[room].items()))
        print(f"{room:<12} {sizes[room]:>3} modules   imports {used or 'nothing'}")
    arrows = sum(len(others) for others in imports(source).values())
    print(f"\n{sum(sizes.values())} modules in {len(sizes)} rooms, {arrows} imports between modules,", end=" ")
    print(f"{sum(len(others) for others in between.values())} pairs of rooms,", end=" ")
    print(f"{sum(others.total() for others in between.values())} imports between rooms")
    top = entries(source)
    pairs = sum(map(len, top.values()))
    print(f"{len(top)} entries of the package's folder, {pairs} pairs of which one imports the other")
    print("cycle between rooms:", " -> ".join(cycle({room: set(others) for room, others in between.items()})) or "none")


if __name__ == "__main__":
    main()
