"""Text → bytes, as well as a locale's encoding can: what it lacks becomes its nearest sign in ASCII, or an escape."""

from __future__ import annotations

import codecs
import sys
from io import TextIOWrapper
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO

NEAREST = "alembic-worktrees-nearest"  # the name of our error handler

# What is no letter with an accent: in words, then in drawings, whose signs have to stay different.
_SIGNS = {
    **dict(zip("→←…–—’œŒ", ("->", "<-", "...", "-", "-", "'", "oe", "OE"), strict=True)),
    **dict(zip("\xa0\u202f·●○◆◇■□▲△✖", "  -*o#%=~^vx", strict=True)),
    **dict(zip("┋┊│─┄┬┴╭╮╰╯↺", ":||----++++@", strict=True)),
}


def encoded(text: str, encoding: str | None = None) -> bytes:
    """Return the bytes of `text`, if not in another encoding in that of file names: those stay byte for byte."""
    return text.encode(encoding or sys.getfilesystemencoding(), _handler())


def relax(stream: TextIO) -> None:
    """Let a stream write what its encoding lacks as well as it can, in place of an error."""
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors=_handler())


def lacks(encoding: str, text: str) -> bool:
    """Whether `encoding` has no way to write `text`."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return True
    return False


def _handler() -> str:
    codecs.register_error(NEAREST, _nearest)
    return NEAREST


def _nearest(error: UnicodeError) -> tuple[bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return b"".join(map(_byte_for, error.object[error.start : error.end])), error.end


def _byte_for(character: str) -> bytes:
    if "\udc80" <= character <= "\udcff":  # a byte that was no text when it came in
        return character.encode("ascii", "surrogateescape")
    return _near(character).encode("ascii", "backslashreplace")


def _near(character: str) -> str:
    import unicodedata

    return _SIGNS.get(character) or unicodedata.normalize("NFD", character)[0]
