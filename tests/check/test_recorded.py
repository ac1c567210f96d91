"""A hook refuses only what this commit makes worse: literals, then real commits, merges and pushes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from alembic_worktrees.check.rules import survey
from alembic_worktrees.check.snapshot import Broken
from worlds.histories import branches, stoflow
from worlds.hooks import VERSIONS, fails, install
from worlds.snapshots import ids, rev, snapshot
from worlds.world import World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from subprocess import CompletedProcess

    from alembic_worktrees.check.snapshot import Snapshot
    from worlds.world import Checkout

# Literals

helper = Broken("v/helper.py", "no-revision", "", b"")
torn = Broken("v/x.py", "syntax", "", b"revision = 'x'\ndown_revision = 'gone'\n(")
COMPARED: dict[str, tuple[Snapshot, Snapshot, list[str]]] = {
    "as it was": (snapshot(rev("b", "gone")), snapshot(rev("b", "gone"), rev("c", "b")), []),
    "another child": (
        snapshot(rev("b", "gone")),
        snapshot(rev("b", "gone"), rev("c", "gone"), rev("m", "b", "c")),
        ["parent-missing"],
    ),
    "another parent that is nowhere": (
        snapshot(rev("b", "gone")),
        snapshot(rev("b", "x")),
        ["parent-missing"],
    ),
    "a parent goes": (snapshot(rev("a"), rev("b", "a")), snapshot(rev("b", "a")), ["parent-missing"]),
    "heads that grow": (
        snapshot(rev("a"), rev("b", "a"), rev("c", "a")),
        snapshot(rev("a"), rev("b", "a"), rev("c", "a"), rev("d", "c")),
        [],
    ),
    "one more head": (
        snapshot(rev("a"), rev("b", "a"), rev("c", "a")),
        snapshot(rev("a"), rev("b", "a"), rev("c", "a"), rev("d", "a")),
        ["diverged-heads"],
    ),
    "heads of another base": (
        snapshot(rev("a"), rev("b", "a"), rev("c", "a"), rev("x")),
        snapshot(rev("a"), rev("b", "a"), rev("c", "a"), rev("x"), rev("y", "x"), rev("z", "x")),
        ["diverged-heads"],
    ),
    "heads whose lost base is back": (
        snapshot(rev("b", "gone"), rev("c", "gone")),
        snapshot(rev("b", "gone"), rev("c", "gone"), rev("gone", "a"), rev("a")),
        [],
    ),
    "the same id once more": (
        snapshot(rev("a"), rev("b", "a"), rev("b", "a")),
        snapshot(rev("a"), rev("b", "a"), rev("b", "a"), rev("b", "a")),
        ["duplicate-revision"],
    ),
    "a label once more": (
        snapshot(rev("a", labels=["l"]), rev("b", "a", labels=["l"])),
        snapshot(rev("a", labels=["l"]), rev("b", "a", labels=["l"]), rev("c", "b", labels=["l"])),
        ["duplicate-label"],
    ),
    "another of the same label": (
        snapshot(rev("a", labels=["l"]), rev("b", "a", labels=["l"])),
        snapshot(rev("a", labels=["l"]), rev("b", "a", labels=["l"]), rev("c", "b")),
        [],
    ),
    "a circle that was there": (
        snapshot(rev("a", "b"), rev("b", "a")),
        snapshot(rev("a", "b"), rev("b", "a"), rev("c", "b")),
        [],
    ),
    "a wider circle": (
        snapshot(rev("a", "b"), rev("b", "a")),
        snapshot(rev("a", "c"), rev("b", "a"), rev("c", "b")),
        ["cycle"],
    ),
    "a helper that is torn now": (
        snapshot(rev("a"), broken=[helper]),
        snapshot(rev("a"), broken=[helper._replace(reason="syntax")]),
        [],
    ),
    "what a torn file hid": (
        snapshot(rev("b", "gone"), broken=[torn]),
        snapshot(rev("b", "gone"), rev("x", "b")),
        [],
    ),
    "a longer id": (
        snapshot(rev("aaaa"), rev("aaaab", "aaaa")),
        snapshot(rev("aaaa"), rev("aaaab", "aaaa")),
        [],
    ),
}


@pytest.mark.parametrize("case", COMPARED)
def test_what_is_new(case: str) -> None:
    before, after, expected = COMPARED[case]
    known = survey(before, hiding=False)
    assert ids(problem for problem in survey(after) if not problem.was_in(known)) == expected


# True commits


@pytest.fixture
def world(world_root: Path) -> World:
    """A project whose `develop` has been wrong for long: a parent that is nowhere, two heads, a helper, a long id."""
    world = World.create(world_root, "sqlite://")
    main = world.main
    main.revision("aaaa1111")
    main.revision("bbbb2222", "gone1111")
    main.revision("cccc3333", "gone1111")
    main.revision("q" * 33, "aaaa1111", file="long.py")
    main.write(f"{VERSIONS}/helper.py", "import os\n")
    main.commit("Long ago")
    install(world)
    return world


OLD = "4 problems were there before and stop nothing now: no-revision, parent-missing, id-too-long, diverged-heads."


def committed(checkout: Checkout, *words: str) -> CompletedProcess[str]:
    checkout.git("add", "--all")
    return checkout.git_run("commit", "--message", "x", *words)


def passes(done: CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stderr


def test_what_was_wrong_before_stops_nobody(world: World) -> None:
    checkout = world.worktree("StoFlow-feature")
    checkout.write("backend/app.py", "")
    assert passes(committed(checkout, "--quiet")) == ""
    assert passes(checkout.git_run("commit", "--quiet", "--amend", "--allow-empty", "-m", "x")) == ""
    checkout.revision("dddd4444", "q" * 33, file="d.py", depends_on="cccc3333")
    said = passes(committed(checkout, "--quiet"))
    assert said.startswith(OLD)
    assert said.endswith(" See: alembic-worktrees check\n")
    assert said.count("\n") == 1
    checkout.revision("eeee5555", "gone2222")
    done = committed(checkout)
    assert fails(done)
    assert "gone1111" not in done.stderr
    assert done.stderr.endswith("for once: SKIP=alembic-check git commit …, or git commit --no-verify …\n")


@pytest.mark.parametrize("what", ["a migration", "the folder of migrations", "the project"])
def test_a_moved_file_is_no_new_problem(what: str, world: World) -> None:
    main = world.main
    if what == "a migration":
        main.git("mv", f"{VERSIONS}/helper.py", f"{VERSIONS}/é helper.py")
        main.git("mv", f"{VERSIONS}/cccc3333_add_t.py", f"{VERSIONS}/c.py")
    elif what == "the project":
        main.git("mv", "backend", "api")
    else:
        main.git("mv", "backend/migrations", "backend/scripts")
        ini = main.backend / "alembic.ini"
        ini.write_text(ini.read_text().replace("= migrations", "= scripts"))
    assert OLD in passes(committed(main))


def test_what_is_mended_bit_by_bit(world: World) -> None:
    main = world.main
    torn = main.write(f"{VERSIONS}/torn.py", "revision = 'gone1111'\ndown_revision = (\n")
    passes(committed(main, "--no-verify"))
    torn.write_text("revision = 'ffff6666'\ndown_revision = 'bbbb2222'\n")
    assert OLD in passes(committed(main))
    (main.versions / "long.py").unlink()
    main.revision("gone1111", "aaaa1111")
    assert "2 problems were" in passes(committed(main))


@pytest.mark.parametrize("content", [b"script_location\n", b"[alembic]\nscript_location = caf\xe9\n"])
def test_a_config_that_cannot_be_read(content: bytes, world: World) -> None:
    """Nothing can be judged by it: who breaks it is refused, who finds it broken is told, and may mend it."""
    main = world.main
    ini = main.backend / "alembic.ini"
    sound = ini.read_text()
    ini.write_bytes(content)
    done = committed(main)
    assert fails(done, "config-unreadable: It cannot be read as Alembic reads it")
    assert "SKIP=alembic-check" in done.stderr
    passes(committed(main, "--no-verify"))
    main.revision("dddd4444", "nowhere1")
    assert "config-unreadable" in passes(committed(main, "--quiet"))
    ini.write_text(sound)
    main.revision("dddd4444", "bbbb2222")
    assert OLD in passes(committed(main))


def test_a_wrong_setting_can_be_passed_too(world: World) -> None:
    world.main.write("pyproject.toml", "[tool.alembic-worktrees]\nmax-haeds = 2\n")
    world.main.revision("dddd4444", "bbbb2222")
    done = committed(world.main)
    assert fails(done, "unknown key max-haeds")
    assert "SKIP=alembic-check git commit" in done.stderr
    world.env["SKIP"] = "alembic-check"
    done = committed(world.main)
    assert fails(done, "unknown key max-haeds")
    assert "SKIP=alembic-protect git commit" in done.stderr
    world.env["SKIP"] = "alembic-check,alembic-protect"
    passes(committed(world.main))


def test_the_first_commit_has_nothing_before_it(world: World) -> None:
    world.main.git("checkout", "--quiet", "--orphan", "new")
    assert fails(committed(world.main))
    assert json.loads(world.main.tool("check", "--staged", "--json").stdout)["problems"]


@pytest.mark.parametrize("words", [["--dry-run"], ["--yes"]])
def test_init_shows_what_is_wrong_already(words: list[str], world: World) -> None:
    """And it says that this stops nobody, which is so."""
    for hook in (world.main.path / ".git/hooks").iterdir():
        hook.unlink()
    done = world.main.tool("init", *words, check=True)
    for problem in ("no-revision", "parent-missing", "id-too-long", "diverged-heads"):
        assert f"{problem}: " in done.stderr
    assert "4 things are wrong here already. The hooks will not stop a commit for that" in done.stderr
    passes(committed(world.main, "--allow-empty"))


# Merges


@pytest.mark.parametrize("conflict", [False, True])
def test_a_merge_brings_what_was_wrong_elsewhere(conflict: bool, world: World) -> None:
    """Also of another branch, that this one has not seen; the parents count together."""
    checkout = world.worktree("StoFlow-feature")
    checkout.git("checkout", "--quiet", "-B", "feature", "develop")
    checkout.git("branch", "--quiet", "theirs")
    checkout.revision("dddd4444", "bbbb2222")
    checkout.write("both.txt", "mine")
    passes(committed(checkout))
    checkout.git("checkout", "--quiet", "theirs")
    checkout.revision("eeee5555", "nowhere1", file="e.py", depends_on="aaaa1111")
    checkout.write("both.txt" if conflict else "theirs.txt", "theirs")
    passes(committed(checkout, "--no-verify"))
    checkout.git("checkout", "--quiet", "feature")
    done = checkout.git_run("merge", "--quiet", "theirs")
    if conflict:
        assert done.returncode == 1
        done = committed(checkout)
    assert "5 problems were there before" in passes(done)


def test_a_merge_that_makes_it_worse_says_how_to_go_on(world: World) -> None:
    checkout = world.worktree("StoFlow-feature")
    checkout.git("checkout", "--quiet", "-B", "feature", "develop")
    checkout.git("branch", "--quiet", "theirs")
    checkout.revision("dddd4444", "aaaa1111")
    checkout.revision("qqqq1111", ("dddd4444", "q" * 33))
    passes(committed(checkout))
    checkout.git("checkout", "--quiet", "theirs")
    checkout.revision("eeee5555", "q" * 33)
    passes(committed(checkout))
    checkout.git("checkout", "--quiet", "feature")
    for done in (checkout.git_run("merge", "theirs"), checkout.git_run("commit", "--no-edit")):
        assert fails(done, "diverged-heads")
        assert "add it and go on: git commit --no-edit\n" in done.stderr
        assert "git merge --abort\n" in done.stderr
    command = done.stderr.partition("for once: ")[2].partition("\n")[0]
    checkout.world.run("sh", "-c", command, cwd=checkout.path, check=True)
    assert checkout.git("rev-list", "--parents", "-1", "HEAD").count(" ") == 2


# A commit, and what is pushed


def test_since(world: World) -> None:
    main = world.main
    main.revision("dddd4444", "nowhere1")
    passes(committed(main, "--no-verify"))
    whole = main.tool("check", "--ref", "HEAD")
    assert (whole.returncode, whole.stdout.count("  → ")) == (1, 6)
    found = main.tool("check", "--ref", "HEAD", "--since", "HEAD~1")
    assert (found.returncode, found.stdout.count("  → ")) == (1, 1)
    assert "dddd4444 follows nowhere1" in found.stdout
    assert found.stderr == f"{OLD} See: alembic-worktrees check --ref HEAD\n"
    done = main.tool("check", "--since", "HEAD")
    assert (done.returncode, "--since goes with --ref" in done.stderr) == (2, True)


def test_a_push_is_held_against_what_the_remote_has(world: World) -> None:
    """Also a new branch, one that was rebased, and one that the remote has further than we know."""
    clone = world.clone("clone")
    install(world, clone.path / ".git/hooks")
    push = ("push", "--quiet", "origin", "feature")
    clone.git("checkout", "--quiet", "-b", "feature")
    clone.revision("dddd4444", "bbbb2222")
    passes(committed(clone))
    assert OLD in passes(clone.git_run(*push))
    clone.git("commit", "--quiet", "--amend", "--message", "y")
    clone.git("update-ref", "-d", "refs/remotes/origin/feature")
    passes(clone.git_run(*push, "--force"))
    clone.revision("eeee5555", "nowhere1")
    passes(committed(clone, "--no-verify"))
    done = clone.git_run(*push)
    assert fails(done)
    assert "for once: SKIP=alembic-check git push …, or git push --no-verify …\n" in done.stderr
    assert fails(clone.git_run("push", "origin", "feature:new"))
    passes(clone.git_run(*push, env={"SKIP": "alembic-check"}))
    said = passes(clone.git_run("push", "--quiet", "origin", "feature:again"))
    assert said == ""  # the remote has all of it
    for ref in ("feature", "again"):
        clone.git("update-ref", "-d", f"refs/remotes/origin/{ref}")
    clone.revision("ffff6666", ("dddd4444", "eeee5555"))
    passes(committed(clone))
    said = passes(clone.git_run(*push))  # git tells where the branch stands there
    assert "5 problems were there before" in said


# Several environments in one ini


OTHERS = """
[other]
script_location = %(here)s/other
[again]
script_location = migrations
[engine1]
sqlalchemy.url = sqlite://
script_location = nowhere
"""


def test_each_environment_of_an_ini_is_judged(world_root: Path) -> None:
    world = World.create(world_root, "sqlite://")
    main = world.main
    ini = main.backend / "alembic.ini"
    ini.write_text(
        ini.read_text().replace("[alembic]\n", "[alembic]\ndatabases = engine1, engine2\n") + OTHERS
    )
    for name in ("env.py", "script.py.mako"):
        main.write(f"backend/other/{name}", (main.backend / "migrations" / name).read_text())
    main.revision("0001")
    main.revision("0001", location="other/versions")
    main.git("add", "--all")
    assert main.tool("check", "--staged").returncode == 0
    main.commit("Two environments")
    main.revision("0002", "gone", location="other/versions")
    main.revision("0003", "0001", location="other/versions")
    main.git("add", "--all")
    for words in (["--staged"], [], ["-n", "other"], ["-n", "other", "--staged"], ["backend", "--staged"]):
        found = json.loads(main.tool("check", "--json", *words, cwd=main.path).stdout)["problems"]
        assert [(one["id"], one["files"]) for one in found] == [
            ("parent-missing", ["backend/other/versions/0002_add_t.py"])
        ]
    main.revision("0002", "0001", location="other/versions")
    main.git("add", "--all")
    done = main.tool("check", "--staged")
    command = done.stdout.partition("→ ")[2].partition(", then")[0]
    assert " -n other " in command
    world.run("sh", "-c", command, cwd=main.path, check=True)
    main.git("add", "--all")
    assert main.tool("check", "--staged").returncode == 0
    assert main.tool("check", "-n", "alembic", "--staged").returncode == 0


# A real history


def test_each_branch_of_a_real_history(
    world_root: Path, thorough: bool, record_property: Callable[[str, object], None]
) -> None:
    """A commit of an unrelated file passes on each, so does a complete migration, and a new gap is refused."""
    world = stoflow(world_root)
    install(world)
    (world.main.path / ".git/hooks/post-checkout").unlink()
    count = 0
    for branch in branches(world.main, None if thorough else 3):
        on_a_branch(world.main, branch)
        count += 1
    record_property("branches", count)


def on_a_branch(main: Checkout, branch: str) -> None:
    (here,) = json.loads(main.tool("list", "--json", check=True).stdout)["checkouts"]
    followed = {parent for one in here["migrations"] for parent in one["down_revision"]}
    head = next(one["revision"] for one in here["migrations"] if one["revision"] not in followed)
    main.write("README", branch)
    assert passes(committed(main, "--quiet")) == "", branch
    main.write("backend/app.py", branch)
    assert passes(committed(main, "--quiet")) == "", branch
    main.revision("zz11", head)
    passes(committed(main))
    main.revision("zz22", "zz00")
    done = committed(main)
    assert fails(done), branch
    assert done.stderr.count("  → ") == 1, branch
