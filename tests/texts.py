"""What stands in the sources and in the translations."""

from __future__ import annotations

import ast
import re
import string
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import alembic_worktrees
from alembic_worktrees.messages.speaker import DOMAIN, LOCALE

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(alembic_worktrees.__file__).parent
SOURCES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}
FRENCH = LOCALE / "fr" / "LC_MESSAGES" / f"{DOMAIN}.po"


@cache
def translations() -> dict[tuple[str, ...], tuple[str, ...]]:
    """English → French; two of each where there is a plural."""
    with FRENCH.open("rb") as file:
        catalogue = read_po(file)
    assert not catalogue.obsolete
    return {forms(message.id): forms(message.string or "") for message in catalogue if message.id}


def extracted() -> set[tuple[str, ...]]:
    """What `make texts` finds in the sources."""
    found = extract_from_dir(PACKAGE, keywords={"_": None, "_n": (1, 2)})
    return {forms(message) for _, _, message, _, _ in found}


def forms(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def calls(*names: str) -> Iterator[ast.Call]:
    """Every call of these functions in the sources."""
    for tree in SOURCES.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
                yield node


def placeholders(text: str) -> list[str]:
    """What is filled in, with how it is shown; argparse's own texts have the older kind."""
    new = (f"{name}:{spec}" for _, name, spec, _ in string.Formatter().parse(text) if name is not None)
    return sorted({*new, *re.findall(r"%\(\w+\)[rs]|%[rs]", text)})


def fields(text: str) -> set[str]:
    """The names of what is filled in."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
