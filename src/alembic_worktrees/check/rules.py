"""Is it complete? Snapshot → Problems. Pure: it is given what lies in the index, a commit or the files."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Any

from ..messages import Message, _n
from ..messages.quoting import quoted
from ..migrations.graph import Graph, Node, number_of_heads
from ..migrations.reasons import why
from ..migrations.revision import illegal_characters
from ..project.settings import Settings
from .problems import JOIN, REFERS, lying, problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Set

    from .problems import Found, Problem
    from .snapshot import Snapshot

    Whereabouts = Callable[[str], "Found | None"]

DEFAULTS = Settings()
MISSING = {"parent-missing", "depends-missing"}
LONGEST_ID = 32  # alembic_version.version_num is String(32): alembic/runtime/migration.py
SHORTEST_RESOLVED = 4  # of a part of an id that Alembic takes for it: RevisionMap._revision_for_ident


def judge(snapshot: Snapshot, whereabouts: Whereabouts, settings: Settings = DEFAULTS) -> tuple[Problem, ...]:
    """Return all that Alembic would stumble over, or the next one to merge.

    `whereabouts` is asked only for a revision that is missing. Sources: FACTS "Alembic", each with its test.
    """
    return located(survey(snapshot, settings), whereabouts)


def survey(snapshot: Snapshot, settings: Settings = DEFAULTS, *, hiding: bool = True) -> tuple[Problem, ...]:
    """Return the same without a look at where else a missing revision may lie.

    A file that cannot be read may be what is missing, so it hides that; not so with `hiding` False.
    """
    seen = snapshot if hiding else snapshot._replace(broken=())
    graph = _graph(seen)
    checks = (
        _broken(snapshot),
        _missing(graph, seen),
        stranded(graph, seen.borrowed, seen.named),
        _duplicates(graph, seen),
        _cycles(graph),
        _labels(graph),
        _ids(graph),
        _diverged(graph, seen, settings),
    )
    return tuple(problem for check in checks for problem in check)


def _graph(snapshot: Snapshot) -> Graph:
    return Graph(Node(defined.revision, defined.path) for defined in snapshot.files)


def located(problems: Iterable[Problem], whereabouts: Whereabouts) -> tuple[Problem, ...]:
    """Say of each revision that is missing where it lies, if it lies anywhere."""
    ask = cache(whereabouts)
    asked = ((one, ask(one.revision) if one.revision and one.id in MISSING else None) for one in problems)
    return tuple(lying(one, found) if found else one for one, found in asked)


def _broken(snapshot: Snapshot) -> Iterator[Problem]:
    for path, reason, detail, _content in snapshot.broken:
        if reason != "computed-id":  # Alembic runs it, and knows
            id = reason if reason in {"no-revision", "compiled"} else "unreadable"
            found = problem(id, None, [path], reason=why(reason), detail=detail)
            yield found._replace(marks=frozenset({("broken", path)}))


def _missing(graph: Graph, snapshot: Snapshot) -> Iterator[Problem]:
    for word, referrers in sorted({**_lent(graph, snapshot), **graph.missing}.items()):
        parents = [id for id in referrers if word in graph.nodes[id].revision.down_revisions]
        dependents = [id for id in referrers if word in graph.nodes[id].revision.depends_on]
        if snapshot.borrowed.issuperset(referrers):
            continue  # `stranded` says so
        if _may_be_here(word, graph, snapshot, may_be_label=not parents):
            continue
        for kind, ids in (("parent", parents), ("depends", dependents)):
            if ids:
                files, about = [graph.nodes[id].path for id in ids], [(word, id) for id in ids]
                refers = Message(REFERS[kind], {"needed_by": tuple(ids), "revision": word})
                yield problem(f"{kind}-missing", word, files, about, refers=refers)


def _may_be_here(word: str, graph: Graph, snapshot: Snapshot, *, may_be_label: bool) -> bool:
    """Whether a broken file may be what is missing, or a label that is computed."""
    if any(broken.may_concern(word) for broken in snapshot.broken):
        return True
    return may_be_label and any(node.revision.opaque for node in graph.nodes.values())


def stranded(graph: Graph, borrowed: frozenset[str], named: Mapping[str, Any]) -> Iterator[Problem]:
    """Say which copies lack what they follow, which git took away with a checkout; `named` leads to the project."""
    for word, referrers in graph.missing.items():
        if borrowed.issuperset(referrers):
            files = [graph.nodes[id].path for id in referrers]
            yield problem("borrowed-stranded", word, files, needed_by=referrers, **named)


def _recorded(graph: Graph, snapshot: Snapshot) -> Graph:
    """Return the graph of what git records, or will."""
    if not snapshot.borrowed:
        return graph
    return Graph(node for id, node in graph.nodes.items() if id not in snapshot.borrowed)


def _lent(graph: Graph, snapshot: Snapshot) -> dict[str, tuple[str, ...]]:
    """Return what is here only because it is borrowed, and which own revisions refer to it."""
    if not snapshot.borrowed:
        return {}
    own = _recorded(graph, snapshot)
    labelled = (
        *snapshot.borrowed,
        *(label for label, ids in graph.label_owners.items() if snapshot.borrowed & {*ids}),
    )
    return {word: own.missing[word] for word in labelled if word in own.missing}


def _duplicates(graph: Graph, snapshot: Snapshot) -> Iterator[Problem]:
    for revision, nodes in sorted(graph.duplicates.items()):
        files = [node.path for node in nodes]
        about = [(revision, file) for file in files]
        count = _n("{n} file", "{n} files", len(files))
        remove = removal(files[-1], snapshot)
        yield problem("duplicate-revision", revision, files, about, count=count, remove=remove)


def removal(path: str, snapshot: Snapshot) -> str:
    """Return the command that removes a file of the snapshot."""
    if snapshot.recorded:
        return f"git rm --force {quoted(f':/{path}')}"
    return f"rm {quoted(snapshot.root / path)}"


def _cycles(graph: Graph) -> Iterator[Problem]:
    for cycle in graph.cycles:
        files = [graph.nodes[id].path for id in cycle]
        id = "self-loop" if len(cycle) == 1 else "cycle"
        yield problem(id, cycle[0], files, zip(cycle), cycle=(*cycle, cycle[0]))


def _labels(graph: Graph) -> Iterator[Problem]:
    used = Counter(label for node in graph.nodes.values() for label in node.revision.branch_labels)
    for label, owners in sorted(graph.label_owners.items()):
        if used[label] > 1 or label in graph.nodes:  # an id counts as a label of its revision
            holders = tuple(dict.fromkeys([*owners, *([label] if label in graph.nodes else [])]))
            files = [graph.nodes[id].path for id in holders]
            about = [(label, id) for id in holders]
            yield problem("duplicate-label", owners[-1], files, about, label=label, owners=holders)


def _ids(graph: Graph) -> Iterator[Problem]:
    for id, node in sorted(graph.nodes.items()):
        if characters := illegal_characters(id):
            yield problem("illegal-id", id, [node.path], [(id,)], characters=characters)
        if len(id) > LONGEST_ID:
            yield problem("id-too-long", id, [node.path], [(id,)], length=len(id), longest=LONGEST_ID)
    for short, long in _prefixes(graph.nodes):
        files = [graph.nodes[short].path, graph.nodes[long].path]
        yield problem("id-prefix", short, files, [(short, long)], longer=long)


def _prefixes(ids: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield (shorter, longer) where an id begins with another; sorted, such ids stand in one run."""
    above: list[str] = []
    for id in sorted(ids):
        while above and not id.startswith(above[-1]):
            above.pop()
        if above and len(id) >= SHORTEST_RESOLVED:
            yield above[-1], id
        above.append(id)


