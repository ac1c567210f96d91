"""Borrowed files and git: it never sees them, never stumbles over them, and nothing of the user's is lost."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from alembic_worktrees.borrow import apply
from worlds import lesser
from worlds.observe import TRACES, tree
from worlds.searching import spy
from worlds.world import Layout, World

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from worlds.postgres import Database
    from worlds.world import Checkout

FILE = "bbbb2222_add_t.py"
TOOL = (sys.executable, "-m", "alembic_worktrees")
# What a look leaves behind: bytecode of env.py, and the lock, which is empty.


@pytest.fixture
def a(world: World) -> Checkout:
    """The checkout that has written and applied bbbb2222, on the branch feature-A."""
    world.main.applied("aaaa1111")
    a = world.worktree("StoFlow-feature-A", "feature-A")
    a.applied("bbbb2222", "aaaa1111")
    return a


@pytest.fixture
def b(world: World, a: Checkout) -> Checkout:
    """The checkout that has borrowed it; its branch has work of its own."""
    b = world.worktree("StoFlow-feature-B", "feature-B", "develop")
    b.write("own.txt", "own\n")
    b.commit("Own work")
    b.tool("copy", check=True)
    assert (b.versions / FILE).read_bytes() == (a.versions / FILE).read_bytes()
    return b


def record(checkout: Checkout) -> Path:
    return checkout.versions / ".gitignore"


def visible(checkout: Checkout) -> str:
    return checkout.git("status", "--porcelain", "--untracked-files=all")


def ignored(checkout: Checkout) -> set[str]:
    """The names of all ignored files but bytecode."""
    lines = checkout.git("ls-files", "--others", "--ignored", "--exclude-standard").splitlines()
    return {Path(line).name for line in lines if "__pycache__" not in line}


# git does not see it


def test_git_sees_nothing(b: Checkout) -> None:
    assert visible(b) == ""
    assert ignored(b) == {FILE, ".gitignore"}
    b.git("add", "--all")
    b.git("add", ".")
    assert b.git("diff", "--cached", "--name-only") == ""
    assert b.git("commit", "--all", "--message", "Nothing", check=False).count("nothing to commit") == 1


@pytest.mark.parametrize("command", ["stash --include-untracked", "clean -fd", "reset --hard", "checkout ."])
def test_cleaning_leaves_it(command: str, b: Checkout) -> None:
    before = tree(b.versions)
    b.write("untracked.txt", "mine\n")
    b.git(*command.split())
    assert tree(b.versions) == before
    assert b.alembic("current").returncode == 0


def test_a_copy_is_not_in_the_way_of_a_stash(a: Checkout, b: Checkout) -> None:
    """`git stash pop` refuses where the untracked file that it brings is there already, ignored or not."""
    a.revision("cccc3333", "bbbb2222")
    a.alembic("upgrade", "heads", check=True)
    a.git("stash", "--include-untracked")
    a.tool("upgrade", check=True)
    assert "cccc3333_add_t_cccc3333.py" in ignored(a)
    a.git("stash", "pop")
    shown = a.tool("status", check=True).stdout.partition("Next: ")[2]
    assert shown.startswith("cccc3333 lies here twice")
    assert "alembic-worktrees upgrade" in shown
    a.tool("upgrade", check=True)
    assert ignored(a) == set()
    assert visible(a) == "?? backend/migrations/versions/cccc3333_add_t.py\n"


# git brings the original

ARRIVALS = {
    "merge": "merge feature-A",
    "squash": "merge --squash feature-A",
    "rebase": "rebase feature-A",
    "checkout": "checkout --detach feature-A",
    "switch": "switch --detach feature-A",
    "checkout of the file": "checkout feature-A -- backend",
    "cherry-pick": "cherry-pick develop..feature-A",
    "pull": "pull . feature-A",
    "pull --rebase": "pull --rebase . feature-A",
    "fast-forward": "merge --ff-only feature-A",
}


@pytest.mark.parametrize("content", ["same", "changed"])
@pytest.mark.parametrize("arrival", ARRIVALS)
def test_original_arrives(arrival: str, content: str, a: Checkout, b: Checkout) -> None:
    if content == "changed":
        with (a.versions / FILE).open("a") as file:
            file.write("# reviewed\n")
        a.commit("Review")
    if arrival == "fast-forward":
        b.git("reset", "--quiet", "--hard", "develop")
    b.git(*ARRIVALS[arrival].split())
    assert (b.versions / FILE).read_bytes() == (a.versions / FILE).read_bytes()
    before = tree(b.path, without=TRACES)
    status = visible(b)
    done = b.tool("upgrade", check=True)
    assert "bbbb2222 is no longer borrowed, git has brought it" in done.stderr
    after = tree(b.path, without=TRACES)
    assert before.keys() - after.keys() == {str(record(b))}
    assert after == {path: text for path, text in before.items() if path != str(record(b))}
    assert visible(b) == status
    assert b.git("ls-files", "--", "backend/migrations/versions").count(FILE) == 1
    assert b.tool("upgrade").stderr.count("borrowed") == 0


def test_checkout_of_its_branch(world: World, a: Checkout, b: Checkout) -> None:
    """A's worktree goes, B switches to A's branch and back: git takes the file with it, the next run knows."""
    world.main.git("worktree", "remove", a.path)
    b.git("checkout", "--quiet", "feature-A")
    assert visible(b) == ""
    b.git("switch", "--quiet", "feature-B")
    assert not (b.versions / FILE).exists()
    world.worktree(a.name, "feature-A")
    b.tool("upgrade", check=True)
    assert ignored(b) == {FILE, ".gitignore"}
    assert visible(b) == ""


def test_one_of_two_arrives(a: Checkout, b: Checkout) -> None:
    a.applied("cccc3333", "bbbb2222")
    b.tool("copy", check=True)
    assert ignored(b) == {FILE, "cccc3333_add_t.py", ".gitignore"}
    b.git("cherry-pick", "feature-A~1")
    b.tool("copy", check=True)
    assert ignored(b) == {"cccc3333_add_t.py", ".gitignore"}
    assert "bbbb2222" not in record(b).read_text().replace("down", "")
    assert visible(b) == ""


def test_original_arrives_under_another_name(database: Database, a: Checkout, b: Checkout) -> None:
    a.git("mv", a.versions / FILE, a.versions / "2024_01_01_bbbb2222.py")
    a.commit("Rename")
    b.git("merge", "--quiet", "feature-A")
    done = b.tool("upgrade", check=True)
    assert "Removed the borrowed bbbb2222" in done.stderr
    assert "present more than once" not in done.stderr
    names = [path.name for path in b.versions.glob("*.py")]
    assert sorted(names) == ["2024_01_01_bbbb2222.py", "aaaa1111_add_t.py"]
    assert not record(b).exists()
    assert database.heads() == {"bbbb2222"}


def test_original_changes_elsewhere(a: Checkout, b: Checkout) -> None:
    with (a.versions / FILE).open("a") as file:
        file.write("# reviewed\n")
    done = b.tool("upgrade", check=True)
    assert "Refreshed bbbb2222, which changed in StoFlow-feature-A" in done.stderr
    assert (b.versions / FILE).read_text().endswith("# reviewed\n")
    assert visible(b) == ""


def test_database_no_longer_has_it(a: Checkout, b: Checkout, database: Database) -> None:
    a.alembic("downgrade", "aaaa1111", check=True)
    done = b.tool("upgrade", check=True)
    assert "Removed the borrowed bbbb2222, no longer needed here" in done.stderr
    assert not (b.versions / FILE).exists()
    assert not record(b).exists()
    assert database.heads() == {"aaaa1111"}


def test_worktree_remove(world: World, b: Checkout) -> None:
    world.main.git("worktree", "remove", b.path)
    assert not b.path.exists()


# What the user does to it


def test_edited(a: Checkout, b: Checkout) -> None:
    with (b.versions / FILE).open("a") as file:
        file.write("# mine\n")
    before = tree(b.path, without=TRACES)
    done = b.tool("upgrade", check=True)
    assert "The borrowed bbbb2222 was edited here; it is left as it is" in done.stderr
    assert tree(b.path, without=TRACES) == before
    assert visible(b) == ""
    paste(b, line_after(done.stderr, "To get the original back: "))
    b.tool("upgrade", check=True)
    assert (b.versions / FILE).read_bytes() == (a.versions / FILE).read_bytes()


def test_edited_is_never_taken_back(a: Checkout, b: Checkout, database: Database) -> None:
    with (b.versions / FILE).open("a") as file:
        file.write("# mine\n")
    a.alembic("downgrade", "aaaa1111", check=True)
    b.tool("upgrade", check=True)
    assert (b.versions / FILE).read_text().endswith("# mine\n")
    assert database.heads() == {"bbbb2222"}


def test_record_edited_by_hand(a: Checkout, b: Checkout) -> None:
    """A line that somebody adds to the record is not what another file's fate hangs on."""
    with record(b).open("a") as file:
        file.write("# {}\n# {not json\n/notes.txt\n")
    b.tool("copy", check=True)
    assert ignored(b) == {FILE, ".gitignore"}
    assert visible(b) == ""


