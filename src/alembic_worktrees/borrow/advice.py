"""What to suggest when a migration is nowhere: the seed's three suggestions, with this repository's names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import git
from ..messages import Message, _
from ..messages.errors import UserError
from ..messages.quoting import abbreviated, quoted
from ..migrations.reasons import why

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..migrations.inventory import Skipped
    from ..project.project import Project
    from ..search.checkouts import Surroundings
    from .plan import Gap

SYNC_COMMAND = ".claude/commands/sync.md"


def not_found(
    project: Project, surroundings: Surroundings, gaps: Sequence[Gap], skipped: Sequence[Skipped]
) -> UserError:
    """Return the error that names each missing revision, every checkout looked at, and what to do.

    What was `skipped` over may be what is missing.
    """
    main = surroundings.main
    default = main.branch or "main"
    remote = False
    if project.repository:
        published = git.default_branch(project.root)
        default, remote = published or default, git.has_remote(project.root)
    text = _(
        "{gaps:rows}{unread}\n"
        "Checkouts looked at:\n"
        "{looked:lines}\n"
        "\n"
        "Suggestions:\n"
        "  1. {first}\n"
        "  2. Look in {main}: {pull}\n"
        "  3. Write the missing migration by hand{lacking}"
    )
    return UserError(
        text,
        gaps=tuple(_gap(gap) for gap in gaps),
        unread=_unread(one for one in skipped if any(one.may_be(gap.revision) for gap in gaps)),
        looked=tuple(
            _described(checkout.name, checkout.project is None) for checkout in surroundings.checkouts
        ),
        first=_first(project, default, remote=remote),
        main=abbreviated(main.path),
        pull=f"cd {quoted(main.path)} && {_look(project, default, remote=remote)}",
        lacking=_lacking(project),
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


def _described(name: str, empty: bool) -> Message | str:
    return Message(_("{name} (no Alembic project)"), {"name": name}) if empty else name


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
