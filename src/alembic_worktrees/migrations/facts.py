"""What do migration files declare? That depends on their bytes alone, so no file is parsed twice in its life.

The facts are kept by git's id for the bytes, in one small file in git's common folder. Whoever may write there could
as well write a hook, so its words are taken, but as data only. A file that is torn, or not ours, says nothing; rows of
another reader (this tool changed, or another Python runs it) are left to that reader. Nobody waits for a lock: it is
written whole, the last writer wins, and what the others had learned is learned again.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

from .. import git
from ..system.reading import NotReadable, read_plain
from .revision import Revision, read_revision

if TYPE_CHECKING:
    from collections.abc import Iterable

NAME = "alembic-worktrees.facts"
MAX_BYTES = 8 * 1024 * 1024  # some 70,000 files
READERS = 3  # pre-commit runs this tool in a Python of its own

_TITLE = b"alembic-worktrees facts 1 "
_SOURCES = ("facts.py", "revision.py", "template.py", "literals.py")
_FIELD, _WORD = "\t", "\x1f"


class File(NamedTuple):
    """A migration file as it was read: equal ones are held once, however many checkouts have them."""

    content: bytes
    revision: Revision


class Facts:
    """What is known of files by git's id for their bytes, and by their base name: a legacy id stands there."""

    def __init__(self, place: Path | None = None) -> None:
        """Know what the file at `place` says; without one, only what is read here."""
        self._reader = _reader() if place else ""
        self._place = place if self._reader else None
        self._others = _load(self._place) if self._place else {}
        self._before = _rows(self._others.pop(self._reader, ""))
        self._used: dict[str, str] = {}
        self._learned = False
        self._files: dict[str, File] = {}

    def known(self, blob: str, name: str, *, whole: bool = False) -> Revision | None:
        """Return what this file declares, None if that is not known; `whole` if it must be valid Python to its end."""
        key = f"{blob}/{name}"
        row = self._used.get(key) or self._before.get(key)
        found = _decoded(row) if row else None
        if row is None or found is None or whole > found[0]:
            return None
        self._used[key] = row
        return found[1]

    def read(self, blob: str, name: str, content: bytes, *, whole: bool = False) -> Revision:
        """Return what this file declares; it is read if that is not known. Raises Unreadable."""
        revision = self.known(blob, name, whole=whole)
        if revision is None:
            revision = read_revision(content, name, whole=whole)
            if row := _encoded(revision, name, whole=whole):
                self._used[f"{blob}/{name}"] = row
                self._learned = True
        return revision

    def file(self, name: str, content: bytes) -> File:
        """Return the file of this name and content, always the same one. Raises Unreadable."""
        blob = git.blob_id(content, wide=False)
        key = f"{blob}/{name}"
        if key not in self._files:
            self._files[key] = File(content, self.read(blob, name, content))
        return self._files[key]

    def keep(self) -> None:
        """Write down what was learned, for the next run; where that cannot be written, it is learned again."""
        if not self._learned or self._place is None:
            return
        from ..system.writing import overwrite

        rows = {**self._used, **self._before, **self._used}  # what was used stands first
        ours = "\n".join(map(_FIELD.join, rows.items()))
        body = _bounded({self._reader: ours, **self._others})
        with suppress(OSError):
            overwrite(self._place, _title(body) + body)
        self._learned = False


@cache
def facts_of(common: Path | None) -> Facts:
    """Return what is known in the repository of this common folder; all of a run share it."""
    return Facts(common and common / NAME)


def _reader() -> str:
    """Return what tells this reader from others, its own text and the Python that reads with it; "" if it cannot be."""
    try:
        text = b"".join(Path(__file__).with_name(name).read_bytes() for name in _SOURCES)
    except OSError:
        return ""
    return f"{crc32(text + sys.version.encode()):08x}"


# The file: a title with the sum of what follows, then each reader's rows below its name, parted by an empty line.


def _title(body: bytes) -> bytes:
    return _TITLE + b"%08x %d\n" % (crc32(body), len(body))


def _load(place: Path) -> dict[str, str]:
    """Return the rows of each reader; none of a file that is not whole."""
    try:
        title, end, body = read_plain(place, ("/",), limit=2 * MAX_BYTES).partition(b"\n")
        blocks = body.decode().split("\n\n") if title + end == _title(body) else []
    except (NotReadable, UnicodeDecodeError):
        return {}
    return {reader: rows for reader, _, rows in (block.partition("\n") for block in blocks)}


def _rows(text: str) -> dict[str, str]:
    return {key: row for key, _, row in (line.partition(_FIELD) for line in text.split("\n"))}


def _bounded(readers: dict[str, str]) -> bytes:
    """Return what fits: of the last readers, and of each what was used last."""
    body = "\n\n".join(f"{reader}\n{rows}" for reader, rows in list(readers.items())[:READERS]).encode()
    return body if len(body) <= MAX_BYTES else body[: body.rfind(b"\n", 0, MAX_BYTES)].rstrip(b"\n")


def _encoded(revision: Revision, name: str, *, whole: bool) -> str | None:
    """Return a file's row; None for words that would not stand in one: no real id has such characters."""
    id, *lists, opaque = revision
    if not all(map(str.isprintable, [name, id, *(word for words in lists for word in words)])):
        return None
    return _FIELD.join([f"{whole:d}{opaque:d}", id, *map(_ended, lists)])


def _ended(words: Iterable[str]) -> str:
    return "".join(word + _WORD for word in words)


def _decoded(row: str) -> tuple[bool, Revision] | None:
    """Return whether the file was read to its end, and what it declares; None for what is no row."""
    flags, *fields = row.split(_FIELD)
    if len(flags) != 2 or len(fields) != 4:
        return None
    id, *lists = fields
    down, depends, labels = (tuple(words.split(_WORD)[:-1]) for words in lists)
    return flags[0] == "1", Revision(id, down, depends, labels, flags[1] == "1")
