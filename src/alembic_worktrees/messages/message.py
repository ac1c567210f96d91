"""What is to be said: a text's key, and what fills it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Message(NamedTuple):
    """What is to be said: the key of a text, and the values that fill it."""

    key: str
    values: Mapping[str, object] = {}
