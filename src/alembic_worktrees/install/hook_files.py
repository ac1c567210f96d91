"""Where do the hooks go? To pre-commit, to git, or into the hands of a person → Changes, and what is to be said."""

from __future__ import annotations

import os
from shutil import which
from typing import TYPE_CHECKING

from .. import PROGRAM
from ..messages import WARN, Message, _
from . import installed
from .blocks import NEW_HOOK, has_block, with_hook, with_repo, without_block, without_repo
from .changes import Change, by_hand, read, real
from .hook_scripts import CALLS, HOOKS, INSTALL, LEFTHOOK, LEFTHOOK_TOML, pre_commit_item
from .purge import other_worktrees

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .changes import Part, Target
    from .installed import Installed

PRE_COMMIT = ".pre-commit-config.yaml"
LEFTHOOK_FILES = tuple(
    f"{dot}lefthook.{ending}" for dot in ("", ".") for ending in ("yml", "yaml", "toml", "json")
)
HUSKY = ".husky"


def with_hooks(target: Target) -> Iterator[Part]:
    """Put the hooks where this repository has its hooks, or note where a person is to put them."""
    config, how = read(target.root / PRE_COMMIT), installed.read()
    if (config is None or how.way == "folder") and which(PROGRAM) is None:
        text = _("The hooks call the alembic-worktrees on PATH, and none is there: {command}")
        yield Message(text, {"command": installed.install_command(how)}, WARN)
    lefthook = [path for name in LEFTHOOK_FILES if (path := target.root / name).exists()]
    # Newer versions of husky let git run `.husky/_`, which runs what lies above.
    husky = [path for path in (target.hooks, target.hooks.parent) if path.name == HUSKY]
    if config is not None:
        yield from _in_pre_commit(target, config, how)
    elif lefthook:
        if not _calls_us(lefthook[0]):
            yield by_hand(lefthook[0], LEFTHOOK_TOML if lefthook[0].suffix == ".toml" else LEFTHOOK)
    elif husky:
        yield from _elsewhere(husky[0])
    else:
        yield from _in_git(target)


def _in_git(target: Target) -> Iterator[Part]:
    """Put the hooks where git looks for them, whatever else lies about."""
    if (target.root / HUSKY).is_dir():
        text = _(
            "{husky} is here, but git runs its hooks from {hooks}. If husky is to run them, let "
            "it set itself up, then run init again."
        )
        yield Message(text, {"husky": target.root / HUSKY, "hooks": target.hooks}, WARN)
    if target.has(target.hooks):
        yield from filter(None, (_plain_hook(target, name) for name in HOOKS))
    else:
        yield from _elsewhere(target.hooks)


def _elsewhere(folder: Path) -> Iterator[Message]:
    texts = "\n".join(f"# {name}\n{body}" for name, body in HOOKS.items() if not _calls_us(folder / name))
    if texts:
        text = _("This repository runs its hooks through {where}. Add there, hook by hook:\n{hooks:text}")
        yield Message(text, {"where": folder, "hooks": texts}, WARN)


def _calls_us(path: Path) -> bool:
    return PROGRAM in (read(path) or "")


def _in_pre_commit(target: Target, config: str, how: Installed) -> Iterator[Part]:
    """Let pre-commit run the hooks, and only pre-commit."""
    path = real(target.root / PRE_COMMIT)
    after = with_repo(config, pre_commit_item(how))
    if after is None:
        yield by_hand(path, pre_commit_item(how))
        return
    yield Change(path, config, after)
    if how.way == "folder" and after != config:
        text = _(
            "pre-commit will run the alembic-worktrees on PATH, because this one was installed "
            "from {source}, which others do not have. Whoever commits here needs it too, or "
            "pre-commit stops the commit."
        )
        yield Message(text, {"source": how.source}, WARN)
    yield from _without_plain_hooks(target)
    if all("pre-commit" in (read(target.hooks / name) or "") for name in HOOKS):
        return
    text = _("Let git call pre-commit, once: {command}")
    if target.hooks_path:
        text = _(
            "core.hooksPath is set ({where}), and there pre-commit refuses to install its "
            "hooks. To let git call it: git config --unset-all core.hooksPath && {command}"
        )
    yield Message(text, {"command": INSTALL, "where": target.hooks_path}, WARN)


def _plain_hook(target: Target, name: str) -> Part | None:
    path = target.hooks / name
    before = read(path)
    after = with_hook(before, HOOKS[name])
    if before is not None and not has_block(before) and PROGRAM in before:
        return None  # somebody has done it by hand
    if not target.has(real(path)):
        return by_hand(path, HOOKS[name])
    if after is None:
        text = _("{path} is no shell script. Let it run this, and fail where this fails: {command}")
        return Message(text, {"path": path, "command": CALLS[name]}, WARN)
    if before is not None and not os.access(path, os.X_OK):
        text = _(
            "{path} is not executable, so git passes over it; it is left as it is. To use it: "
            "chmod +x {path:q}, then run init again."
        )
        return Message(text, {"path": path}, WARN)
    return Change(real(path), before, after, executable=True)


def without_hooks(target: Target) -> Iterator[Part]:
    """Take them out of pre-commit and of every hook, and say whose they were."""
    config = read(target.root / PRE_COMMIT)
    yield Change(target.root / PRE_COMMIT, config, config and without_repo(config))
    hooks = tuple(_without_plain_hooks(target))
    others = other_worktrees(target)
    if others and any(hook.path.is_relative_to(target.common) for hook in hooks):
        text = _(
            "The hooks are those of all worktrees of this repository, so these lose them too:\n{others:lines}"
        )
        yield Message(text, {"others": others}, WARN)
    yield from hooks


def _without_plain_hooks(target: Target) -> Iterator[Change]:
    """Take our block out of every hook, also of those that pre-commit has put aside."""
    for folder in dict.fromkeys([target.hooks, target.common / "hooks"]):
        for name in HOOKS:
            for path in (folder / name, folder / f"{name}.legacy"):
                before = read(path)
                if before is not None and has_block(before) and target.has(real(path)):
                    after = without_block(before)
                    yield Change(real(path), before, None if after == NEW_HOOK else after)
