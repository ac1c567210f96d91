"""Passwords that stand on the command line: in what we say of those words, and only there, they are ***."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# A URL, or a word that gives a password; `no-password:wanted` is a branch of a clone.
_SUSPECT = re.compile(r"://|(pass|pwd)[^:=]*=", re.IGNORECASE)


def typed_passwords(argv: Sequence[str]) -> Mapping[str, str]:
    """Return what is not to be said of these words, and what is to be said instead; the longest first."""
    values = {value for word in argv for value in _values(word) if _SUSPECT.search(value)}
    if not values:  # nearly always: spared the patterns of `mask`
        return {}
    from ..database.runner.masking import mask
    from ..messages.quoting import quoted

    found: dict[str, str] = {}
    for value in sorted(values, key=len, reverse=True):
        if (hidden := mask(value)) != value:
            found |= {quoted(value): quoted(hidden), value: hidden}
    return found


def _values(word: str) -> tuple[str, ...]:
    """Return a word, and what may be the value of an option in it: --from=VALUE, -xVALUE."""
    return word, word[2:], word.partition("=")[2]
