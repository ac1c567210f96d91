"""The machine or git fails: a message that names the cure, or the right result, and nothing half done."""

from __future__ import annotations

import os
import shlex
import shutil
import sqlite3
import stat
import sys
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, NamedTuple

import pytest

from worlds.observe import TRACES, tree
from worlds.world import Checkout, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from subprocess import CompletedProcess

ID = "bbbb2222"
FILE = f"{ID}_add_t.py"
TOOL = (sys.executable, "-m", "alembic_worktrees")


class Scene(NamedTuple):
    """A has a migration that is applied, B lacks it."""

    world: World
    a: Checkout
    b: Checkout

    @property
    def git(self) -> Path:
        return self.world.main.path / ".git"

    def object(self, name: str) -> Path:
        oid = self.world.main.git("rev-parse", name).strip()
        return self.git / "objects" / oid[:2] / oid[2:]

    def alone(self) -> None:
        """Take A away: only git has the migration now."""
        self.world.main.git("worktree", "remove", "--force", self.a.path)


def set_heads(world: World, *ids: str) -> None:
    with closing(sqlite3.connect(world.root / "shared.db")) as database, database:
        database.execute("CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL)")
        database.execute("DELETE FROM alembic_version")
        database.executemany("INSERT INTO alembic_version VALUES (?)", [(id,) for id in ids])


def heads(world: World) -> set[str]:
    with closing(sqlite3.connect(world.root / "shared.db")) as database:
        return {row[0] for row in database.execute("SELECT version_num FROM alembic_version")}


@pytest.fixture
def scene(world_root: Path) -> Scene:
    world = World.create(world_root, f"sqlite:///{world_root}/shared.db")
    world.main.revision("aaaa1111")
    world.main.commit("Add aaaa1111")
    a, b = world.worktree("StoFlow-A"), world.worktree("StoFlow-B")
    a.revision(ID, "aaaa1111")
    a.commit(f"Add {ID}")
    set_heads(world, ID)
    return Scene(world, a, b)


def refuses(done: CompletedProcess[str], *words: str) -> CompletedProcess[str]:
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    for word in words:
        assert word in done.stderr
    assert "This is a bug" not in done.stderr
    assert "Traceback" not in done.stderr
    return done


def cure(done: CompletedProcess[str], words: str) -> str:
    """The rest of the line after these words, which is to be pasted."""
    return done.stderr.partition(words)[2].splitlines()[0]


# The repository is damaged


@contextmanager
def damaged(path: Path, content: bytes | None) -> Iterator[None]:
    """Let a file be other bytes, or a path be gone, for a while."""
    aside = path.with_name(path.name + ".aside")
    if path.exists():
        path.rename(aside)
    if content is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    yield
    if content is not None:
        path.unlink()
    if aside.exists():
        aside.rename(path)


OWN: dict[str, tuple[str, bytes | None, str]] = {
    "HEAD is no ref": ("worktrees/StoFlow-B/HEAD", b"garbage\n", "git worktree repair ~/StoFlow-B"),
    "HEAD is empty": ("worktrees/StoFlow-B/HEAD", b"", "git worktree repair ~/StoFlow-B"),
    "HEAD is gone": ("worktrees/StoFlow-B/HEAD", None, "git worktree repair ~/StoFlow-B"),
    "commondir is gone": ("worktrees/StoFlow-B/commondir", None, "git worktree repair ~/StoFlow-B"),
    "the worktree's data are gone": ("worktrees/StoFlow-B", None, "git worktree repair ~/StoFlow-B"),
    "all objects are gone": ("objects", None, "git worktree repair ~/StoFlow-B"),
    "config": ("config", b"[nonsense\n", "fatal: bad config line 1 in file"),
    "a format of the future": ("config", b"[core]\nrepositoryformatversion = 99\n", "found 99"),
}


