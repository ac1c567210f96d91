"""What next? What `status` saw → the one next command, and why."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING, NamedTuple

from ..borrow.kept_back import on_borrowed, undoing_others
from ..borrow.objections import objection_to
from ..borrow.obstacles import go_on_without
from ..borrow.plan import Gap
from ..messages import Message, _, _n
from ..migrations.graph import number_of_heads

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..borrow.errors import Objection
    from ..migrations.inventory import Inventory
    from ..project.settings import Settings
    from .standing import Row
    from .survey import Landscape

# Why a file was skipped that Alembic would stumble over, or load without our knowing what it declares
UNKNOWN = {"syntax", "no-revision", "no-down-revision", "not-a-string", "compiled"}


class Step(NamedTuple):
    """The next step: a stable word, the command to paste (None if no command does it), and why."""

    id: str
    command: str | None
    why: Message


class Case(NamedTuple):
    """What the next step follows from; `command` returns one of our commands, to be pasted."""

    landscape: Landscape
    here: Row
    command: Callable[..., str]
    settings: Settings

    @property
    def inventory(self) -> Inventory:
        """What lies in this checkout."""
        return self.landscape.here.inventory

    @property
    def reached(self) -> frozenset[str]:
        """What is applied; nothing if the database did not answer."""
        return self.landscape.reached or frozenset()

    @property
    def pending(self) -> frozenset[str]:
        """What of this checkout is not applied; nothing if the database did not answer."""
        return frozenset(self.here.waiting or ())


def next_step(case: Case) -> Step:
    """Return the one next step: first what keeps Alembic from loading, then what git must record, then the rest."""
    steps = (
        _lost,
        _doubled,
        _broken,
        _objection,
        _lacking,
        _by_hand,
        _undoing,
        _on_borrowed,
        _adopt,
        _merge,
        _silent,
        _waiting,
        _commit,
        _abandoned,
    )
    found = (step for look in steps if (step := look(case)))
    nothing = Message(_("Nothing to do: all that is applied is here, and all that is here is applied."))
    return next(found, Step("nothing", None, nothing))


def _lost(case: Case) -> Step | None:
    """Tell what is applied and has no file anywhere."""
    lost = tuple(revision for revision in case.here.lacks or () if revision not in case.landscape.graph.nodes)
    if not lost:
        return None
    if remote := case.landscape.share:
        text = _(
            "Next: the database has {revisions:list}, and no checkout and no git here has a file for "
            "it. Whoever applied it may have shared it; ask {remote}:"
        )
        return _upgrade(case, Message(text, {"revisions": lost, "remote": remote}))
    text = _(
        "Next: the database has {revisions:list}, and no checkout and no git here has a file for "
        "it. If none is left anywhere, go on without it:"
    )
    gap = Gap(lost[0], case.inventory.graph.missing.get(lost[0], ()))
    words = go_on_without(gap, case.inventory, case.landscape.ever) or ("find", lost[0])
    return Step("lost", case.command(*words), Message(text, {"revisions": lost}))


def _doubled(case: Case) -> Step | None:
    """Tell what came by itself, say out of a stash, beside the copy that was borrowed meanwhile."""
    borrowed = {row.entry.revision for row in case.inventory.borrowed}
    twice = tuple(sorted(borrowed & {one.revision.id for one in case.inventory.own}))
    text = _(
        "Next: {revisions:list} lies here twice, as a file of this checkout and as a "
        "borrowed copy. Remove the copy:"
    )
    return _upgrade(case, Message(text, {"revisions": twice})) if twice else None


def _broken(case: Case) -> Step | None:
    """Tell what no upgrade cures: a parent that is neither here nor applied, duplicates, cycles, no readable Python."""
    graph, labels = case.inventory.graph, case.landscape.graph.label_owners
    absent = {word for word in graph.missing if not {word, *labels.get(word, ())} & case.reached}
    absent = set() if case.landscape.applied is None else absent
    circle = (id for cycle in graph.cycles for id in cycle)
    files = (one.path.name for one in case.inventory.skipped if one.reason in UNKNOWN)
    wrong = tuple(sorted({*absent, *graph.duplicates, *circle, *files}))
    if not wrong:
        return None
    text = _("Next: something is wrong with the migrations here: {what:list}. See the cures:")
    return Step("check", case.command("check"), Message(text, {"what": wrong}))


def _objection(case: Case) -> Step | None:
    """Say what `upgrade` would say, which does nothing then."""
    situation = case.landscape.situation
    return _refused(objection_to(situation)) if situation else None


def _on_borrowed(case: Case) -> Step | None:
    situation = case.landscape.situation
    return _refused(on_borrowed(situation, situation.pending)) if situation else None


def _undoing(case: Case) -> Step | None:
    situation = case.landscape.situation
    return _refused(undoing_others(situation, situation.pending)) if situation else None


def _refused(error: Objection | None) -> Step | None:
    if error is None:
        return None
    command = error.values.get("take_back") or error.values.get("rebase")
    return Step(error.id, str(command) if command else None, error.message)


def _lacking(case: Case) -> Step | None:
    lacks = case.here.lacks or ()
    if not lacks:
        return None
    if case.landscape.abandoned.keys() >= set(lacks) and (step := _abandoned(case)):
        return step  # what would be borrowed would only be taken out again
    why = _n(
        "Next: the database has {n} migration that this checkout lacks. Borrow and upgrade:",
        "Next: the database has {n} migrations that this checkout lacks. Borrow and upgrade:",
        len(lacks),
    )
    return _upgrade(case, why)


def _by_hand(case: Case) -> Step | None:
    """Tell what somebody copied here, which git would stumble over, and which is another's to commit."""
    found = case.landscape.by_hand
    rows = sorted((one.revision.id, found[one.path].name) for one in case.inventory.own if one.path in found)
    if not rows:
        return None
    revisions, owners = zip(*rows, strict=True)
    text = _(
        "Next: {revisions:list} was copied here by hand, and {owners:list} has it committed: git "
        "would stumble over the copy. Count it as borrowed:"
    )
    why = Message(text, {"revisions": revisions, "owners": tuple(dict.fromkeys(owners))})
    return _upgrade(case, why)


