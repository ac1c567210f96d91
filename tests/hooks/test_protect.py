"""Nobody rewrites what others have: `protect`, called by git's own hook in a true world."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from worlds.hooks import install, second_project
from worlds.world import World

if TYPE_CHECKING:
    from pathlib import Path
    from subprocess import CompletedProcess

    from worlds.world import Checkout

FILE = "backend/migrations/versions/aaaa1111_add_t.py"
MOVED = "backend/migrations/versions/é moved.py"


@pytest.fixture
def world(world_root: Path) -> World:
    world = World.create(world_root, "sqlite://")
    world.main.revision("aaaa1111")
    world.main.revision("bbbb2222", "aaaa1111")
    world.main.commit("Published migrations")
    return world


@pytest.fixture
def clone(world: World) -> Checkout:
    """A clone with the hooks, so that origin/develop is what is published."""
    clone = world.clone("clone")
    install(world, clone.path / ".git/hooks")
    return clone


@pytest.fixture(params=["main", "linked"])
def checkout(request: pytest.FixtureRequest, clone: Checkout) -> Checkout:
    """The clone itself or a worktree of it, on a branch of its own."""
    if request.param == "main":
        clone.git("checkout", "--quiet", "-b", "feature")
        return clone
    clone.git("worktree", "add", "--quiet", "-b", "feature", "../linked")
    return type(clone)(clone.world, clone.world.root / "linked")


def edit(checkout: Checkout, file: str = FILE) -> None:
    with (checkout.path / file).open("a") as opened:
        opened.write("edited = True\n")


def refused(done: CompletedProcess[str]) -> str:
    assert done.returncode == 1
    assert "already has these migrations" in done.stderr
    return done.stderr


def test_an_edit_is_refused_with_the_reason_and_both_ways_out(checkout: Checkout) -> None:
    edit(checkout)
    said = refused(checkout.git_run("commit", "-a", "-m", "x"))
    assert said == (
        "origin/develop already has these migrations, and others may have applied them:\n"
        f"  {FILE} (edited)\n"
        f"  Write a new migration instead. To undo the change: git restore --staged --worktree :/{FILE}\n"
        "  To commit it anyway: SKIP=alembic-protect git commit …, or git commit --no-verify …\n"
    )


def test_what_a_formatter_changes_is_free(checkout: Checkout) -> None:
    """And a comment, or a docstring: nothing that runs is another."""
    path = checkout.path / FILE
    text = path.read_text()
    path.write_text("# formatted\n" + text.replace("'", '"').replace("\n\n", "\n\n\n"))
    assert path.read_text() != text
    checkout.git("commit", "--quiet", "-a", "-m", "Format")
    path.write_text(path.read_text().replace("t_aaaa1111", "t_other"))
    refused(checkout.git_run("commit", "-a", "-m", "x"))


def test_the_words_in_french(checkout: Checkout) -> None:
    edit(checkout)
    done = checkout.git_run("commit", "-a", "-m", "x", env={"LC_ALL": "fr_FR.UTF-8"})
    assert done.returncode == 1
    assert "origin/develop a déjà ces migrations" in done.stderr
    assert "Pour commiter quand même : SKIP=alembic-protect" in done.stderr


@pytest.mark.parametrize("folder", ["", "backend/migrations"])
def test_the_change_is_undone_as_it_says(folder: str, checkout: Checkout) -> None:
    edit(checkout)
    checkout.git("rm", "--quiet", FILE.replace("aaaa1111", "bbbb2222"))
    said = refused(checkout.git_run("commit", "-a", "-m", "x"))
    command = said.partition("To undo the change: ")[2].partition("\n")[0]
    checkout.world.run("sh", "-c", command, cwd=checkout.path / folder, check=True)
    assert checkout.git_status() == ""


@pytest.mark.parametrize(
    "command",
    [
        "SKIP=alembic-protect git commit -am x",
        "SKIP=a,alembic-protect git commit -am x",
        "git commit --no-verify -am x",
    ],
)
def test_ways_to_do_it_anyway(command: str, checkout: Checkout) -> None:
    edit(checkout)
    checkout.world.run("sh", "-c", command, cwd=checkout.path, check=True)
    assert checkout.git_status() == ""
    checkout.write("note.txt", "")
    checkout.commit("What HEAD rewrote is not this commit's doing")
    checkout.git("commit", "--amend", "--message", "Nor an amended one's")
    edit(checkout)
    refused(checkout.git_run("commit", "-a", "-m", "x"))


def test_a_deletion_is_refused(checkout: Checkout) -> None:
    last = FILE.replace("aaaa1111", "bbbb2222")
    checkout.git("rm", "--quiet", last)
    assert f"  {last} (deleted)\n" in refused(checkout.git_run("commit", "-m", "x"))
    checkout.git("reset", "--hard")
    checkout.git("rm", "--quiet", "-r", "backend")
    assert "(deleted)" in refused(checkout.git_run("commit", "-m", "the whole project"))


def test_only_what_is_staged_counts(checkout: Checkout) -> None:
    edit(checkout)
    checkout.write("note.txt", "")
    checkout.git("add", "note.txt")
    checkout.git("commit", "-m", "The edit is not in it")
    checkout.git("add", "--all")
    checkout.git("restore", "--worktree", "--source", "HEAD", FILE)
    refused(checkout.git_run("commit", "-m", "x"))


def test_a_commit_of_a_path_has_an_index_of_its_own(checkout: Checkout) -> None:
    edit(checkout)
    checkout.write("note.txt", "")
    checkout.git("add", "--all")
    checkout.git("commit", "-m", "x", "--", "note.txt")
    refused(checkout.git_run("commit", "-m", "x", "--", FILE))


def test_a_file_may_move(checkout: Checkout) -> None:
    checkout.git("mv", FILE, MOVED)
    checkout.git("commit", "-m", "Moved as it is")
    assert checkout.git_status() == ""


def test_a_file_may_not_move_and_change(checkout: Checkout) -> None:
    checkout.git("mv", FILE, MOVED)
    edit(checkout, MOVED)
    assert "(deleted)" in refused(checkout.git_run("commit", "-a", "-m", "x"))


def test_what_is_not_published_is_free(checkout: Checkout) -> None:
    path = checkout.revision("cccc3333", "bbbb2222")
    checkout.commit("New here")
    edit(checkout, str(path.relative_to(checkout.path)))
    checkout.git("commit", "-a", "-m", "Edited")
    checkout.git("rm", "--quiet", str(path))
    checkout.git("commit", "-m", "Deleted")


def publish(checkout: Checkout) -> None:
    """The published branch itself edits the first migration and drops the second."""
    edit(checkout.world.main)
    checkout.world.main.git("rm", "--quiet", FILE.replace("aaaa1111", "bbbb2222"))
    checkout.world.main.commit("Published edit")
    checkout.git("fetch", "--quiet")


def test_a_branch_that_is_merely_behind(checkout: Checkout) -> None:
    publish(checkout)
    checkout.write("note.txt", "")
    checkout.commit("Behind, but not against")
    edit(checkout)
    edit(checkout)
    refused(checkout.git_run("commit", "-a", "-m", "x"))


def test_a_name_that_another_branch_has_published_meanwhile_is_free(checkout: Checkout) -> None:
    """The merge to come has a conflict of its own to tell; this commit rewrites nothing."""
    checkout.world.main.revision("cccc3333", "bbbb2222", table="theirs")
    checkout.world.main.commit("Published meanwhile")
    checkout.git("fetch", "--quiet")
    path = checkout.revision("cccc3333", "bbbb2222", table="ours")
    checkout.commit("The same name, new here", path)
    assert checkout.git_status() == ""


@pytest.mark.parametrize("conflict", [False, True])
def test_a_merge_may_bring_the_published_edit(conflict: bool, checkout: Checkout) -> None:
    publish(checkout)
    checkout.write("note.txt", "mine")
    checkout.commit("Mine")
    if conflict:  # it is concluded by `git commit`, which asks pre-commit
        checkout.world.main.write("note.txt", "theirs")
        checkout.world.main.commit("Theirs")
        checkout.git("fetch", "--quiet")
        assert checkout.git_run("merge", "origin/develop").returncode == 1
        checkout.git("add", "--all")
        checkout.git("commit", "--no-edit")
    else:
        checkout.git("merge", "--quiet", "origin/develop")
    assert checkout.git_status() == ""


def test_the_setting_names_the_branch(checkout: Checkout) -> None:
    checkout.git("branch", "free", "HEAD~1")
    checkout.write("backend/pyproject.toml", '[tool.alembic-worktrees]\npublished = "free"\n')
    checkout.commit("Another published branch")
    edit(checkout)
    checkout.git("commit", "-a", "-m", "It does not have the file")
    checkout.git("branch", "--force", "free", "HEAD")
    edit(checkout)
    assert "free already has these" in refused(checkout.git_run("commit", "-a", "-m", "x"))


def test_a_setting_that_names_nothing_is_an_error(checkout: Checkout) -> None:
    checkout.write("pyproject.toml", '[tool.alembic-worktrees]\npublished = "origin/gone"\n')
    checkout.git("add", "--all")
    done = checkout.git_run("commit", "-m", "x")
    assert done.returncode == 1
    assert "published names origin/gone" in done.stderr
    assert "git fetch" in done.stderr


def test_without_a_remote_nothing_is_published(world: World) -> None:
    install(world)
    edit(world.main)
    world.main.git("commit", "-a", "-m", "x")


def test_a_remote_whose_default_branch_is_gone_says_nothing(checkout: Checkout) -> None:
    checkout.git("update-ref", "-d", "refs/remotes/origin/develop")
    edit(checkout)
    done = checkout.git_run("commit", "--quiet", "-a", "-m", "x")
    assert (done.returncode, done.stderr) == (0, "")


def test_the_first_commit_of_all(clone: Checkout) -> None:
    clone.git("checkout", "--quiet", "--orphan", "new")
    edit(clone)
    clone.git("commit", "-a", "-m", "x")


def test_every_project_is_protected(world: World) -> None:
    versions = second_project(world.main)
    world.main.commit("Second project")
    clone = world.clone("two")
    install(world, clone.path / ".git/hooks")
    edit(clone)
    edit(clone, f"{versions}/a.py")
    said = refused(clone.git_run("commit", "-a", "-m", "x"))
    assert f"  {FILE} (edited)\n  {versions}/a.py (edited)\n" in said
    assert f"--worktree :/{FILE} :/{versions}/a.py\n" in said


def test_a_folder_limits_it(world: World) -> None:
    second_project(world.main)
    world.main.commit("Second project")
    clone = world.clone("two")
    edit(clone)
    clone.git("add", "--all")
    assert clone.tool("protect", "services/api", cwd=clone.path).returncode == 0
    assert clone.tool("protect", "backend", cwd=clone.path).returncode == 1
    assert clone.tool("protect", cwd=clone.path / "services").returncode == 1


def test_outside_git(world_root: Path, world: World) -> None:
    assert world.run("alembic-worktrees", "protect", cwd=world_root).returncode == 0
