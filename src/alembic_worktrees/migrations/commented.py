"""A borrowed file that is commented out, for a branch that lacks what it imports: bytes in, bytes out.

Alembic imports also what has run already, and needs no more of that than what it declares.
"""

from __future__ import annotations

import re
from functools import cache

from .declaring import declaration
from .docstring import first_line
from .revision import Unreadable, read_revision

_FIRST = b"# Commented out by alembic-worktrees: this branch lacks what the file imports, and its migration has run.\n"
_HEAD = """\
{title!r}

{declaration}

def upgrade(*_engines):
    raise NotImplementedError("{reason}")


def downgrade(*_engines):
    raise NotImplementedError("{reason}")


# The file as it is where it comes from:
"""
_REASON = "this migration is commented out here, where what it imports is lacking; run it in a checkout that has that"
_UNFIT = re.compile(rb"\0|\r(?!\n)")  # what could end a comment before its line ends


@cache
def commented_out(content: bytes, name: str) -> bytes | None:
    """Return the file with all but what it declares as comments; None where that would not be the same migration.

    `name` is its base name. `uncommented` gives it back.
    """
    try:
        content.decode()
        revision = read_revision(content, name)
    except (UnicodeDecodeError, Unreadable):
        return None
    if revision.opaque or _UNFIT.search(content):
        return None
    head = _HEAD.format(title=first_line(content), declaration=declaration(revision), reason=_REASON)
    return _FIRST + head.encode() + b"".join(b"# " + line for line in content.splitlines(keepends=True))


def uncommented(content: bytes, name: str) -> bytes:
    """Return the file as it was before it was commented out; what is no such file, or was edited since, as it is."""
    if not content.startswith(_FIRST):
        return content
    mark = _HEAD.rpartition("\n\n")[2].encode()
    whole = b"".join(line[2:] for line in content.partition(mark)[2].splitlines(keepends=True))
    return whole if commented_out(whole, name) == content else content
