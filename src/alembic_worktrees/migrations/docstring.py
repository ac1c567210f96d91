"""What a migration says it does: bytes → the first line of its docstring, never importing or running the file."""

from __future__ import annotations

import ast
import re
import warnings
from functools import cache

# A docstring at the very top, as `alembic revision` writes it, without what an escape could change.
_USUAL = re.compile(
    rb'(?:\xef\xbb\xbf)?"""([^"\\\x00-\x1f]*)(?:\r?\n[^"\\\0]*(?:""?[^"\\\0]+)*)?"""[ \t]*(?:\#[^\r\n\0]*)?(?:\r?\n|\Z)'
)
_UTF_8 = re.compile(rb"\A(?:[^\n]*\n)?[^\n]*coding[:=]")


@cache
def first_line(content: bytes) -> str:
    """Return the first line of the module's docstring that is not blank; "" if it has none or is no Python."""
    match = _USUAL.match(content)
    if match and not _UTF_8.match(content) and _is_one_line(text := _decoded(match)):
        return text.strip()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            text = ast.get_docstring(ast.parse(content), clean=False) or ""
    except (SyntaxError, ValueError, LookupError, RecursionError, MemoryError):
        return ""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def _decoded(match: re.Match[bytes]) -> str:
    """Return the first line, "" if the docstring is not UTF-8."""
    try:
        match[0].decode()
        return match[1].decode()
    except UnicodeDecodeError:
        return ""


def _is_one_line(text: str) -> bool:
    return bool(text.strip()) and len(text.splitlines()) == 1
