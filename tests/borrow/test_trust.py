"""Which copy is right, and what becomes of a copy when its original changes."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import pytest

from worlds.searching import found

if TYPE_CHECKING:
    from worlds.postgres import Database
    from worlds.world import Checkout, World

ID = "bbbb2222"
FILE = f"{ID}_add_t.py"


@pytest.fixture
def a(world: World) -> Checkout:
    """One of three worktrees of a project with one migration, `aaaa1111`, which is applied."""
    world.main.applied("aaaa1111")
    return world.worktree("StoFlow-A", "feature-A")


@pytest.fixture
def b(world: World, a: Checkout) -> Checkout:
    """The one that lacks the migration, which the database has."""
    return world.worktree("StoFlow-B", "feature-B")


@pytest.fixture
def c(world: World, b: Checkout) -> Checkout:
    return world.worktree("StoFlow-C", "feature-C")


def variant(checkout: Checkout, name: str, id: str = ID, down: str = "aaaa1111") -> bytes:
    """Write one variant of the migration."""
    return checkout.revision(id, down, table=name).read_bytes()


def copied(checkout: Checkout, file: str = FILE) -> bytes:
    return (checkout.versions / file).read_bytes()


def names(checkout: Checkout) -> set[str]:
    return {path.name for path in checkout.versions.glob("*.py")}


def choices(words: str) -> dict[str, list[str]]:
    """Each option that a message offers, by the place it is offered for."""
    rows = re.findall(r"^  (\S.*) \(to choose it: (--from .*)\)$", words, re.MULTILINE)
    return {place: shlex.split(option) for place, option in rows}


def on_branch(world: World, name: str, table: str) -> bytes:
    """Put one variant on a branch that no checkout has."""
    main = world.main
    main.git("checkout", "--quiet", "-b", name)
    text = variant(main, table)
    main.commit(f"Variant {table}")
    main.git("checkout", "--quiet", "develop")
    return text


# Which copy is right


def test_committed_beats_uncommitted(
    database: Database, a: Checkout, b: Checkout, c: Checkout, world: World
) -> None:
    uncommitted = variant(a, "uncommitted")
    committed = variant(c, "committed")
    c.commit("Add it")
    database.set_heads(ID)
    done = b.tool("copy", "-v", check=True)
    assert copied(b) == committed
    assert f"the same for Alembic. Taken: {c.name}" in done.stderr
    ((place, option),) = choices(done.stderr).items()
    assert place == f"{a.name}/backend/migrations/versions/{FILE}"
    b.tool("copy", *option, check=True)
    assert copied(b) == uncommitted
    assert b.git_status() == ""


def test_equals_stop_nobody_and_each_can_be_chosen(
    database: Database, a: Checkout, b: Checkout, c: Checkout, world: World
) -> None:
    texts = {a.name: variant(a, "one"), c.name: variant(c, "two"), "StoFlow é $x": b""}
    texts["StoFlow é $x"] = variant(world.worktree("StoFlow é $x", "odd"), "three")
    database.set_heads(ID)
    done = b.tool("copy", "--dry-run", "-v", check=True)
    (taken,) = re.findall("Taken: (.*). Not taken:", done.stderr)
    offered = choices(done.stderr)
    assert {taken, *(option[1] for option in offered.values())} == texts.keys()
    assert "same for Alembic" not in b.tool("copy", check=True).stderr
    assert copied(b) == texts[taken]
    for place, option in offered.items():
        b.tool("copy", *option, check=True)
        assert copied(b) == texts[place.partition("/")[0]]
        assert "Nothing to borrow" in b.tool("copy", check=True).stderr  # settled; it stays as chosen
        assert copied(b) == texts[option[1]]
    assert "Nothing to do" in b.tool("status", check=True).stdout
    b.tool("upgrade", check=True)
    assert copied(b) == texts[option[1]]


def test_what_was_chosen_is_followed_when_it_changes(
    database: Database, a: Checkout, b: Checkout, c: Checkout
) -> None:
    variant(a, "one")
    variant(c, "two")
    database.set_heads(ID)
    b.tool("copy", "--from", c.name, check=True)
    changed = variant(c, "three")
    b.tool("copy", check=True)
    assert copied(b) == changed
    (c.versions / FILE).unlink()
    b.tool("copy", check=True)
    assert copied(b) == copied(a)


def test_other_parents_are_told_and_stop_nobody(
    database: Database, a: Checkout, b: Checkout, c: Checkout, world: World
) -> None:
    """Not even where the one that would be taken has parents that are nowhere."""
    a.revision("dddd1", "aaaa1111")
    texts = {a.name: variant(a, "a", down="dddd1"), c.name: variant(c, "c")}
    database.set_heads(ID)
    said = (
        f"{ID} is not the same everywhere for Alembic. Taken: {a.name}. To choose otherwise: --from {c.name}"
    )
    assert said in b.tool("copy", "--dry-run", check=True).stderr.splitlines()
    assert said in b.tool("copy", check=True).stderr.splitlines()
    assert names(b) == {"aaaa1111_add_t.py", "dddd1_add_t.py", FILE}
    b.tool("copy", "--from", c.name, check=True)
    assert copied(b) == texts[c.name]
    assert "dddd1_add_t.py" not in names(b)  # nothing leads to it now
    (a.versions / "dddd1_add_t.py").unlink()
    a.commit("Add it without its parent")
    b.git("clean", "-qfdX")
    b.tool("copy", check=True)
    assert copied(b) == texts[c.name]
    b.tool("upgrade", check=True)


@pytest.mark.parametrize("order", [1, -1])
def test_the_later_version_beats_a_stale_one(
    order: int, database: Database, a: Checkout, b: Checkout, c: Checkout
) -> None:
    """Also if the file was moved meanwhile, and if the stale worktree has the newer commit."""
    fresh, stale = (a, c)[::order]
    variant(fresh, "old")
    fresh.commit("Add it")
    tip = fresh.head()
    stale.git("merge", "--quiet", tip)
    fresh.git("mv", fresh.versions / FILE, fresh.versions / "moved.py")
    fresh.commit("Move it")
    new = fresh.revision(ID, "aaaa1111", table="new", file="moved.py").read_bytes()
    fresh.commit("Format it")
    stale.write("unrelated", "")
    stale.commit("Do something else")
    database.set_heads(ID)
    b.tool("copy", check=True)
    assert copied(b, "moved.py") == new


def test_what_ran_beats_all_that_came_later(database: Database, a: Checkout, b: Checkout) -> None:
    """The archive knows its bytes; a clone's knows as well."""
    ran = variant(a, "ran")
    a.commit("Add it")
    a.tool("upgrade", check=True)
    a.revision("dddd1", "aaaa1111")
    variant(a, "later", down="dddd1")
    a.commit("Rebase it")
    b.tool("copy", check=True)
    assert copied(b) == ran
    assert names(b) == {"aaaa1111_add_t.py", FILE}
    b.tool("copy", "--from", a.name, check=True)
    assert copied(b) == copied(a)