def _waiting(case: Case) -> Step | None:
    why = _n(
        "Next: {n} migration of this checkout not applied yet. Upgrade:",
        "Next: {n} migrations of this checkout not applied yet. Upgrade:",
        len(case.pending),
    )
    return _upgrade(case, why) if case.pending else None


def _upgrade(case: Case, why: Message) -> Step:
    return Step("upgrade", case.command("upgrade"), why)


def _adopt(case: Case) -> Step | None:
    """Tell which file of ours, that will be committed, needs one that will not."""
    borrowed = {one.revision for one in case.here.borrowed}
    missing = case.inventory.branch_graph.missing
    needed = tuple(word for word in sorted(missing) if word in borrowed)
    if not needed:
        return None
    text = _(
        "Next: {needed_by:list} follows {revisions:list}, which is only borrowed here. Make it "
        "this branch's own, unless git will bring it:"
    )
    why = Message(text, {"revisions": needed, "needed_by": missing[needed[0]]})
    return Step("adopt", case.command("adopt", *needed), why)


def _merge(case: Case) -> Step | None:
    families = case.inventory.graph.families(case.here.heads)
    diverged = next((family for family in families if len(family) > case.settings.max_heads), None)
    if diverged is None:
        return None
    cure = case.settings.diverged
    text = _(
        "Next: this branch has diverged into {count}, {revisions:list}. Join them, or let one follow the "
        "other with alembic-worktrees rebase:"
    )
    if cure == "rebase":
        text = _("Next: this branch has diverged into {count}, {revisions:list}. Let one follow the other:")
    command = case.command(cure, *(["-m", "merge heads"] if cure == "merge" else []))
    count = number_of_heads(len(diverged))
    return Step(cure, command, Message(text, {"count": count, "revisions": diverged}))


def _silent(case: Case) -> Step | None:
    if case.landscape.silence is None:
        return None
    project = case.landscape.project
    command = f"cd {shlex.quote(str(project.folder))} && {project.command('current')}"
    text = _("Next: the database did not answer, so what is applied is not known. See why:")
    return Step("database", command, Message(text))


def _commit(case: Case) -> Step | None:
    """Tell what is applied to the database that others share, and is in no commit."""
    ours = case.reached - {one.revision for one in case.here.borrowed}
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
    text = _(
        "Next: applied, but in no commit yet: {revisions:list}. Commit it, or other checkouts "
        "depend on this folder:"
    )
    why = Message(text, {"revisions": tuple(one.revision.id for one in rows)})
    return Step("commit", command, why)


def _abandoned(case: Case) -> Step | None:
    """Tell what stays in the database although nobody has it any more, and nothing that anybody knows follows it.

    If nothing of this branch is applied, no branch was thrown away: the database stands before a squash.
    """
    landscape, own = case.landscape, case.inventory.branch_graph.nodes
    if own and case.reached.isdisjoint(own):
        return None
    heads = landscape.applied.heads if landscape.applied else frozenset()
    followed = {parent for id in landscape.graph.nodes for parent in landscape.graph.parents(id)}
    lonely = tuple(sorted(landscape.abandoned.keys() & heads - followed))
    if not lonely:
        return None
    text = _(
        "Next: {revisions:list} is applied, and no checkout, branch or tag has it any more. See what taking it back "
        "would do, and be asked:"
    )
    return Step("rollback", case.command("rollback"), Message(text, {"revisions": lonely}))
