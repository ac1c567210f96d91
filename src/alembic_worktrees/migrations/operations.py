"""What does a migration do, and what of it takes back the work of others? Bytes → operations, never running the file.

Read are the literal operations, and the words of every other statement (raw SQL, loops, helpers), of which nobody can
tell what it does with what it names. Of a branch's own migrations such a word is enough for a thing to be its own; of a
foreign one the statement must also say that it creates, adds or drops.
"""

from __future__ import annotations

import ast
import re
from functools import cache, partial
from typing import TYPE_CHECKING, NamedTuple

from ..messages import Message, _
from .docstring import parsed
from .likeness import downgrades

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from .revision import Revision

# What Alembic's operations are called, and in which order they are told what they are about; a batch knows its table.
_KIND = re.compile(r"(?:create|add|drop|alter|batch)_(?:\w+_)?(table|column|index|constraint|key)")
_PLACES = {"table": ("table",), "column": ("table", "name")}  # else the name stands first
_KEYWORDS = {
    "table_name": "table",
    **dict.fromkeys(("column", "column_name", "index_name", "constraint_name"), "name"),
}
_MAKING, _DROPPING = ("create", "add"), ("drop",)
_WORD = re.compile(r"[^\W_]\w*")


class Operation(NamedTuple):
    """An operation as Alembic calls it, on a table, or on what has this name in it; `table` is "" if it is not said."""

    kind: str
    table: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {'.'.join(filter(None, self[1:]))}"

    @property
    def makes(self) -> bool:
        """Whether there is something afterwards that was not there before."""
        return self.kind.startswith(_MAKING)

    @property
    def drops(self) -> bool:
        """Whether there is something no more."""
        return self.kind.startswith(_DROPPING)

    @property
    def may_undo(self) -> bool:
        """Whether it can take back another."""
        return self.kind in {"add_column", "alter_column"} or self.drops

    def is_about(self, other: Operation) -> bool:
        """Whether both concern the same; of an index or constraint the table need not be said."""
        unsaid = bool(self.name) and not (self.table and other.table)
        return self.name == other.name and (unsaid or self.table == other.table)


class Operations(NamedTuple):
    """What a migration does but to downgrade; `texts` are the words of each statement that says anything else."""

    literal: tuple[Operation, ...]
    texts: tuple[frozenset[str], ...]

    def have(self, wanted: Operation, *, made: bool) -> bool:
        """Whether they surely made (else: dropped) what `wanted` concerns."""
        ends = (one for one in self.literal if one.makes == made and "alter_" not in one.kind)
        return any(wanted.is_about(one) for one in ends)

    def name(self, wanted: Operation, verb: str = "") -> bool:
        """Whether they name what `wanted` concerns where it cannot be told what they do; with `verb`, beside that."""
        table, last = wanted.table.lower(), (wanted.name or wanted.table).lower()
        anywhere = frozenset().union(*self.texts, (one.table.lower() for one in self.literal))
        beside = any(last in text and (not verb or verb in text) for text in self.texts)
        return beside and (not table or table in anywhere)

    def did_reverse(self, wanted: Operation) -> bool:
        """Whether `wanted` takes back what they did; what they drop and make again they only changed."""
        made = not wanted.makes
        verbs = _MAKING if made else _DROPPING
        named = wanted.kind != "alter_column" and any(self.name(wanted, verb) for verb in verbs)
        return (named or self.have(wanted, made=made)) and not self.have(wanted, made=not made)


class Foreign(NamedTuple):
    """A migration that others wrote; `path` is from the top of the checkout."""

    revision: Revision
    content: bytes
    origin: str
    path: str


class Undone(NamedTuple):
    """An operation that takes back what a foreign migration did."""

    operation: Operation
    by: Foreign

    @property
    def message(self) -> Message:
        """What to say of it."""
        values = {"operation": str(self.operation), "revision": self.by.revision.id, "origin": self.by.origin}
        made = _("{operation}: {revision} made it, of {origin}")
        dropped = _("{operation}: {revision} dropped it, of {origin}")
        return Message(dropped if self.operation.makes else made, values)


def undone(
    new: bytes,
    own: Sequence[bytes],
    foreign: Callable[[], Iterable[Foreign]],
    was_own: Callable[[str], bool],
) -> tuple[Undone, ...]:
    """Return the operations of a new migration that take back what others did.

    `own` are the branch's other migrations. What one of them did is its own to take back, whoever else did that too;
    so `foreign` is asked only for what none of them did, and `was_own` last: whether the branch has had the file at a
    path, as it had what was squashed. A foreign base is a squash too, of what has long been everybody's.
    """
    about_table = cache(partial(_saying, own))  # to look through all of them takes its time
    doubtful = [
        one
        for one in read_operations(new).literal
        if one.may_undo and _is_doubtful(one, new, _saying(about_table(one.table), one.name))
    ]
    others = (
        [one for one in foreign() if one.revision.down_revisions or one.revision.opaque] if doubtful else []
    )
    found = ((one, _culprit(one, others, was_own)) for one in dict.fromkeys(doubtful))
    return tuple(Undone(one, by) for one, by in found if by)