def test_what_python_cannot_load_is_no_copy(
    database: Database, a: Checkout, b: Checkout, world: World
) -> None:
    """In A it is being edited: the sound one on a branch is taken, kept while that lasts, and then refreshed."""
    original = a.versions / FILE
    sound = on_branch(world, "sound", "sound")
    broken = variant(a, "broken") + b"\n<<<<<<< HEAD\n"
    original.write_bytes(broken)
    database.set_heads(ID)
    b.tool("copy", check=True)
    assert copied(b) == sound
    done = b.tool("copy", "-v", check=True)
    assert copied(b) == sound
    assert f"Skipped ~/{a.name}/backend/migrations/versions/{FILE}: syntax error" in done.stderr
    assert b.tool("find", ID, check=True).stdout == f"{original}\n"
    refused = b.tool("upgrade", "--from", a.name)
    assert refused.returncode == 1
    assert f"  ~/{a.name}/backend/migrations/versions/{FILE}: syntax error\n" in refused.stderr
    assert copied(b) == sound
    mended = variant(a, "mended")
    b.tool("copy", check=True)
    assert copied(b) == mended


def test_equal_copies_differ_in_nothing(database: Database, a: Checkout, b: Checkout, c: Checkout) -> None:
    assert variant(a, "same") == variant(c, "same")
    c.commit("Add it")
    database.set_heads(ID)
    done = b.tool("upgrade", "-v", check=True)
    assert "Taken:" not in done.stderr


