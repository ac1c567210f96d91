"""Which repository is this, and how is it set up? Worktrees, branches, hooks."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..messages import Message, _
from ..messages.errors import UserError
from ..messages.quoting import word
from ..system.process import ProgramMissing
from ..system.reading import NotReadable, allowed_roots, read_plain
from .ask import TIMEOUT, answer, ask, failed, line_of, words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..system.process import Result


# What we use of git is in every version from this one on; `rev-parse --path-format` is what came last (2.31, 2021).
OLDEST = "2.31"


class Repository(NamedTuple):
    """A git working tree: its top folder and the folder that all its worktrees share."""

    top: Path
    common: Path


class Worktree(NamedTuple):
    """One row of `git worktree list`; `branch` is None when HEAD is detached."""

    path: Path
    branch: str | None
    bare: bool


def locate(folder: Path) -> Repository | None:
    """Return the working tree that `folder` is in; None outside git.

    Where a `.git` says that this is a checkout, git must be able to tell about it: a borrowed file that it is not
    told to ignore would be in its way later. Raises ProgramMissing (there is no git), GitFailed (it refuses:
    another owner, corruption), or UserError: it is too old, or sees no repository there.
    """
    argv = ("--show-toplevel", "--git-common-dir")
    try:
        result = ask(folder, "rev-parse", "--path-format=absolute", *argv, timeout=TIMEOUT)
    except ProgramMissing:
        if not _mark(folder):
            return None
        raise
    if result.status:
        _must_be_outside(folder, result)
        return None
    paths = os.fsdecode(result.out).removesuffix("\n").split("\n")
    if paths[0] == "--path-format=absolute":  # what it does not know, rev-parse repeats
        raise _too_old(folder)
    if len(paths) != len(argv):  # a line break in one of them
        paths = [absolute(folder, word) for word in argv]
    return Repository(*map(Path, paths))


def absolute(folder: Path, *argv: str) -> str:
    """Return a path of the repository as `git rev-parse` names it, absolute."""
    return os.fsdecode(answer(folder, "rev-parse", "--path-format=absolute", *argv)).removesuffix("\n")


def _must_be_outside(folder: Path, result: Result) -> None:
    """Return if `folder` is outside of all checkouts; else raise the UserError that says why git cannot tell."""
    if b"must be run in a work tree" in result.err:
        return
    if b"not a git repository" not in result.err:
        raise failed(folder, "git rev-parse", result)
    if mark := _mark(folder):
        text = _(
            "{mark} says that this is a checkout, but git finds no repository there; nothing was "
            "done. It says:\n"
            "{words:text}\n"
            "  If a worktree or its main one was moved, run in the main one: git worktree repair "
            "{folder:q}{in_container}"
        )
        values = {"folder": mark.parent, "words": words_of(result), "in_container": _mount(mark)}
        raise UserError(text, mark=mark, **values)


def _mount(mark: Path) -> Message | str:
    """Return what else may help where the repository is not to be seen: in a container."""
    repository = _repository_of(mark)
    if repository is None or repository.exists():
        return ""
    text = _(
        "\n  In a container, mount the repository at its own path, for docker with: "
        "-v {volume:text}\n"
        "  Or in the compose file, under volumes: - {volume:text}"
    )
    return Message(text, {"volume": word(f"{repository}:{repository}")})  # nothing expands a ~ behind a colon


def _repository_of(mark: Path) -> Path | None:
    """Return the folder of the repository that the `.git` of a linked worktree names; None of any other `.git`."""
    if mark.is_dir():
        return None
    own = Path(mark.read_text(errors="surrogateescape").removeprefix("gitdir: ").rstrip("\n"))
    common = own.parent.parent
    return mark.parent / common if common.name == ".git" else None


def _mark(folder: Path) -> Path | None:
    """Return the `.git` that makes `folder` part of a checkout, sound or not; an empty folder makes none."""
    ceilings = os.environ.get("GIT_CEILING_DIRECTORIES", "").split(os.pathsep)
    for above in (folder, *folder.parents):
        if above != folder and str(above) in ceilings:
            return None
        mark = above / ".git"
        if mark.is_file() or (mark.is_dir() and any(mark.iterdir())):
            return mark
    return None


def _too_old(folder: Path) -> UserError:
    import shutil

    found = os.fsdecode(answer(folder, "version")).strip()
    text = _(
        "{program} is too old: {found}. This needs git {needed} or newer. Install one, or put its "
        "folder first on PATH."
    )
    return UserError(text, needed=OLDEST, found=found, program=shutil.which("git") or "git")


def worktrees(folder: Path) -> tuple[Worktree, ...]:
    """Return every worktree of the repository, the main one first; that is left out where nothing leads to it."""
    result = ask(folder, "worktree", "list", "--porcelain", "-z")
    if result.status:  # before git 2.36 there is no -z
        lines = os.fsdecode(answer(folder, "worktree", "list", "--porcelain")).split("\n")
    else:
        lines = os.fsdecode(result.out).split("\0")
    main, *linked = _parse_worktrees(lines)
    return (*_main_worktree(main), *linked)


def _main_worktree(main: Worktree) -> Iterator[Worktree]:
    """Yield the main worktree by its own folder: in a submodule git names that of the repository instead.

    After `git init --separate-git-dir` it does so too, and there nothing leads from one to the other.
    """
    if main.bare or os.path.lexists(main.path / ".git"):
        yield main
        return
    shown = ask(main.path, "rev-parse", "--show-toplevel")
    if not shown.status:
        yield main._replace(path=Path(os.fsdecode(shown.out).removesuffix("\n")))


def _parse_worktrees(lines: Iterable[str]) -> Iterable[Worktree]:
    path, branch, bare = "", None, False
    for line in lines:
        word, _, value = line.partition(" ")
        if word == "worktree":
            path, branch, bare = value, None, False
        elif word == "branch":
            branch = value.removeprefix("refs/heads/")
        elif word == "bare":
            bare = True
        elif not line and path:
            yield Worktree(Path(path), branch, bare)
            path = ""


def superproject(folder: Path) -> Path | None:
    """Return the working tree that has the checkout around `folder` as a submodule; None if none has."""
    top = line_of(ask(folder, "rev-parse", "--show-superproject-working-tree", timeout=TIMEOUT))
    return Path(top) if top else None


def branch(folder: Path) -> str | None:
    """Return the branch that is checked out, None when HEAD is detached."""
    return line_of(ask(folder, "symbolic-ref", "--quiet", "--short", "HEAD"))


def default_branch(folder: Path) -> str | None:
    """Return the remote's default branch without the remote's name, None if no remote tells."""
    published = published_branch(folder)
    return published and published.removeprefix("origin/")


def published_branch(folder: Path) -> str | None:
    """Return the remote's default branch as a ref, "origin/main"; None if no remote tells."""
    return line_of(ask(folder, "symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD"))


