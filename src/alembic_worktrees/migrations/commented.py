"""A borrowed file that is commented out, for a branch that lacks what it imports: bytes in, bytes out.

Alembic imports also what has run already, and needs no more of that than what it declares.
"""

from __future__ import annotations

import re
from functools import cache

from .declaring import declaration
from .record import sha256
from .revision import Unreadable, read_revision

_FIRST = (
    "# Commented out by alembic-worktrees: this branch cannot import it, and it has run. Unedited: {hash}\n"
)
_BEGINNING = re.compile(rb"# Commented out by alembic-worktrees[^\n]* ([0-9a-f]{64})\n")
_MARK = b"# The file as it is where it comes from:\n"
_HEAD = """\
{title}

{declaration}

def upgrade(*_engines):
    raise NotImplementedError("commented out: try alembic-worktrees run --own")


def downgrade(*_engines):
    raise NotImplementedError("commented out: run it where it comes from")


"""
_UNFIT = re.compile(rb"\0|\r(?!\n)")  # what could end a comment before its line ends


@cache
def commented_out(content: bytes, name: str) -> bytes | None:
    """Return the file with all but what it declares as comments; None where that would not be the same migration.

    `name` is its base name. `uncommented` gives it back.
    """
    from .docstring import first_line  # which loads `ast`

    try:
        content.decode()
        revision = read_revision(content, name)
    except (UnicodeDecodeError, Unreadable):
        return None
    if revision.opaque or _UNFIT.search(content):
        return None
    title, declared = (_formatted(text) for text in (repr(first_line(content)), declaration(revision)))
    head = _HEAD.format(title=title, declaration=declared)
    lines = (
        b"# " + line if line.strip(b"\r\n") else b"#" + line for line in content.splitlines(keepends=True)
    )
    out = head.encode() + _MARK + b"".join(lines)
    return _FIRST.format(hash=sha256(out)).encode() + out


def uncommented(content: bytes) -> bytes:
    """Return the file as it was before it was commented out; what is no such file, or was edited since, as it is.

    That it was not edited its first line says: another version of ours may have written it.
    """
    first = _BEGINNING.match(content)
    if not first or sha256(content[first.end() :]) != first[1].decode():
        return content
    lines = content.partition(b"\n" + _MARK)[2].splitlines(keepends=True)
    return b"".join(line[2:] if line.startswith(b"# ") else line[1:] for line in lines)


def _formatted(text: str) -> str:
    """Return Python's literals as formatters write them, so that none edits the file."""
    return text if '"' in text or "\\" in text else text.replace("'", '"')