def test_the_user_deletes_it(b: Checkout) -> None:
    (b.versions / FILE).unlink()
    b.tool("copy", check=True)
    assert ignored(b) == {FILE, ".gitignore"}


def test_name_is_taken_by_another_revision(world: World, a: Checkout) -> None:
    c = world.worktree("StoFlow-feature-C", "feature-C", "develop")
    c.revision("cccc3333", "aaaa1111", file=FILE)
    c.commit("Own migration")
    local = (c.versions / FILE).read_bytes()
    c.tool("upgrade", check=True)
    assert (c.versions / FILE).read_bytes() == local
    assert ignored(c) == {"bbbb2222_add_t_bbbb2222.py", ".gitignore"}
    assert visible(c) == ""


# Other people's .gitignore


def test_tracked_gitignore_in_the_way(world: World, a: Checkout) -> None:
    c = world.worktree("StoFlow-feature-C", "feature-C", "develop")
    theirs = c.write("backend/migrations/versions/.gitignore", "*.bak\n")
    c.commit("Ignore backups")
    c.tool("copy", check=True)
    assert theirs.read_text() == "*.bak\n"
    assert f"/versions/{FILE}\n" in (c.backend / "migrations/.gitignore").read_text()
    assert visible(c) == ""
    c.git("merge", "--quiet", "feature-A")
    c.tool("copy", check=True)
    assert not (c.backend / "migrations/.gitignore").exists()
    assert visible(c) == ""


