"""Other parents for a migration: bytes in, bytes out. Only the literal changes, and what the docstring says of it."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from contextlib import suppress
from itertools import accumulate
from typing import TYPE_CHECKING

from ..migrations.docstring import parsed
from ..migrations.revision import Unreadable, read_revision

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Edit = tuple[int, int, str]
    """Where a piece of a source begins and ends, in bytes of UTF-8, and what is to stand there."""

_REVISES = re.compile(rb"^Revises:[ \t]*([^\r\n\"'\\]*)", re.MULTILINE)


def with_parents(name: str, content: bytes, parents: Sequence[str]) -> bytes | None:
    """Return the file with these parents, in the form that it has: quotes, brackets, annotation.

    None where they are computed: that is for its author to change.
    """
    rewritten = _rewritten(content, parents)
    return rewritten if rewritten and _says(name, rewritten, content, parents) else None


def _rewritten(content: bytes, parents: Sequence[str]) -> bytes | None:
    """Return the file with other words where its parents stand; None where they are computed."""
    module = parsed(content)
    value = module and _value(module)
    with suppress(SyntaxError, UnicodeError):  # old line ends, in which `tokenize` sees no cookie
        if module and value:
            encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
            source = content.decode(encoding).encode()  # what `ast` counts
            edits = [*_literal(value, source, parents), *_revises(module, source, parents)]
            for start, end, text in sorted(edits, reverse=True):
                source = source[:start] + text.encode() + source[end:]
            return source.decode().encode(encoding)
    return None


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


def _says(name: str, rewritten: bytes, content: bytes, parents: Sequence[str]) -> bool:
    """Whether a file declares what it did, with these parents."""
    try:
        now, before = read_revision(rewritten, name, whole=True), read_revision(content, name)
    except Unreadable:
        return False
    return {*now.down_revisions} == {*parents} and now == before._replace(down_revisions=now.down_revisions)


def _span(node: ast.expr, source: bytes) -> tuple[int, int]:
    starts = [0, *accumulate(map(len, source.splitlines(keepends=True)))]
    end_line, end_column = node.end_lineno or 0, node.end_col_offset or 0  # `ast.parse` always says both
    return starts[node.lineno - 1] + node.col_offset, starts[end_line - 1] + end_column


def _literal(value: ast.expr, source: bytes, parents: Sequence[str]) -> list[Edit]:
    """Return what makes of a value these parents: of as many as there were, only what is another one."""
    items: list[ast.expr] = value.elts if isinstance(value, (ast.Tuple, ast.List)) else [value]
    old = [item for item in items if isinstance(item, ast.Constant) and item.value is not None]
    quote = _quote(value, source) or _first_quote(source.partition(b"\nrevision")[2]) or "'"
    if len(old) == len(items) == len(parents):
        return _replaced(old, source, parents)
    words = ", ".join(_quoted(parent, quote) for parent in parents)
    return [(*_span(value, source), _bracketed(words, value, len(parents)))]


def _replaced(old: Sequence[ast.Constant], source: bytes, parents: Sequence[str]) -> list[Edit]:
    known = {item.value for item in old}
    gone = (item for item in old if item.value not in parents)
    new = (parent for parent in parents if parent not in known)
    both = zip(gone, new, strict=False)
    return [(*_span(item, source), _quoted(parent, _quote(item, source))) for item, parent in both]


def _bracketed(words: str, value: ast.expr, count: int) -> str:
    if not count:
        return "None"
    if isinstance(value, ast.List):
        return f"[{words}]"
    if isinstance(value, ast.Tuple) or count > 1:
        return f"({words},)" if count == 1 else f"({words})"
    return words


def _quote(node: ast.expr, source: bytes) -> str:
    return _first_quote(source[slice(*_span(node, source))])


def _first_quote(source: bytes) -> str:
    found = re.search(rb"['\"]", source)
    return found[0].decode() if found else ""


def _quoted(id: str, quote: str) -> str:
    return f"{quote}{id}{quote}" if _is_plain(id) else repr(id)


def _is_plain(id: str) -> bool:
    return id.isprintable() and not {*id} & {*"'\"\\"}


def _revises(module: ast.Module, source: bytes, parents: Sequence[str]) -> Iterator[Edit]:
    first = module.body[0]
    if not (ast.get_docstring(module) and isinstance(first, ast.Expr) and all(map(_is_plain, parents))):
        return
    if found := _REVISES.search(source, *_span(first.value, source)):
        yield found.start(), found.start(1) + len(found[1].rstrip()), f"Revises: {', '.join(parents)}"
