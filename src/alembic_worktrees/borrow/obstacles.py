"""Why can it not be done? Plan → the one UserError that matters most, with its cure."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from .. import git
from ..messages import Message, _
from ..messages.errors import UserError
from ..messages.quoting import abbreviated, quoted
from ..migrations.graph import Graph
from ..migrations.reasons import why
from ..project.project import USUAL_FOLDER

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from ..migrations.graph import Node
    from ..migrations.inventory import Inventory, Skipped
    from ..migrations.revision import Revision
    from ..project.project import Project
    from ..search.checkouts import Checkout, Surroundings
    from .plan import Gap
    from .situation import Situation

BASE = "base"  # Alembic's word for no parent
SYNC_COMMAND = ".claude/commands/sync.md"


def obstacle_to(situation: Situation) -> UserError | None:
    """Return why the plan cannot be carried out, None if it can."""
    inventory, plan, search = situation.inventory, situation.plan, situation.search
    if duplicates := inventory.own_graph.duplicates:
        return _duplicate(*next(iter(duplicates.items())))
    if lost := plan.lost:
        skipped = (*inventory.skipped, *search.skipped)
        words = go_on_without(lost[0], inventory, situation.memory.ever)
        command = shlex.join(["alembic-worktrees", *words])
        cure = Message(_("\n  If no file of it is left anywhere: {command}"), {"command": command})
        return not_found(situation.project, search.surroundings, lost, skipped, cure if words else "")
    for gap in plan.gaps:
        if gap.candidate:
            return _not_applied(gap, gap.candidate.origin.name)
    return None


def overlap(situation: Situation) -> UserError | None:
    """Return why Alembic would refuse to upgrade once the plan is carried out, None if it would not."""
    rows, graph = situation.plan.overlapping, situation.graph
    if not rows:
        return None
    row = rows[0]
    applied = graph.order(situation.reached)
    child = next(id for id in applied if row in graph.nodes[id].revision.down_revisions)
    text = _(
        "The database has {rows:list} as a row of its own, but by the files here another applied "
        "migration comes after it, so Alembic refuses: the parents of an applied migration were "
        "changed.\n"
        "  If all of them did run, let the rows say so: {rebase}"
    )
    return UserError(text, rows=rows, rebase=rebase_command(situation.project, child, [row]))


def rebase_command(project: Project, id: str, parents: Sequence[str]) -> str:
    """Return the command that gives a migration this parent, and lets the rows follow."""
    there = (
        ""
        if project.folder in (project.root, project.root / USUAL_FOLDER)
        else f"cd {quoted(project.folder)} && "
    )
    words = map(quoted, (id, "--onto", (*parents, BASE)[0], *project.files.argv))
    return f"{there}alembic-worktrees rebase {' '.join(words)}"


def below(revision: Revision) -> str:
    """Return the target of `alembic downgrade` that takes back this one, and what is built on it."""
    parents = revision.down_revisions
    return f"{revision.id}@{parents[0] if len(parents) == 1 else '-1' if parents else 'base'}"


def _duplicate(revision: str, nodes: Sequence[Node]) -> UserError:
    files = tuple(node.path for node in nodes)
    text = _(
        "Two files of this checkout define {revision}; Alembic cannot tell them apart:\n"
        "{files:lines}\n"
        "  Keep one and remove the other, for example: {remove}"
    )
    return UserError(text, revision=revision, files=files, remove=f"rm {quoted(files[-1])}")


def _not_applied(gap: Gap, origin: str) -> UserError:
    text = _(
        "{needed_by:list} in this checkout needs {revision}, which lies in {origin} but which "
        "the database has not applied, so it is not borrowed.\n"
        "  Get it with git (merge or rebase onto the branch of {origin}), or apply it in "
        "{origin} first."
    )
    return UserError(text, revision=gap.revision, needed_by=gap.needed_by, origin=origin)


def go_on_without(gap: Gap, inventory: Inventory, ever: Collection[str]) -> tuple[str, ...]:
    """Return the words of our command for what is lost: a stand-in where a file follows it, else another row.

    That leads to what of this branch is known to have run, `ever`. Nothing where this branch has none.
    """
    own = inventory.branch_graph.firm
    ran = Graph(node for id, node in own.nodes.items() if id in ever)
    at = next(iter((*ran.real_heads, *own.real_heads)), None)
    if at is None:
        return ()
    if gap.needed_by:
        return ("adopt", "--stub", gap.revision, "--parent", at)
    return ("rollback", gap.revision, "--forget", "--at", at)


def not_here(revision: str, own: Graph) -> UserError:
    """Return the error for an id that is meant to be here."""
    text = _("No migration here is {revision}. This branch's own heads: {heads:list}. Nothing was changed.")
    return UserError(text, revision=revision, heads=own.heads)


def not_found(
    project: Project,
    surroundings: Surroundings,
    gaps: Sequence[Gap],
    skipped: Sequence[Skipped],
    cure: Message | str = "",
) -> UserError:
    """Return the error that names each missing revision, every checkout looked at, and what to do.

    What was `skipped` over may be what is missing.
    """
    main = surroundings.main
    default = main.branch or "main"
    remote = False
    if project.repository:
        published = git.default_branch(project.root)
        default, remote = published or default, git.has_remote(project.root, "origin")
    text = _(
        "{gaps:rows}{unread}\n"
        "Checkouts looked at:\n"
        "{looked:lines}\n"
        "\n"
        "Suggestions:\n"
        "  1. {first}\n"
        "  2. Look in {main}: {pull}\n"
        "  3. Write the missing migration by hand{lacking}{cure}"
    )
    return UserError(
        text,
        gaps=tuple(_gap(gap) for gap in gaps),
        unread=_unread(one for one in skipped if any(one.may_be(gap.revision) for gap in gaps)),
        looked=tuple(map(_looked_at, surroundings.checkouts)),
        first=_first(project, default, remote=remote),
        main=abbreviated(main.path),
        pull=f"cd {quoted(main.path)} && {_look(project, default, remote=remote)}",
        lacking=_lacking(project),
        cure=cure,
    )


def _unread(files: Iterable[Skipped]) -> Message | str:
    rows = tuple(
        Message(_("{path}: {reason}"), {"path": one.path, "reason": why(one.reason)})
        for one in dict.fromkeys(files)
    )
    text = _(
        "\n"
        "These files mention it and cannot be read as migrations. If it is one of them, mend it "
        "there:\n"
        "{files:lines}"
    )
    return Message(text, {"files": rows}) if rows else ""


def _lacking(project: Project) -> Message | str:
    """Say what a shallow or partial clone lacks, and the command that gets it: we fetch nothing by ourselves."""
    if project.repository and git.is_shallow(project.repository):
        command = "git fetch --unshallow origin '+refs/heads/*:refs/remotes/origin/*'"
        return Message(_("\n  4. This clone is shallow. Get the rest of it: {command}"), {"command": command})
    if project.repository and git.is_partial(project.root):
        command = f"git log --all -p -- {_versions(project)} >/dev/null"
        text = _(
            "\n  4. This clone is partial, and nothing is fetched unasked. Get its migrations: {command}"
        )
        return Message(text, {"command": command})
    return ""


def _looked_at(checkout: Checkout) -> Message | str:
    about = {"name": checkout.name}
    return checkout.name if checkout.project else Message(_("{name} (no Alembic project)"), about)


def _gap(gap: Gap) -> Message:
    text = _("Migration {revision} not found in the worktrees")
    if gap.needed_by:
        text = _(
            "Migration {revision} not found in the worktrees (needed by {needed_by:list}); nothing was copied"
        )
    return Message(text, {"revision": gap.revision, "needed_by": gap.needed_by})


def _first(project: Project, default: str, *, remote: bool) -> Message:
    if (project.root / SYNC_COMMAND).is_file():
        return Message(_("Run /sync to get the migrations from {default}"), {"default": default})
    command = f"git pull --rebase origin {quoted(default)}" if remote else f"git rebase {quoted(default)}"
    text = _("Get the migrations from {default}: {command}")
    return Message(text, {"default": default, "command": command})


def _look(project: Project, default: str, *, remote: bool) -> str:
    if remote:
        return f"git pull origin {quoted(default)}"
    return f"git log --all --oneline -- {_versions(project)}"


def _versions(project: Project) -> str:
    """Return the first version location as a word for git, wherever in the checkout it is pasted."""
    folder = project.versions[0]
    inside = folder.is_relative_to(project.root)
    return quoted(f":/{folder.relative_to(project.root).as_posix()}" if inside else folder)
