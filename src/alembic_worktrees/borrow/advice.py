"""What to suggest when a migration is nowhere: the seed's three suggestions, with this repository's names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import git
from ..messages.errors import UserError
from ..messages.message import Message
from ..messages.quoting import abbreviated, quoted

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
    return UserError(
        "not-found",
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


def _unread(files: Iterable[Skipped]) -> Message:
    rows = tuple(
        Message("unread-file", {"path": one.path, "reason": one.reason}) for one in dict.fromkeys(files)
    )
    return Message("unread-files", {"files": rows}) if rows else Message("unread-nothing")


def _lacking(project: Project) -> Message:
    """Say what a shallow or partial clone lacks, and the command that gets it: we fetch nothing by ourselves."""
    if project.repository and git.is_shallow(project.repository):
        command = "git fetch --unshallow origin '+refs/heads/*:refs/remotes/origin/*'"
        return Message("lacking-history", {"command": command})
    if project.repository and git.is_partial(project.root):
        command = f"git log --all -p -- {_versions(project)} >/dev/null"
        return Message("lacking-contents", {"command": command})
    return Message("lacking-nothing")


def _described(name: str, empty: bool) -> Message | str:
    return Message("no-project-there", {"name": name}) if empty else name


def _gap(gap: Gap) -> Message:
    key = "gap-needed" if gap.needed_by else "gap"
    return Message(key, {"revision": gap.revision, "needed_by": gap.needed_by})


def _first(project: Project, default: str, *, remote: bool) -> Message:
    if (project.root / SYNC_COMMAND).is_file():
        return Message("suggest-sync", {"default": default})
    command = f"git pull --rebase origin {quoted(default)}" if remote else f"git rebase {quoted(default)}"
    return Message("suggest-git", {"default": default, "command": command})


def _look(project: Project, default: str, *, remote: bool) -> str:
    if remote:
        return f"git pull origin {quoted(default)}"
    return f"git log --all --oneline -- {_versions(project)}"


def _versions(project: Project) -> str:
    """Return the first version location as a word for git, wherever in the checkout it is pasted."""
    folder = project.versions[0]
    inside = folder.is_relative_to(project.root)
    return quoted(f":/{folder.relative_to(project.root).as_posix()}" if inside else folder)
