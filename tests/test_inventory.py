"""What is here? The files of one checkout: its own, borrowed, edited, and what is stepped over."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from alembic_worktrees import git
from alembic_worktrees.common import Common, Location
from alembic_worktrees.inventory import Inventory, migration_paths, take_inventory
from alembic_worktrees.project import ConfigFiles, Project
from alembic_worktrees.record import Entry, Origin, render, sha256
from alembic_worktrees.revision import Sought
from worlds import searching
from worlds.world import KEPT, World, revision_text

if TYPE_CHECKING:
    from pathlib import Path

ORIGIN = Origin("checkout", "StoFlow", None, "versions/a.py")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project outside git, with two version locations."""
    locations = (tmp_path / "backend/versions", tmp_path / "backend/plugins")
    for location in locations:
        location.mkdir(parents=True)
    folder = tmp_path / "backend"
    return Project(tmp_path, folder, ConfigFiles(), folder, locations, False, None)


def write(project: Project, id: str, down: str | None = None, *, file: str | None = None) -> bytes:
    path = project.versions[0] / (file or f"{id}.py")
    path.parent.mkdir(exist_ok=True)
    path.write_text(revision_text(id, down))
    return path.read_bytes()


def record(folder: Path, *entries: tuple[str, str, bytes]) -> Path:
    """A record in `folder` of (path, revision, content as borrowed)."""
    place = folder / ".gitignore"
    place.write_text(render(Entry(path, id, ORIGIN, sha256(content)) for path, id, content in entries))
    return place


def ids(inventory: Inventory) -> tuple[set[str], set[str], set[str]]:
    """The own, borrowed and edited revisions."""
    return (
        {migration.revision.id for migration in inventory.own},
        {row.entry.revision for row in inventory.borrowed},
        {row.entry.revision for row in inventory.edited},
    )


def test_own_borrowed_and_edited(project: Project) -> None:
    texts = {id: write(project, id) for id in ("own", "copy", "edited")}
    place = record(
        project.versions[0],
        ("copy.py", "copy", texts["copy"]),
        ("edited.py", "edited", b"as it was"),
        ("gone.py", "gone", b""),
    )
    inventory = take_inventory(project)
    assert ids(inventory) == ({"own", "edited"}, {"copy"}, {"edited"})
    assert inventory.records == (place,)
    assert {migration.revision.id for migration in inventory.all} == {"own", "copy", "edited"}


def test_of_two_entries_the_one_of_what_is_there_counts(project: Project) -> None:
    """A run that was killed while it refreshed copies has named each as it was and as it would have been."""
    old, new = (write(project, id) for id in ("old", "new"))
    record(
        project.versions[0],
        *(("old.py", "old", old), ("new.py", "new", b"as it was")),
        *(("old.py", "old", b"as it would have been"), ("new.py", "new", new)),
    )
    assert ids(take_inventory(project)) == (set(), {"old", "new"}, set())


def test_a_copy_that_was_broken_is_edited(project: Project) -> None:
    (project.versions[0] / "copy.py").write_text("<<<<<<<\n")
    record(project.versions[0], ("copy.py", "copy", b"as it was"))
    inventory = take_inventory(project)
    assert ids(inventory) == ({"copy"}, set(), {"copy"})
    assert inventory.own[0].revision.opaque
    assert [(row.path.name, row.reason) for row in inventory.stepped] == [("copy.py", "syntax")]


def test_the_record_may_be_above(project: Project) -> None:
    content = write(project, "copy")
    (project.versions[0] / ".gitignore").write_text("*.tmp\n")  # somebody else's
    for folder in (project.folder, project.root):
        place = record(folder, (os.path.relpath(project.versions[0] / "copy.py", folder), "copy", content))
        inventory = take_inventory(project)
        assert ids(inventory) == (set(), {"copy"}, set())
        assert inventory.records == (place,)
        place.unlink()


def test_the_record_above_the_checkout_is_not_ours(project: Project) -> None:
    content = write(project, "copy")
    lower = project._replace(root=project.folder)
    record(project.root, ("backend/versions/copy.py", "copy", content))
    assert ids(take_inventory(lower)) == ({"copy"}, set(), set())


def test_the_record_may_be_in_a_sub_folder(project: Project) -> None:
    content = write(project, "copy", file="2024/copy.py")
    place = record(project.versions[0] / "2024", ("copy.py", "copy", content))
    recursive = project._replace(recursive=True)
    assert take_inventory(recursive).records == (place,)
    assert ids(take_inventory(recursive)) == (set(), {"copy"}, set())
    assert take_inventory(project).all == ()