def test_gitignore_everywhere(world: World, a: Checkout) -> None:
    c = world.worktree("StoFlow-feature-C", "feature-C", "develop")
    for folder in ("backend", "backend/migrations", "backend/migrations/versions"):
        c.write(f"{folder}/.gitignore", "*.bak\n")
    c.commit("Ignore backups")
    before = tree(c.path, without=TRACES)
    done = c.tool("upgrade")
    assert done.returncode == 1
    assert "has a .gitignore of its own" in done.stderr
    assert tree(c.path, without=TRACES) == before
    paste(c, line_after(done.stderr, "for example: "))
    c.tool("upgrade", check=True)
    assert FILE in ignored(c)


def test_gitignore_that_insists(world: World, a: Checkout) -> None:
    """Of several that git would show the first is named, not one that it ignores."""
    a.applied("cccc3333", "bbbb2222")
    a.applied("dddd4444", "cccc3333")
    c = world.worktree("StoFlow-feature-C", "feature-C", "develop")
    c.write("backend/migrations/versions/.gitignore", "!cccc*.py\n!dddd*.py\n")
    c.commit("Insist")
    before = tree(c.path, without=TRACES)
    done = c.tool("upgrade")
    assert done.returncode == 1
    shown = "~/StoFlow-feature-C/backend/migrations/versions/cccc3333_add_t.py"
    assert f"Git would not ignore {shown}" in done.stderr
    assert tree(c.path, without=TRACES) == before
    shown = paste(c, line_after(done.stderr, "See which with: "), check=False)
    assert "versions/.gitignore:1:!cccc*.py" in shown


