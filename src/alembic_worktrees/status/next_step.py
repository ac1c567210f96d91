"""What next? What `status` saw → the one next command, and why. Pure."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING, NamedTuple

from ..borrow.obstacles import on_borrowed
from ..messages.message import Message

if TYPE_CHECKING:
    from ..messages.errors import UserError
    from ..migrations.inventory import Inventory
    from .rows import Row
    from .survey import Landscape

# Why a file was skipped that Alembic would stumble over
UNLOADABLE = {"syntax", "encoding", "no-revision", "no-down-revision", "not-a-string"}


class Step(NamedTuple):
    """The next step: a stable word, the command to paste (None if no command does it), and why."""

    id: str
    command: str | None
    why: Message


class Called(NamedTuple):
    """How the user called us, so that the next command means the same project."""

    directory: str | None = None
    argv: tuple[str, ...] = ()  # -c and -n
    arguments: tuple[str, ...] = ()  # the values of -x

    def command(self, name: str, *argv: str) -> str:
        """Return one of our commands, to be pasted."""
        asking = (
            [word for value in self.arguments for word in ("-x", value)]
            if name in {"upgrade", "copy"}
            else []
        )
        ours = shlex.join(["alembic-worktrees", name, *argv, *self.argv, *asking])
        return f"cd {shlex.quote(self.directory)} && {ours}" if self.directory else ours


class Case(NamedTuple):
    """What the next step follows from; `reached` is empty if the database did not answer."""

    landscape: Landscape
    reached: frozenset[str]
    here: Row
    called: Called
    max_heads: int

    @property
    def inventory(self) -> Inventory:
        """What lies in this checkout."""
        return self.landscape.here.inventory


def next_step(case: Case) -> Step:
    """Return the one next step: first what keeps Alembic from loading, then what git must record, then the rest."""
    steps = (
        _lost,
        _doubled,
        _broken,
        _compiled,
        _objection,
        _lacking,
        _by_hand,
        _on_borrowed,
        _adopt,
        _merge,
        _silent,
        _waiting,
        _commit,
    )
    found = (step for look in steps if (step := look(case)))
    return next(found, Step("nothing", None, Message("next-nothing")))


def _lost(case: Case) -> Step | None:
    """Tell what is applied and has no file anywhere."""
    lost = tuple(revision for revision in case.here.lacks or () if revision not in case.landscape.graph.nodes)
    if not lost:
        return None
    return Step("find", case.called.command("find", lost[0]), Message("next-lost", {"revisions": lost}))


def _doubled(case: Case) -> Step | None:
    """Tell what came by itself, say out of a stash, beside the copy that was borrowed meanwhile."""
    borrowed = {row.entry.revision for row in case.inventory.borrowed}
    twice = tuple(sorted(borrowed & {one.revision.id for one in case.inventory.own}))
    return _upgrade(case, "next-doubled", twice)


def _broken(case: Case) -> Step | None:
    """Tell what no upgrade cures: a parent that is neither here nor applied, duplicates, cycles, no Python."""
    graph, labels = case.inventory.graph, case.landscape.graph.label_owners
    absent = {word for word in graph.missing if not {word, *labels.get(word, ())} & case.reached}
    absent = set() if case.landscape.applied is None else absent
    circle = (id for cycle in graph.cycles for id in cycle)
    files = (one.path.name for one in case.inventory.skipped if one.reason in UNLOADABLE)
    wrong = tuple(sorted({*absent, *graph.duplicates, *circle, *files}))
    if not wrong:
        return None
    return Step("check", case.called.command("check"), Message("next-check", {"what": wrong}))


def _compiled(case: Case) -> Step | None:
    """Tell what Alembic loads and we cannot read."""
    files = tuple(one.path.name for one in case.inventory.skipped if one.reason == "compiled")
    if not files:
        return None
    return Step("check", case.called.command("check"), Message("next-compiled", {"files": files}))


def _objection(case: Case) -> Step | None:
    """Say what `upgrade` would say, which does nothing then."""
    return _refused(case.landscape.objection)


def _on_borrowed(case: Case) -> Step | None:
    pending = frozenset(case.here.waiting or ())
    borrowed = {borrowed_file.revision: borrowed_file.origin for borrowed_file in case.here.borrowed}
    return _refused(on_borrowed(case.inventory, case.landscape.graph, pending, borrowed))


def _refused(error: UserError | None) -> Step | None:
    if error is None:
        return None
    command = error.values.get("take_back")
    return Step(error.key, str(command) if command else None, Message(error.key, error.values))


def _lacking(case: Case) -> Step | None:
    return _upgrade(case, "next-lacking", case.here.lacks)


def _by_hand(case: Case) -> Step | None:
    """Tell what somebody copied here, which git would stumble over, and which is another's to commit."""
    found = case.landscape.by_hand
    rows = sorted((one.revision.id, found[one.path].name) for one in case.inventory.own if one.path in found)
    if not rows:
        return None
    revisions, owners = zip(*rows, strict=True)
    why = Message("next-by-hand", {"revisions": revisions, "owners": tuple(dict.fromkeys(owners))})
    return Step("upgrade", case.called.command("upgrade"), why)


def _waiting(case: Case) -> Step | None:
    return _upgrade(case, "next-waiting", case.here.waiting)


def _upgrade(case: Case, why: str, revisions: tuple[str, ...] | None) -> Step | None:
    if not revisions:
        return None
    return Step("upgrade", case.called.command("upgrade"), Message(why, {"revisions": revisions}))


def _adopt(case: Case) -> Step | None:
    """Tell which file of ours, that will be committed, needs one that will not."""
    borrowed = {borrowed_file.revision for borrowed_file in case.here.borrowed}
    missing = case.inventory.branch_graph.missing
    needed = tuple(word for word in sorted(missing) if word in borrowed)
    if not needed:
        return None
    why = Message("next-adopt", {"revisions": needed, "needed_by": missing[needed[0]]})
    return Step("adopt", case.called.command("adopt", *needed), why)


def _merge(case: Case) -> Step | None:
    families = case.inventory.graph.families(case.here.heads)
    diverged = next((family for family in families if len(family) > case.max_heads), None)
    if diverged is None:
        return None
    command = case.called.command("merge", "-m", "merge heads")
    return Step("merge", command, Message("next-merge", {"revisions": diverged}))


def _silent(case: Case) -> Step | None:
    if case.landscape.silence is None:
        return None
    project = case.landscape.project
    command = f"cd {shlex.quote(str(project.folder))} && {project.command('current')}"
    return Step("database", command, Message("next-silent"))


def _commit(case: Case) -> Step | None:
    """Tell what is applied to the database that others share, and is in no commit."""
    ours = case.reached - {borrowed_file.revision for borrowed_file in case.here.borrowed}
    rows = [
        one
        for one in case.inventory.own
        if one.revision.id in ours and one.path not in case.landscape.committed
    ]
    if not rows:
        return None
    paths = (shlex.quote(os.path.relpath(one.path, case.here.path)) for one in rows)
    git = f"git -C {shlex.quote(case.here.path)}"
    command = f"{git} add -- {' '.join(paths)} && {git} commit"
    why = Message("next-commit", {"revisions": tuple(one.revision.id for one in rows)})
    return Step("commit", command, why)