def test_a_record_that_is_no_text(project: Project) -> None:
    write(project, "own")
    (project.versions[0] / ".gitignore").write_bytes(b"# Written by alembic-worktrees\xff")
    (project.versions[1] / ".gitignore").mkdir()
    os.mkfifo(project.folder / ".gitignore")
    inventory = take_inventory(project)
    assert ids(inventory) == ({"own"}, set(), set())
    assert inventory.records == ()


def test_a_file_that_two_ways_lead_to_counts_once(project: Project) -> None:
    write(project, "own")
    (project.versions[0] / "zz.py").symlink_to("own.py")
    (project.versions[1] / "own.py").symlink_to("../versions/own.py")
    doubled = project._replace(versions=(*project.versions, project.versions[0]))
    assert [below for _, below in migration_paths(doubled)] == ["own.py"]
    assert len(take_inventory(doubled).own) == 1


def test_only_migrations_are_looked_at(project: Project) -> None:
    for name in ("__init__.py", ".#own.py", "own.pyc", "own.py.orig", "README", "x.PY"):
        (project.versions[0] / name).write_text("nonsense (")
    (project.versions[0] / "__pycache__").mkdir()
    (project.versions[0] / "folder.py").mkdir()
    inventory = take_inventory(project)
    assert inventory.all == ()
    assert [(row.path.name, row.reason) for row in inventory.stepped] == [("folder.py", "not-a-file")]


def test_folders_that_are_not_there(project: Project) -> None:
    gone = project._replace(versions=(project.root / "nowhere", project.versions[0]))
    assert take_inventory(gone).all == ()


