"""Readers and input made up by a machine: thousands of texts, held against what Alembic, git and Python say."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import warnings
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING
from unittest import mock

import pytest
from hypothesis import strategies as st

from alembic_worktrees import git
from alembic_worktrees.database import client as applied
from alembic_worktrees.git.objects import _parse_object
from alembic_worktrees.git.repository import _parse_worktrees
from alembic_worktrees.messages.quoting import printable, quoted
from alembic_worktrees.migrations.docstring import first_line
from alembic_worktrees.migrations.revision import Revision, Unreadable, read_revision
from alembic_worktrees.project.settings import Settings
from strategies import (
    Made,
    damaged,
    damaged_migrations,
    documented,
    file_names,
    ids,
    plain_migrations,
    ref_names,
    template_migrations,
    wild_migrations,
    words,
)
from worlds import searching
from worlds.imported import Imported, Importer
from worlds.world import World, hermetic_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hypothesis.strategies import SearchStrategy

    from strategies import ForAll, T
    from worlds.postgres import Database


@pytest.fixture(scope="module")
def alembic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Importer]:
    importer = Importer(tmp_path_factory.mktemp("imported") / "scripts")
    yield importer
    importer.close()


# Migration files


def read(content: bytes, *, whole: bool) -> Revision | str:
    """The revision, or the reason why there is none; nothing is written to stderr."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            found: Revision | str = read_revision(content, "some_file.py", whole=whole)
        except Unreadable as unreadable:
            found = unreadable.reason
    assert not seen
    return found


def read_both_ways(content: bytes) -> Revision | str:
    """What the whole says; the fast way says it too, but for a syntax error that it may not have come to."""
    whole, fast = read(content, whole=True), read(content, whole=False)
    assert fast == whole or whole in ("syntax", "encoding")
    return whole


def seen_as_ours(found: Imported) -> Revision:
    depends = () if found.depends == ("",) else found.depends
    return Revision(found.id, found.down, depends, found.labels)


def test_every_plain_file_is_read_as_alembic_reads_it(alembic: Importer, for_all: ForAll) -> None:
    def agree(made: Made) -> None:
        found = alembic.load(made.content)
        assert isinstance(found, Imported), found
        assert read_both_ways(made.content) == made.says == seen_as_ours(found)

    for_all(plain_migrations(), agree, corner=100, full=5_000)


@pytest.mark.parametrize("kind", ["template", "wild", "damaged"])
def test_no_file_is_read_otherwise_than_alembic_reads_it(
    alembic: Importer, for_all: ForAll, kind: str
) -> None:
    def agree(content: bytes) -> None:
        found, ours = alembic.load(content), read_both_ways(content)
        if isinstance(found, Imported) and isinstance(ours, Revision):
            theirs = seen_as_ours(found)
            assert ours == theirs or (ours.opaque and _agree_where_told(ours, theirs))
        elif isinstance(found, Imported):
            assert ours in ("computed-id", "not-a-string"), ours

    kinds = {"template": template_migrations(), "wild": wild_migrations(), "damaged": damaged_migrations}
    for_all(kinds[kind], agree, corner=100, full=5_000)


def _agree_where_told(ours: Revision, theirs: Revision) -> bool:
    pairs = zip(ours[1:4], theirs[1:4], strict=True)
    return ours.id == theirs.id and all(our in ((), their) for our, their in pairs)


def test_the_first_line_of_a_docstring_is_that_of_python(for_all: ForAll) -> None:
    def agree(content: bytes) -> None:
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            shown = first_line.__wrapped__(content)
        assert not seen
        assert shown == _first_line_of(_docstring(content))

    for_all(documented(), agree, corner=300, full=30_000)


