"""What do git's objects hold? Read in a few processes, however many they are."""

from __future__ import annotations

import os
import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from ..system.reading import MAX_BYTES, is_sound
from .ask import TIMEOUT, answer, ask, failed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


_OBJECT = re.compile(rb"([0-9a-f]+) ([a-z]+) ([0-9]+)")
_contents: dict[Path, dict[str, bytes]] = {}  # what a repository has under an id stays the same


class Object(NamedTuple):
    """What `git cat-file` tells of an object: its id, type and size in bytes."""

    oid: str
    type: str
    size: int


class TreeEntry(NamedTuple):
    """One line of a tree: "100644" and so on, the object's id, the name."""

    mode: str
    oid: str
    name: str

    @property
    def is_file(self) -> bool:
        """Whether it is a plain file: no link, no submodule."""
        return self.mode.startswith("100")

    @property
    def is_folder(self) -> bool:
        """Whether it is a tree itself."""
        return self.mode == "40000"


def describe(folder: Path, names: Sequence[str]) -> tuple[Object | None, ...]:
    """Return what each name ("COMMIT:PATH", "COMMIT^3", an id) stands for; None if there is no such object here.

    None too for a name that git cannot be asked for: it takes a line, and a carriage return at the end is not of it.
    """
    lines = [b"" if "\n" in name or name.endswith("\r") else os.fsencode(name) for name in names]
    found: list[Object | None] = []
    while len(found) < len(lines):
        text = b"".join(line + b"\n" for line in lines[len(found) :])
        result = ask(folder, "cat-file", "--batch-check", text=text, timeout=TIMEOUT)
        found += map(_parse_object, result.out.split(b"\n")[:-1])  # a name may hold a \r
        if result.status:
            if b"promisor remote" not in result.err:
                raise failed(folder, "git cat-file", result)
            found.append(None)  # in a partial clone git gives up at what it would have to fetch
    return tuple(found)


def _parse_object(line: bytes) -> Object | None:
    found = _OBJECT.fullmatch(line)  # else "NAME missing", "NAME ambiguous"
    return Object(found[1].decode(), found[2].decode(), int(found[3])) if found else None


def small_contents(folder: Path, oids: Iterable[str]) -> dict[str, bytes]:
    """Return the bytes of those objects that are here and not too large, by id; each is read once in a run."""
    wanted, read = dict.fromkeys(oids), _contents.setdefault(folder, {})
    unread = [oid for oid in wanted if oid not in read]
    small = [one for one in describe(folder, unread) if one and one.size <= MAX_BYTES] if unread else []
    text = "".join(f"{one.oid}\n" for one in small).encode()
    content = answer(folder, "cat-file", "--batch", "--buffer", text=text) if small else b""
    end = 0
    for one in small:  # after a line about each
        start = content.index(b"\n", end) + 1
        read[one.oid] = content[start : start + one.size]
        end = start + one.size + 1
    return {oid: read[oid] for oid in wanted if oid in read}


def blob_id(content: bytes, *, wide: bool) -> str:
    """Return the id that git gives to `content`; `wide` in a repository of `--object-format=sha256`."""
    import hashlib

    data = b"blob %d\0" % len(content) + content
    return hashlib.sha256(data).hexdigest() if wide else hashlib.sha1(data, usedforsecurity=False).hexdigest()


def tree_entries(tree: bytes, oid_bytes: int) -> tuple[TreeEntry, ...]:
    """Return the lines of a tree object: MODE SPACE NAME NUL ID, where an id has 20 or 32 bytes.

    Names that git would refuse to check out are left out.
    """
    lines = re.findall(rb"([0-7]+) ([^\0/]+)\0(.{%d})" % oid_bytes, tree, re.DOTALL)
    return tuple(entry for line in lines if (entry := _tree_entry(*line)))


@cache  # the trees of a hundred branches hold the same lines, and a line says all of its entry
def _tree_entry(mode: bytes, name: bytes, oid: bytes) -> TreeEntry | None:
    """Return a line of a tree, None if git would refuse to check it out."""
    entry = TreeEntry(mode.decode(), oid.hex(), os.fsdecode(name))
    return entry if is_sound(entry.name) else None