def line_after(text: str, words: str) -> str:
    """The command that a message offers, up to the end of its line."""
    found = re.search(re.escape(words) + "(.*)", text)
    assert found, text
    return found[1]


def paste(checkout: Checkout, command: str, *, check: bool = True) -> str:
    """What a user's shell prints for a command out of our messages."""
    return checkout.world.run("sh", "-c", command, cwd=checkout.backend, check=check).stdout


# Outside git


@pytest.fixture
def bare(world: World, a: Checkout) -> Path:
    """A folder that lacks bbbb2222, beside one that has it: copies of checkouts without their git."""
    bare = Path(shutil.copytree(world.main.path, world.root / "elsewhere/StoFlow-bare"))
    shutil.copytree(a.path, world.root / "elsewhere/StoFlow")
    for copy in ("StoFlow", "StoFlow-bare"):
        git = world.root / "elsewhere" / copy / ".git"
        shutil.rmtree(git) if git.is_dir() else git.unlink()
    return bare


def test_outside_git(world: World, bare: Path) -> None:
    before = tree(bare, without=TRACES)
    world.run(*TOOL, "upgrade", cwd=bare / "backend", check=True)
    after = tree(bare, without=TRACES)
    assert set(after) - set(before) == {str(bare / "backend/migrations/versions" / FILE)}
    again = world.run(*TOOL, "upgrade", cwd=bare / "backend", check=True)
    assert "orrowed" not in again.stderr
    assert tree(bare, without=TRACES) == after
    (bare / "pyproject.toml").write_text("[tool.alembic-worktrees]\nhead = 1\n")
    refused = world.run(*TOOL, "check", cwd=bare / "backend")
    assert "unknown key head" in refused.stderr


@pytest.mark.parametrize(
    ("place", "linked", "written"),
    [("StoFlow-bare/backend/real", True, True), ("real", True, False), ("real", False, True)],
    ids=["a link within", "a link that leads out", "as it is configured"],
)
def test_folders_outside_git(place: str, linked: bool, written: bool, world: World, bare: Path) -> None:
    real, versions = world.root / "elsewhere" / place, bare / "backend/migrations/versions"
    versions.rename(real)
    if linked:
        versions.symlink_to(real)
    else:
        ini = bare / "backend/alembic.ini"
        ini.write_text(ini.read_text().replace("[alembic]", f"[alembic]\nversion_locations = {real}"))
    before = set(real.iterdir())
    done = world.run(*TOOL, "copy", cwd=bare / "backend")
    assert done.returncode == (0 if written else 1), done.stderr
    assert set(real.iterdir()) - before == ({real / FILE} if written else set())
    assert (f"{versions} is {real}" in done.stderr.replace("~", str(world.root))) is not written


# Half-way failures


def with_file_limit(checkout: Checkout, kilobytes: int) -> subprocess.CompletedProcess[str]:
    """The tool, to which no file larger than this can be written, as on a full disk."""
    command = f"ulimit -f {kilobytes}; exec {shlex.join([*TOOL, 'copy'])}"
    # Else the tool's own bytecode would be cut off too, for good.
    env = {"PYTHONDONTWRITEBYTECODE": "1"}
    return checkout.world.run("bash", "-c", command, cwd=checkout.backend, env=env)


def chain(checkout: Checkout, count: int, *, large: int = -1) -> list[str]:
    """Migrations that follow one another, applied; number `large` is larger than the others."""
    parent, ids = "aaaa1111", [f"c{number:04}" for number in range(count)]
    for number, revision in enumerate(ids):
        path = checkout.revision(revision, parent, body="pass")
        if number == large:
            path.write_text(path.read_text() + "# padding\n" * 1000)
        parent = revision
    checkout.commit("A chain")
    checkout.alembic("upgrade", "heads", check=True)
    return ids