def _docstring(content: bytes) -> str | None:
    """What importing the module would bind to `__doc__`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            code = compile(content, "made up", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return None
    return code.co_consts[0] if "__doc__" in code.co_names else None


def _first_line_of(text: str | None) -> str:
    return next((line.strip() for line in (text or "").splitlines() if line.strip()), "")


# What git tells of real repositories


@pytest.fixture
def repository(sandbox: Path, numbers: Iterator[int]) -> Iterator[Path]:
    """A repository in which a name may have a backslash; git is asked in a hermetic environment."""
    folder = sandbox / f"named{next(numbers)}"
    folder.mkdir()
    environment = hermetic_environment(folder) | {"GIT_CONFIG_GLOBAL": "/dev/null"}
    identity = {f"GIT_{who}_{what}": "dev" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    with mock.patch.dict(os.environ, environment | identity, clear=True):
        git.answer(folder, "init", "--quiet", "--initial-branch=develop")
        git.answer(folder, "config", "core.protectNTFS", "false")
        yield folder
    rmtree(folder)


def collected(for_all: ForAll, made: SearchStrategy[T], corner: int, full: int) -> list[T]:
    """Each different thing that is made, once: many names for one repository."""
    found: dict[T, None] = {}
    for_all(made, lambda one: found.setdefault(one), corner=corner, full=full)
    return list(found)


def test_git_tells_every_file_by_its_name(repository: Path, for_all: ForAll) -> None:
    names = collected(for_all, file_names, corner=150, full=10_000)
    folder = repository / "versions"
    folder.mkdir()
    contents = {f"versions/{name}": b"%d\n" % number for number, name in enumerate(names)}
    for name, content in contents.items():
        (repository / name).write_bytes(content)
    git.answer(repository, "add", "--all")
    git.answer(repository, "commit", "--quiet", "--message", "All of them")
    blobs = {name: hashlib.sha1(b"blob %d\0%b" % (len(it), it)).hexdigest() for name, it in contents.items()}  # noqa: S324
    assert git.index_files(repository, in_hook=False) == blobs
    assert git.files(repository, "HEAD") == tuple(
        (blobs[name], name) for name in sorted(blobs, key=os.fsencode)
    )
    history = list(git.past_files(repository, ["versions"], without="refs/none", timeout=60))
    assert {(blob, path) for _, blob, path in history} == {(blob, name) for name, blob in blobs.items()}
    tree = git.commit_id(repository, "HEAD") and git.describe(repository, ["HEAD:versions"])[0]
    assert tree
    entries = git.tree_entries(git.small_contents(repository, [tree.oid])[tree.oid], 20)
    assert {f"versions/{entry.name}": entry.oid for entry in entries} == blobs
    assert all(entry.is_file for entry in entries)
    asked = [part for name in blobs for part in (f"HEAD:{name}", f"HEAD:{name} missing", f"HEAD:no/{name}")]
    found = git.describe(repository, asked)
    assert [one and one.oid for one in found[::3]] == [
        None if "\n" in name or name.endswith("\r") else blob
        for name, blob in blobs.items()  # git has no way to be asked for such a name
    ]
    assert set(git.small_contents(repository, blobs.values()).values()) == set(contents.values())
    _touch_half(repository, list(blobs))


def _touch_half(repository: Path, names: list[str]) -> None:
    """Change every other file: what git has, and what it has just so."""
    paths = [repository / name for name in names]
    assert git.tracked(repository, [*paths, repository / "versions" / "none"]) == set(paths)
    for path in paths[::2]:
        path.write_bytes(b"changed")
    contents = {path: path.read_bytes() for path in paths}
    askable = {path for path in paths if "\n" not in path.name and not path.name.endswith("\r")}
    assert git.committed(repository, contents) == set(paths[1::2]) & askable


def test_git_tells_every_branch_by_its_name(repository: Path, for_all: ForAll) -> None:
    names = collected(for_all, ref_names, corner=100, full=5_000)
    git.answer(repository, "commit", "--quiet", "--allow-empty", "--message", "First")
    commit = git.commit_id(repository, "HEAD")
    branches = [f"refs/heads/{name}" for name in names if not name.endswith(".lock")]
    asked = b"".join(b"create %b\0%s\0" % (os.fsencode(name), str(commit).encode()) for name in branches)
    git.answer(repository, "update-ref", "-z", "--stdin", text=asked)
    assert {tip.name for tip in git.refs(repository, "refs/heads")} == {*branches, "refs/heads/develop"}
    assert {tip.commit for tip in git.refs(repository, "refs/heads")} == {commit}


def test_git_tells_every_worktree_by_its_name(repository: Path, for_all: ForAll) -> None:
    folders = collected(for_all, file_names, corner=12, full=150)
    branches = collected(
        for_all, ref_names.filter(lambda name: not name.endswith(".lock")), corner=12, full=150
    )
    git.answer(repository, "commit", "--quiet", "--allow-empty", "--message", "First")
    made = []
    for folder, branch in zip(folders, branches, strict=False):
        path = repository / "all of them" / folder
        git.answer(repository, "worktree", "add", "--quiet", "-B", branch, "--", str(path))
        made.append(git.Worktree(path, branch, bare=False))
        assert git.locate(path) == git.Repository(path, repository / ".git")
        assert (git.branch(path), git.is_rebasing(path)) == (branch, False)
        assert git.hooks_folder(path) == repository / ".git" / "hooks"
    assert set(git.worktrees(repository)) == {git.Worktree(repository, "develop", bare=False), *made}


TREE = b"100644 a.py\0" + b"\1" * 20 + b"40000 sub\0" + b"\0 /" * 6 + b"\n\0"
WORKTREES = (
    b"worktree /a\0HEAD 12\0branch refs/heads/x\0\0worktree /b\0bare\0\0worktree /c\0detached\0locked why\0\0"
)


def test_no_bytes_are_too_odd_for_the_parsers_of_git(for_all: ForAll) -> None:
    def parse(content: bytes) -> None:
        for entry in git.tree_entries(content, 20):
            assert entry.name
            assert "/" not in entry.name
            assert len(entry.oid) == 40
        for row in _parse_worktrees(os.fsdecode(content).split("\0")):
            assert row.path != Path()
        for line in content.split(b"\n"):
            assert (found := _parse_object(line)) is None or found.size >= 0

    objects = b"%b blob 12\nx missing\n%b tree 3\n" % (b"a" * 40, b"b" * 40)
    for_all(damaged(st.sampled_from([TREE, WORKTREES, objects])), parse, corner=300, full=30_000)


# What is shown to be pasted


def test_a_quoted_word_is_pasted_as_it_is(for_all: ForAll, tmp_path: Path) -> None:
    texts = [*collected(for_all, words, corner=300, full=20_000), "~", "~/x", "~root", "-e", "a~"]
    shown = [quoted(text) for text in texts]
    assert all(word == printable(word) and "\n" not in word for word in shown)
    script = tmp_path / "pasted"
    script.write_text("".join(f"printf '%s\\0' {word}\n" for word in shown), encoding="utf-8")
    for shell in ("bash", "zsh"):
        done = subprocess.run(
            [shell, script], env=hermetic_environment(tmp_path), capture_output=True, check=True
        )
        assert done.stdout.split(b"\0")[:-1] == [os.fsencode(text) for text in texts]


# Whole commands


def test_no_id_is_too_odd_to_be_listed_judged_drawn_and_completed(world_root: Path, for_all: ForAll) -> None:
    """A folder of migrations with made-up ids, seen through the commands that need no database."""
    found = collected(for_all, plain_migrations(), corner=40, full=1_000)
    made = {one.says.id: one.content for one in found}
    main = World.create(world_root, "postgresql+psycopg2://nowhere/none").main
    for number, content in enumerate(made.values()):
        (main.versions / f"m{number}.py").write_bytes(content)
    listed = json.loads(main.tool("list", "--json", check=True).stdout)
    assert {row["revision"] for row in listed["checkouts"][0]["migrations"]} == set(made)
    assert main.tool("list", check=True).stdout.count("\n") == len(made) + 1
    graph = ["graph", "--no-database", "--all", "--format"]
    drawn = [[*graph, form] for form in ("text", "svg", "mermaid")]
    for asked in (["check"], ["check", "--json"], ["find", "--", next(iter(made))], *drawn):
        assert main.tool(*asked).returncode in (0, 1), asked
    offered = main.world.run("bash", "-c", COMPLETED, cwd=main.backend, check=True).stdout.split("\0")[:-1]
    assert set(offered) == {id for id in made if id.isprintable() and "\0" not in id}


COMPLETED = f"""
eval "$({sys.executable} -m alembic_worktrees completion --shell bash)"
COMP_WORDS=(alembic-worktrees find '') COMP_CWORD=2
_alembic_worktrees_complete alembic-worktrees
eval "printf '%s\\0' ${{COMPREPLY[*]}}"
"""


def test_no_applied_id_is_too_odd_for_the_channel(world: World, database: Database, for_all: ForAll) -> None:
    made = collected(for_all, ids, corner=60, full=2_000)
    rows = {id for id in made if len(id) <= 32 and "\0" not in id and id.isprintable() | id.isascii()}
    database.set_heads(*rows)
    with applied.Database(
        searching.project(world.main), Settings(python=(sys.executable,)), world.env
    ) as asked:
        assert asked.probe().heads == rows
