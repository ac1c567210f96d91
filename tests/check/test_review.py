"""Index, commit, files, and a merge that is not recorded yet: what is judged, and that nothing is changed by it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from alembic_worktrees.system.reading import MAX_BYTES
from worlds.hooks import second_project
from worlds.observe import TRACES, tree
from worlds.world import Layout, World, revision_text

if TYPE_CHECKING:
    from pathlib import Path

    from worlds.world import Checkout

VERSIONS = "backend/migrations/versions"


# True worlds


@pytest.fixture
def world(world_root: Path) -> World:
    world = World.create(world_root, "sqlite://")
    world.main.revision("aaaa1111")
    world.main.commit("First migration")
    return world


@pytest.fixture
def main(world: World) -> Checkout:
    """On `feature`, which has a migration after aaaa1111, as `develop` has."""
    main = world.main
    main.revision("bbbb2222", "aaaa1111")
    main.commit("Theirs")
    main.git("checkout", "--quiet", "-b", "feature", "develop~1")
    return main


def found(checkout: Checkout, *args: str, cwd: Path | None = None) -> list[tuple[str, list[str]]]:
    """The problems, each with its files; the status says whether there are any."""
    done = checkout.tool("check", "--json", *args, cwd=cwd or checkout.path)
    assert done.stderr == ""
    problems = json.loads(done.stdout)["problems"]
    assert done.returncode == bool(problems)
    return [(problem["id"], problem["files"]) for problem in problems]


def ids(checkout: Checkout, *args: str, cwd: Path | None = None) -> list[str]:
    return [id for id, _ in found(checkout, *args, cwd=cwd)]


def merging(checkout: Checkout, other: str = "develop") -> list[str]:
    """What is said of the merge before it is recorded, and before it is made; the files say the same."""
    foretold = ids(checkout, "--ref", "HEAD", "--onto", other)
    checkout.git("merge", "--quiet", "--no-commit", other)
    assert [id.partition("-")[0] for id in ids(checkout)] == [id.partition("-")[0] for id in foretold]
    said = ids(checkout, "--staged")
    assert ids(checkout) == said
    checkout.git("reset", "--quiet", "--hard", "HEAD")
    return said


def test_a_merge_that_will_conflict(main: Checkout) -> None:
    """What git would leave in the file is no migration, and says so."""
    for branch in ("develop", "feature"):
        main.git("checkout", "--quiet", branch)
        main.revision("aaaa1111", body=f"pass  # {branch}")
        main.git("commit", "--quiet", "-a", "-m", "Change")
    before = main.git("rev-parse", "HEAD"), main.git_status()
    (problem,) = found(main, "--ref", "HEAD", "--onto", "develop")
    assert problem[1] == [f"{VERSIONS}/aaaa1111_add_t.py"]
    assert (main.git("rev-parse", "HEAD"), main.git_status()) == before


def test_a_merge_in_a_shallow_clone(main: Checkout) -> None:
    """What a build machine has of a merge request: one commit of each branch, and a detached HEAD."""
    main.revision("cccc3333", "aaaa1111")
    main.commit("Mine")
    world = main.world
    url = main.path.as_uri()
    world.run("git", "clone", "--quiet", "--depth=1", "--branch=feature", url, "ci", check=True)
    ci = type(main)(world, world.root / "ci")
    ci.git("fetch", "--quiet", "--depth=1", "origin", "develop:refs/remotes/origin/develop")
    ci.git("checkout", "--quiet", "--detach")
    assert ids(ci, "--ref", "HEAD", "--onto", "origin/develop") == ["diverged-heads"]
    assert "git fetch --unshallow" in ci.tool("check", "--ref", "HEAD", "--onto", "origin/main").stderr


def test_a_merge_without_a_project_is_called_by_its_commit(main: Checkout) -> None:
    main.git("checkout", "--quiet", "--orphan", "empty")
    main.git("rm", "--quiet", "-r", "-f", ".")
    main.git("commit", "--quiet", "--allow-empty", "-m", "Nothing")
    done = main.tool("check", "--ref", "empty", "--onto", "empty", cwd=main.path)
    assert done.returncode == 1
    assert done.stderr.startswith("No Alembic project in empty, so nothing was checked.")


def test_onto_what_is_not_said(main: Checkout) -> None:
    done = main.tool("check", "--onto", "develop")
    assert done.returncode == 2
    assert "alembic-worktrees check --ref HEAD --onto origin/main" in done.stderr


def test_a_merge_that_diverges(main: Checkout) -> None:
    main.revision("cccc3333", "aaaa1111")
    main.commit("Mine")
    assert ids(main, "--ref", "HEAD") == []
    assert merging(main) == ["diverged-heads"]


def test_a_sound_merge(main: Checkout) -> None:
    main.write("note.txt", "")
    main.commit("No migration")
    assert merging(main) == []
    main.revision("cccc3333")
    main.commit("A base of its own")
    assert merging(main) == []


def test_a_merge_that_loses_a_parent(main: Checkout) -> None:
    """Each side is complete, the merge is not."""
    main.git("checkout", "--quiet", "-B", "feature", "develop")
    main.revision("cccc3333", "bbbb2222")
    main.commit("Mine")
    main.git("checkout", "--quiet", "develop")
    main.git("rm", "--quiet", f"{VERSIONS}/bbbb2222_add_t.py")
    main.git("commit", "--quiet", "-m", "Dropped")
    main.git("checkout", "--quiet", "feature")
    assert ids(main, "--ref", "HEAD") == ids(main, "--ref", "develop") == []
    assert merging(main) == ["parent-elsewhere"]  # this branch has it still


def test_a_merge_that_brings_the_parent(main: Checkout) -> None:
    main.revision("cccc3333", "bbbb2222")
    main.commit("Mine, on what develop has")
    assert ids(main, "--ref", "HEAD") == ["parent-elsewhere"]
    assert merging(main) == []


@pytest.mark.parametrize("side", ["develop", "feature"])
@pytest.mark.parametrize("edited", [False, True])
def test_a_merge_with_a_moved_file(side: str, edited: bool, main: Checkout) -> None:
    main.git("checkout", "--quiet", side)
    main.git("mv", f"{VERSIONS}/aaaa1111_add_t.py", f"{VERSIONS}/moved.py")
    main.git("commit", "--quiet", "-m", "Moved")
    if edited:
        main.git("checkout", "--quiet", "feature" if side == "develop" else "develop")
        main.revision("aaaa1111", body="pass")
        main.git("commit", "--quiet", "-a", "-m", "Edited")
    main.git("checkout", "--quiet", "feature")
    assert merging(main) == []


def change(checkout: Checkout, branch: str, **options: str) -> None:
    checkout.git("checkout", "--quiet", branch)
    checkout.revision("aaaa1111", **options)
    checkout.git("commit", "--quiet", "-a", "-m", "Change")


def test_checks_change_nothing(main: Checkout) -> None:
    change(main, "develop", body="pass  # theirs")
    change(main, "feature", body="pass  # mine", labels="mine")
    before = tree(main.path, without=TRACES)
    main.tool("check", "--ref", "HEAD", "--since", "develop")
    main.tool("check")
    main.tool("check", "--staged")
    assert tree(main.path, without=TRACES) == before


def shallow(main: Checkout) -> Checkout:
    """What a build machine has of a merge request: one commit of each branch, and a detached HEAD."""
    world = main.world
    world.run(
        "git", "clone", "--quiet", "--depth=1", "--branch=feature", main.path.as_uri(), "ci", check=True
    )
    ci = type(main)(world, world.root / "ci")
    ci.git("fetch", "--quiet", "--depth=1", "origin", "develop:refs/remotes/origin/develop")
    ci.git("checkout", "--quiet", "--detach")
    assert ci.git_run("merge-base", "HEAD", "origin/develop").returncode == 1
    return ci


def test_a_commit_that_a_shallow_clone_lacks(main: Checkout) -> None:
    ci = shallow(main)
    done = ci.tool("check", "--ref", "HEAD", "--since", "origin/main")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "origin/main names no commit here. In a shallow clone, get it first: git fetch --unshallow\n"
    )


# Which projects


def test_a_ref_is_judged_whatever_lies_here(main: Checkout) -> None:
    main.revision("cccc3333", "gone1111")
    main.commit("Bad")
    bad = main.head()
    main.git("checkout", "--quiet", "develop")
    assert ids(main, "--ref", bad) == ids(main, "--ref", "feature") == ["parent-missing"]
    main.git("rm", "-r", "--quiet", "backend")
    main.git("commit", "--quiet", "-m", "No project here any more")
    assert ids(main, "--ref", "feature") == ["parent-missing"]


def test_several_projects(main: Checkout) -> None:
    versions = second_project(main)
    main.write(f"{versions}/b.py", "revision = 'b'\ndown_revision = 'gone'\n")
    main.revision("cccc3333", "gone1111")
    main.commit("Two bad ones")
    main.git("reset", "--quiet", "--soft", "HEAD~1")
    both = [
        ("parent-missing", [f"{VERSIONS}/cccc3333_add_t.py"]),
        ("parent-missing", [f"{versions}/b.py"]),
    ]
    for args in ([], ["--staged"], ["--ref", "HEAD@{1}"]):
        assert found(main, *args) == found(main, *args, cwd=main.backend) == both
        assert found(main, *args, "backend") == both[:1]
        assert found(main, *args, "api", cwd=main.path / "services") == both[1:]


def test_max_heads_of_each_project(main: Checkout) -> None:
    versions = second_project(main)
    for name in "bc":
        main.write(f"{versions}/{name}.py", f"revision = '{name}'\ndown_revision = 'a'\n")
        main.revision(f"{name * 4}2222", "aaaa1111")
    main.write("services/api/pyproject.toml", "[tool.alembic-worktrees]\nmax-heads = 2\n")
    main.commit("Both diverged, one may")
    main.git("reset", "--quiet", "--soft", "HEAD~1")
    for args in ([], ["--staged"], ["--ref", "HEAD@{1}"]):
        assert [files[0] for _, files in found(main, *args)] == [f"{VERSIONS}/bbbb2222_add_t.py"]


def test_a_project_that_is_not_in_git_yet(world_root: Path) -> None:
    world = World.create(world_root, "sqlite://", layout=Layout(backend="the api"))
    world.main.git("rm", "-r", "--quiet", "--cached", ".")
    world.main.revision("bbbb2222", "gone1111")
    assert ids(world.main) == ids(world.main, cwd=world.main.backend) == ["parent-missing"]


@pytest.mark.parametrize("config", [("-c", "conf/alembic.ini"), ("-c", "conf/../conf/alembic.ini")])
@pytest.mark.parametrize("by", ["option", "variable", "absolute variable"])
def test_a_config_that_is_named(config: tuple[str, str], by: str, main: Checkout) -> None:
    """Also where its paths are relative to it: `%(here)s` is the folder of the config, not that of the project."""
    ini = main.backend / "alembic.ini"
    ini.write_text(ini.read_text().replace("= migrations", "= %(here)s/../migrations"))
    (main.path / "backend/conf").mkdir()
    main.git("mv", "backend/alembic.ini", "backend/conf/alembic.ini")
    main.revision("bbbb2222", "gone1111")
    main.git("add", "--all")
    words: tuple[str, ...] = config
    if by != "option":
        main.world.env["ALEMBIC_CONFIG"] = str(main.backend / config[1]) if "absolute" in by else config[1]
        words = ()
    for args in ([], ["--staged"], ["--ref", "HEAD"]):
        if args[:1] == ["--ref"]:
            main.git("commit", "--quiet", "-m", "Config elsewhere")
        assert ids(main, *args, *words) == ["parent-missing"]


def test_no_project(world_root: Path) -> None:
    """By hand that is an error, a hook says nothing."""
    world = World.create(world_root, "sqlite://")
    world.main.git("rm", "-r", "--quiet", "backend")
    assert ids(world.main, "--staged", cwd=world.main.path) == []
    world.main.commit("No project")
    for args in ([], ["--ref", "HEAD"], ["--ref", "HEAD", "--since", "HEAD"], ["backend"]):
        done = world.main.tool("check", *args, cwd=world.main.path)
        assert (done.returncode, done.stdout) == (1, "")
        assert "No Alembic project in" in done.stderr or "no folder" in done.stderr


def test_outside_git(main: Checkout) -> None:
    (main.path / ".git").rename(main.world.root / "git")
    main.revision("cccc3333", "gone1111")
    assert ids(main) == ids(main, cwd=main.backend) == ["parent-missing"]
    done = main.tool("check", "--staged")
    assert done.returncode == 1
    assert "alembic-worktrees check" in done.stderr


def test_names_that_need_care(world_root: Path) -> None:
    world = World.create(world_root, "sqlite://", layout=Layout(backend="é $x\t'y'"))
    world.main.revision("bbbb2222", "gone1111", file="a b [c] (d).py")
    world.main.git("add", "--all")
    file = "é $x\t'y'/migrations/versions/a b [c] (d).py"
    assert found(world.main) == found(world.main, "--staged") == [("parent-missing", [file])]


def test_migrations_beside_git_itself(world_root: Path) -> None:
    """The version location is the top of the checkout."""
    main = World.create(world_root, "sqlite://", layout=Layout(backend="", version_locations=(".",))).main
    main.revision("bbbb2222", "gone1111")
    main.commit("Add bbbb2222")
    expected = [("parent-missing", ["bbbb2222_add_t.py"])]
    assert found(main) == found(main, "--ref", "HEAD") == expected


def test_a_migration_that_is_too_large_to_be_read(main: Checkout) -> None:
    text = revision_text("cccc3333", "aaaa1111")
    for size, expected in ((MAX_BYTES, []), (MAX_BYTES + 1, [("unreadable", [f"{VERSIONS}/large.py"])])):
        main.write(f"{VERSIONS}/large.py", text.ljust(size, "#"))
        main.git("add", "--all")
        assert found(main, "--staged") == expected
    assert "too large for a migration" in main.tool("check", "--staged").stdout
