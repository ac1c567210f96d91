"""Who has made what, as far as the texts of migrations name it? Nothing of them is run."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..database.comparison import Operation


class Text(NamedTuple):
    """A migration as text: its id, in words where it comes from, and its content."""

    revision: str
    origin: str
    content: str


class Authors(NamedTuple):
    """The migrations whose work may be in the database."""

    new: tuple[Text, ...]  # of this branch, since it left the published one
    old: tuple[Text, ...]  # of this branch, and published
    foreign: tuple[Text, ...]

    def foreign_of(self, operation: Operation) -> tuple[Text, ...]:
        """Return the foreign migrations that name what an operation concerns."""
        return tuple(text for text in self.foreign if _names(text.content, operation))

    def only_own(self, operation: Operation) -> bool:
        """Whether a migration that only this branch has is the one that has made it: by chance others may name it."""
        return _is_stated(self.new, operation) and not self.foreign_of(operation)

    def may_be_foreign(self, operation: Operation) -> bool:
        """Whether others may have made it: one of them names it, or nothing of this branch explains it.

        A published migration explains why a thing is there, if it names the thing: with their columns it may only
        have made the table. That a thing is gone or altered it does not explain.
        """
        explained = operation.verb.startswith("drop_") and _is_stated(self.old, operation, by_columns=False)
        return bool(self.foreign_of(operation)) or not (explained or _is_stated(self.new, operation))

    def states_only_foreign(self, operation: Operation) -> bool:
        """Whether a statement of others has its names, and none of this branch."""
        own = _is_stated((*self.new, *self.old), operation)
        return not own and _is_stated(self.foreign, operation)

    def only_foreign(self, operation: Operation) -> bool:
        """Whether others name it, and nothing here does; what this branch made and is gone, others dropped.

        By its name, where only others have that: this branch may have named its columns for something else.
        """
        own = (*self.new, *self.old)
        by_columns = not _is_stated(self.foreign, operation, by_columns=False)
        stated = not operation.is_adding and _is_stated(own, operation, by_columns=by_columns)
        return bool(self.foreign_of(operation)) and not stated


def _is_stated(texts: tuple[Text, ...], operation: Operation, *, by_columns: bool = True) -> bool:
    """Whether one statement of a migration has all the names: a table and a column of another may stand in one file."""
    parts = (part for text in texts for part in _statements(text.content))
    return any(_names(part, operation, by_columns=by_columns) for part in parts)


def _names(text: str, operation: Operation, *, by_columns: bool = True) -> bool:
    ways = _ways_to_name(operation, by_columns=by_columns)
    return any(all(_has(text, word) for word in words) for words in ways)


def _ways_to_name(operation: Operation, *, by_columns: bool) -> Iterator[tuple[str, ...]]:
    """Yield sets of words, each of which names what an operation concerns."""
    table = (operation.table,) if operation.table else ()
    if operation.kind == "table":
        yield table
    elif operation.kind == "column":
        yield (*table, operation.name)
    elif operation.kind == "other":
        yield tuple(re.findall(r"['\"](\w+)['\"]", operation.text)) or (operation.text,)
    else:
        if operation.name:
            yield (operation.name,)
        if operation.columns and by_columns:  # its name may be made up by SQLAlchemy or the database
            yield (*table, *operation.columns)


def _has(text: str, word: str) -> bool:
    return _pattern(word).search(text) is not None


@cache
def _pattern(word: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(word)}(?!\w)", re.IGNORECASE)


@cache
def _statements(content: str) -> tuple[str, ...]:
    """Return the statements of a module and those in its functions, each as a whole; all of what is no Python."""
    import ast

    try:
        module = ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return (content,)
    lines = content.splitlines()
    parts = []
    for node in module.body:
        inside = node.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) else [node]
        parts += ["\n".join(lines[one.lineno - 1 : one.end_lineno]) for one in inside]
    return tuple(parts)