def _is_doubtful(one: Operation, new: bytes, own: Iterable[bytes]) -> bool:
    """Whether the branch did nothing that this takes back: it drops what was not made, or adds what is there."""
    others = [read_operations(content) for content in own]
    if any(done.have(one, made=not one.makes) or done.name(one) for done in (read_operations(new), *others)):
        return False
    return not one.makes or any(done.have(one, made=True) for done in others)


def _culprit(one: Operation, others: Iterable[Foreign], was_own: Callable[[str], bool]) -> Foreign | None:
    for by in others:
        speaks = _saying(_saying([by.content], one.table), one.name)
        if speaks and read_operations(by.content).did_reverse(one) and not was_own(by.path):
            return by
    return None


def _saying(contents: Iterable[bytes], word: str) -> list[bytes]:
    """Return the files that have this word in them: to look for it is much faster than to parse."""
    return [content for content in contents if word.encode() in content]


@cache
def read_operations(content: bytes) -> Operations:
    """Return what a migration does; of what is no Python only the words are known."""
    module = parsed(content)
    try:
        return operations_in(module) if module else _unread(content)
    except RecursionError:
        return _unread(content)


def operations_in(module: ast.Module) -> Operations:
    """Return what these statements do. Raises RecursionError."""
    reader = _Reader()
    reader.read(module, {})
    return Operations(tuple(reader.literal), tuple(frozenset(text) for text in reader.texts if text))


def _unread(content: bytes) -> Operations:
    return Operations((), (frozenset(_words(content.decode("utf-8", "replace"))),))


class _Reader:
    """One walk through a file, which tells the strings of known operations from those of whatever else."""

    def __init__(self) -> None:
        self.literal: list[Operation] = []
        self.texts: list[set[str]] = []

    def read(self, node: ast.AST, batches: Mapping[str, str | None]) -> None:
        """Read this and all in it; `batches` are the names of the `batch_alter_table` around it, and their tables."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            self.texts[-1] |= _words(node.value)
        elif isinstance(node, ast.Call) and (found := _operation(node, batches)):
            self.literal += [found, *_parts(node, found)]
        elif not _is_idle(node):
            if isinstance(node, ast.Attribute):  # perhaps the verb of `op.add_column(table, column)`
                self.texts[-1].add(node.attr.partition("_")[0])
            if isinstance(node, ast.With):
                batches = {**batches, **_batches(node)}
            for child in ast.iter_child_nodes(node):
                if isinstance(node, (ast.Module, ast.FunctionDef)):
                    self.texts.append(set())  # for a statement; a loop is one
                self.read(child, batches)


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.lower()))


def _is_idle(node: ast.AST) -> bool:
    """Whether it is a docstring, or what downgrades."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    return downgrades(node)


def _batches(node: ast.With) -> dict[str, str | None]:
    return {
        item.optional_vars.id: _word(item.context_expr)
        for item in node.items
        if isinstance(item.optional_vars, ast.Name) and isinstance(item.context_expr, ast.Call)
    }


def _operation(call: ast.Call, batches: Mapping[str, str | None]) -> Operation | None:
    """Return what a call of `op` or of a batch does; None if that is not known, or if it renames a column."""
    method = call.func
    if not (isinstance(method, ast.Attribute) and isinstance(method.value, ast.Name)):
        return None
    owner, verb = method.value.id, _KIND.fullmatch(method.attr)
    if not verb or owner not in {"op", *batches} or _has_keyword(call, "new_column_name"):
        return None
    places = _PLACES.get(verb[1], ("name", "table"))
    if owner in batches:
        said = {**_said(call, ("name",) if "name" in places else ()), "table": batches[owner]}
    else:
        said = _said(call, places)
    table, name = said.get("table", ""), said.get("name") if "name" in places else ""
    return None if table is None or name is None else Operation(verb[0], table, name)


def _has_keyword(call: ast.Call, name: str) -> bool:
    return any(one.arg == name for one in call.keywords)


def _said(call: ast.Call, places: Sequence[str]) -> dict[str, str | None]:
    """Return the table and name that a call says by its arguments; None where they are no literals."""
    by_place = zip(places, call.args, strict=False)
    by_keyword = ((_KEYWORDS[one.arg], one.value) for one in call.keywords if one.arg in _KEYWORDS)
    return {place: _word(node) for place, node in (*by_place, *by_keyword)}


def _parts(call: ast.Call, found: Operation) -> Iterable[Operation]:
    """Return the columns, indexes and constraints that a `create_table` makes with its table."""
    if found.kind == "create_table":
        names = (_word(part) for part in call.args[1:])
        yield from (Operation("create_part", found.table, name) for name in names if name)


def _word(node: ast.AST) -> str | None:
    """Return a literal string; of a call the name that it is given, as in `sa.Column("a")` and `op.f("ix_a")`."""
    if isinstance(node, ast.Call):
        named = [word.value for word in node.keywords if word.arg in {"name", "table_name"}]
        return next(map(_word, [*named, *node.args]), None)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