def pager(folder: Path) -> str:
    """Return the command of git's choice to read long output with, of the shell; "" if it is none or only prints."""
    chosen = line_of(ask(folder, "var", "GIT_PAGER")) or ""
    return "" if chosen == "cat" else chosen


def own_folder(top: Path) -> Path | None:
    """Return git's own folder of the worktree at `top`, as its `.git` says; to ask git would take far longer."""
    mark = top / ".git"
    if mark.is_dir():
        return mark
    try:
        word, _, target = os.fsdecode(read_plain(mark, allowed_roots(top))).removesuffix("\n").partition(" ")
    except NotReadable:
        return None
    return top / target if word == "gitdir:" else None


def is_rebasing(top: Path) -> bool:
    """Tell whether a rebase is under way in the worktree at `top` that has commits left to pick.

    One by patches (`rebase --apply`) leaves no trace yet when git tells of its beginning.
    """
    own = own_folder(top) or top
    try:
        return (own / "rebase-merge" / "git-rebase-todo").stat().st_size > 0
    except OSError:
        return False


def merging(top: Path) -> tuple[str, ...]:
    """Return the commits that a merge brings that is under way in the worktree at `top`, and has stopped."""
    own = own_folder(top)
    try:
        return tuple((own / "MERGE_HEAD").read_text().split()) if own else ()
    except OSError:
        return ()


def hooks_folder(folder: Path) -> Path:
    """Return the folder that git runs hooks from: one for all worktrees, or where core.hooksPath says."""
    return Path(absolute(folder, "--git-path", "hooks"))


def hooks_path(folder: Path) -> str | None:
    """Return the setting core.hooksPath, None if there is none."""
    return line_of(ask(folder, "config", "--get", "core.hooksPath"))


def has_remote(folder: Path, name: str) -> bool:
    """Tell whether there is a remote of this name."""
    return ask(folder, "config", "--get", f"remote.{name}.url").status == 0


def is_shallow(repository: Repository) -> bool:
    """Tell whether the history of this clone was cut off: `git clone --depth`."""
    return (repository.common / "shallow").is_file()


def is_partial(folder: Path) -> bool:
    """Tell whether this clone leaves objects with its remote until they are needed: `git clone --filter`."""
    return ask(folder, "config", "--get-regexp", r"^remote\..*\.promisor$").status == 0