def test_a_repository_of_ours_that_git_cannot_read(scene: Scene) -> None:
    """Outside git a copy is a plain file; taken for that, this checkout would have it in git's way later."""
    before = tree(scene.b.path)
    for name, (path, content, words) in OWN.items():
        with damaged(scene.git / path, content):
            refuses(scene.b.tool("upgrade"), words)
        assert tree(scene.b.path) == before, name
    scene.b.tool("copy", check=True)
    assert scene.b.git_status() == ""


def test_the_other_commands_say_the_same(scene: Scene) -> None:
    with damaged(scene.git / "worktrees/StoFlow-B/HEAD", b""):
        for words in (
            "list",
            "find aaaa1111",
            "status",
            "graph",
            "check",
            "check --staged",
            "init --dry-run",
        ):
            refuses(scene.b.tool(*words.split()), "git worktree repair")
        assert scene.b.tool("report", "post-merge", "0").returncode == 0


def test_a_moved_main_worktree_is_cured_as_the_message_says(scene: Scene) -> None:
    moved = scene.world.root / "Elsewhere"
    scene.world.main.path.rename(moved)
    done = refuses(scene.b.tool("copy"), f"{scene.b.path.name}/.git says that this is a checkout")
    repository = scene.git
    assert f"-v {repository}:{repository}\n" in done.stderr  # the same is seen in a container without it
    command = cure(done, "run in the main one: ")
    scene.world.run("sh", "-c", command, cwd=moved, check=True)
    scene.b.tool("copy", check=True)


NEIGHBOURS: dict[str, tuple[Callable[[Scene], Path], bytes | None]] = {
    "our newest commit is cut off": (lambda scene: scene.object("HEAD"), b"x"),
    "our newest tree is gone": (lambda scene: scene.object("HEAD^{tree}"), None),
    "A's commit is gone": (lambda scene: scene.object("StoFlow-A"), None),
    "A's tree is empty": (lambda scene: scene.object("StoFlow-A^{tree}"), b""),
    "A's index": (lambda scene: scene.git / "worktrees/StoFlow-A/index", b"nonsense"),
    "A's HEAD": (lambda scene: scene.git / "worktrees/StoFlow-A/HEAD", b"garbage\n"),
    "A's gitdir": (lambda scene: scene.git / "worktrees/StoFlow-A/gitdir", b""),
    "A's data are gone": (lambda scene: scene.git / "worktrees/StoFlow-A", None),
    "A's branch": (lambda scene: scene.git / "refs/heads/StoFlow-A", b"garbage\n"),
    "B's branch": (lambda scene: scene.git / "refs/heads/StoFlow-B", b""),
    "B's index": (lambda scene: scene.git / "worktrees/StoFlow-B/index", b"nonsense"),
    "packed-refs is empty": (lambda scene: scene.git / "packed-refs", b""),
    "packed-refs": (lambda scene: scene.git / "packed-refs", b"garbage\n"),
    "main's HEAD": (lambda scene: scene.git / "HEAD", b""),
}


def test_damage_that_does_not_matter_is_no_obstacle(scene: Scene) -> None:
    for name, (place, content) in NEIGHBOURS.items():
        path = place(scene)
        if (
            name == "main's HEAD"
        ):  # the repository itself is none without it, seen from main; not from a worktree
            assert path.is_file()
        with damaged(path, content):
            done = scene.b.tool("find", ID)
            assert (done.returncode, done.stdout) == (0, f"{scene.a.versions / FILE}\n"), (name, done.stderr)
    broken = scene.git / "worktrees/StoFlow-A/index"
    with damaged(broken, b"nonsense"):
        scene.b.tool("upgrade", check=True)
    assert scene.b.git_status() == ""


def test_what_only_a_damaged_git_has(scene: Scene) -> None:
    scene.alone()
    blob = scene.object(f"StoFlow-A:backend/migrations/versions/{FILE}")
    before = tree(scene.b.path, without=TRACES)
    with damaged(blob, b""):
        refuses(scene.b.tool("upgrade"), f"Migration {ID} not found")
        seen = scene.b.tool("check", "--ref", "StoFlow-A")
        assert "git cannot read it" in seen.stdout
    with damaged(scene.git / "packed-refs", b"garbage\n"):
        refuses(scene.b.tool("upgrade"), "unexpected line in", "git -C ~/StoFlow-B fsck")
    assert tree(scene.b.path, without=TRACES) == before
    with damaged(scene.git / "refs/heads/StoFlow-A", b""):  # its reflog still has it
        scene.b.tool("copy", check=True)


