"""What would be borrowed, to be read before it is: Plan → a sheet for each file. Only git is asked, for the author."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from .. import git
from ..messages import TITLE, Message, _
from ..messages.quoting import one_line, printable
from ..migrations.record import sha256

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from ..project.project import Project
    from ..search.checkouts import Surroundings
    from ..search.sources import Candidate
    from .plan import Copy

    Author = Callable[[Candidate], git.Commit | None]


class Page(NamedTuple):
    """One file to read: what is to be known of it, and its text, in which nothing steers a terminal."""

    about: Message
    text: str
    language: str  # "python", or "diff" if an older copy is here


def pages(copies: Sequence[Copy], author: Author) -> Iterator[Page]:
    """Yield a sheet for each file that would be borrowed, in the order in which they would be written."""
    for copied in copies:
        text, language = (
            (_diff(copied), "diff") if copied.replaces else (_source(copied.candidate.content), "python")
        )
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
    text = _("{revision}: {path}\n  from {origin}: {source}\n  {committed}\n  sha256 {sha256}")
    if copied.replaces:
        text = _(
            "{revision}, which has changed: {path}\n"
            "  from {origin}: {source}\n"
            "  {committed}\n"
            "  sha256 {sha256}"
        )
    return Message(text, values, TITLE)


def _diff(copied: Copy) -> str:
    import difflib

    old = copied.replaces.migration.content if copied.replaces else b""
    before, after = (_source(content).split("\n") for content in (old, copied.candidate.content))
    return "\n".join(
        difflib.unified_diff(before, after, "here", one_line(copied.candidate.origin.name), lineterm="")
    )


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


def author_of(project: Project, around: Callable[[], Surroundings]) -> Author:
    """Return a function that asks git who committed a candidate last; None if nobody has, or it is a copy of a copy."""

    def ask(candidate: Candidate) -> git.Commit | None:
        roots = {checkout.name: checkout.path for checkout in around().others}
        return _author(candidate, roots, project.root)

    return ask


def _author(candidate: Candidate, roots: Mapping[str, Path], here: Path) -> git.Commit | None:
    origin = candidate.origin
    if candidate.path is None:
        clone, colon, _ = origin.name.partition(":")
        return git.last_commit(roots.get(clone, here) if colon else here, origin.commit or "", origin.path)
    root = roots.get(origin.name)
    if root is None or not git.committed(root, {candidate.path: candidate.content}):
        return None
    return git.last_commit(root, "HEAD", os.path.relpath(candidate.path, root))