def test_branches_that_differ(database: Database, b: Checkout, world: World) -> None:
    texts = {name: on_branch(world, name, name[-1]) for name in ("x/one", "x/two")}
    world.main.git("tag", "v1", "x/one")
    world.main.git("branch", "z", "x/two")
    database.set_heads(ID)
    done = b.tool("copy", "-v", check=True)
    assert copied(b) == texts["x/two"]  # the newest
    assert choices(done.stderr) == {f"x/one:backend/migrations/versions/{FILE}": ["--from", "x/one"]}
    for name, text in texts.items():
        b.tool("copy", "--from", name, check=True)
        assert copied(b) == text


def test_a_local_branch_beats_a_remote_one_and_a_tag(database: Database, b: Checkout, world: World) -> None:
    main = world.main
    tagged = on_branch(world, "old", "tagged")
    main.git("tag", "v1", "old")
    main.git("branch", "-D", "old")
    local = on_branch(world, "local", "local")
    remote = on_branch(world, "there", "remote")
    main.git("update-ref", "refs/remotes/origin/there", "there")
    main.git("branch", "-D", "there")
    database.set_heads(ID)
    done = b.tool("copy", "-v", check=True)
    assert copied(b) == local
    assert {option[1] for option in choices(done.stderr).values()} == {"origin/there", "v1"}
    for name, text in {"origin/there": remote, "v1": tagged}.items():
        b.tool("copy", "--from", name, check=True)
        assert copied(b) == text


def test_from_whatever_has_a_name(database: Database, b: Checkout, world: World) -> None:
    """Also if another thing, trusted more, has the same or another copy of it."""
    main = world.main
    variant(main, "checkout")
    main.commit("Add it")
    texts = {"develop": copied(main), "StoFlow": copied(main)}
    texts["feature/x"] = on_branch_again(world, "feature/x", "branch")
    main.git("tag", "-a", "-m", "One", "v1", "feature/x")
    main.git("branch", "same", "feature/x")
    main.git("update-ref", "refs/remotes/origin/x", "feature/x")
    texts |= dict.fromkeys(["v1", "same", "origin/x", "refs/heads/same", "same~0"], texts["feature/x"])
    commit = main.git("rev-parse", "feature/x").strip()
    texts |= dict.fromkeys([commit, commit[:7]], texts["feature/x"])
    texts["stash@{1}"] = variant(main, "older")
    main.git("stash")
    texts["stash@{0}"] = texts["stash"] = variant(main, "newer")
    main.git("stash")
    for name, text in texts.items():
        first, *others = found(b, ID, prefer=name)
        assert first.content == text, name
        assert others[0].content == copied(main)  # what would be taken otherwise
    database.set_heads(ID)
    b.tool("copy", "--from", "v1", check=True)
    assert copied(b) == texts["v1"]
    assert b.git_status() == ""


def on_branch_again(world: World, name: str, table: str) -> bytes:
    main = world.main
    main.git("checkout", "--quiet", "-b", name)
    text = variant(main, table)
    main.git("commit", "--quiet", "--all", "-m", table)
    main.git("checkout", "--quiet", "develop")
    return text


def test_from_a_stash_of_untracked_files(database: Database, b: Checkout, world: World) -> None:
    text = variant(world.main, "untracked")
    world.main.git("stash", "--include-untracked")
    variant(world.main, "here")
    database.set_heads(ID)
    b.tool("copy", "--from", "stash@{0}", check=True)
    (path,) = b.versions.glob(f"{ID}*.py")  # of another name: `git stash pop` wants that one
    assert path.read_bytes() == text


def test_from_the_archive(database: Database, a: Checkout, b: Checkout) -> None:
    applied = variant(a, "applied")
    a.tool("upgrade", check=True)
    later = variant(a, "later")
    b.tool("copy", check=True)
    assert copied(b) == applied
    b.tool("copy", "--from", a.name, check=True)
    assert copied(b) == later
    b.tool("copy", "--from", "archive", check=True)
    assert copied(b) == applied


def test_from_a_checkout_that_has_borrowed_it(
    database: Database, a: Checkout, b: Checkout, c: Checkout
) -> None:
    old = variant(a, "old")
    database.set_heads(ID)
    c.tool("copy", check=True)
    variant(a, "new")
    b.tool("copy", "--from", c.name, check=True)
    assert copied(b) == old