def test_a_clone_in_which_git_fails_while_it_is_searched(scene: Scene) -> None:
    clone = scene.world.clone("StoFlow-clone")
    scene.alone()
    with damaged(clone.path / ".git/packed-refs", b"garbage\n"):
        done = scene.b.tool("find", ID, "-v", check=True)
        assert done.stdout.endswith(f":backend/migrations/versions/{FILE}\n")
        assert "Skipped ~/StoFlow-clone/.git: git cannot read it" in done.stderr
        scene.b.tool("upgrade", check=True)
    assert (scene.b.versions / FILE).is_file()


ARCHIVE = "refs/alembic-worktrees/applied"


@pytest.mark.parametrize("content", [b"", b"garbage\n", b"1" * 40 + b"\n"])
def test_an_archive_that_cannot_be_written(content: bytes, scene: Scene) -> None:
    """The upgrade is done, and both are said: that it is, and that it was not kept."""
    with damaged(scene.git / ARCHIVE, content):
        refuses(
            scene.b.tool("upgrade"), f"is up to date: {ID}", "could not be kept in the archive: git ", "fsck"
        )
    scene.b.tool("upgrade", check=True)
    assert f"/{ID}/" in scene.world.main.git("ls-tree", "-r", "--name-only", ARCHIVE)


def test_an_archive_that_cannot_be_written_hides_no_failure(scene: Scene) -> None:
    scene.b.revision("cccc3333", ID, body="raise ZeroDivisionError")
    with damaged(scene.git / ARCHIVE, b""):
        refuses_ = scene.b.tool("upgrade", "--on-borrowed")
    assert refuses_.returncode == 1
    assert "could not be kept in the archive" in refuses_.stderr
    assert refuses_.stderr.splitlines()[-1].startswith("Alembic could not upgrade")


def test_nothing_is_removed_while_the_index_cannot_be_read(scene: Scene) -> None:
    """Whether git has the file by now is not known then."""
    scene.b.tool("copy", check=True)
    set_heads(scene.world, "aaaa1111")
    with damaged(scene.git / "worktrees/StoFlow-B/index", b"nonsense"):
        refuses(scene.b.tool("copy"), "index file smaller than expected")
    assert (scene.b.versions / FILE).is_file()
    scene.b.tool("copy", check=True)
    assert not (scene.b.versions / FILE).exists()


# Which git


def stand_in(world: World, script: str) -> dict[str, str]:
    """An environment whose `git` is this script; `$git` in it is the real one."""
    folder = world.root / "stand-in"
    folder.mkdir()
    program = folder / "git"
    program.write_text(f"#!/bin/sh\ngit={shlex.quote(shutil.which('git') or '')}\n{script}\n")
    program.chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{world.env['PATH']}"}


# What `git rev-parse` of 2.30 makes of an option that came with 2.31 (tried with the real one): it prints it.
OLD_GIT = """
if [ "$1" = version ]; then echo 'git version 2.30.0'; exit; fi
for word; do
    shift
    case $word in --path-format=*) echo "$word" ;; *) set -- "$@" "$word" ;; esac
done
exec "$git" "$@"
"""


def test_a_git_that_is_too_old(scene: Scene) -> None:
    env = stand_in(scene.world, OLD_GIT)
    before = tree(scene.b.path, without=TRACES)
    for words in ("upgrade", "check --staged", "list"):
        refuses(
            scene.b.tool(*words.split(), env=env),
            "is too old: git version 2.30.0. This needs git 2.31 or newer",
        )
    assert tree(scene.b.path, without=TRACES) == before
    outside = scene.world.root / "outside"
    shutil.copytree(scene.b.path, outside, ignore=shutil.ignore_patterns(".git"))
    scene.world.run(*TOOL, "find", "aaaa1111", cwd=outside / "backend", env=env, check=True)


