"""An item of ours in a list of somebody else's JSON file. Text in, text out; every other byte stays as it is."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

NOTHING = "{}\n"
_value_at = json.JSONDecoder().raw_decode


class _Part(NamedTuple):
    """A member of an object or an item of a list: from `begin`, at its name if it has one, to `end`."""

    name: str | None
    begin: int
    value: int
    end: int


def with_item(text: str, path: Sequence[str], item: object) -> str | None:
    """Return `text` with one more item at the end of the list at `path`; the list is made where there is none.

    None if that is no list, the text no JSON, or if `without_items` could not bring back every byte.
    """
    with suppress(ValueError, IndexError):
        after = _added(text, path, item)
        if (without_items(after, path, lambda one: bool(one == item)) or NOTHING) == text:
            return after
    return None


def without_items(text: str, path: Sequence[str], is_ours: Callable[[Any], bool]) -> str | None:
    """Return `text` without those items of the list at `path`, and without what then is empty; None if all of it is."""
    while places := _find(text, path, is_ours):
        while len(places[-1][0]) == 1:  # it stands alone in its list or object, which goes too
            places.pop()
            if not places:
                return None
        parts, number = places[-1]
        if number:
            text = text[: parts[number - 1].end] + text[parts[number].end :]  # with the comma before it
        else:
            text = text[: parts[0].begin] + text[parts[1].begin :]  # with the comma after it
    return text


def _find(text: str, path: Sequence[str], is_ours: Callable[[Any], bool]) -> list[tuple[list[_Part], int]]:
    """Return the way to the first such item: of each list or object all parts, and which one leads on; [] if none."""

    def leads(part: _Part, name: str | None) -> bool:
        return is_ours(_value_at(text, part.value)[0]) if name is None else part.name == name

    places = []
    with suppress(ValueError, IndexError, StopIteration):  # no JSON, another form, no such part
        at = _skip(text, 0)
        for name in (*path, None):
            parts = _parts(text, at)
            number = next(number for number, part in enumerate(parts) if leads(part, name))
            places.append((parts, number))
            at = parts[number].value
        return places
    return []


def _parts(text: str, at: int) -> list[_Part]:
    """Return what is in the list or object that begins at `at`. ValueError if none does."""
    if text[at] not in "[{":
        raise ValueError(text[at])
    parts: list[_Part] = []
    begin = _skip(text, at + 1)
    while text[begin] not in "]}":
        name, value = None, begin
        if text[at] == "{":
            name, colon = _value_at(text, begin)
            value = _skip(text, _skip(text, colon) + 1)
        end = _value_at(text, value)[1]
        parts.append(_Part(name, begin, value, end))
        begin = _skip(text, end)
        if text[begin] == ",":
            begin = _skip(text, begin + 1)
    return parts


def _skip(text: str, at: int) -> int:
    return len(text) - len(text[at:].lstrip(" \t\r\n"))


def _added(text: str, path: Sequence[str], item: object) -> str:
    json.loads(text)  # all of it, before a part of it is believed
    at = _skip(text, 0)
    rest = list(path)
    while rest and (part := {one.name: one for one in _parts(text, at)}.get(rest[0])):
        at = part.value
        rest.pop(0)
    value: object = [item] if rest else item
    for name in reversed(rest[1:]):
        value = {name: value}
    return _inserted(text, at, f"{json.dumps(rest[0])}: " if rest else "", value)


def _inserted(text: str, at: int, name: str, value: object) -> str:
    """Put a part at the end of the list or object at `at`, laid out as its neighbours are."""
    parts = _parts(text, at)
    if text[at] != ("{" if name else "["):
        raise ValueError(text[at])
    unit = (re.search(r"^[ \t]+(?=\S)", text, re.MULTILINE) or ["  "])[0]
    line = text[text.rfind("\n", 0, at) + 1 :]
    margin = "\n" + line[: _skip(line, 0)]
    gap = text[at + 1 : parts[0].begin].replace("\r", "") if parts else margin + unit
    begin, end = (parts[-1].end, parts[-1].end) if parts else (at + 1, _skip(text, at + 1))
    if "\n" in gap:
        written = json.dumps(value, ensure_ascii=False, indent=unit)
        written = gap + name + written.replace("\n", "\n" + gap.rpartition("\n")[2])
    else:
        written = f" {name}{json.dumps(value, ensure_ascii=False)}"
    written = f",{written}" if parts else written + margin
    return text[:begin] + (written.replace("\n", "\r\n") if "\r\n" in text else written) + text[end:]
