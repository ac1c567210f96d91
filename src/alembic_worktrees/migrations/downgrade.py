"""What takes a migration back? Bytes → its functions that downgrade, never running them."""

from __future__ import annotations

import ast
import re
from typing import NamedTuple

from .docstring import parsed
from .likeness import downgrades
from .operations import operations_in

_SQL = re.compile(
    r"\bDROP\s+(?:TABLE|COLUMN|INDEX|TYPE|SCHEMA|VIEW)\s+(?:IF\s+EXISTS\s+)?[\w.]+", re.IGNORECASE
)


class Downgrade(NamedTuple):
    """What takes a migration back: its functions as they stand, and what they drop, as far as that can be read."""

    source: str
    drops: tuple[str, ...]
    is_idle: bool  # it does nothing
    refuses: bool  # by NotImplementedError


def read_downgrade(content: bytes) -> Downgrade:
    """Return what takes a migration back; of what is no Python, or has no such function, nothing."""
    module, lines = parsed(content), content.decode("utf-8", "replace").splitlines()
    functions = [one for one in module.body if downgrades(one)] if module else []
    source = "\n\n\n".join("\n".join(lines[one.lineno - 1 : one.end_lineno]) for one in functions)
    statements = [one for function in functions for one in function.body if not _says_nothing(one)]
    return Downgrade(source, _drops(statements, source), not statements, any(map(_refuses, statements)))


def _drops(statements: list[ast.stmt], source: str) -> tuple[str, ...]:
    """Return what is dropped by operations, then by SQL, each in a few words."""
    literal = operations_in(ast.Module(statements, [])).literal
    by_sql = (" ".join(found.split()) for found in _SQL.findall(source))
    return tuple(dict.fromkeys([*(str(one) for one in literal if one.drops), *by_sql]))


def _refuses(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Raise) and "NotImplementedError" in ast.dump(statement)


def _says_nothing(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )
