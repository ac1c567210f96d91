"""What a migration says it does: bytes → the first line of its docstring, never importing or running the file."""

from __future__ import annotations

import ast
import re
import warnings
from functools import cache

# A docstring at the very top, as `alembic revision` writes it, without what an escape could change.
_USUAL = re.compile(
    r'"""([^"\\\x00-\x1f\x7f-\x9f\u2028\u2029]*)(?:\r?\n[^"\\\0]*(?:""?[^"\\\0]+)*)?"""[ \t]*(?:\#.*)?(?:\r?\n|\Z)'
)


@cache
def first_line(content: bytes) -> str:
    """Return the first line of the module's docstring that is not blank; "" if it has none or is no Python."""
    try:
        usual = _USUAL.match(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        usual = None
    if usual and (line := usual[1].strip()):
        return line
    module = parsed(content)
    text = ast.get_docstring(module, clean=False) if module else None
    return next((line.strip() for line in (text or "").splitlines() if line.strip()), "")


def parsed(content: bytes) -> ast.Module | None:
    """Return a file as `ast` has it, None if it is no Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(content)
    except (SyntaxError, ValueError, LookupError, RecursionError, MemoryError):
        return None
