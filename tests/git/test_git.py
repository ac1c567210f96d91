"""What git says of odd names and by odd hands, each as a machine found it (tests/whole/test_fuzz.py)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from unittest import mock

import pytest

from alembic_worktrees import git
from alembic_worktrees.git import objects
from worlds.searching import spy
from worlds.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LINE = b"100644 a.py\0" + b"\1" * 20
ENTRY = git.TreeEntry("100644", "01" * 20, "a.py")


@pytest.fixture
def folder(world_root: Path) -> Iterator[Path]:
    """A repository whose folder has a line break in its name."""
    world = World.create(world_root / "a\nb", "postgresql+psycopg2://nowhere/none")
    with mock.patch.dict(os.environ, world.env, clear=True):
        yield world.main.path


def test_a_folder_with_a_line_break(folder: Path) -> None:
    assert git.locate(folder) == git.Repository(folder, folder / ".git")
    assert git.hooks_folder(folder) == folder / ".git" / "hooks"
    assert not git.is_rebasing(folder)
    assert git.worktrees(folder) == (git.Worktree(folder, "develop", bare=False),)


def test_a_carriage_return_is_part_of_a_name(folder: Path) -> None:
    for name in ("a.py", "a.py\r"):
        (folder / name).write_text(name)
    git.answer(folder, "add", "--all")
    git.answer(folder, "commit", "--quiet", "--message", "Two")
    missing, odd, plain = git.describe(folder, ["HEAD:no\rsuch", "HEAD:a.py\r", "HEAD:a.py"])
    assert (missing, odd) == (None, None)  # git would answer for a.py
    oids = {path: oid for oid, path in git.files(folder, "HEAD")}
    assert plain == git.Object(oids["a.py"], "blob", 4)


def test_what_is_committed_just_so(folder: Path) -> None:
    """At the top, in a folder and below it: as HEAD has it, with other line ends, changed, and new."""
    names = [f"{place}{name}.py" for place in ("", ":odd/", ":odd/[a]/") for name in ("as", "ends", "other")]
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"1\n2\n")
    git.answer(folder, "add", "--all")
    git.answer(folder, "commit", "--quiet", "--message", "All")
    contents = {"as": b"1\n2\n", "ends": b"1\r\n2\r\n", "other": b"1\n3\n", "new": b"1\n2\n"}
    asked = {folder / name: contents[(folder / name).stem] for name in [*names, "new.py", "no/new.py"]}
    assert git.committed(folder, asked) == {path for path in asked if path.stem in ("as", "ends")}
    assert git.committed(folder, {}) == frozenset()


def test_a_branch_may_end_with_a_space_of_another_kind(folder: Path) -> None:
    git.answer(folder, "checkout", "--quiet", "-b", "a\u3000")
    assert git.branch(folder) == "a\u3000"


def test_every_git_speaks_plainly_and_fetches_and_writes_nothing(world_root: Path) -> None:
    """Also the git of a later version than the one here, which would fetch what a partial clone lacks."""
    main = World.create(world_root, f"sqlite:///{world_root}/db").main
    main.revision("aaaa1111")
    log = world_root / "log"
    asked = "$LC_ALL $GIT_OPTIONAL_LOCKS $GIT_NO_LAZY_FETCH $GIT_ALLOW_PROTOCOL"
    env = spy(main.world, f'echo "{asked} $1" >> {log}')
    for words in ("upgrade", "status", "find nowhere", "check --staged", "check --ref HEAD", "protect"):
        main.tool(*words.split(), env={**env, "LC_ALL": "fr_FR.UTF-8"})
    seen = [line.rpartition(" ") for line in log.read_text().splitlines()]
    assert {words for words, _, _ in seen} == {"C 0 1 none"}
    assert {"ls-files", "rev-parse", "cat-file", "fast-import"} <= {command for _, _, command in seen}


@pytest.mark.parametrize("rest", [b"", b"100644 b.py", b"100644 b.py\0short", b"100644 a/b\0" + b"\1" * 20])
def test_of_a_tree_made_by_hand_only_sound_lines_count(rest: bytes) -> None:
    assert git.tree_entries(LINE + rest, 20) == (ENTRY,)
    assert git.tree_entries(rest, 20) == ()


@pytest.mark.parametrize("line", [b"", b"x missing", b"\xe1a blob 12", b"ab blob 12 missing", b"ab blob -1"])
def test_what_is_no_object(line: bytes) -> None:
    assert objects._parse_object(line) is None
