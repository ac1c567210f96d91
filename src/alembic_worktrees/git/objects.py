"""What do git's objects hold? Read in a few processes, however many they are."""

from __future__ import annotations

import os
import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from ..system.process import Reading
from ..system.reading import is_sound
from .ask import ask, environment, failed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


_OBJECT = re.compile(rb"([0-9a-f]+) ([a-z]+) ([0-9]+)")


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
        result = ask(folder, "cat-file", "--batch-check", text=text)
        found += map(_parse_object, result.out.split(b"\n")[:-1])  # a name may hold a \r
        if result.status:
            if b"promisor remote" not in result.err:
                raise failed(folder, "git cat-file", result)
            found.append(None)  # in a partial clone git gives up at what it would have to fetch
    return tuple(found)


def _parse_object(line: bytes) -> Object | None:
    found = _OBJECT.fullmatch(line)  # else "NAME missing", "NAME ambiguous"
    return Object(found[1].decode(), found[2].decode(), int(found[3])) if found else None


def small_contents(folder: Path, oids: Iterable[str], limit: int) -> dict[str, bytes]:
    """Return the bytes of those objects that are here and have at most `limit` bytes, by id; each is read once."""
    contents: dict[str, bytes] = {}
    todo = list(dict.fromkeys(oids))
    while todo:
        todo = todo[_read_objects(folder, todo, limit, contents) :]
    return contents


def _read_objects(folder: Path, oids: Sequence[str], limit: int, contents: dict[str, bytes]) -> int:
    """Read objects up to the first that is too large, or that git gives up at; return how many are dealt with."""
    argv = ["git", "cat-file", "--batch", "--buffer"]
    text = "".join(oid + "\n" for oid in oids).encode()
    with Reading(argv, folder=folder, environment=environment(), text=text) as reading:
        for number, oid in enumerate(oids, 1):
            line = reading.out.readline()
            found = _parse_object(line.rstrip(b"\n"))
            if found and found.size <= limit:
                contents[oid] = reading.out.read(found.size + 1)[:-1]
            elif found:
                return number
            elif not line:
                result = reading.result()
                if b"promisor remote" not in result.err:
                    raise failed(folder, " ".join(argv), result)
                return number  # in a partial clone git gives up at what it would have to fetch
    return len(oids)


def blob_id(content: bytes, *, wide: bool) -> str:
    """Return the id that git gives to `content`; `wide` in a repository of `--object-format=sha256`."""
    import hashlib

    data = b"blob %d\0" % len(content) + content
    return hashlib.sha256(data).hexdigest() if wide else hashlib.sha1(data, usedforsecurity=False).hexdigest()


def tree_entries(tree: bytes, oid_bytes: int) -> tuple[TreeEntry, ...]:
    """Return the lines of a tree object: MODE SPACE NAME NUL ID, where an id has 20 or 32 bytes.

    A tree that was made by hand ends where it is none any more. Names that git would refuse to check out are left
    out.
    """
    line = re.compile(rb"([0-7]+) ([^\0/]+)\0(.{%d})" % oid_bytes, re.DOTALL)
    entries, end = [], 0
    for found in line.finditer(tree):
        if found.start() != end:
            break
        end = found.end()
        entries.append(_tree_entry(*found.groups()))
    return tuple(entry for entry in entries if entry)


@cache  # the trees of a hundred branches hold the same lines, and a line says all of its entry
def _tree_entry(mode: bytes, name: bytes, oid: bytes) -> TreeEntry | None:
    """Return a line of a tree, None if git would refuse to check it out."""
    entry = TreeEntry(mode.decode(), oid.hex(), os.fsdecode(name))
    return entry if is_sound(entry.name) else None