@pytest.mark.parametrize("name", ["nowhere", "StoFlow-Z:develop", "StoFlow-C:nowhere", "", "a\nb"])
def test_from_what_there_is_not(
    name: str, database: Database, b: Checkout, c: Checkout, world: World
) -> None:
    variant(world.main, "x")
    database.set_heads(ID)
    done = b.tool("copy", f"--from={name}")
    if name:
        assert done.returncode == 1
        assert name.split("\n")[0] in done.stderr
        assert c.name in done.stderr  # what there is
        assert names(b) == {"aaaa1111_add_t.py"}
    else:
        assert done.returncode == 0


def test_from_where_it_is_not(database: Database, a: Checkout, b: Checkout, c: Checkout) -> None:
    """The word chooses among copies; where there is none to choose, the usual one is taken."""
    text = variant(a, "x")
    database.set_heads(ID)
    for name in (c.name, "develop", "HEAD", "archive"):
        b.tool("copy", "--from", name, check=True)
        assert copied(b) == text


# Copies of copies


@pytest.mark.parametrize("where", ["checkout", "branch"])
def test_a_borrowed_copy_never_beats_its_original(
    where: str, database: Database, a: Checkout, b: Checkout, c: Checkout, world: World
) -> None:
    variant(a, "old")
    a.commit("Add it")
    database.set_heads(ID)
    c.tool("copy", check=True)
    new = variant(a, "new")
    if where == "branch":
        a.commit("Change it")
        world.main.git("worktree", "remove", "--force", a.path)
    assert copied(c) != new
    done = b.tool("upgrade", check=True)
    assert copied(b) == new
    assert "not the same" not in done.stderr


def test_a_borrowed_copy_that_was_edited_is_no_original(
    database: Database, a: Checkout, b: Checkout, c: Checkout, world: World
) -> None:
    text = variant(a, "right")
    database.set_heads(ID)
    c.tool("copy", check=True)
    variant(c, "edited")
    b.tool("copy", check=True)
    assert copied(b) == text
    a.commit("Add it")
    world.main.git("worktree", "remove", a.path)
    b.tool("upgrade", check=True)
    assert copied(b) == text
    world.main.git("branch", "-D", "feature-A")
    d = world.worktree("StoFlow-D")
    d.tool("upgrade", check=True)
    assert copied(d) == text  # from B
    b.git("clean", "-qfdX")
    d.git("clean", "-qfdX")
    d.tool("upgrade", "--from", c.name, check=True)
    assert copied(d) == copied(c)


# Refresh


def rebased(a: Checkout, onto: str, id: str = ID) -> None:
    """Rebase A's branch onto develop, and its migration onto another one, as one does before a merge."""
    a.git("rebase", "--quiet", "develop")
    a.revision(id, onto)
    a.git("commit", "--quiet", "--all", "--amend", "--no-edit")


def test_rebased_onto_what_is_applied_by_its_owner(
    database: Database, a: Checkout, b: Checkout, world: World
) -> None:
    """A downgrades, takes the new parent, and upgrades: B takes the new file and its new ancestors."""
    a.applied(ID, "aaaa1111")
    b.tool("upgrade", check=True)
    for parent, id in (("aaaa1111", "dddd1"), ("dddd1", "dddd2")):
        world.main.revision(id, parent)
        world.main.commit(f"Add {id}")
    a.alembic("downgrade", "aaaa1111", check=True)
    rebased(a, "dddd2")
    a.tool("upgrade", check=True)
    assert database.heads() == {ID}
    done = b.tool("upgrade", check=True)
    assert f"Refreshed {ID}, which changed in {a.name}" in done.stderr
    assert "--from" not in done.stderr  # A has but one
    assert "has never run" not in done.stderr
    assert names(b) == names(a)
    assert copied(b) == copied(a)
    assert b.git_status() == ""
    assert f"{ID} (head)" in b.alembic("current", check=True).stdout
    assert {"t_dddd1", "t_dddd2", f"t_{ID}"} <= database.tables()
    before = {path: path.stat().st_mtime_ns for path in b.versions.iterdir()}
    b.tool("upgrade", check=True)
    assert {path: path.stat().st_mtime_ns for path in b.versions.iterdir()} == before