def _diverged(graph: Graph, snapshot: Snapshot, settings: Settings) -> Iterator[Problem]:
    opaque = {id for id, node in graph.nodes.items() if node.revision.opaque}
    own = _recorded(graph, snapshot)
    ends = (head for head in own.heads if not _may_be_joined(head, opaque, graph, snapshot))
    for family in own.families(ends):
        if len(family) > settings.max_heads:
            files = [graph.nodes[head].path for head in family]
            members = graph.line_above(family).union(family)
            about = {"count": number_of_heads(len(family)), "heads": family}
            about["join"] = Message(JOIN[settings.diverged], snapshot.named)
            yield problem("diverged-heads", None, files, zip(members), **about)


def _may_be_joined(head: str, opaque: Set[str], graph: Graph, snapshot: Snapshot) -> bool:
    """Whether a head may be followed by what we cannot read: a broken file, or a revision with computed parents."""
    above = graph.closure([head]).known if opaque else frozenset()
    return opaque - above != set() or any(broken.may_concern(head) for broken in snapshot.broken)


def compare(applied: Iterable[str], snapshot: Snapshot) -> tuple[Problem, ...]:
    """Return what the database has and these files lack, else what they have and the database lacks.

    What a revision follows that is not here, and so is applied with it, cannot be known.
    """
    graph = _graph(snapshot)
    reached = graph.closure(applied)
    if reached.unknown:
        return tuple(problem("applied-missing", id, [], **snapshot.named) for id in sorted(reached.unknown))
    waiting = tuple(sorted(graph.nodes.keys() - reached.known))
    if not waiting:
        return ()
    files = [graph.nodes[id].path for id in waiting]
    return (problem("not-applied", waiting[0], files, waiting=waiting, **snapshot.named),)
