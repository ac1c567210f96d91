"""What would be borrowed, to be read before it is: Plan → a sheet for each file. Only git is asked, for the author."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from .. import git
from ..messages import TITLE, Message, _
from ..messages.quoting import one_line, printable
from ..migrations.record import sha256

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from ..search.checkouts import Surroundings
    from ..search.sources import Candidate
    from .plan import Copy


class Page(NamedTuple):
    """One file to read: what is to be known of it, and its text, in which nothing steers a terminal."""

    about: Message
    text: str
    language: str  # "python", or "diff" if an older copy is here


def pages(copies: Iterable[Copy], author: Callable[[Candidate], git.Commit | None]) -> Iterator[Page]:
    """Yield a sheet for each file that would be borrowed, in the order in which they would be written."""
    for copied in copies:
        text, language = _source(copied.candidate.content), "python"
        if copied.replaces:
            old, language = _source(copied.replaces.migration.content), "diff"
            text = _diff(old, text, copied.candidate.origin.name)
        yield Page(_about(copied, author(copied.candidate)), text, language)


def _about(copied: Copy, commit: git.Commit | None) -> Message:
    candidate = copied.candidate
    origin = candidate.origin
    known = Message(_("not committed there"))
    if commit:
        known = Message(_("committed by {author}, {date}, {commit}"), commit._asdict())
    values = {
        "revision": candidate.revision.id,
        "path": copied.path,
        "origin": origin.name,
        "source": candidate.path or f"{origin.commit}:{origin.path}",
        "committed": known,
        "sha256": sha256(candidate.content),
    }
    if copied.replaces:
        values["revision"] = Message(_("{revision}, which has changed"), {"revision": copied.revision})
    text = _("{revision}: {path}\n  from {origin}: {source}\n  {committed}\n  sha256 {sha256}")
    return Message(text, values, TITLE)


def _diff(old: str, new: str, origin: str) -> str:
    import difflib

    before, after = old.split("\n"), new.split("\n")
    return "\n".join(difflib.unified_diff(before, after, "here", one_line(origin), lineterm=""))


def _source(content: bytes) -> str:
    """Return a file as Python will read it, whatever encoding it declares; a tab steers nothing."""
    import io
    import tokenize

    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        text = content.decode(encoding)
    except (SyntaxError, LookupError, UnicodeDecodeError):
        text = content.decode("utf-8", "surrogateescape")
    text = text.replace("\r\n", "\n").removesuffix("\n")
    return "\t".join(map(printable, text.split("\t")))


def last_commit(candidate: Candidate, here: Path, around: Surroundings) -> git.Commit | None:
    """Ask git who committed a candidate last; None if nobody has, or it is a copy of a copy."""
    origin, places = candidate.origin, around.places
    if candidate.path is None:
        clone, colon, _ = origin.name.partition(":")
        return git.last_commit(places.get(clone, here) if colon else here, origin.commit or "", origin.path)
    root = places.get(origin.name)
    if root is None or not git.committed(root, {candidate.path: candidate.content}):
        return None
    return git.last_commit(root, "HEAD", os.path.relpath(candidate.path, root))
