"""Is it the same migration? Bytes → what a migration is called, and what it does, however it is written."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, NamedTuple

from .docstring import first_line, parsed

if TYPE_CHECKING:
    from typing import TypeGuard

_DATE = re.compile(rb"^Create Date:[ \t]*(.*?)\r?$", re.MULTILINE)


class Title(NamedTuple):
    """The message of a migration, and when it was made: what a formatter or a mended body leave as it is."""

    message: str
    date: bytes


def title(content: bytes) -> Title:
    """Return what a migration is called."""
    date = _DATE.search(content)
    return Title(first_line(content), date[1] if date else b"")


def may_be_one(one: Title, other: Title) -> bool:
    """Whether these may be versions of one migration; a linter puts a full stop behind a message."""
    return one == other or (one.date == other.date != b"")


def do_the_same(one: bytes, other: bytes) -> bool:
    """Whether two files do the same however they are written, but for downgrading; what is no Python may."""
    operations = {_operations(one), _operations(other)}
    return len(operations) == 1 or None in operations


def _operations(content: bytes) -> tuple[str, ...] | None:
    """Return what the functions of a file do but to downgrade, however it is written; None if it is no Python."""
    module = parsed(content)
    if module is None:
        return None
    functions = (one for one in module.body if isinstance(one, ast.FunctionDef))
    return tuple(
        ast.dump(ast.Module(_without_docstring(one.body), []))
        for one in sorted(functions, key=lambda one: one.name)
        if not downgrades(one)
    )


def are_the_same_code(one: bytes, other: bytes) -> bool:
    """Whether only a formatter, a comment or a docstring tells two files apart; what is no Python is not the same."""
    code = _code(one)
    return code is not None and code == _code(other)


def _code(content: bytes) -> str | None:
    module = parsed(content)
    if module is None:
        return None
    for node in ast.walk(module):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and node.body:
            node.body = _without_docstring(node.body)
    return ast.dump(module)


def downgrades(node: ast.AST) -> TypeGuard[ast.FunctionDef]:
    """Whether this is a function that takes a migration back."""
    return isinstance(node, ast.FunctionDef) and node.name.startswith("downgrade")


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return body[1:] if documented else body
