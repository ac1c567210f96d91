"""How is a value shown? Quoted to be pasted, in one line, with nothing that steers a terminal."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def quoted(value: object) -> str:
    """Return a path or word as it can be pasted into a shell; the home folder as ~ where that needs no quotes."""
    text, plain = str(value), abbreviated(value)
    return plain if plain != text and shlex.quote(plain[2:]) == plain[2:] else word(text)


def word(text: str) -> str:
    r"""Return one word of a shell. What must not reach a terminal as it is stands as `$'\x1b'` (bash, zsh, ksh)."""
    if one_line(text) == text:
        return shlex.quote(text)
    return f"$'{''.join(map(_escaped_for_shell, text))}'"


def _escaped_for_shell(character: str) -> str:
    if character in "\\'":
        return f"\\{character}"
    if one_line(character) == character:
        return character
    unknown = "\udc80" <= character <= "\udcff"  # a byte of a file's name that is no text
    found = character.encode("utf-8", "surrogateescape" if unknown else "surrogatepass")
    return "".join(f"\\x{byte:02x}" for byte in found)


def abbreviated(value: object) -> str:
    """Return a path with the home folder as ~."""
    home = os.environ.get("HOME", "")
    text = str(value)
    return "~" + text[len(home) :] if len(home) > 1 and text.startswith(home + "/") else text


def printable(text: str) -> str:
    r"""Return `text` with what cannot be seen, and bytes that are no text, as \xNN. Line breaks stay.

    So are control characters, and what turns the direction of writing or has no width. A file name must not steer the
    terminal, nor look like another one.
    """
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() or one in _SPACES else _escaped(one) for one in text)


def one_line(text: str) -> str:
    r"""Return `text` as `printable` does, with line breaks as \n: a file name must not add a line either."""
    return printable(text).replace("\n", "\\n")


_SPACES = "\n\xa0\u202f\u3000"  # the second and third are French


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def columns(text: str) -> int:
    """Return how many columns a terminal needs for `text`."""
    import unicodedata

    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(unicodedata.combining(character) > 0 for character in text)


def aligned(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return the rows of a table, all cells of a column made as wide as its widest; but the last needs no spaces."""
    widths = [max(map(columns, column)) for column in zip(*rows, strict=True)]
    widths[-1:] = [0]
    return [
        [cell + " " * (width - columns(cell)) for cell, width in zip(row, widths, strict=True)]
        for row in rows
    ]


def coloured(style: str, text: str) -> str:
    """Return `text` for a terminal in a style, the parameters of an escape sequence; not so the spaces after it."""
    shown = text.rstrip()
    return f"\x1b[{style}m{shown}\x1b[0m{text[len(shown) :]}" if style and shown else text