def test_no_git_at_all(scene: Scene) -> None:
    folder = scene.world.root / "no-git"
    folder.mkdir()
    (folder / "python3").symlink_to(sys.executable)
    env = {"PATH": str(folder)}
    before = tree(scene.b.path, without=TRACES)
    refuses(scene.b.tool("upgrade", env=env), "git is not installed, or not on PATH. Install it")
    assert tree(scene.b.path, without=TRACES) == before
    outside = scene.world.root / "outside"  # what git has nothing to do with works without it
    shutil.copytree(scene.b.path, outside, ignore=shutil.ignore_patterns(".git"))
    scene.world.run(*TOOL, "find", "aaaa1111", cwd=outside / "backend", env=env, check=True)


def test_an_empty_git_folder_above_is_no_repository(scene: Scene) -> None:
    outside = scene.world.root / "outside"
    shutil.copytree(scene.b.path, outside, ignore=shutil.ignore_patterns(".git"))
    (scene.world.root / ".git").mkdir()
    scene.world.run(*TOOL, "find", "aaaa1111", cwd=outside / "backend", check=True)
    (scene.world.root / ".git" / "HEAD").write_text("")
    command = (*TOOL, "find", "aaaa1111")
    assert scene.world.run(*command, cwd=outside / "backend").returncode == 1
    ceiling = {"GIT_CEILING_DIRECTORIES": str(scene.world.root)}  # by which the user says how far to look
    scene.world.run(*command, cwd=outside / "backend", env=ceiling, check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user")
def test_a_repository_of_another_owner(scene: Scene) -> None:
    for path in (scene.world.main.path, scene.git, scene.b.path, scene.b.path / ".git"):
        os.chown(path, 4242, 4242)
    done = refuses(scene.b.tool("copy"), "detected dubious ownership")
    command = next(line for line in done.stderr.splitlines() if "safe.directory" in line)
    scene.world.run("sh", "-c", command, check=True)
    scene.b.tool("find", "aaaa1111", check=True)


# What kind of repository


def traced(env: dict[str, str], trace: Path) -> list[str]:
    """The git processes since the last call, each by its command line, also those that git starts itself."""
    lines = trace.read_text().splitlines() if trace.exists() else []
    trace.unlink(missing_ok=True)
    return [line for line in lines if '"event":"start"' in line or '"event":"child_start"' in line]


def test_a_partial_clone_fetches_nothing_and_says_how(scene: Scene) -> None:
    world = scene.world
    for name in ("allowFilter", "allowAnySHA1InWant"):
        world.main.git("config", f"uploadpack.{name}", "true")
    url = f"file://{world.main.path}"
    world.run("git", "clone", "--quiet", "--filter=blob:none", url, world.root / "Partial", check=True)
    shutil.rmtree(scene.a.path)
    clone, trace = Checkout(world, world.root / "Partial"), world.root / "trace"
    env = {"GIT_TRACE2_EVENT": str(trace)}
    objects = tree(clone.path / ".git" / "objects")
    for words in ("find nowhere", f"find {ID}", "check --ref origin/StoFlow-A"):
        done = clone.tool(*words.split(), env=env)
        assert done.returncode == 1
        assert not [line for line in traced(env, trace) if "upload-pack" in line], words
    assert tree(clone.path / ".git" / "objects") == objects
    done = refuses(clone.tool("find", ID), "This clone is partial, and nothing is fetched unasked.")
    world.run("sh", "-c", cure(done, "Get its migrations: "), cwd=clone.path, check=True)
    clone.tool("copy", check=True)
    assert clone.git_status() == ""


def test_a_shallow_clone_says_how_to_get_the_rest(scene: Scene) -> None:
    world = scene.world
    shutil.rmtree(scene.a.path)
    url = f"file://{world.main.path}"
    world.run("git", "clone", "--quiet", "--depth=1", url, world.root / "Shallow", check=True)
    clone = Checkout(world, world.root / "Shallow")
    done = refuses(clone.tool("copy"), "This clone is shallow.")
    world.run("sh", "-c", cure(done, "Get the rest of it: "), cwd=clone.path, check=True)
    clone.tool("copy", check=True)
    assert clone.git_status() == ""


def test_a_submodule_is_a_project_like_any_other(scene: Scene) -> None:
    """Of a submodule `git worktree list` shows the folder of its repository, not its checkout."""
    world = scene.world
    above = Checkout(world, world.root / "Above")
    above.path.mkdir()
    above.git("init", "--quiet")
    local = ("-c", "protocol.file.allow=always")
    above.git(*local, "submodule", "--quiet", "add", world.main.path, "StoFlow")
    above.git("commit", "--quiet", "-m", "Add it")
    inner = Checkout(world, above.path / "StoFlow")
    inner.git("worktree", "add", "--quiet", "--detach", world.root / "Linked")
    linked = Checkout(world, world.root / "Linked")
    inner.tool("copy", check=True)
    assert inner.git_status() == above.git_status() == ""
    assert linked.tool("list", check=True).stdout.startswith("StoFlow (2 migrations)\n")
    inner.revision("cccc3333", ID)
    set_heads(world, "cccc3333")
    linked.tool("copy", check=True)
    assert (linked.versions / "cccc3333_add_t.py").is_file()
    assert linked.git_status() == ""


def test_a_repository_that_lies_elsewhere(world_root: Path) -> None:
    """After `--separate-git-dir` nothing leads from the repository to the main checkout; git's name for it is none."""
    world = World.create(world_root, f"sqlite:///{world_root}/shared.db")
    world.main.revision("aaaa1111")
    world.main.commit("Add aaaa1111")
    world.main.git("init", "--quiet", "--separate-git-dir", world.root / "elsewhere.git")
    linked = world.worktree("StoFlow-A")
    set_heads(world, "aaaa1111")
    for checkout in (world.main, linked):
        assert "elsewhere" not in checkout.tool("list", check=True).stdout
    linked.tool("upgrade", check=True)


def test_a_sparse_checkout(scene: Scene) -> None:
    """What is not checked out is not there for Alembic; what it needs of it is brought from elsewhere."""
    scene.a.git("sparse-checkout", "set", "--no-cone", "/*", "!/backend")
    scene.b.git("sparse-checkout", "set", "--no-cone", "/*", "!/backend/migrations/versions/aaaa1111*")
    scene.b.tool("upgrade", check=True)
    assert {path.name for path in scene.b.versions.glob("*.py")} == {"aaaa1111_add_t.py", FILE}
    assert scene.b.git_status() == ""
    assert scene.b.tool("check", "--staged").returncode == 0


@pytest.mark.parametrize("ignorecase", ["true", "false"])
def test_names_that_differ_only_in_case(ignorecase: str, scene: Scene) -> None:
    """Where case does not count they would be one file, so the copy gets a name that differs in more."""
    scene.world.main.git("config", "core.ignorecase", ignorecase)
    mine = scene.b.revision("mine", "aaaa1111", file=FILE.upper().replace(".PY", ".py"))
    before = mine.read_bytes()
    scene.b.tool("copy", check=True)
    names = [path.name for path in scene.b.versions.glob("*.py")]
    assert len({name.casefold() for name in names}) == len(names) == 3
    assert mine.read_bytes() == before
    assert scene.b.git_status().split() == ["??", f"backend/migrations/versions/{mine.name}"]


@pytest.mark.parametrize("name", ["new\nline", "ends in one\n", "esc\x1b[31m", "\u2028", "\x85"])
def test_a_checkout_whose_own_path_is_odd(name: str, scene: Scene) -> None:
    place = scene.world.root / name
    scene.world.main.git("worktree", "add", "--quiet", "--detach", place)
    here = Checkout(scene.world, place)
    done = here.tool("upgrade", check=True)
    assert here.git_status() == ""
    assert (here.versions / FILE).is_file()
    assert not set(done.stderr) & {"\x1b", "\x85", "\u2028"}
    for words in ("status", "check --staged", "report post-checkout 0 0 1", "init --dry-run"):
        here.tool(*words.split(), check=True)


# The file system


def vanishing(scene: Scene, word: str, command: str) -> dict[str, str]:
    """A real git, but before its command `word` somebody else does something, once."""
    mark = scene.world.root / "vanished"
    script = f"""
case " $* " in *" {word} "*) [ -e {mark} ] || {{ : >{mark}; {command}; }} ;; esac
exec "$git" "$@"
"""
    return stand_in(scene.world, script)


def test_the_folder_of_migrations_vanishes_between_look_and_write(scene: Scene) -> None:
    before = tree(scene.b.path, without=TRACES)
    aside = scene.world.root / "aside"
    env = vanishing(scene, "worktree", f"mv {scene.b.versions} {aside}")
    done = scene.b.tool("copy", env=env)
    assert "This is a bug" not in done.stderr
    assert (done.returncode == 0) == (scene.b.versions / FILE).is_file()
    shutil.rmtree(scene.b.versions, ignore_errors=True)
    aside.rename(scene.b.versions)
    assert tree(scene.b.path, without=TRACES) == before


def test_our_checkout_vanishes_while_we_look(scene: Scene) -> None:
    env = vanishing(scene, "worktree", f"mv {scene.b.path} {scene.world.root / 'aside'}")
    refuses(scene.b.tool("copy", env=env))
    assert not scene.b.path.exists()


def test_a_neighbour_vanishes_while_it_is_searched(scene: Scene) -> None:
    env = vanishing(scene, "worktree", f"rm -rf {scene.a.path}")
    scene.b.tool("copy", env=env, check=True)  # its branch has it
    assert (scene.b.versions / FILE).is_file()
    assert scene.b.git_status() == ""


def test_the_current_folder_is_gone(scene: Scene) -> None:
    gone = scene.b.backend / "gone"
    for words in ("upgrade", "list", "check", "init --dry-run"):
        gone.mkdir()
        script = f"rmdir {shlex.quote(str(gone))}; exec {shlex.join(TOOL)} {words}"
        refuses(scene.world.run("sh", "-c", script, cwd=gone), "The current folder is gone")


def test_a_neighbour_that_fails_to_be_read_does_not_stop_the_list(scene: Scene) -> None:
    humble = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    scene.a.versions.chmod(0)
    try:
        for words in (("list",), ("list", "--json"), ("status",), ("find", ID)):
            done = scene.world.run(*humble, *TOOL, *words, cwd=scene.b.backend)
            assert done.returncode == 0, done.stderr
            assert (
                words[0] != "list" or "StoFlow-A/backend/migrations/versions: may not be read" in done.stderr
            )
    finally:
        scene.a.versions.chmod(0o755)


# The disk is full


# Status 77 says that the first run has changed what was there, or left something behind.
FULL_DISK = """
set -e
place=$1 disk=$2 limit=$3
shift 3
seen() { find "$place" -type f ! -name '.filler*' -exec sha256sum {} + | sort; }
mkdir "$disk"
mount -t tmpfs -o "$limit" none "$disk"
cp -a "$place/." "$disk"
mount --bind "$disk" "$place"
cat /dev/zero >"$place/.filler" 2>/dev/null || true
number=0
while true 2>/dev/null >"$place/.filler.$number"; do number=$((number + 1)); done
before=$(seen) status=0
"$@" || status=$?
[ "$before" = "$(seen)" ] || exit 77
[ $status = 1 ] || exit $((status + 64))
find "$place" -name '.filler*' -delete
"$@" >&2
exit 1
"""


def on_full_disk(scene: Scene, place: Path, *words: str, limit: str) -> CompletedProcess[str]:
    """Run the tool while `place` is a disk of its own on which nothing is left, then again with room on it."""
    command = ("unshare", "--mount", "sh", "-c", FULL_DISK, "sh", place, scene.world.root / "disk", limit)
    env = {"PYTHONDONTWRITEBYTECODE": "1"}
    return scene.world.run(*command, *TOOL, *words, cwd=scene.b.backend, env=env, timeout=120)


SMALL = "size=128k,nr_inodes=1k"


def test_no_room_for_the_files(scene: Scene) -> None:
    refuses(
        on_full_disk(scene, scene.b.versions, "copy", limit=SMALL),
        "No space left on device. Nothing was borrowed.",
    )


def test_no_room_for_the_archive(scene: Scene) -> None:
    """The upgrade is done."""
    done = on_full_disk(scene, scene.git / "objects", "upgrade", limit="size=1m,nr_inodes=1k")
    refuses(
        done,
        f"is up to date: {ID}",
        "could not be kept in the archive: git fast-import failed",
        "No space left",
    )


def test_no_room_for_the_lock(scene: Scene) -> None:
    done = on_full_disk(scene, scene.git, "copy", limit="size=8m,nr_inodes=400")
    refuses(done, "alembic-worktrees.lock: No space left on device")


def test_no_room_for_what_init_writes(scene: Scene) -> None:
    (scene.b.path / "scripts").mkdir()
    refuses(
        on_full_disk(scene, scene.b.path / "scripts", "init", "--yes", limit=SMALL),
        "No space left on device. No file is half",
    )
    assert stat.S_ISREG((scene.git / "hooks" / "pre-commit").stat().st_mode)  # the second run, with room


def test_a_disk_that_is_read_only(scene: Scene) -> None:
    before = tree(scene.world.root, without=("__pycache__",))
    for words in ("copy", "upgrade", "init --yes"):
        script = f"""
mount --bind {scene.world.root} {scene.world.root} && mount -o remount,ro,bind {scene.world.root} || exit 77
cd {scene.b.backend} && exec {shlex.join(TOOL)} {words}
"""
        refuses(scene.world.run("unshare", "--mount", "sh", "-c", script), "Read-only file system")
    assert tree(scene.world.root, without=("__pycache__",)) == before


# Where we write to


FULL = [
    "list",
    "list --json",
    "status",
    "find aaaa1111",
    "copy --dry-run",
    "shim --shell bash",
    "--help",
    "--version",
]


def test_standard_output_is_full(scene: Scene) -> None:
    for words in FULL:
        script = f"{shlex.join(TOOL)} {words} >/dev/full"
        done = refuses(scene.world.run("sh", "-c", script, cwd=scene.b.backend))
        assert done.stderr.startswith("Cannot write to standard output: No space left on device."), words
        assert len(done.stderr.splitlines()) == 1


def test_standard_output_is_closed(scene: Scene) -> None:
    refuses(
        scene.world.run("sh", "-c", f"{shlex.join(TOOL)} list >&-", cwd=scene.b.backend),
        "Cannot write to standard output: Bad file descriptor",
    )


@pytest.mark.parametrize("where", ["2>/dev/full", "2>&-", "2>&1 | head -c 1"])
def test_talk_that_nobody_hears_stops_nothing(where: str, scene: Scene) -> None:
    """Not half-way: what is borrowed is upgraded, and no file of ours takes the place of the closed stream."""
    scene.b.revision("cccc3333", ID, body="print('talk')")
    script = f"{shlex.join(TOOL)} upgrade --on-borrowed {where}; exit ${{PIPESTATUS[0]}}"
    assert scene.world.run("bash", "-c", script, cwd=scene.b.backend).returncode == 0
    assert heads(scene.world) == {"cccc3333"}
    original = scene.a.versions / FILE
    assert (scene.b.versions / FILE).read_bytes() == original.read_bytes()


# An origin that is none


def test_a_preferred_origin_that_is_none_is_named_also_where_nothing_is_missing(scene: Scene) -> None:
    for words in ("copy", "upgrade"):
        refuses(
            scene.a.tool(words, "--from", "nowhere"),
            "Nothing here is called nowhere: no checkout, branch, tag",
        )
    assert scene.a.tool("copy", "--from", "StoFlow-B").returncode == 0
