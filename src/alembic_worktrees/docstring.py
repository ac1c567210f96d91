"""What a migration says it does: bytes → the first line of its docstring, never importing or running the file."""

from __future__ import annotations

import ast
import re
import warnings
from functools import cache

# `"""text` at the very top, as `alembic revision` writes it, without what an escape could change.
_USUAL = re.compile(rb'(?:\xef\xbb\xbf)?"""[ \t]*([^"\\\r\n\0]*[^"\\\r\n\0\s])[ \t]*(?:\r?\n|""")')
_UTF_8 = re.compile(rb"\A(?:[^\n]*\n)?[^\n]*coding[:=]")


@cache
def first_line(content: bytes) -> str:
    """Return the first line of the module's docstring that is not blank; "" if it has none or is no Python."""
    match = _USUAL.match(content)
    if match and not _UTF_8.match(content):
        try:
            return match[1].decode()
        except UnicodeDecodeError:
            return ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            text = ast.get_docstring(ast.parse(content), clean=False) or ""
    except (SyntaxError, ValueError, LookupError, RecursionError, MemoryError):
        return ""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")