@pytest.fixture
def few_are_enough(world_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let git look at other checkouts however few files there are."""
    monkeypatch.setattr(Common, "_FEW", 0)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(world_root / ".gitconfig"))


@pytest.mark.usefixtures("few_are_enough")
@pytest.mark.parametrize("format", ["sha1", "sha256"])
def test_what_checkouts_have_in_common_is_read_once(
    world_root: Path, monkeypatch: pytest.MonkeyPatch, format: str
) -> None:
    """Of each file that is not surely the same the very bytes are read, however well its change is hidden."""
    monkeypatch.setenv("GIT_DEFAULT_HASH", format)
    monkeypatch.setattr("worlds.world.KEPT", re.compile(f"{KEPT.pattern}|GIT_DEFAULT_HASH"))
    world = World.create(world_root, "sqlite://")
    main = world.main
    names = ("same", "edited", "disguised", "unwatched", "touched", "gone", "linked")
    for id in names:
        main.revision(id, file=f"{id}.py")
    main.commit("Add migrations")
    other = world.worktree("feature")
    files = {id: other.versions / f"{id}.py" for id in (*names, "new")}
    files["edited"].write_text(revision_text("edited", "same"))
    before = files["disguised"].stat()
    files["disguised"].write_text(files["disguised"].read_text().replace("disguised", "disguises"))
    os.utime(files["disguised"], ns=(before.st_atime_ns, before.st_mtime_ns))
    other.git("update-index", "--assume-unchanged", str(files["unwatched"]))
    files["unwatched"].write_text(revision_text("unwatched", "same"))
    files["touched"].touch()
    files["gone"].unlink()
    files["linked"].unlink()
    files["linked"].symlink_to("same.py")
    files["new"].write_bytes((main.versions / "same.py").read_bytes().replace(b"same", b"new"))
    here, there = searching.project(main), searching.project(other)
    alone = take_inventory(there)
    for trusted in (True, False):  # a worktree, and a clone
        with Common([Location(there.versions[0], ours=trusted)]) as common:
            assert common.known(there.versions[0]) == {}
            take_inventory(here, common)
            assert take_inventory(there, common) == alone
        with Common([Location(path, ours=trusted) for path in (*here.versions, *there.versions)]) as common:
            take_inventory(here, common)
            known = common.known(there.versions[0])
    assert set(known) == {f"{id}.py" for id in ("same", "touched")}
    assert all(
        file and (there.versions[0] / name).read_bytes() == file.content for name, file in known.items()
    )


@pytest.mark.usefixtures("few_are_enough")
@pytest.mark.parametrize("scope", ["--local", "--worktree"])
def test_no_filter_of_a_neighbour_is_run(world_root: Path, scope: str) -> None:
    """Git would run it to see whether a file that was touched is still the same."""
    world = World.create(world_root, "sqlite://")
    main = world.main
    main.revision("aaaa1111")
    main.write(".gitattributes", "*.py filter=odd\n")
    main.commit("Add a migration")
    other = world.worktree("feature")
    mark = world_root / "it ran"
    other.git("config", "extensions.worktreeConfig", "true")
    other.git("config", scope, "filter.odd.clean", f"touch '{mark}'; cat")
    (other.versions / "aaaa1111_add_t.py").touch()
    here, there = searching.project(main), searching.project(other)
    with Common([Location(there.versions[0], ours=True)]) as common:
        take_inventory(here, common)
        assert [one.revision.id for one in take_inventory(there, common).own] == ["aaaa1111"]
    assert not mark.exists()
    other.git("status")
    assert mark.exists()


@pytest.mark.usefixtures("few_are_enough")
def test_a_file_that_git_writes_otherwise_than_it_keeps_it_is_read(world_root: Path) -> None:
    world = World.create(world_root, "sqlite://")
    main = world.main
    main.write(".gitattributes", "*.py text eol=crlf\n")
    main.revision("aaaa1111")
    main.commit("Add a migration")
    main.git("rm", "--quiet", "--cached", "-r", ".")
    main.git("reset", "--quiet", "--hard")  # written again, now by the attributes
    other = world.worktree("feature")
    there = searching.project(other)
    content = (there.versions[0] / "aaaa1111_add_t.py").read_bytes()
    assert b"\r\n" in content
    with Common([Location(there.versions[0], ours=True)]) as common:
        take_inventory(searching.project(main), common)
        assert take_inventory(there, common).own[0].content == content
    with Common([Location(there.versions[0], ours=True)]) as common:
        take_inventory(searching.project(main), common)
        assert common.known(there.versions[0]) == {}


@pytest.mark.usefixtures("few_are_enough")
@pytest.mark.parametrize("clone", [False, True])
def test_a_neighbour_without_the_folder_stops_nobody(world_root: Path, clone: bool) -> None:
    world = World.create(world_root, "sqlite://")
    world.main.revision("aaaa1111")
    world.main.commit("Add a migration")
    bare = world.clone("StoFlow-bare") if clone else world.worktree("bare")
    other = world.worktree("feature")
    shutil.rmtree(bare.versions)
    done = other.tool("find", "aaaa1111", check=True)
    assert done.stdout == f"{world.main.versions / 'aaaa1111_add_t.py'}\n"
    folders = [Location(bare.versions, ours=not clone), Location(other.versions, ours=True)]
    with Common(folders) as common:
        assert len(take_inventory(searching.project(world.main), common).own) == 1
        assert set(common.known(other.versions)) == {"aaaa1111_add_t.py"}
        assert common.known(bare.versions) == {}


def test_folders_that_are_not_asked_for_are_passed_over(world_root: Path) -> None:
    world = World.create(world_root, "sqlite://")
    main = world.main
    main.revision("aaaa1111")
    main.commit("Add a migration")
    other = world.worktree("feature")
    folders = [main.versions, main.path / "nowhere", main.path.parent, other.versions, other.path / "-e"]
    with closing(git.Unchanged(folders)) as asked:
        found = {folder: asked.rows(folder) for folder in folders[1:]}
    names = {row.partition(b"\t")[2] for row in found[other.versions]}
    assert b"aaaa1111_add_t.py" in names
    assert not any(found[folder] - {b""} for folder in (*folders[1:3], folders[4]))


def test_what_is_not_sought_is_neither_parsed_nor_told(project: Project) -> None:
    write(project, "other")
    content = write(project, "borrowed").replace(b"borrowed", b"broken")
    (project.versions[0] / "borrowed.py").write_bytes(content)
    (project.versions[0] / "bad.py").write_text("revision = ")
    write(project, "mine")
    record(project.versions[0], ("borrowed.py", "borrowed", b"before"))
    common = Common(sought=Sought("mine"))
    inventory = take_inventory(project, common)
    assert ids(inventory) == ({"borrowed", "mine"}, set(), {"borrowed"})
    assert inventory.stepped == ()
    assert [file.revision.id for file in common.files] == ["mine"]


def test_equal_files_are_held_once(project: Project) -> None:
    common = Common()
    write(project, "same")
    (one,), (other,) = (take_inventory(project, common).own for _ in range(2))
    assert one.content is other.content
    assert len(list(common.files)) == 1