def test_rebased_onto_what_never_ran(database: Database, a: Checkout, b: Checkout, world: World) -> None:
    a.applied(ID, "aaaa1111")
    b.tool("copy", check=True)
    world.main.revision("dddd1", "aaaa1111")
    world.main.commit("Add dddd1")
    rebased(a, "dddd1")
    done = b.tool("upgrade", check=True)
    assert "dddd1 now comes before a migration that is applied" in done.stderr
    assert names(b) == names(a)
    assert database.heads() == {ID}
    assert "has never run" not in b.tool("upgrade", check=True).stderr  # it is said once
    # What the message tells to do:
    a.revision(ID, "aaaa1111")
    a.alembic("downgrade", "aaaa1111", check=True)
    a.git("checkout", "--", "backend")
    a.tool("upgrade", check=True)
    assert "t_dddd1" in database.tables()


def test_refreshed_beside_what_is_missing_too(database: Database, a: Checkout, b: Checkout) -> None:
    """What is borrowed only now has run; no file has come before it."""
    a.applied(ID, "aaaa1111")
    b.tool("copy", check=True)
    with (a.versions / FILE).open("a") as file:
        file.write("# changed\n")
    a.revision("eeee1", ID)
    database.set_heads("eeee1")
    done = b.tool("copy", check=True)
    assert f"Refreshed {ID}" in done.stderr
    assert "has never run" not in done.stderr


def test_rebased_onto_another_row(
    database: Database, a: Checkout, b: Checkout, c: Checkout, world: World
) -> None:
    """The rows overlap by A's files only: all others have what ran, and A is told what mends it."""
    a.applied(ID, "aaaa1111")
    b.tool("upgrade", check=True)
    held = copied(b)
    world.main.revision("dddd1", "aaaa1111")
    world.main.commit("Add dddd1")
    world.main.tool("upgrade", check=True)
    assert database.heads() == {ID, "dddd1"}
    rebased(a, "dddd1")
    assert "overlaps with other requested revisions" in a.alembic("upgrade", "heads").stdout
    for each in (b, b, c):
        each.tool("upgrade", check=True)
        assert copied(each) == held
        each.alembic("upgrade", "heads", check=True)
    refusal = a.tool("upgrade")
    assert refusal.returncode == 1
    assert "the parents of an applied migration were changed" in refusal.stderr
    (command,) = re.findall(r": alembic-worktrees (rebase .*)$", refusal.stderr, re.MULTILINE)
    a.tool(*command.split(), "--yes", check=True)
    assert database.heads() == {ID}
    a.tool("upgrade", check=True)  # now this is what the archive has, and the others take it
    for each in (b, c, world.main):
        done = each.tool("upgrade", check=True)
        assert "has never run" not in done.stderr, each  # the archive knows that it did
        each.alembic("upgrade", "heads", check=True)
        assert copied(each) == copied(a)
    assert database.heads() == {ID}


def test_a_copy_is_held_back_where_rows_would_overlap(
    database: Database, a: Checkout, b: Checkout, c: Checkout, world: World
) -> None:
    """What ran nobody knows, but not this: so it is not taken afresh either."""
    a.applied(ID, "aaaa1111")
    b.tool("copy", check=True)
    held = copied(b)
    world.main.revision("dddd1", "aaaa1111")
    world.main.commit("Add dddd1")
    rebased(a, "dddd1")
    database.set_heads(ID, "dddd1")
    for _ in range(2):
        done = b.tool("copy", check=True)
        assert f"{ID} changed its parents where it comes from" in done.stderr
        assert copied(b) == held
        b.alembic("upgrade", "heads", check=True)
    a.git("branch", "before", "ORIG_HEAD")
    a.git("worktree", "add", "--quiet", world.root / "StoFlow-before", "before")
    c.tool("copy", check=True)
    assert copied(c) == held