@pytest.mark.parametrize(
    ("count", "large", "limit"), [(3, 1, 4), (3, 2, 4), (30, -1, 2)], ids=["second", "last", "record"]
)
def test_disk_full(count: int, large: int, limit: int, world: World) -> None:
    world.main.applied("aaaa1111")
    a, b = world.worktree("StoFlow-A"), world.worktree("StoFlow-B")
    chain(a, count, large=large)
    before = tree(b.path, without=TRACES)
    done = with_file_limit(b, limit)
    assert done.returncode == 1, done.stderr
    assert "Cannot write ~/StoFlow-B/backend: File too large. Nothing was borrowed." in done.stderr
    assert tree(b.path, without=TRACES) == before
    b.tool("copy", check=True)
    assert len(list(b.versions.glob("*.py"))) == count + 1


def test_folder_in_the_way(world_root: Path, database: Database) -> None:
    """The second of three files cannot have its folder: a file of the user has that name."""
    world = World.create(world_root, database.url, layout=Layout(recursive=True))
    world.main.applied("aaaa1111")
    a, b = world.worktree("StoFlow-A"), world.worktree("StoFlow-B")
    a.applied("bbbb2222", "aaaa1111", file="2023/x.py")
    a.applied("cccc3333", "bbbb2222", file="2024/y.py")
    (b.versions / "2024").write_text("mine\n")
    before = tree(b.path, without=TRACES)
    done = b.tool("upgrade")
    assert done.returncode == 1
    words = f"Cannot write {b.versions}/2024/.gitignore: Not a directory. Nothing was borrowed."
    assert words in done.stderr
    assert tree(b.path, without=TRACES) == before


def test_what_a_killed_run_left_goes(world_root: Path, database: Database) -> None:
    world = World.create(world_root, database.url, layout=Layout(recursive=True))
    world.main.applied("aaaa1111")
    a, b = world.worktree("StoFlow-A"), world.worktree("StoFlow-B")
    a.applied("bbbb2222", "aaaa1111", file="2023/x.py")
    b.tool("copy", check=True)
    own = Path(b.git("rev-parse", "--absolute-git-dir").strip())
    (b.versions / "2022").mkdir()
    for folder in (b.versions / "2022", b.versions / "2023", b.versions, own):
        (folder / ".alembic-worktrees-left").write_text("half a mig")
    a.applied("cccc3333", "bbbb2222", file="2023/y.py")
    b.tool("copy", check=True)
    assert not [*world.root.rglob(".alembic-worktrees-left")]


@contextmanager
def unwritable(folder: Path) -> Iterator[Sequence[str]]:
    """Nothing can be made in a folder by what is run behind these words: root too gives up its power there."""
    folder.chmod(0o555)
    try:
        yield ("setpriv", "--bounding-set=-dac_override") if os.geteuid() == 0 else ()
    finally:
        folder.chmod(0o755)


def test_folder_that_may_not_be_written(world: World, a: Checkout) -> None:
    c = world.worktree("StoFlow-feature-C", "feature-C", "develop")
    before = tree(c.path, without=TRACES)
    with unwritable(c.versions) as powerless:
        done = world.run(*powerless, *TOOL, "upgrade", cwd=c.backend)
    assert done.returncode == 1
    assert "Permission denied. Nothing was borrowed." in done.stderr
    assert tree(c.path, without=TRACES) == before


def test_a_record_that_may_not_be_written(b: Checkout) -> None:
    """What is to be this branch's own is known to git before it is struck from the record: it cannot be lost."""
    before = tree(b.versions)
    with unwritable(b.versions) as powerless:
        done = b.world.run(*powerless, *TOOL, "adopt", "bbbb2222", cwd=b.backend)
    assert done.returncode == 1
    assert f"Cannot write {b.versions}/.gitignore: Permission denied." in done.stderr
    assert tree(b.versions) == before
    b.tool("adopt", "bbbb2222", check=True)
    assert visible(b) == f"A  backend/migrations/versions/{FILE}\n"


