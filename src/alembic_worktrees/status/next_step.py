"""What next? What `status` saw → the one next command, and why."""

from __future__ import annotations

import os
import shlex
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from ..borrow.kept_back import on_borrowed, undoing_others
from ..borrow.objections import objection_to
from ..borrow.obstacles import go_on_without
from ..borrow.plan import Gap
from ..messages import Message, _, _n
from ..migrations.graph import number_of_heads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..borrow.errors import Objection
    from ..borrow.situation import Situation
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

    def upgrade(self, why: Message) -> Step:
        """Return the step that borrows, tidies and upgrades."""
        return Step("upgrade", self.command("upgrade"), why)


def next_step(case: Case) -> Step:
    """Return the one next step: first what keeps Alembic from loading, then what git must record, then the rest."""
    nothing = Message(_("Nothing to do: all that is applied is here, and all that is here is applied."))
    steps = chain(_to_load(case), _to_record(case), _to_settle(case))
    return next(steps, Step("nothing", None, nothing))


def _to_load(case: Case) -> Iterator[Step]:
    """Yield what has to be done before Alembic can load what lies here, and knows all that is applied."""
    inventory, situation, lacks = case.inventory, case.landscape.situation, case.here.lacks or ()
    lost = tuple(revision for revision in lacks if revision not in case.landscape.graph.nodes)
    if situation and lost:
        yield _lost(case, situation, lost)
    own = {one.revision.id for one in inventory.own}
    if twice := tuple(sorted(own & {row.entry.revision for row in inventory.borrowed})):  # out of a stash
        text = _(
            "Next: {revisions:list} lies here twice, as a file of this checkout and as a "
            "borrowed copy. Remove the copy:"
        )
        yield case.upgrade(Message(text, {"revisions": twice}))
    if wrong := _wrong(case):
        text = _("Next: something is wrong with the migrations here: {what:list}. See the cures:")
        yield Step("check", case.command("check"), Message(text, {"what": wrong}))
    if situation:
        yield from _refused(objection_to(situation))
    if lacks and case.landscape.abandoned.keys() >= set(lacks):
        yield from _abandoned(case)  # what would be borrowed would only be taken out again
    if lacks:
        why = _n(
            "Next: the database has {n} migration that this checkout lacks. Borrow and upgrade:",
            "Next: the database has {n} migrations that this checkout lacks. Borrow and upgrade:",
            len(lacks),
        )
        yield case.upgrade(why)


def _to_record(case: Case) -> Iterator[Step]:
    """Yield what has to be done before this branch's own migrations are applied, and committed."""
    found, inventory = case.landscape.by_hand, case.inventory
    if rows := sorted((one.revision.id, found[one.path].name) for one in inventory.own if one.path in found):
        revisions, owners = zip(*rows, strict=True)
        text = _(
            "Next: {revisions:list} was copied here by hand, and {owners:list} has it committed: git "
            "would stumble over the copy. Count it as borrowed:"
        )
        yield case.upgrade(Message(text, {"revisions": revisions, "owners": tuple(dict.fromkeys(owners))}))
    if situation := case.landscape.situation:
        yield from _refused(undoing_others(situation, situation.pending))
        yield from _refused(on_borrowed(situation, situation.pending))
    missing = inventory.branch_graph.missing
    if needed := tuple(sorted({one.revision for one in case.here.borrowed} & missing.keys())):
        text = _(
            "Next: {needed_by:list} follows {revisions:list}, which is only borrowed here. Make it "
            "this branch's own, unless git will bring it:"
        )
        why = Message(text, {"revisions": needed, "needed_by": missing[needed[0]]})
        yield Step("adopt", case.command("adopt", *needed), why)
    families = inventory.graph.families(case.here.heads)
    if diverged := next((family for family in families if len(family) > case.settings.max_heads), None):
        yield _diverged(case, diverged)


