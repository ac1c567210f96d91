"""The archive: what was applied through us is never lost, whoever writes at the same moment and whoever is killed."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alembic_worktrees.git import GitFailed
from alembic_worktrees.messages.errors import UserError
from alembic_worktrees.search import archive
from alembic_worktrees.search.archive import store
from worlds.archiving import generation, keep, migration
from worlds.searching import found, kinds, search, shown, spy
from worlds.world import Checkout, Layout, World, project_files, revision_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from worlds.postgres import Database

REF = archive.REF
ID = "bbbb2222"
FILE = f"{ID}_add_t.py"
RAN = "backend@alembic/ran@postgresql-DATABASE"
PATH = f"backend/migrations/versions/{FILE}"


@pytest.fixture(autouse=True)
def hermetic(monkeypatch: pytest.MonkeyPatch, world_root: Path) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(world_root / ".gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@pytest.fixture
def bare_world(world_root: Path) -> World:
    """A world whose database is never asked."""
    return World.create(world_root, "sqlite://")


def places(checkout: Checkout) -> list[str]:
    """Every path in the archive."""
    listed = checkout.git("ls-tree", "-r", "-z", "--name-only", REF) if ref(checkout) else ""
    return [name for name in listed.split("\0") if name]


def kept(checkout: Checkout) -> dict[str, bytes]:
    """Everything in the archive, by its id and its path."""
    return {name.split("/", 2)[2]: shown(checkout, f"{REF}:{name}") for name in places(checkout)}


def ref(checkout: Checkout) -> str:
    return checkout.git("for-each-ref", "--format=%(objectname)", REF).strip()


def objects(checkout: Checkout) -> str:
    return ref(checkout) + checkout.git("count-objects", "-v")


def sound(checkout: Checkout) -> bool:
    return checkout.git_run("fsck", "--full", "--strict", "--no-dangling").returncode == 0


# The story


def test_survives_what_loses_everything_else(world: World, database: Database) -> None:
    world.main.applied("aaaa1111")
    a, b = world.worktree("StoFlow-A"), world.worktree("StoFlow-B")
    text = a.revision(ID, "aaaa1111").read_bytes()
    a.revision("cccc3333", ID)
    a.tool("upgrade", check=True)  # applied through us, never committed
    world.main.git("worktree", "remove", "--force", a.path)
    world.main.git("branch", "-D", "StoFlow-A")
    world.main.git("reflog", "expire", "--expire=now", "--all")
    world.main.git("gc", "--quiet", "--prune=now", "--aggressive")
    place = b.tool("find", ID, check=True).stdout.strip()
    assert place == f"{ref(b)}:{RAN}/{ID}/{PATH}".replace("DATABASE", database.name)
    assert shown(b, place) == text
    assert "Borrowed bbbb2222 from archive" in b.tool("upgrade", check=True).stderr
    assert (b.versions / FILE).read_bytes() == text
    assert database.heads() == {"cccc3333"}
    assert b.git_status() == ""


def test_log_says_where_each_came_from(world: World) -> None:
    a = world.worktree("StoFlow-A", "feature/é")
    a.revision(ID)
    before = int(time.time())
    a.tool("upgrade", check=True)
    log = a.git("log", "--format=%ct|%cn|%s|%b", REF).strip()
    when, who, subject, ids = log.split("|")
    assert before <= int(when) <= time.time()
    assert (who, subject, ids) == ("Dev", "Applied in StoFlow-A on branch feature/é", ID)
    a.git("checkout", "--quiet", "--detach")
    a.revision("cccc3333", ID)
    a.tool("upgrade", check=True)
    assert a.git("log", "--format=%s|%b", REF).split("\n")[0] == "Applied in StoFlow-A|cccc3333"


def test_nothing_changed_nothing_written(world: World) -> None:
    a, b = world.worktree("StoFlow-A"), world.worktree("StoFlow-B")
    a.revision("aaaa1111")
    a.revision(ID, "aaaa1111")
    a.tool("upgrade", check=True)
    before = objects(a)
    assert set(kept(a)) == {f"{ID}/{PATH}", f"aaaa1111/{PATH.replace(ID, 'aaaa1111')}"}
    for checkout in (a, b, a, world.main):  # where it is borrowed, too
        checkout.tool("upgrade", check=True)
        assert objects(a) == before


def test_only_what_is_applied(world: World) -> None:
    main = world.main
    main.revision("aaaa1111")
    main.revision(ID, "aaaa1111")
    main.tool("upgrade", "--target", "aaaa1111", check=True)
    assert [path.partition("/")[0] for path in kept(main)] == ["aaaa1111"]


def test_what_was_applied_before_another_failed(world: World, database: Database) -> None:
    """An autocommit block commits what came before it. That it failed teaches nothing of what has run."""
    main = world.main
    first = main.revision("aaaa1111")
    body = (
        "with op.get_context().autocommit_block():\n    op.execute('SELECT 1')\nraise SystemError('broken')"
    )
    main.revision(ID, "aaaa1111", body=body)
    assert main.tool("upgrade").returncode == 1
    assert database.heads() == {"aaaa1111"}
    before = kept(main)
    assert [path.partition("/")[0] for path in before] == ["aaaa1111"]
    first.write_text(first.read_text() + "# edited since it ran\n")
    assert main.tool("upgrade").returncode == 1
    assert kept(main) == before


# What is kept


def test_what_runs_replaces_what_was_there_and_the_log_has_that_still(bare_world: World) -> None:
    main = bare_world.main
    assert keep(main, migration(main, "x", file="a.py")) == ("x",)
    old = ref(main)
    assert keep(main, migration(main, "x", file="b.py")) == ()  # the same, under another name
    assert ref(main) == old
    other = migration(main, "x", file="b.py", table="new")
    assert keep(main, other, migration(main, "y")) == ("y",)  # it did not run
    assert keep(main, other, ran=["x"]) == ("x",)
    assert [path for path in kept(main) if path.startswith("x/")] == ["x/backend/migrations/versions/b.py"]
    assert b'"t"' in shown(main, f"{old}:backend@alembic/seen/x/backend/migrations/versions/a.py")
    assert [one.content for one in found(main, "x")] == [other.content]
    assert keep(main, migration(main, "x", file="a.py")) == ()  # nor did this, again
    assert [one.content for one in found(main, "x")] == [other.content]


IDS = [
    "..",
    ".",
    "a/b",
    "/",
    "//",
    "rev 7",
    "étape",
    "日本" * 16,
    "X" * 32,
    "🐘" * 32,
    ".git",
    "%2E",
    "a\nb",
    'say "hi"',
    "back\\slash",
    "tab\t",
    "\x7f",
    "CON",
    "trail ",
]


def test_ids_of_every_legal_form(bare_world: World) -> None:
    main = bare_world.main
    texts = {id: migration(main, id) for id in IDS}
    assert set(keep(main, *texts.values())) == set(IDS)
    assert keep(main, *texts.values()) == ()
    assert len(kept(main)) == len(IDS)
    for id, one in texts.items():
        (candidate,) = found(main, id)
        assert (candidate.origin.kind, candidate.content) == ("archive", one.content)
    assert sound(main)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    ids=st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\0@-+:"), min_size=1, max_size=32),
        unique=True,
        min_size=1,
        max_size=4,
    ),
    file=st.text(
        st.characters(codec="utf-8", exclude_characters="\0/\n\r", exclude_categories=["Zl", "Zp", "Cs"]),
        max_size=10,
    ),
)
def test_paths_round_trip(ids: Sequence[str], file: str, bare_world: World) -> None:
    main = bare_world.main
    main.git("update-ref", "-d", REF)
    wanted = {id: migration(main, id, file=f"x{file}.py") for id in ids}
    keep(main, *wanted.values())
    assert keep(main, *wanted.values()) == ()
    for id, one in wanted.items():
        (candidate,) = search(main).find(id)
        assert candidate.content == one.content
        assert candidate.relative_path == one.relative_path
        assert shown(main, f"{candidate.origin.commit}:{candidate.origin.path}") == one.content


def test_a_location_that_is_elsewhere_now(bare_world: World) -> None:
    main = bare_world.main
    keep(main, migration(main, "x", file="2024/x.py"))
    main.git("mv", "backend/migrations", "backend/db")
    main.write(
        "backend/alembic.ini", (main.backend / "alembic.ini").read_text().replace("= migrations", "= db")
    )
    (one,) = found(main, "x")
    assert one.content == migration(main, "x").content


def test_a_location_outside_the_checkout(world_root: Path, database: Database) -> None:
    (world_root / "outside").mkdir()
    layout = Layout(version_locations=("../../outside",))
    main = World.create(world_root, database.url, layout=layout).main
    main.revision(ID)
    main.tool("upgrade", check=True)
    assert list(kept(main)) == [f"{ID}/{FILE}"]
    (world_root / "outside" / FILE).unlink()
    assert main.tool("find", ID, check=True).stdout == f"{ref(main)}:{places(main)[0]}\n"
    assert found(main, ID)[0].content == revision_text(ID).encode()


@pytest.mark.parametrize(
    "disturbance",
    [
        "core.autocrlf=true",
        "core.eol=crlf",
        "commit.gpgsign=true",
        "user.useConfigOnly=true",
        "fastimport.unpackLimit=1",
        "core.logAllRefUpdates=always",
        "receive.denyCurrentBranch=refuse",
        "core.safecrlf=true",
        "transfer.fsckObjects=true",
        "core.compression=0",
        "i18n.commitEncoding=latin1",
        "core.precomposeUnicode=true",
        "core.sharedRepository=group",
    ],
)
def test_whatever_the_user_has_configured(disturbance: str, bare_world: World) -> None:
    main = bare_world.main
    key, _, value = disturbance.partition("=")
    (bare_world.root / ".gitconfig").write_text("")  # no user.name either
    main.git("config", "--global", key, value)
    one, two = migration(main, "é"), migration(main, "dos")
    two = two._replace(content=two.content.replace(b"\n", b"\r\n"))
    main.write(".gitattributes", "* text=auto eol=crlf\n*.py ident\n")
    assert keep(main, one, two) == ("dos", "é")
    assert sorted(kept(main).values()) == sorted([one.content, two.content])
    before = objects(main)
    assert keep(main, one, two) == ()
    assert objects(main) == before


def test_sha256(bare_world: World) -> None:
    main = bare_world.main
    shutil.rmtree(main.path / ".git")
    main.git("init", "--quiet", "--object-format=sha256")
    main.commit("Initial project")
    assert keep(main, migration(main, "x"))
    assert not keep(main, migration(main, "x"))
    assert keep(main, migration(main, "x"), migration(main, "y")) == ("y",)
    assert len(ref(main)) == 64
    assert {one.origin.kind for id in "xy" for one in found(main, id)} == {"archive"}


# Whose it is


def test_each_project_of_a_repository_has_its_own(
    world: World, database: Database, new_database: Callable[[], Database]
) -> None:
    """Both count their migrations, and both once had a 0002 of which nothing else is left."""
    main, other = world.main, new_database()
    for path, text in project_files(Layout(backend="billing"), other.url).items():
        main.write(path, text)
    texts = {}
    for folder in ("backend", "billing"):
        versions = main.path / folder / "migrations" / "versions"
        main.write(versions / "0001.py", revision_text("0001"))
        texts[folder] = revision_text("0002", "0001", table=folder)
        main.write(versions / "0002.py", texts[folder])
        main.tool("upgrade", cwd=main.path / folder, check=True)
        (versions / "0002.py").unlink()
    for folder, text in texts.items():
        main.tool("upgrade", cwd=main.path / folder, check=True)
        assert (main.path / folder / "migrations" / "versions" / "0002.py").read_text() == text
    (main.path / "billing" / "migrations" / "versions" / "0002.py").unlink()
    main.git("update-ref", "-d", REF)
    keep(main, migration(main, "0002"))
    assert main.tool("upgrade", cwd=main.path / "billing").returncode == 1  # the other's is no help


def test_each_section_of_an_ini_has_its_own(world: World, new_database: Callable[[], Database]) -> None:
    main = world.main
    ini = main.backend / "alembic.ini"
    other = main.backend / "other" / "versions"
    section = ini.read_text().partition("[alembic]\n")[2].partition("\n[")[0]
    section = re.sub(r"sqlalchemy.url = .*", f"sqlalchemy.url = {new_database().url}", section)
    ini.write_text(f"{ini.read_text()}\n[other]\n{section}\nversion_locations = other/versions\n")
    main.revision("0001", table="first")
    main.write(other / "0001.py", revision_text("0001", table="second"))
    main.tool("upgrade", check=True)
    main.tool("upgrade", "-n", "other", check=True)
    (main.versions / "0001_add_t.py").unlink()
    (other / "0001.py").unlink()
    main.tool("upgrade", check=True)
    main.tool("upgrade", "-n", "other", check=True)
    assert "first" in (main.versions / "0001_add_t.py").read_text()
    assert "second" in (other / "0001.py").read_text()


def test_an_archive_of_version_1_is_read(bare_world: World) -> None:
    main, billing = bare_world.main, "billing/migrations/versions"
    ours, theirs = migration(main, "x", file="x.py"), migration(main, "y", table="theirs")
    main.write(f"{billing}/.gitkeep", "")
    files = {
        f"x/{PATH.replace(FILE, 'x.py')}": ours,
        f"y/{billing}/y.py": theirs,
        "z/gone/versions/z.py": migration(main, "z"),
    }
    old_archive(main, {path: one.content for path, one in files.items()})
    assert [one.content for one in found(main, "x")] == [ours.content]
    assert found(main, "y") == ()  # it lies in a folder that is not ours
    assert kinds(found(main, "z")) == ["archive"]
    assert keep(main, ours) == ()
    assert keep(main, migration(main, "x", table="other"), ran=["x"]) == ("x",)
    assert b"other" in found(main, "x")[0].content


def old_archive(checkout: Checkout, files: Mapping[str, bytes]) -> None:
    env = {"GIT_INDEX_FILE": str(checkout.world.root / "index")}
    for path, content in files.items():
        blob = checkout.write(checkout.world.root / "blob", content.decode())
        oid = checkout.git("hash-object", "-w", blob).strip()
        checkout.git("update-index", "--add", "--cacheinfo", f"100644,{oid},{path}", env=env)
    tree = checkout.git("write-tree", env=env).strip()
    checkout.git("update-ref", REF, checkout.git("commit-tree", "-m", "Applied", tree).strip())


def test_what_ran_and_is_taken_back_is_only_seen(world: World) -> None:
    """Alembic alone may apply it again, changed."""
    main = world.main
    main.revision("aaaa1111")
    main.revision(ID, "aaaa1111")
    main.tool("upgrade", check=True)
    assert all("/ran@" in place for place in places(main))
    main.alembic("downgrade", "aaaa1111", check=True)
    (main.versions / FILE).unlink()
    main.tool("upgrade", check=True)
    assert [place.split("/")[1] for place in places(main) if f"/{ID}/" in place] == ["seen"]
    assert found(main, ID)[0].content == revision_text(ID, "aaaa1111").encode()


# Git's own business


def test_fetch_push_and_clone_pass_it_by(bare_world: World) -> None:
    main = bare_world.main
    keep(main, migration(main, "x"))
    remote = bare_world.root / "remote.git"
    bare_world.run("git", "init", "--quiet", "--bare", remote, check=True)
    main.git("remote", "add", "origin", str(remote))
    main.git("push", "--quiet", "--all", "origin")
    main.git("push", "--quiet", "--tags", "origin")
    assert "alembic" not in bare_world.run("git", "for-each-ref", cwd=remote, check=True).stdout
    clone = bare_world.clone("Clone")
    assert ref(clone) == ""
    keep(clone, migration(clone, "y"))
    before = ref(clone)
    clone.git("config", "fetch.prune", "true")
    clone.git("config", "transfer.hideRefs", "refs/alembic-worktrees")
    clone.git("fetch", "--quiet", "--all", "--tags", "--prune", "--prune-tags")
    clone.git("remote", "update", "--prune")
    assert ref(clone) == before
    assert kinds(found(clone, "y")) == ["archive"]
    assert "alembic" not in main.git("branch", "--all", "--list")
    assert "alembic" not in main.git("log", "--oneline", "--decorate", "HEAD")


def test_gc_and_packed_refs(bare_world: World) -> None:
    main = bare_world.main
    for id in "xyz":
        keep(main, migration(main, id))
        main.git("pack-refs", "--all")
        main.git("gc", "--quiet", "--prune=now")
    assert len(kept(main)) == 3
    assert sound(main)
    assert sorted(one.origin.kind for id in "xyz" for one in found(main, id)) == ["archive"] * 3


def test_no_archive_outside_git(bare_world: World) -> None:
    main = bare_world.main
    shutil.rmtree(main.path / ".git")
    assert keep(main, migration(main, "x")) == ()
    assert not (main.path / ".git").exists()


def test_a_repository_that_cannot_be_written(bare_world: World) -> None:
    main = bare_world.main
    main.write(".git/refs/alembic-worktrees", "in the way")
    with pytest.raises(GitFailed):
        keep(main, migration(main, "x"))


# At the same moment


def hammer(
    checkout: Checkout, mark: str, count: int, env: dict[str, str] | None = None
) -> subprocess.Popen[str]:
    world = checkout.world
    process = subprocess.Popen(
        [sys.executable, "-m", "worlds.archiving", world.root, checkout.name, mark, str(count)],
        env={**world.env, **(env or {}), "PYTHONHASHSEED": "0", "PYTHONPATH": str(Path(__file__).parents[1])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n", process.communicate()
    return process


def finish(*processes: subprocess.Popen[str]) -> None:
    for process in processes:
        _, errors = process.communicate(timeout=120)
        assert (process.returncode, errors) == (0, "")


def marks(checkout: Checkout) -> dict[str, int]:
    """How many of each generation are in the archive."""
    counts: dict[str, int] = {}
    for path in places(checkout):
        mark = path.split("/")[2].partition("_")[0]
        counts[mark] = counts.get(mark, 0) + 1
    return counts


def test_two_writers_at_the_same_moment(bare_world: World) -> None:
    """From two worktrees, of one repository, without any lock of ours around."""
    main, a = bare_world.main, bare_world.worktree("StoFlow-A")
    finish(hammer(main, "main", 15), hammer(a, "a", 15))
    assert marks(main) == {f"{name}{number}": 5 for name in ("main", "a") for number in range(15)}
    assert main.git("rev-list", "--count", REF).strip() == "30"
    assert sound(main)


def test_two_clones_at_the_same_moment(bare_world: World) -> None:
    """They share nothing but time: each has its own archive, and each finds what the other keeps."""
    main, clone = bare_world.main, bare_world.clone("StoFlow-clone", "--shared")
    finish(hammer(main, "main", 5), hammer(clone, "clone", 5))
    assert marks(main) == {f"main{number}": 5 for number in range(5)}
    assert marks(clone) == {f"clone{number}": 5 for number in range(5)}
    (one,) = found(main, "clone4_2")
    assert one.origin.name == "StoFlow-clone:archive"
    assert found(main, "clone4_2", prefer=one.origin.name)[0].content == one.content


def test_upgrades_of_two_clones_at_the_same_moment(world: World, database: Database) -> None:
    world.main.applied("aaaa1111")
    clone = world.clone("StoFlow-clone")
    world.main.revision("main", "aaaa1111")
    clone.revision("clone", "aaaa1111")
    words = [sys.executable, "-m", "alembic_worktrees", "upgrade"]
    both = [
        subprocess.Popen(words, cwd=each.backend, env=world.env, stdout=-3, stderr=-3)
        for each in (world.main, clone)
    ]
    for process in both:
        process.wait(60)
    for each in (world.main, clone, world.main):  # one may have had to give way to the other
        each.tool("upgrade", check=True)
    assert database.heads() == {"main", "clone"}
    for each in (world.main, clone):
        assert {path.partition("/")[0] for path in kept(each)} == {"aaaa1111", "main", "clone"}


# Killed


def test_killed_at_random_moments(bare_world: World) -> None:
    """A generation is in the archive as a whole or not at all, and the next writer goes on."""
    main = bare_world.main
    for attempt in range(10):
        process = hammer(main, f"r{attempt}x", 1000)
        time.sleep(random.uniform(0.0, 0.25))  # noqa: S311
        os.killpg(process.pid, signal.SIGKILL) if attempt % 2 else process.kill()
        process.communicate()
    for lock in (main.path / ".git").rglob("*.lock"):
        os.utime(lock, (0, 0))  # time passes
    finish(hammer(main, "last", 1))
    counts = marks(main)
    assert set(counts.values()) == {5}
    assert "last0" in counts
    assert sound(main)


STEPS = {
    "before git": "kill -9 $PPID; exit 1",
    "stream broken off": 'head -c 900 | "$REAL" "$@"; kill -9 $PPID; exit 1',
    "stream broken off between two files": 'sed "/^D .*one0_3/,\\$d" | "$REAL" "$@"; kill -9 $PPID; exit 1',
    "git after us": 'kill -9 $PPID; exec "$REAL" "$@"',
    "after git": '"$REAL" "$@"; kill -9 $PPID; exit 1',
    "git itself": '(sleep 0.02; kill -9 $$) & exec "$REAL" "$@"',
}


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("step", STEPS)
def test_killed_between_two_steps(step: str, first: bool, bare_world: World) -> None:
    main = bare_world.main
    if not first:
        keep(main, *generation(main, "zero"))
    before = marks(main)
    env = spy(bare_world, f'case "$1" in fast-import) {STEPS[step]};; esac')
    process = hammer(main, "one", 1, env)
    process.communicate(timeout=60)
    time.sleep(0.2 if step == "git after us" else 0)
    whole = {**before, "one0": 5}
    assert marks(main) in (before, whole)
    if step.startswith(("before", "stream")):
        assert marks(main) == before
    for lock in (main.path / ".git").rglob("*.lock"):
        os.utime(lock, (0, 0))
    finish(hammer(main, "one", 1))
    assert marks(main) == whole
    assert sound(main)


def test_lock_of_a_git_that_was_killed(bare_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    main = bare_world.main
    keep(main, migration(main, "x"))
    monkeypatch.setattr(store, "STALE", 0.5)
    lock = main.write(f".git/{REF}.lock", "")
    start = time.monotonic()
    assert keep(main, migration(main, "y")) == ("y",)
    assert time.monotonic() - start > 0.4  # it might have been somebody alive
    assert not lock.exists()


def test_lock_that_is_held_for_good(bare_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    main = bare_world.main
    monkeypatch.setattr(store, "TIMEOUT", 0.5)
    main.write(f".git/{REF}.lock", "")
    with pytest.raises(UserError) as caught:
        keep(main, migration(main, "x"))
    assert f"{REF}.lock" in str(caught.value.values["words"])