# Where a file system can do less


def on_lesser_disk(checkout: Checkout, *words: str, env: Mapping[str, str] | None = None) -> str:
    """What the tool says where there are no hard links and no files without a name, as on macOS."""
    done = subprocess.run(
        [*TOOL, *words],
        cwd=checkout.backend,
        env={**checkout.world.env, **(env or {})},
        preexec_fn=lesser.refuse,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    return done.stderr


def test_without_hard_links(world: World, a: Checkout) -> None:
    script = "import os; os.link('a', 'b')"
    made = subprocess.run(
        [sys.executable, "-c", script], cwd=world.root, preexec_fn=lesser.refuse, capture_output=True
    )
    assert b"PermissionError" in made.stderr  # it is as it is said to be
    c = world.worktree("StoFlow-feature-C", "feature-C", "develop")
    assert "is up to date: bbbb2222" in on_lesser_disk(c, "upgrade")
    assert (c.versions / FILE).read_bytes() == (a.versions / FILE).read_bytes()
    assert ignored(c) == {FILE, ".gitignore"}
    assert visible(c) == ""
    a.alembic("downgrade", "aaaa1111", check=True)
    on_lesser_disk(c, "copy")
    assert ignored(c) == set()


@pytest.mark.parametrize("links", [True, False], ids=["hard links", "no hard links"])
def test_a_file_that_appears_meanwhile_is_left_as_it_is(links: bool, world: World, a: Checkout) -> None:
    """Somebody writes it just before it would have got its name."""
    c = world.worktree("StoFlow-feature-C", "feature-C", "develop")
    before = tree(c.path, without=TRACES)
    env = spy(world, f'case "$1" in check-ignore) echo mine >{c.versions / FILE};; esac')
    said = c.tool("copy", env=env).stderr if links else on_lesser_disk(c, "copy", env=env)
    reason = "File exists" if links else "Operation not permitted"
    assert f"Cannot write {c.versions / FILE}: {reason}. Nothing was borrowed." in said
    assert (c.versions / FILE).read_text() == "mine\n"
    (c.versions / FILE).unlink()
    assert tree(c.path, without=TRACES) == before


@pytest.mark.parametrize("nameless", [True, False], ids=["nameless files", "no nameless files"])
def test_a_record_that_appears_meanwhile_is_left_as_it_is(
    nameless: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not nameless:
        monkeypatch.delattr(os, "O_TMPFILE")  # macOS
    place = tmp_path / ".gitignore"
    apply._create_record(place, b"ours")
    assert place.read_bytes() == b"ours"
    with pytest.raises(FileExistsError):
        apply._create_record(place, b"theirs would be lost")
    assert tree(tmp_path) == {str(place): b"ours"}


# Two at once


def test_two_at_once(world: World, database: Database) -> None:
    world.main.applied("aaaa1111")
    a, b = world.worktree("StoFlow-A"), world.worktree("StoFlow-B")
    go = world.root / "go"
    wait = f"import os, time\nwhile not os.path.exists({str(go)!r}):\n    time.sleep(0.05)"
    a.revision("bbbb2222", "aaaa1111", body=wait)
    first = subprocess.Popen(
        [*TOOL, "upgrade"], cwd=a.backend, env=world.env, stderr=subprocess.PIPE, encoding="utf-8"
    )
    assert first.stderr
    for line in first.stderr:
        if "Running upgrade" in line:
            break
    second = subprocess.Popen(
        [*TOOL, "upgrade"], cwd=b.backend, env=world.env, stderr=subprocess.PIPE, encoding="utf-8"
    )
    assert second.stderr
    assert second.stderr.readline() == "Another checkout is upgrading; waiting for it to finish.\n"
    assert second.poll() is None
    go.touch()
    first.communicate()
    second.communicate()
    assert (first.returncode, second.returncode) == (0, 0)
    assert database.heads() == {"bbbb2222"}
    assert (b.versions / FILE).exists()