def _to_settle(case: Case) -> Iterator[Step]:
    """Yield what else is to be done about this branch and the database."""
    if case.landscape.silence:
        project = case.landscape.project
        command = f"cd {shlex.quote(str(project.folder))} && {project.command('current')}"
        text = _("Next: the database did not answer, so what is applied is not known. See why:")
        yield Step("database", command, Message(text))
    if case.here.waiting:
        why = _n(
            "Next: {n} migration of this checkout not applied yet. Upgrade:",
            "Next: {n} migrations of this checkout not applied yet. Upgrade:",
            len(case.here.waiting),
        )
        yield case.upgrade(why)
    for row in case.inventory.edited:
        if row.revision not in case.reached:
            text = _(
                "Next: {revision}, borrowed and edited here, is not applied, and the next upgrade would run it. "
                "To keep it, as this branch's own: alembic-worktrees adopt {revision:q}. To remove it:"
            )
            yield Step("remove", f"rm {shlex.quote(str(row.path))}", Message(text, row.about))
    ours = case.reached - {one.revision for one in case.here.borrowed}
    committed = case.landscape.committed
    if rows := [one for one in case.inventory.own if one.revision.id in ours and one.path not in committed]:
        paths = (shlex.quote(os.path.relpath(one.path, case.here.path)) for one in rows)
        git = f"git -C {shlex.quote(case.here.path)}"
        text = _(
            "Next: applied, but in no commit yet: {revisions:list}. Commit it, or other checkouts "
            "depend on this folder:"
        )
        why = Message(text, {"revisions": tuple(one.revision.id for one in rows)})
        yield Step("commit", f"{git} add -- {' '.join(paths)} && {git} commit", why)
    yield from _abandoned(case)


def _lost(case: Case, situation: Situation, lost: tuple[str, ...]) -> Step:
    """Return what to do about what is applied and has no file anywhere."""
    if remote := case.settings.share:
        text = _(
            "Next: the database has {revisions:list}, and no checkout and no git here has a file for "
            "it. Whoever applied it may have shared it; ask {remote}:"
        )
        return case.upgrade(Message(text, {"revisions": lost, "remote": remote}))
    text = _(
        "Next: the database has {revisions:list}, and no checkout and no git here has a file for "
        "it. If none is left anywhere, go on without it:"
    )
    gap = Gap(lost[0], case.inventory.graph.missing.get(lost[0], ()))
    words = go_on_without(gap, case.inventory, situation.memory.ever) or ("find", lost[0])
    return Step("lost", case.command(*words), Message(text, {"revisions": lost}))


def _wrong(case: Case) -> tuple[str, ...]:
    """Return what no upgrade cures: a parent that is neither here nor applied, duplicates, cycles, unreadable files."""
    graph, labels, reached = case.inventory.graph, case.landscape.graph.label_owners, case.landscape.reached
    missing = () if reached is None else graph.missing
    absent = (word for word in missing if case.reached.isdisjoint({word, *labels.get(word, ())}))
    circle = (id for cycle in graph.cycles for id in cycle)
    files = (one.path.name for one in case.inventory.skipped if one.reason in UNKNOWN)
    return tuple(sorted({*absent, *graph.duplicates, *circle, *files}))


def _refused(error: Objection | None) -> Iterator[Step]:
    """Yield what `upgrade` would say, which does nothing then."""
    if error:
        command = error.values.get("take_back") or error.values.get("rebase")
        yield Step(error.id, str(command) if command else None, error.message)


def _diverged(case: Case, heads: tuple[str, ...]) -> Step:
    cure = case.settings.diverged
    text = _(
        "Next: this branch has diverged into {count}, {revisions:list}. Join them, or let one follow the "
        "other with alembic-worktrees rebase:"
    )
    if cure == "rebase":
        text = _("Next: this branch has diverged into {count}, {revisions:list}. Let one follow the other:")
    command = case.command(cure, *(["-m", "merge heads"] if cure == "merge" else []))
    return Step(cure, command, Message(text, {"count": number_of_heads(len(heads)), "revisions": heads}))


def _abandoned(case: Case) -> Iterator[Step]:
    """Yield how to take back what nobody has any more, and nothing that anybody knows follows.

    If nothing of this branch is applied, no branch was thrown away: the database stands before a squash.
    """
    landscape, own = case.landscape, case.inventory.branch_graph.nodes
    heads = landscape.applied.heads if landscape.applied else frozenset()
    followed = {parent for id in landscape.graph.nodes for parent in landscape.graph.parents(id)}
    lonely = tuple(sorted(landscape.abandoned.keys() & heads - followed))
    if lonely and not (own and case.reached.isdisjoint(own)):
        text = _(
            "Next: {revisions:list} is applied, and no checkout, branch or tag has it any more. See what taking it "
            "back would do, and be asked:"
        )
        yield Step("rollback", case.command("rollback"), Message(text, {"revisions": lonely}))
