"""The folders show the architecture: each is one question, and imports run downwards only, types included."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

import alembic_worktrees

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(alembic_worktrees.__file__).parent

# From the top to the bottom: a folder imports only from those below it.
LEVELS = (
    ("cli",),
    ("demo", "drawing", "hooks"),
    ("install", "status"),
    ("author",),
    ("borrow", "check"),
    ("search",),
    ("database", "migrations"),
    ("project",),
    ("git",),
    ("system",),
    ("messages", "runner"),  # the runner runs in the project's Python, which has nothing of ours
)
FOLDERS = [folder for level in LEVELS for folder in level]


def modules() -> dict[str, Path]:
    """Every module by its name below the package; the package itself is ""."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(name: str, path: Path, known: dict[str, Path]) -> Iterator[str]:
    """Our own modules that a module imports, wherever in it."""
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            above = package[: len(package) - node.level + 1]
            place = ".".join([*above, *(node.module or "").split(".")]).strip(".")
            for alias in node.names:
                whole = f"{place}.{alias.name}".strip(".")
                yield whole if whole in known else place


def level(name: str) -> int:
    return next(number for number, folders in enumerate(LEVELS) if name.split(".")[0] in folders)


def test_no_folder_imports_from_one_that_is_not_below() -> None:
    known = modules()
    crossing = {
        (name, other)
        for name, path in known.items()
        for other in imported(name, path, known)
        if name.split(".")[0] in FOLDERS and other.split(".")[0] in FOLDERS
        if name.split(".")[0] != other.split(".")[0]
    }
    assert {(name, other) for name, other in crossing if level(name) >= level(other)} == set()
    assert len(crossing) > 100


def test_no_circle_of_modules() -> None:
    known = modules()
    graph = {name: set(imported(name, path, known)) - {name, ""} for name, path in known.items()}
    for (
        name
    ) in graph:  # a package imports its own modules, and they may import from it what it hands on: nothing
        graph[name] -= {other for other in graph[name] if name.startswith(f"{other}.")}
    TopologicalSorter(graph).prepare()


def test_every_module_is_in_a_folder_that_has_a_level() -> None:
    flat = {name for name in modules() if "." not in name} - set(FOLDERS)
    assert flat == {"", "__main__", "pytest"}  # what others start
    folders = {
        path.parent.relative_to(PACKAGE).parts[0] for path in modules().values() if path.parent != PACKAGE
    }
    assert folders == set(FOLDERS)
