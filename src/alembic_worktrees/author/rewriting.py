"""Other parents for a migration: bytes in, bytes out. Only the literal changes, and what the docstring says of it."""

from __future__ import annotations

import ast
import io
import os
import re
import tokenize
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from ..migrations.docstring import parsed
from ..migrations.revision import Unreadable, read_revision

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

_NAME = re.compile(r"[ \t]*down_revision\b[^=]*=[ \t]*")
_REVISES = re.compile(r"^Revises:[ \t]*([^\r\n\"'\\]*)", re.MULTILINE)
_LINE_END = re.compile(r"\r\n|\r|\n")
_BRACKETS = {ast.Tuple: "()", ast.List: "[]", ast.Set: "{}"}


class NotLiteral(Exception):
    """What a file says of its parents is computed: it is for its author to change, in the line of this number."""

    def __init__(self, number: int, before: str, after: str) -> None:
        super().__init__(number, before, after)
        self.number, self.before, self.after = number, before, after


class _Edit(NamedTuple):
    start: int
    end: int
    text: str


def with_parents(path: Path, content: bytes, parents: Sequence[str]) -> bytes:
    """Return the file with these parents, in the form that it has: quotes, brackets, annotation. Raises NotLiteral."""
    module = parsed(content)
    value = module and _value(module)
    with suppress(SyntaxError, UnicodeError):  # old line ends, in which `tokenize` sees no cookie
        if module and value:
            encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
            text = _Text(content.decode(encoding))
            edits = [*_literal(value, text, parents), *_revises(module, text, parents)]
            rewritten = text.edited(edits).encode(encoding)
            if _says(path, rewritten, content, parents):
                return rewritten
    raise NotLiteral(*_line(content.decode("utf-8", "replace"), parents))


def _value(module: ast.Module) -> ast.expr | None:
    """Return the literal that `down_revision` is given last; None if that is computed, as far as one line tells."""
    value = None
    for statement in module.body:
        targets = (
            statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        )
        if any(isinstance(target, ast.Name) and target.id == "down_revision" for target in targets):
            value = getattr(statement, "value", None)
    try:
        ast.literal_eval(value or "")
    except (ValueError, TypeError, SyntaxError):
        return None
    return value


def _says(path: Path, rewritten: bytes, content: bytes, parents: Sequence[str]) -> bool:
    """Whether a file declares what it did, with these parents."""
    name = os.path.basename(path)
    try:
        now, before = read_revision(rewritten, name, whole=True), read_revision(content, name)
    except Unreadable:
        return False
    return set(now.down_revisions) == set(parents) and now._replace(down_revisions=()) == before._replace(
        down_revisions=()
    )


class _Text:
    """A source, and where in it is what `ast` names by line and by bytes of UTF-8."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._starts = [0, *(found.end() for found in _LINE_END.finditer(source))]

    def span(self, node: ast.expr) -> tuple[int, int]:
        end = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset  # `ast` always has both
        return self._at(node.lineno, node.col_offset), self._at(*end)

    def _at(self, line: int, column: int) -> int:
        start = self._starts[line - 1]
        return start + len(self.source[start : start + column].encode()[:column].decode())

    def of(self, node: ast.expr) -> str:
        return self.source[slice(*self.span(node))]

    def edited(self, edits: Iterable[_Edit]) -> str:
        source = self.source
        for start, end, text in sorted(edits, reverse=True):
            source = source[:start] + text + source[end:]
        return source


def _literal(value: ast.expr, text: _Text, parents: Sequence[str]) -> Iterator[_Edit]:
    """Yield what makes of a value these parents: of as many as there were, only what is another one."""
    bracketed = isinstance(value, (ast.Tuple, ast.List, ast.Set))
    items: list[ast.expr] = value.elts if isinstance(value, (ast.Tuple, ast.List, ast.Set)) else [value]
    old = [item.value for item in items if isinstance(item, ast.Constant)]
    quote = _quote(text.of(value)) or _quote(text.source.partition("\nrevision")[2]) or "'"
    if len(old) == len(parents) and None not in old:
        new = iter([parent for parent in parents if parent not in old])
        for item in items:
            if isinstance(item, ast.Constant) and item.value not in parents:
                yield _Edit(*text.span(item), _quoted(next(new), _quote(text.of(item)) or quote))
        return
    words = ", ".join(_quoted(parent, quote) for parent in parents)
    if bracketed or len(parents) > 1:
        brackets = _BRACKETS.get(type(value), "()")
        comma = "," if brackets == "()" and len(parents) == 1 else ""
        words = f"{brackets[0]}{words}{comma}{brackets[1]}"
    yield _Edit(*text.span(value), words if parents else "None")


def _quote(source: str) -> str:
    found = re.search("['\"]", source)
    return found[0] if found else ""


def _quoted(id: str, quote: str) -> str:
    return f"{quote}{id}{quote}" if _is_plain(id) else repr(id)


def _is_plain(id: str) -> bool:
    return id.isprintable() and not {*id} & {*"'\"\\"}


def _revises(module: ast.Module, text: _Text, parents: Sequence[str]) -> Iterator[_Edit]:
    first = module.body[0]
    if (
        ast.get_docstring(module) is None
        or not isinstance(first, ast.Expr)
        or not all(map(_is_plain, parents))
    ):
        return
    if found := _REVISES.search(text.source, *text.span(first.value)):
        yield _Edit(found.start(), found.start(1) + len(found[1].rstrip()), f"Revises: {', '.join(parents)}")


def _line(source: str, parents: Sequence[str]) -> tuple[int, str, str]:
    """Return where `down_revision` is assigned, that line, and how it is to read."""
    value = repr(parents[0] if len(parents) == 1 else tuple(parents) or None)
    for number, line in enumerate(source.splitlines(), 1):
        if found := _NAME.match(line):
            return number, line.strip(), f"{found[0].strip()} {value}"
    return 1, "down_revision = …", f"down_revision = {value}"
