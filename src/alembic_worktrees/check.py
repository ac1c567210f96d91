"""Is it complete? Snapshot → Problems. Pure: it is given what lies in the index, a commit or the files."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from .graph import Graph, Node
from .messages import Message, quoted
from .revision import illegal_characters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence, Set

    from .trees import Snapshot

    Whereabouts = Callable[[str], "Found | None"]

LONGEST_ID = 32  # alembic_version.version_num is String(32): alembic/runtime/migration.py
SHORTEST_RESOLVED = (
    4  # RevisionMap._revision_for_ident takes a part of an id for one of at least 4 characters
)


class Problem(NamedTuple):
    """One thing that is wrong: `id` is stable, `hint` is the cure."""

    id: str
    revision: str | None
    message: Message
    hint: Message
    files: tuple[str, ...]


class Found(NamedTuple):
    """Where a revision lies that the snapshot lacks: `how` is borrowed, unrecorded or elsewhere; `cure` brings it.

    "unsearched" is where it was not found, but not all was searched.
    """

    how: str
    origin: str
    path: str
    cure: Message


def judge(snapshot: Snapshot, whereabouts: Whereabouts, *, max_heads: int = 1) -> tuple[Problem, ...]:
    """Return all that Alembic would stumble over, or the next one to merge.

    `whereabouts` is asked only for a revision that is missing. Sources: FACTS "Alembic", each with its test.
    """
    graph = _graph(snapshot)
    checks = (
        _broken(snapshot),
        _missing(graph, snapshot, whereabouts),
        _duplicates(graph, snapshot),
        _cycles(graph),
        _labels(graph),
        _ids(graph),
        _diverged(graph, snapshot, max_heads),
    )
    return tuple(problem for check in checks for problem in check)


def _graph(snapshot: Snapshot) -> Graph:
    return Graph(Node(defined.revision, defined.path) for defined in snapshot.files)


def problem(id: str, revision: str | None, files: Sequence[str], **values: object) -> Problem:
    """Return the problem `id`, whose texts are filled with `values`; `cure` among them is another cure."""
    about = {"revision": revision, "files": tuple(files), **values}
    cure = values.get("cure")
    hint = cure if isinstance(cure, Message) else Message(f"cure-{id}", about)
    return Problem(id, revision, Message(f"check-{id}", about), hint, tuple(files))


def _broken(snapshot: Snapshot) -> Iterator[Problem]:
    for path, reason, detail, _ in snapshot.broken:
        if reason == "no-revision":
            yield problem("no-revision", None, [path])
        elif reason == "compiled":
            yield problem("compiled", None, [path])
        elif reason != "computed-id":  # Alembic runs it, and knows
            yield problem("unreadable", None, [path], reason=reason, detail=detail)


def _missing(graph: Graph, snapshot: Snapshot, whereabouts: Whereabouts) -> Iterator[Problem]:
    opaque = any(node.revision.opaque for node in graph.nodes.values())
    for word, referrers in sorted(graph.missing.items()):
        parents = [id for id in referrers if word in graph.nodes[id].revision.down_revisions]
        dependents = [id for id in referrers if word in graph.nodes[id].revision.depends_on]
        if any(broken.may_concern(word) for broken in snapshot.broken):
            continue  # that file may well be it
        if opaque and not parents:
            continue  # it may be a label that is computed
        found = whereabouts(word)
        suffix = found.how if found else "missing"
        place = found._asdict() if found else {}
        for kind, ids in (("parent", parents), ("depends", dependents)):
            if ids:
                files = [graph.nodes[id].path for id in ids]
                yield problem(f"{kind}-{suffix}", word, files, needed_by=tuple(ids), **place)


def _duplicates(graph: Graph, snapshot: Snapshot) -> Iterator[Problem]:
    for revision, nodes in sorted(graph.duplicates.items()):
        files = [node.path for node in nodes]
        yield problem("duplicate-revision", revision, files, remove=_removal(files[-1], snapshot))


def _removal(path: str, snapshot: Snapshot) -> str:
    if snapshot.recorded:
        return f"git rm --force {quoted(f':/{path}')}"
    return f"rm {quoted(snapshot.root / path)}"


def _cycles(graph: Graph) -> Iterator[Problem]:
    for cycle in graph.cycles:
        files = [graph.nodes[id].path for id in cycle]
        yield problem("self-loop" if len(cycle) == 1 else "cycle", cycle[0], files, cycle=(*cycle, cycle[0]))


def _labels(graph: Graph) -> Iterator[Problem]:
    used = Counter(label for node in graph.nodes.values() for label in node.revision.branch_labels)
    for label, owners in sorted(graph.label_owners.items()):
        if used[label] > 1 or label in graph.nodes:  # an id counts as a label of its revision
            holders = tuple(dict.fromkeys([*owners, *([label] if label in graph.nodes else [])]))
            files = [graph.nodes[id].path for id in holders]
            yield problem("duplicate-label", owners[-1], files, label=label, owners=holders)


def _ids(graph: Graph) -> Iterator[Problem]:
    for id, node in sorted(graph.nodes.items()):
        if characters := illegal_characters(id):
            yield problem("illegal-id", id, [node.path], characters=characters)
        if len(id) > LONGEST_ID:
            yield problem("id-too-long", id, [node.path], length=len(id), longest=LONGEST_ID)
    for short, long in _prefixes(graph.nodes):
        yield problem("id-prefix", short, [graph.nodes[short].path, graph.nodes[long].path], longer=long)


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
    opaque = {id for id, node in graph.nodes.items() if node.revision.opaque}
    own = [head for head in graph.heads if head not in snapshot.borrowed]
    for family in graph.families(head for head in own if not _may_be_joined(head, opaque, graph, snapshot)):
        if len(family) > max_heads:
            files = [graph.nodes[head].path for head in family]
            yield problem("diverged-heads", None, files, heads=family, folder=snapshot.place)


def _may_be_joined(head: str, opaque: Set[str], graph: Graph, snapshot: Snapshot) -> bool:
    """Whether a head may be followed by what we cannot read: a broken file, or a revision with computed parents."""
    above = graph.closure([head]).known if opaque else frozenset()
    return opaque - above != set() or any(broken.may_concern(head) for broken in snapshot.broken)


def compare(applied: Iterable[str], snapshot: Snapshot) -> tuple[Problem, ...]:
    """Return what the database has and these files lack, else what they have and the database lacks.

    What a revision follows that is not here, and so is applied with it, cannot be known.
    """
    graph, folder = _graph(snapshot), snapshot.place
    reached = graph.closure(applied)
    if reached.unknown:
        return tuple(problem("applied-missing", id, [], folder=folder) for id in sorted(reached.unknown))
    waiting = tuple(sorted(graph.nodes.keys() - reached.known))
    if not waiting:
        return ()
    files = [graph.nodes[id].path for id in waiting]
    return (problem("not-applied", waiting[0], files, waiting=waiting, folder=folder),)
