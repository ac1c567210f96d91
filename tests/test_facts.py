"""What was read once is never read again, and what is kept of it never says anything but what the file says."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alembic_worktrees import git
from alembic_worktrees.migrations import facts
from alembic_worktrees.migrations.facts import NAME, Facts
from alembic_worktrees.migrations.revision import Revision, Unreadable, read_revision
from worlds.world import World, revision_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from worlds.world import Checkout

TEXT = b"revision = 'a'\ndown_revision = ('b', 'c')\nbranch_labels = ['l']\ndepends_on = 'd'\n"
SAYS = Revision("a", ("b", "c"), ("d",), ("l",))
BROKEN_BELOW = TEXT + b"\ndef upgrade(:\n"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / NAME


@pytest.fixture
def main(world_root: Path) -> Checkout:
    world = World.create(world_root, "sqlite://")
    world.main.revision("aaaa1111")
    world.main.commit("Base")
    return world.main


def learned(place: Path, *files: tuple[str, bytes], whole: bool = False) -> None:
    """A run that reads these files."""
    run = Facts(place)
    for name, content in files:
        run.read(blob(content), name, content, whole=whole)
    run.keep()


def blob(content: bytes) -> str:
    return git.blob_id(content, wide=False)


def test_what_was_read_is_known_to_the_next_run(place: Path) -> None:
    assert Facts(place).known(blob(TEXT), "a.py") is None
    learned(place, ("a.py", TEXT))
    assert Facts(place).known(blob(TEXT), "a.py") == SAYS
    assert Facts(place).read(blob(TEXT), "a.py", b"this is not read") == SAYS


def test_the_name_counts_too(place: Path) -> None:
    """A legacy id stands in it."""
    legacy = b"down_revision = None\n"
    learned(place, ("aaaa1111.py", legacy), ("bbbb2222.py", legacy))
    found = [Facts(place).known(blob(legacy), f"{id}.py") for id in ("aaaa1111", "bbbb2222", "cccc3333")]
    assert [one and one.id for one in found] == ["aaaa1111", "bbbb2222", None]


def test_what_was_not_read_to_its_end_is_not_known_to_be_sound(place: Path) -> None:
    learned(place, ("a.py", BROKEN_BELOW))
    run = Facts(place)
    assert run.known(blob(BROKEN_BELOW), "a.py") == SAYS
    assert run.known(blob(BROKEN_BELOW), "a.py", whole=True) is None
    with pytest.raises(Unreadable):
        run.read(blob(BROKEN_BELOW), "a.py", BROKEN_BELOW, whole=True)
    learned(place, ("a.py", TEXT), whole=True)
    assert Facts(place).known(blob(TEXT), "a.py", whole=True) == SAYS
    assert Facts(place).known(blob(TEXT), "a.py") == SAYS


@pytest.mark.parametrize("seed", range(5))
def test_a_file_that_was_damaged_says_nothing(place: Path, seed: int) -> None:
    learned(place, ("a.py", TEXT), ("b.py", TEXT), whole=True)
    whole, chance = place.read_bytes(), random.Random(seed)  # noqa: S311
    for _ in range(40):
        at = chance.randrange(len(whole))
        other = bytes([whole[at] ^ 1 << chance.randrange(8)])
        place.write_bytes(chance.choice([whole[:at], whole[:at] + other + whole[at + 1 :], whole[at:]]))
        assert at == 0 or Facts(place).known(blob(TEXT), "a.py") is None
    place.write_bytes(b"\xff" * 100)
    learned(place, ("a.py", TEXT))
    assert Facts(place).known(blob(TEXT), "a.py") == SAYS


def test_another_reader_reads_anew_and_leaves_what_others_know(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = sys.version
    for number, version in enumerate([ours, "x", "y"]):
        monkeypatch.setattr("sys.version", version)
        assert Facts(place).known(blob(TEXT), "a.py") is None, number
        learned(place, ("a.py", TEXT))
    monkeypatch.setattr("sys.version", ours)
    assert Facts(place).known(blob(TEXT), "a.py") == SAYS
    monkeypatch.setattr("alembic_worktrees.migrations.facts._SOURCES", ("revision.py",))
    assert Facts(place).known(blob(TEXT), "a.py") is None
    learned(place, ("a.py", TEXT))
    assert place.read_bytes().count(b"a.py") == facts.READERS
    monkeypatch.setattr(
        "alembic_worktrees.migrations.facts._SOURCES", ("gone.py",)
    )  # it cannot say who it is
    before = place.read_bytes()
    assert Facts(place).known(blob(TEXT), "a.py") is None
    learned(place, ("a.py", TEXT))
    assert place.read_bytes() == before


def test_what_was_used_last_stays(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    learned(place, *((f"{number}.py", TEXT) for number in range(50)))
    monkeypatch.setattr("alembic_worktrees.migrations.facts.MAX_BYTES", 2500)
    run = Facts(place)
    assert run.known(blob(TEXT), "49.py")
    learned_now = run.read(blob(BROKEN_BELOW), "new.py", BROKEN_BELOW)
    run.keep()
    after = Facts(place)
    assert (after.known(blob(TEXT), "49.py"), after.known(blob(BROKEN_BELOW), "new.py")) == (
        SAYS,
        learned_now,
    )
    assert after.known(blob(TEXT), "48.py") is None
    assert place.stat().st_size < 2700


WORDS = st.text(st.characters(), max_size=6)
LISTS = st.lists(WORDS, max_size=3).map(tuple)


@given(st.builds(Revision, WORDS, LISTS, LISTS, LISTS, st.booleans()), WORDS, st.booleans())
def test_any_revision_comes_back_as_it_was(revision: Revision, name: str, whole: bool) -> None:
    row = facts._encoded(revision, name, whole=whole)
    if all(map(str.isprintable, [name, revision.id])) and row is None:
        words = [word for words in revision[1:4] for word in words]
        assert not all(map(str.isprintable, words))
    assert row is None or ("\n" not in row and facts._decoded(row) == (whole, revision))


def test_equal_files_are_held_once() -> None:
    run = Facts()
    one, other = (run.file("a.py", bytes(bytearray(TEXT))) for _ in range(2))
    assert one.content is other.content
    assert one.revision == read_revision(TEXT, "a.py")


# In a repository


def test_every_command_asks_it_first(main: Checkout) -> None:
    """A word that was put into it by hand, as only its owner could, is what the commands say."""
    main.revision("bbbb2222", "aaaa1111")
    main.git("add", "--all")
    kept = main.path / ".git" / NAME
    assert "bbbb2222" in main.tool("list", "--json").stdout
    main.tool("check", check=True)
    body = kept.read_bytes().partition(b"\n")[2].replace(b"\taaaa1111\t", b"\tplanted1\t")
    kept.write_bytes(facts._title(body) + body)
    assert '"revision": "planted1"' in main.tool("list", "--json").stdout
    assert "planted1" in main.tool("status").stdout
    for words in ("check", "check --staged"):
        assert "bbbb2222 follows aaaa1111, which is nowhere" in main.tool(*words.split()).stdout
    main.git("commit", "--quiet", "--message", "Add bbbb2222")
    for path in main.versions.glob("*.py"):
        path.unlink()
    done = main.tool("find", "planted1")
    assert done.stdout.strip().endswith("aaaa1111_add_t.py"), done.stderr


def folder(place: Path) -> None:
    place.mkdir()


def pipe(place: Path) -> None:
    os.mkfifo(place)


def somebody_elses(place: Path) -> None:
    place.write_text("x" * 100_000)


@pytest.mark.parametrize("what", [folder, pipe, somebody_elses])
def test_what_lies_in_its_place_stops_nobody(what: Callable[[Path], None], main: Checkout) -> None:
    what(main.path / ".git" / NAME)
    for words in ("list --json", "check --staged", "check", "status", "find aaaa1111"):
        main.tool(*words.split(), check=True)


def test_many_at_once(main: Checkout) -> None:
    for number in range(30):
        main.revision(f"bbbb{number:04}", "aaaa1111")
    words = ["alembic-worktrees", "list", "--json"]
    runs = [
        subprocess.Popen(words, cwd=main.backend, env=main.world.env, stdout=subprocess.PIPE)
        for _ in range(6)
    ]
    assert len({run.communicate()[0] for run in runs}) == 1
    assert not any(run.returncode for run in runs)
    text = main.versions.joinpath("bbbb0007_add_t.py").read_bytes()
    assert Facts(main.path / ".git" / NAME).known(blob(text), "bbbb0007_add_t.py")
    left = [name for name in os.listdir(main.path / ".git") if "alembic" in name]
    assert left == [NAME]


def test_without_git_nothing_is_kept(main: Checkout) -> None:
    main.path.joinpath(".git").rename(main.world.root / "away")
    main.tool("list", "--json", check=True)
    assert not list(main.path.rglob(f"*{NAME}*"))


def test_a_repository_of_longer_ids(world_root: Path) -> None:
    world = World.create(world_root, "sqlite://")
    there = world.root / "wide"
    world.run("git", "init", "--quiet", "--object-format=sha256", str(there), check=True)
    world.run("cp", "-r", f"{world.main.backend}", str(there), check=True)
    versions = there / "backend/migrations/versions"
    versions.mkdir(exist_ok=True)
    (versions / "a.py").write_text(revision_text("aaaa1111", "gone"))
    world.run("git", "add", "--all", cwd=there, check=True)
    for _ in range(2):
        done = world.run("alembic-worktrees", "check", "--staged", cwd=there)
        assert "gone" in done.stdout


def test_all_worktrees_share_it(main: Checkout) -> None:
    """Git is not asked where that is; it would say the same."""
    linked = main.world.worktree("StoFlow-A").path
    apart = main.world.root / "apart"
    main.world.run("git", "init", "--quiet", f"--separate-git-dir={apart}.git", str(apart), check=True)
    nested = ("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(main.path), "nested")
    main.git(*nested)
    for checkout in (main.path, linked, apart, main.path / "nested"):
        words = ("git", "rev-parse", "--path-format=absolute", "--git-common-dir")
        said = main.world.run(*words, cwd=checkout, check=True).stdout.removesuffix("\n")
        assert str(git.common_folder(checkout)) == said
    assert git.common_folder(main.backend) is None
