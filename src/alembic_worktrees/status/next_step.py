"""What next? What `status` saw → the one next command, and why. Pure."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING, NamedTuple

from ..borrow.borrowed_parents import on_borrowed
from ..borrow.obstacles import go_on_without
from ..borrow.plan import Gap
from ..borrow.undoing import undoing_others
from ..messages import Message, _, _n
from ..messages.quoting import word
from ..migrations.graph import number_of_heads

if TYPE_CHECKING:
    from ..borrow.errors import Objection
    from ..migrations.inventory import Inventory
    from ..project.settings import Settings
    from .rows import Row
    from .survey import Landscape

# Why a file was skipped that Alembic would stumble over
UNLOADABLE = {"syntax", "no-revision", "no-down-revision", "not-a-string"}


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
            [one for value in self.arguments for one in ("-x", value)]
            if name in {"upgrade", "copy", "rebase", "rollback"}
            else []
        )
        ours = " ".join(map(word, ["alembic-worktrees", name, *argv, *self.argv, *asking]))
        return f"cd {word(self.directory)} && {ours}" if self.directory else ours


class Case(NamedTuple):
    """What the next step follows from; `reached` is empty if the database did not answer."""

    landscape: Landscape
    reached: frozenset[str]
    here: Row
    called: Called
    settings: Settings

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
    return Step("lost", case.called.command(*words), Message(text, {"revisions": lost}))


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
    """Tell what no upgrade cures: a parent that is neither here nor applied, duplicates, cycles, no Python."""
    graph, labels = case.inventory.graph, case.landscape.graph.label_owners
    absent = {word for word in graph.missing if not {word, *labels.get(word, ())} & case.reached}
    absent = set() if case.landscape.applied is None else absent
    circle = (id for cycle in graph.cycles for id in cycle)
    files = (one.path.name for one in case.inventory.skipped if one.reason in UNLOADABLE)
    wrong = tuple(sorted({*absent, *graph.duplicates, *circle, *files}))
    if not wrong:
        return None
    text = _("Next: Alembic cannot load the migrations here because of {what:list}. See the cures:")
    return Step("check", case.called.command("check"), Message(text, {"what": wrong}))


def _compiled(case: Case) -> Step | None:
    """Tell what Alembic loads and we cannot read."""
    files = tuple(one.path.name for one in case.inventory.skipped if one.reason == "compiled")
    if not files:
        return None
    text = _(
        "Next: Alembic loads {files:list}, compiled, and what that declares is not known here. See the cure:"
    )
    return Step("check", case.called.command("check"), Message(text, {"files": files}))


def _objection(case: Case) -> Step | None:
    """Say what `upgrade` would say, which does nothing then."""
    return _refused(case.landscape.objection)


def _on_borrowed(case: Case) -> Step | None:
    pending = frozenset(case.here.waiting or ())
    borrowed = {borrowed_file.revision: borrowed_file.origin for borrowed_file in case.here.borrowed}
    return _refused(
        on_borrowed(case.landscape.project, case.inventory, case.landscape.graph, pending, borrowed)
    )


def _undoing(case: Case) -> Step | None:
    here, inventory = case.here, case.inventory
    borrowed = {one.revision: one.origin for one in here.borrowed if one.revision in case.reached}
    loaded = {one.revision.id: one for one in inventory.all}
    pending = frozenset(here.waiting or ())
    return _refused(undoing_others(case.landscape.project, inventory, pending, loaded, borrowed))


def _refused(error: Objection | None) -> Step | None:
    if error is None:
        return None
    command = error.values.get("take_back") or error.values.get("rebase")
    return Step(error.id, str(command) if command else None, error.message)


def _lacking(case: Case) -> Step | None:
    lacks = len(case.here.lacks or ())
    why = _n(
        "Next: the database has {n} migration that this checkout lacks. Borrow and upgrade:",
        "Next: the database has {n} migrations that this checkout lacks. Borrow and upgrade:",
        lacks,
    )
    return _upgrade(case, why) if lacks else None


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
    waiting = len(case.here.waiting or ())
    why = _n(
        "Next: {n} migration of this checkout not applied yet. Upgrade:",
        "Next: {n} migrations of this checkout not applied yet. Upgrade:",
        waiting,
    )
    return _upgrade(case, why) if waiting else None


def _upgrade(case: Case, why: Message) -> Step:
    return Step("upgrade", case.called.command("upgrade"), why)


def _adopt(case: Case) -> Step | None:
    """Tell which file of ours, that will be committed, needs one that will not."""
    borrowed = {borrowed_file.revision for borrowed_file in case.here.borrowed}
    missing = case.inventory.branch_graph.missing
    needed = tuple(word for word in sorted(missing) if word in borrowed)
    if not needed:
        return None
    text = _(
        "Next: {needed_by:list} follows {revisions:list}, which is only borrowed here. Make it "
        "this branch's own, unless git will bring it:"
    )
    why = Message(text, {"revisions": needed, "needed_by": missing[needed[0]]})
    return Step("adopt", case.called.command("adopt", *needed), why)


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
    command = case.called.command(cure, *(["-m", "merge heads"] if cure == "merge" else []))
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
    text = _(
        "Next: applied, but in no commit yet: {revisions:list}. Commit it, or other checkouts "
        "depend on this folder:"
    )
    why = Message(text, {"revisions": tuple(one.revision.id for one in rows)})
    return Step("commit", command, why)


def _abandoned(case: Case) -> Step | None:
    """Tell what stays in the database although nobody has it any more, and nothing that anybody knows follows it."""
    graph, applied = case.landscape.graph, case.landscape.applied
    followed = {parent for id in graph.nodes for parent in graph.parents(id)}
    lonely = case.landscape.abandoned.keys() & (applied.heads if applied else frozenset())
    if not lonely - followed:
        return None
    text = _(
        "Next: {revisions:list} is applied, and no checkout, branch or tag has it any more. See what taking it back "
        "would do, and be asked:"
    )
    why = Message(text, {"revisions": tuple(sorted(lonely - followed))})
    return Step("rollback", case.called.command("rollback"), why)
