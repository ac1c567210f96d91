"""Is it complete? Snapshot → Problems. Pure: it is given what lies in the index, a commit or the files."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .graph import Graph, Node
from .messages import Message, quoted
from .revision import illegal_characters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from .trees import Broken, Snapshot

    Whereabouts = Callable[[str], "Found | None"]

LONGEST_ID = 32  # alembic_version.version_num is String(32): alembic/runtime/migration.py
SHORTEST_RESOLVED = (
    4  # RevisionMap._revision_for_ident resolves a part of an id that has at least 4 characters
)


class Problem(NamedTuple):
    """One thing that is wrong: `id` is stable, `hint` is the cure."""

    id: str
    revision: str | None
    message: Message
    hint: Message
    files: tuple[str, ...]


class Found(NamedTuple):
    """Where a revision lies that the snapshot lacks: `how` is borrowed, unrecorded or elsewhere."""

    how: str
    origin: str
    path: str


def judge(snapshot: Snapshot, whereabouts: Whereabouts, *, max_heads: int = 1) -> tuple[Problem, ...]:
    """Return all that Alembic would stumble over, or the next one to merge.

    `whereabouts` is asked only for a revision that is missing. Sources: FACTS "Alembic", each with its test.
    """
    graph = Graph(Node(defined.revision, defined.path) for defined in snapshot.files)
    checks = (
        _broken(snapshot),
        _missing(graph, snapshot, whereabouts),
        _duplicates(graph),
        _cycles(graph),
        _labels(graph),
        _ids(graph),
        _diverged(graph, snapshot, max_heads),
    )
    return tuple(problem for check in checks for problem in check)


def _problem(id: str, revision: str | None, files: Iterable[str], **values: object) -> Problem:
    paths = tuple(files)
    about = {"revision": revision, "files": paths, **values}
    return Problem(id, revision, Message(f"check-{id}", about), Message(f"cure-{id}", about), paths)


def _broken(snapshot: Snapshot) -> Iterator[Problem]:
    for broken in snapshot.broken:
        if broken.reason != "computed-id":  # Alembic runs it, and knows
            yield _problem(
                _broken_id(broken), None, [broken.path], reason=broken.reason, detail=broken.detail
            )


def _broken_id(broken: Broken) -> str:
    return "no-revision" if broken.reason == "no-revision" else "unreadable"


def _missing(graph: Graph, snapshot: Snapshot, whereabouts: Whereabouts) -> Iterator[Problem]:
    if any(broken.reason == "computed-id" for broken in snapshot.broken):
        return  # one of those files may well be it
    for word, referrers in sorted(graph.missing.items()):
        parents = [id for id in referrers if word in graph.nodes[id].revision.down_revisions]
        dependents = [id for id in referrers if word in graph.nodes[id].revision.depends_on]
        found = whereabouts(word)
        suffix = found.how if found else "missing"
        place = found._asdict() if found else {}
        for kind, ids in (("parent", parents), ("depends", dependents)):
            if ids:
                files = [graph.nodes[id].path for id in ids]
                yield _problem(f"{kind}-{suffix}", word, files, needed_by=tuple(ids), **place)


def _duplicates(graph: Graph) -> Iterator[Problem]:
    for revision, nodes in sorted(graph.duplicates.items()):
        files = [node.path for node in nodes]
        yield _problem("duplicate-revision", revision, files, remove=f"git rm {quoted(f':/{files[-1]}')}")


def _cycles(graph: Graph) -> Iterator[Problem]:
    for cycle in graph.cycles:
        files = [graph.nodes[id].path for id in cycle]
        yield _problem("self-loop" if len(cycle) == 1 else "cycle", cycle[0], files, cycle=(*cycle, cycle[0]))


def _labels(graph: Graph) -> Iterator[Problem]:
    for label, owners in sorted(graph.label_owners.items()):
        holders = dict.fromkeys([*owners, *([label] if label in graph.nodes else [])])
        if len(holders) > 1:
            files = [graph.nodes[id].path for id in holders]
            yield _problem("duplicate-label", owners[-1], files, label=label, owners=tuple(holders))


def _ids(graph: Graph) -> Iterator[Problem]:
    for id, node in sorted(graph.nodes.items()):
        if characters := illegal_characters(id):
            yield _problem("illegal-id", id, [node.path], characters=characters)
        if len(id) > LONGEST_ID:
            yield _problem("id-too-long", id, [node.path], length=len(id), longest=LONGEST_ID)
    for short, long in _prefixes(graph.nodes):
        yield _problem("id-prefix", short, [graph.nodes[short].path, graph.nodes[long].path], longer=long)


def _prefixes(ids: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield (shorter, longer) where an id begins with another; sorted, such ids stand in one run."""
    above: list[str] = []
    for id in sorted(ids):
        while above and not id.startswith(above[-1]):
            above.pop()
        if above and len(id) >= SHORTEST_RESOLVED:
            yield above[-1], id
        above.append(id)


def _diverged(graph: Graph, snapshot: Snapshot, max_heads: int) -> Iterator[Problem]:
    own = [head for head in graph.heads if head not in snapshot.borrowed]
    for family in graph.families(own):
        if len(family) > max_heads:
            files = [graph.nodes[head].path for head in family]
            yield _problem("diverged-heads", None, files, heads=family, folder=snapshot.folder or ".")


def compare(applied: Iterable[str], snapshot: Snapshot) -> tuple[Problem, ...]:
    """Return what the database has and these files lack, and what they have and the database lacks."""
    graph = Graph(Node(defined.revision, defined.path) for defined in snapshot.files)
    reached = graph.closure(applied)
    folder = snapshot.folder or "."
    lacking = [_problem("applied-missing", id, [], folder=folder) for id in sorted(reached.unknown)]
    waiting = sorted(graph.nodes.keys() - reached.known)
    files = [graph.nodes[id].path for id in waiting]
    not_applied = (
        [_problem("not-applied", waiting[0], files, waiting=tuple(waiting), folder=folder)] if waiting else []
    )
    return (*lacking, *not_applied)