def test_held_back_while_a_child_is_needed(
    database: Database, a: Checkout, b: Checkout, world: World
) -> None:
    """A has put another migration on top, and so the row that overlaps is not the one that B holds."""
    a.applied(ID, "aaaa1111")
    b.tool("copy", check=True)
    world.main.revision("dddd1", "aaaa1111")
    world.main.commit("Add dddd1")
    rebased(a, "dddd1")
    a.revision("eeee1", ID)
    database.set_heads("eeee1", "dddd1")
    b.tool("copy", check=True)
    assert {FILE, "eeee1_add_t.py", "dddd1_add_t.py"} <= names(b)
    b.alembic("upgrade", "heads", check=True)


def test_returned_when_the_database_no_longer_has_it(database: Database, a: Checkout, b: Checkout) -> None:
    ids = [f"x{number}" for number in range(5)]
    for parent, id in zip(["aaaa1111", *ids], ids, strict=False):
        a.revision(id, parent)
    a.alembic("upgrade", "heads", check=True)
    b.tool("upgrade", check=True)
    edited = b.versions / "x3_add_t.py"
    edited.write_text(edited.read_text() + "# mine\n")
    a.alembic("downgrade", "x0", check=True)
    done = b.tool("upgrade")
    # x3 is B's own now, and still needs what comes before it.
    assert edited.read_text().endswith("# mine\n")
    assert "x3 was edited here" in done.stderr
    assert b.git_status() == ""
    edited.unlink()
    done = b.tool("upgrade", check=True)
    gone = re.findall(r"Removed the borrowed (\w+)", done.stderr)
    assert gone == sorted(gone, reverse=True)  # children first
    assert names(b) == {"aaaa1111_add_t.py", "x0_add_t.py"}
    assert database.heads() == {"x0"}


def test_an_edited_copy_is_left_and_reported(database: Database, a: Checkout, b: Checkout) -> None:
    a.applied(ID, "aaaa1111")
    b.tool("upgrade", check=True)
    original, mine = copied(b), variant(b, "mine")
    variant(a, "theirs")
    for _ in range(2):
        done = b.tool("upgrade", check=True)
        assert f"The borrowed {ID} was edited here" in done.stderr
        assert copied(b) == mine
    (cure,) = re.findall(r"To get the original back: (.*)", done.stderr)
    b.world.run("bash", "-c", cure, check=True)
    b.tool("upgrade", check=True)
    assert copied(b) == original  # which ran


# Separate clones


def test_a_clone_is_searched_the_same_way(database: Database, b: Checkout, world: World) -> None:
    """Its files, its branches, its stashes and its archive; and each --from that names them works."""
    clone = world.clone("StoFlow-clone")
    clone.revision("filed", "aaaa1111")
    clone.commit("Add filed")
    clone.git("checkout", "--quiet", "-b", "far")
    clone.revision("branched", "filed")
    clone.commit("Add branched")
    clone.git("checkout", "--quiet", "develop")
    clone.revision("stashed", "branched")
    clone.git("stash", "--include-untracked")
    clone.revision("archived", "filed")
    clone.tool("upgrade", check=True)
    (clone.versions / "archived_add_t.py").unlink()
    database.set_heads("stashed", "archived")
    done = b.tool("copy", "--json", check=True)
    assert names(b) >= {f"{id}_add_t.py" for id in ("filed", "branched", "stashed", "archived")}
    for id, name in {"branched": "far", "stashed": "stash@{0}", "archived": "archive"}.items():
        assert f'"name": "StoFlow-clone:{name}"' in done.stdout, id
    assert '"name": "StoFlow-clone"' in done.stdout
    assert "archived" not in b.git("for-each-ref", "refs/alembic-worktrees")


def test_clones_that_differ(database: Database, b: Checkout, world: World) -> None:
    texts = {}
    for name in ("StoFlow-one", "StoFlow-two"):
        clone = world.clone(name)
        clone.git("checkout", "--quiet", "-b", "far")
        texts[f"{name}:far"] = variant(clone, name[-3:])
        clone.commit("Add it")
        clone.git("checkout", "--quiet", "develop")
    database.set_heads(ID)
    done = b.tool("copy", "-v", check=True)
    (taken,) = re.findall("Taken: (.*). Not taken:", done.stderr)
    assert copied(b) == texts[taken]
    assert {taken, *(option[1] for option in choices(done.stderr).values())} == texts.keys()
    for name, text in texts.items():
        b.tool("copy", "--from", name, check=True)
        assert copied(b) == text
