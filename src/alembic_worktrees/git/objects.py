"""What do git's objects hold? Read in a few processes, however many they are."""

from __future__ import annotations

import os
import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from ..system.reading import MAX_BYTES, is_sound
from .ask import TIMEOUT, ask, failed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
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
    return tuple(one for one, _ in _look_up(folder, names))


def small_contents(folder: Path, oids: Iterable[str]) -> dict[str, bytes]:
    """Return the bytes of those objects that are here and not too large, by id; each is read once in a run."""
    wanted, read = dict.fromkeys(oids), _contents.setdefault(folder, {})
    unread = [oid for oid in wanted if oid not in read]
    found = _look_up(folder, unread, with_content=True)
    read |= {one.oid: content for one, content in found if one and one.size <= MAX_BYTES}
    return {oid: read[oid] for oid in wanted if oid in read}


def _look_up(
    folder: Path, names: Sequence[str], *, with_content: bool = False
) -> list[tuple[Object | None, bytes]]:
    """Return what `git cat-file` tells of each name, in one process, and the content if that is asked for."""
    how, timeout = ("--batch", None) if with_content else ("--batch-check", TIMEOUT)
    lines = [b"" if "\n" in name or name.endswith("\r") else os.fsencode(name) for name in names]
    found: list[tuple[Object | None, bytes]] = []
    while len(found) < len(lines):
        text = b"".join(line + b"\n" for line in lines[len(found) :])
        result = ask(folder, "cat-file", how, "--buffer", text=text, timeout=timeout)
        found += _parsed(result.out, with_content)
        if result.status:
            if b"promisor remote" not in result.err:
                raise failed(folder, "git cat-file", result)
            found.append((None, b""))  # in a partial clone git gives up at what it would have to fetch
    return found


def _parsed(out: bytes, with_content: bool) -> Iterator[tuple[Object | None, bytes]]:
    """Yield each object, None where there is none, and the content after its line."""
    start = 0
    while start < len(out):
        end = out.index(b"\n", start)
        one = _parse_object(out[start:end])
        start = end + 1
        if one and with_content:
            yield one, out[start : start + one.size]
            start += one.size + 1
        else:
            yield one, b""


def _parse_object(line: bytes) -> Object | None:
    found = _OBJECT.fullmatch(line)  # else "NAME missing", "NAME ambiguous"
    return Object(found[1].decode(), found[2].decode(), int(found[3])) if found else None


def blob_ids(content: bytes) -> frozenset[str]:
    """Return the ids that git may give to a file's content: it has two hashes, and may end lines in another way."""
    import hashlib

    texts = {content, content.replace(b"\r\n", b"\n")}
    blobs = [b"blob %d\0%b" % (len(text), text) for text in texts]
    return frozenset(
        hashlib.new(name, blob, usedforsecurity=False).hexdigest()
        for name in ("sha1", "sha256")
        for blob in blobs
    )


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
