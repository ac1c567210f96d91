"""What is here? The files of one checkout: its own, borrowed, edited, and what is skipped."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from alembic_worktrees.migrations import inventory
from alembic_worktrees.migrations.inventory import Inventory, names_in, take_inventory
from alembic_worktrees.migrations.reasons import why
from alembic_worktrees.migrations.record import Entry, Origin, render, sha256
from alembic_worktrees.project.config import AlembicConfig
from alembic_worktrees.project.project import ConfigFiles, Project
from worlds.world import revision_text

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIG = AlembicConfig("", (), recursive=False, sourceless=False, prepend_sys_path=())
ORIGIN = Origin("checkout", "StoFlow", None, "versions/a.py")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project outside git, with two version locations."""
    locations = (tmp_path / "backend/versions", tmp_path / "backend/plugins")
    for location in locations:
        location.mkdir(parents=True)
    folder = tmp_path / "backend"
    return Project(tmp_path, folder, ConfigFiles(), CONFIG, folder, locations, None)


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
    assert [(row.path.name, row.reason) for row in inventory.skipped] == [("copy.py", "syntax")]


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
    recursive = project._replace(config=CONFIG._replace(recursive=True))
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
    assert names_in(doubled, []) == ["own.py"]
    assert len(take_inventory(doubled).own) == 1


def test_only_migrations_are_looked_at(project: Project) -> None:
    for name in ("__init__.py", ".#own.py", "own.pyc", "own.py.orig", "README", "x.PY"):
        (project.versions[0] / name).write_text("nonsense (")
    (project.versions[0] / "__pycache__").mkdir()
    (project.versions[0] / "folder.py").mkdir()
    inventory = take_inventory(project)
    assert inventory.all == ()
    assert inventory.skipped == ()


def test_folders_that_are_not_there(project: Project) -> None:
    gone = project._replace(versions=(project.root / "nowhere", project.versions[0]))
    assert take_inventory(gone).all == ()


@contextmanager
def meanwhile(root: Path, script: str) -> Iterator[None]:
    """Let another process do this over and over in `root`, which has begun when we go on."""
    program = f"import os\nos.chdir({str(root)!r})\nprint(flush=True)\nwhile True:\n    {script}\n"
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.readline()
    try:
        yield
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()


def test_a_folder_that_goes_after_it_was_listed(project: Project) -> None:
    """Its files are skipped, each by its name; those of other folders are read."""
    project = project._replace(config=CONFIG._replace(recursive=True))
    folder = project.versions[0]
    seen: set[tuple[Path, str]] = set()
    for file in ("sub/b.py", "own.py", "zz/c.py"):
        write(project, file.removesuffix(".py").rpartition("/")[2], file=file)
    end = time.monotonic() + 60
    with meanwhile(folder, "os.rename('sub', 'aside'); os.rename('aside', 'sub')"):
        while ((folder / "sub/b.py"), "gone") not in seen and time.monotonic() < end:
            inventory = take_inventory(project)
            assert ids(inventory)[0] in ({"own", "c"}, {"own", "b", "c"})
            seen.update((row.path, row.reason) for row in inventory.skipped)
    assert (folder / "sub/b.py", "gone") in seen
    assert seen <= {(folder / "sub/b.py", "gone"), (folder / "aside/b.py", "gone")}


def test_equal_files_are_held_once(project: Project) -> None:
    write(project, "same")
    (one,), (other,) = (take_inventory(project).own for _ in range(2))
    assert one.content is other.content


def test_each_reason_has_a_text() -> None:
    pattern = re.compile(r'(?:Skipped\([\w.]+, |Unreadable\(|NotReadable\()"([\w-]+)"')
    sources = Path(inventory.__file__).parents[1].rglob("*.py")
    reasons = {word for path in sources for word in pattern.findall(path.read_text())}
    assert {"not-kin", "syntax", "gone"} <= reasons
    for word in reasons:
        assert why(word).text
