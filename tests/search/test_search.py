"""The search over all places: nothing is looked at before it is asked, each place once, clones as well."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from alembic_worktrees.messages.errors import UserError
from alembic_worktrees.messages.speaker import Speaker
from alembic_worktrees.migrations import record
from alembic_worktrees.migrations.inventory import take_inventory
from alembic_worktrees.migrations.record import Origin
from alembic_worktrees.project.settings import Settings
from alembic_worktrees.search import archive
from alembic_worktrees.search.search import Search
from worlds.searching import found, kinds, project, search
from worlds.world import World, revision_text

if TYPE_CHECKING:
    from pathlib import Path

    from alembic_worktrees.messages.message import Message
    from worlds.world import Checkout

ID = "bbbb2222"


@pytest.fixture(autouse=True)
def hermetic(monkeypatch: pytest.MonkeyPatch, world_root: Path) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(world_root / ".gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@pytest.fixture
def world(world_root: Path) -> World:
    world = World.create(world_root, "sqlite://")
    world.main.revision("aaaa1111")
    world.main.commit("Add aaaa1111")
    return world


def stash(checkout: Checkout, id: str) -> None:
    checkout.revision(id, "aaaa1111")
    checkout.git("stash", "--include-untracked")


def test_nothing_is_looked_at_before_it_is_asked(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    here = project(world.main)
    monkeypatch.setenv("PATH", "/nowhere")  # git would be missed
    looking = Search(here, Settings())
    assert looking.skipped == ()
    with pytest.raises(UserError):
        looking.find(ID)


def test_each_place_is_looked_at_once(world: World) -> None:
    stash(world.main, ID)
    told: list[Message] = []
    looking = Search(project(world.main), Settings(), tell=told.append)
    for _ in range(3):
        assert kinds(looking.find(ID)) == ["stash"]
    near, far = ["branches and tags", "the archive", "stashes"], ["reflogs", "the history of all branches"]
    assert list(map(where, told)) == near
    for _ in range(3):
        assert looking.find("nowhere") == ()
    assert list(map(where, told)) == [*near, *far, "commits that nothing leads to any more"]


def where(message: Message) -> str:
    """Where a message says that it is looked."""
    return Speaker("en").phrase(message).partition("looking in ")[2].removesuffix(" …")


def test_a_label_is_found_like_an_id(world: World) -> None:
    main = world.main
    main.revision("support", None, labels=["payments", "money"])
    main.git("stash", "--include-untracked")
    assert [one.revision.id for word in ("payments", "money") for one in found(main, word)] == ["support"] * 2


def test_only_the_whole_id(world: World) -> None:
    stash(world.main, ID)
    assert search(world.main).find(ID[:4]) == ()
    assert search(world.main).find(ID.upper()) == ()


def test_clones_and_their_worktrees_are_searched_once(world: World) -> None:
    clone = world.clone("StoFlow-clone")
    clone.git("worktree", "add", "--quiet", "-b", "linked", world.root / "StoFlow-linked")
    stash(clone, ID)
    (one,) = found(world.main, ID)
    assert one.origin.name == "StoFlow-clone:stash@{0}"
    assert found(world.main, ID, prefer=one.origin.name)[0].content == one.content


def test_this_repository_comes_before_a_clone(world: World) -> None:
    clone = world.clone("StoFlow-clone")
    for checkout, table in ((clone, "theirs"), (world.main, "ours")):
        checkout.git("checkout", "--quiet", "-b", "far")
        checkout.revision(ID, "aaaa1111", table=table)
        checkout.commit("Add it")
        checkout.git("checkout", "--quiet", "develop")
    candidates = found(world.main, ID)
    assert [one.origin.name for one in candidates] == ["far", "StoFlow-clone:far"]
    assert candidates[0].trust == candidates[1].trust  # so it is a tie


def test_a_clone_whose_project_lies_elsewhere(world: World) -> None:
    clone = world.clone("StoFlow-clone")
    clone.git("mv", "backend/alembic.ini", "backend/migrations", ".")
    clone.commit("Move")
    stash_at_top(clone)
    (one,) = found(world.main, ID)
    assert (one.location, one.content) == ("migrations/versions", revision_text(ID, "aaaa1111").encode())


def stash_at_top(clone: Checkout) -> None:
    clone.write(f"migrations/versions/{ID}.py", revision_text(ID, "aaaa1111"))
    clone.git("stash", "--include-untracked")


def test_a_clone_of_which_only_the_archive_is_left(world: World) -> None:
    clone = world.clone("StoFlow-clone")
    clone.revision(ID, "aaaa1111")
    (migration,) = (one for one in take_inventory(project(clone)).own if one.revision.id == ID)
    archive.keep(project(clone), {ID: migration}, (), frozenset(), None)
    migration.path.unlink()
    assert kinds(found(clone, ID)) == ["archive"]
    assert found(world.main, ID)[0].origin.name == "StoFlow-clone:archive"
    shutil.rmtree(clone.path / "backend")  # no project is left there
    assert search(world.main).find(ID) == ()


def test_a_copy_that_was_edited_is_trusted_least_and_is_nobodys_but_its_own(world: World) -> None:
    text, gone = revision_text(ID, "aaaa1111"), Origin("checkout", "StoFlow-gone", None, "versions/x.py")
    entry = record.Entry("x.py", ID, gone, record.sha256(text.encode()))
    for name, ending in (("StoFlow-A", "# edited\n"), ("StoFlow-C", "")):
        versions = world.worktree(name).versions
        (versions / "x.py").write_text(text + ending)
        (versions / record.NAME).write_text(record.render([entry]))
    edited = Origin("checkout", "StoFlow-A", None, "backend/migrations/versions/x.py")
    assert [one.origin for one in found(world.main, ID)] == [gone, edited]


def test_an_unknown_origin_names_what_there_is(world: World) -> None:
    world.worktree("StoFlow-A")
    with pytest.raises(UserError) as caught:
        search(world.main, prefer="nowhere").find(ID)
    assert "Nothing here is called" in caught.value.text
    assert caught.value.values == {"origin": "nowhere", "known": ("StoFlow-A",)}


def test_a_name_that_is_both_a_checkout_and_a_branch(world: World) -> None:
    """The checkout is meant; its branch only where the checkout has no such file."""
    a = world.worktree("feature-A")
    a.revision(ID, "aaaa1111", table="committed")
    a.commit("Add it")
    a.revision(ID, "aaaa1111", table="working")
    assert b"working" in found(world.main, ID, prefer="feature-A")[0].content
    (a.versions / f"{ID}_add_t.py").unlink()
    assert b"committed" in found(world.main, ID, prefer="feature-A")[0].content


def test_what_cannot_be_loaded_is_none_and_nothing_takes_the_place_of_what_is_preferred(world: World) -> None:
    world.worktree("StoFlow-A").revision(ID, "aaaa1111", table="broken")
    world.worktree("StoFlow-B").revision(ID, "aaaa1111", table="sound")
    for prefer, names in ((None, ["StoFlow-B"]), ("StoFlow-B", ["StoFlow-B"] * 2), ("StoFlow-A", [])):
        looking = Search(project(world.main), Settings(), prefer=prefer, loads=lambda it: b"broken" not in it)
        assert [one.origin.name for one in looking.find(ID)] == names
