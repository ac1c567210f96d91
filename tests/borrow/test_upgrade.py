"""Stories of `upgrade` in true worlds: what `auto_copy_missing_migrations` calls."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from alembic_worktrees.migrations.commented import uncommented
from worlds.searching import shown
from worlds.world import Checkout, World, revision_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from worlds.postgres import Database

# The lock, and what importing env.py leaves.
WRITTEN_BY_READERS = {"alembic-worktrees.lock", f"env.{sys.implementation.cache_tag}.pyc"}


def names(checkout: Checkout) -> set[str]:
    """What Alembic finds in the first version location."""
    return {path.name for path in checkout.versions.glob("*.py")}


def same(one: Checkout, other: Checkout, *files: str) -> bool:
    """Whether these migration files stand in both checkouts, byte for byte."""
    return all((one.versions / file).read_bytes() == (other.versions / file).read_bytes() for file in files)


def snapshot(root: Path) -> dict[str, tuple[int, bytes]]:
    """Every file below `root`: when it was last written, and what is in it."""
    files = (path for path in root.rglob("*") if path.is_file() and path.name not in WRITTEN_BY_READERS)
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def chain(checkout: Checkout, ids: Sequence[str], down: str | None = None) -> None:
    """Write one migration after the other, and commit them."""
    for parent, id in zip([down, *ids], ids, strict=False):
        checkout.revision(id, parent)
    checkout.commit("Add a chain")


@pytest.fixture
def a(world: World) -> Checkout:
    """One of two worktrees of a project with one migration, `aaaa1111`."""
    world.main.revision("aaaa1111")
    world.main.commit("Add aaaa1111")
    return world.worktree("StoFlow-feature-A")


@pytest.fixture
def b(world: World, a: Checkout) -> Checkout:
    return world.worktree("StoFlow-feature-B")


# The main job


def test_one_missing_migration(world: World, database: Database) -> None:
    world.main.applied("aaaa1111")
    a, b = world.worktree("StoFlow-feature-A"), world.worktree("StoFlow-feature-B")
    a.applied("bbbb2222", "aaaa1111")
    b.revision("cccc3333", "bbbb2222")  # to be applied once its parent is here
    b.commit("Add cccc3333")
    assert "KeyError: 'bbbb2222'" in b.alembic("current").stderr
    b.tool("upgrade", "--on-borrowed", check=True)
    assert same(a, b, "bbbb2222_add_t.py")
    assert b.git_status() == ""
    assert database.heads() == {"cccc3333"}
    assert "t_cccc3333" in database.tables()


def test_from_every_place(world: World, database: Database, a: Checkout, b: Checkout) -> None:
    a.revision("bbbb2222", "aaaa1111")
    database.set_heads("bbbb2222")
    b.write("frontend/src/app.ts", "")
    b.write("backend/app/models/user.py", "")
    places: list[tuple[Path, tuple[str, ...]]] = [
        (b.backend, (".",)),
        (b.backend, ()),
        (b.path, ("backend",)),
        (b.path, ()),
        (b.path, (".",)),
        (b.backend / "app/models", ()),
        (b.path / "frontend", ()),
        (b.path / "frontend/src", ()),
        (b.versions, ()),
        (a.path, (f"../{b.name}",)),
        (world.root, (f"{b.name}/backend",)),
        (world.root, (str(b.path),)),
    ]
    for cwd, words in places:
        done = b.tool("copy", "--dry-run", "--json", *words, cwd=cwd, check=True)
        (copy,) = json.loads(done.stdout)["copies"]
        assert copy["path"] == "backend/migrations/versions/bbbb2222_add_t.py", (cwd, words)
        assert copy["origin"]["name"] == a.name, (cwd, words)


def test_another_checkout_is_upgraded_from_this_one(database: Database, a: Checkout, b: Checkout) -> None:
    a.revision("bbbb2222", "aaaa1111")
    b.revision("cccc3333", "aaaa1111")
    database.set_heads("bbbb2222")
    a.tool("upgrade", f"../{b.name}", cwd=a.path, check=True)
    assert database.heads() == {"bbbb2222", "cccc3333"}
    assert same(a, b, "bbbb2222_add_t.py")
    assert "cccc3333_add_t.py" not in names(a)


@pytest.mark.parametrize("length", [2, 10, 64])
def test_a_chain_comes_in_one_pass(length: int, database: Database, a: Checkout, b: Checkout) -> None:
    ids = [f"{number:04}feed" for number in range(length)]
    chain(a, ids, "aaaa1111")
    database.set_heads(ids[-1])
    b.tool("upgrade", "--max-attempts", "1", check=True)
    assert names(a) == names(b)
    assert same(a, b, *names(a))
    assert b.git_status() == ""


def test_parallel_heads_both_ways(world: World, database: Database) -> None:
    world.main.applied("aaaa1111")
    a, b = world.worktree("StoFlow-feature-A"), world.worktree("StoFlow-feature-B")
    b.revision("bbbb2222", "aaaa1111")
    b.commit("Add bbbb2222")
    a.applied("cccc3333", "aaaa1111")
    words = b.tool("upgrade", check=True).stderr
    assert "has 2 heads" in words
    assert f"cccc3333 (borrowed from {a.name})" in words
    assert "\n  bbbb2222\n" in words
    assert database.heads() == {"bbbb2222", "cccc3333"}
    assert "t_bbbb2222" in database.tables()
    a.tool("upgrade", check=True)
    assert names(a) == names(b)
    assert a.git_status() == b.git_status() == ""
    a.applied("dddd4444", "cccc3333")  # and on it goes
    b.tool("upgrade", check=True)
    assert database.heads() == {"bbbb2222", "dddd4444"}


def test_several_unknown_rows(world: World, database: Database, a: Checkout, b: Checkout) -> None:
    c = world.worktree("StoFlow-feature-C")
    chain(a, ["a1a1", "a2a2"], "aaaa1111")
    c.revision("c1c1", "aaaa1111")
    c.revision("c2c2", None)  # a base of its own
    database.set_heads("a2a2", "c1c1", "c2c2")
    b.tool("upgrade", check=True)
    assert same(a, b, "a1a1_add_t.py", "a2a2_add_t.py")
    assert same(c, b, "c1c1_add_t.py", "c2c2_add_t.py")


def test_a_merge_and_both_its_parents(database: Database, a: Checkout, b: Checkout) -> None:
    a.revision("left", "aaaa1111")
    a.revision("right", "aaaa1111")
    a.revision("joined", ("left", "right"))
    database.set_heads("joined")
    b.tool("upgrade", check=True)
    assert same(a, b, "left_add_t.py", "right_add_t.py", "joined_add_t.py")


def test_unknown_row_beside_two_heads_of_our_own(database: Database, a: Checkout, b: Checkout) -> None:
    a.revision("bbbb2222", "aaaa1111")
    b.revision("own1", "aaaa1111")
    b.revision("own2", "aaaa1111")
    database.set_heads("bbbb2222", "own1")
    assert "Multiple head" in b.alembic("upgrade", "head").stdout
    b.tool("upgrade", check=True)
    assert database.heads() == {"bbbb2222", "own1", "own2"}


def test_depends_on_an_id_that_is_missing(database: Database, a: Checkout, b: Checkout) -> None:
    a.revision("support", None)
    a.revision("user", "aaaa1111", depends_on="support")
    database.set_heads("user")
    b.tool("upgrade", check=True)
    assert same(a, b, "support_add_t.py", "user_add_t.py")


def test_depends_on_a_label_that_is_missing(database: Database, a: Checkout, b: Checkout) -> None:
    a.revision("support", None, labels="payments")
    a.revision("user", "aaaa1111", depends_on="payments")
    database.set_heads("user")
    b.tool("upgrade", check=True)
    assert same(a, b, "support_add_t.py", "user_add_t.py")


def test_depends_on_a_label_that_is_here(database: Database, a: Checkout, b: Checkout) -> None:
    for checkout in (a, b):
        checkout.revision("support", None, labels=["payments", "money"])
    a.revision("user", "aaaa1111", depends_on=["money"])
    database.set_heads("user")
    b.tool("upgrade", check=True)
    assert same(a, b, "user_add_t.py")


def test_own_file_depends_on_an_applied_label_elsewhere(database: Database, a: Checkout, b: Checkout) -> None:
    a.revision("support", None, labels="payments")
    b.revision("own", "aaaa1111", depends_on="payments")
    database.set_heads("aaaa1111", "support")
    b.tool("upgrade", check=True)
    assert same(a, b, "support_add_t.py")
    assert database.heads() == {"own"}


def test_the_dangling_parent_of_an_earlier_half_copy(database: Database, a: Checkout, b: Checkout) -> None:
    chain(a, ["one", "two", "three"], "aaaa1111")
    half = b.write("backend/migrations/versions/three_add_t.py", (a.versions / "three_add_t.py").read_text())
    database.set_heads("three")
    assert "KeyError: 'two'" in b.alembic("current").stderr
    before = half.stat()
    b.tool("upgrade", check=True)
    assert same(a, b, "one_add_t.py", "two_add_t.py")
    assert half.stat().st_mtime_ns == before.st_mtime_ns
    assert (
        b.git_status() == ""
    )  # what A has committed is counted as borrowed, also if somebody copied it by hand


def test_more_than_one_branch_per_neighbour(
    world: World, database: Database, a: Checkout, b: Checkout
) -> None:
    """The parents of one row lie in different checkouts."""
    c = world.worktree("StoFlow-feature-C")
    a.revision("one", "aaaa1111")
    c.revision("two", "one")
    a.revision("three", "two")
    database.set_heads("three")
    b.tool("upgrade", check=True)
    assert same(a, b, "one_add_t.py", "three_add_t.py")
    assert same(c, b, "two_add_t.py")


# Ids and names


IDS = [
    "zz_not_hex",
    "v1.2.3",
    "rev 7",
    "étape 2",
    "日本",
    "X" * 32,
    "ABCD1234",
    "abcd1234",
    "it's",
    'say "hi"',
    "$HOME",
    "100%",
    "back\\slash",
    "[az]*?",
    "#hash",
    "!bang",
    " lead",
    "trail ",
    "007",
]


def test_ids_of_every_legal_form(database: Database, a: Checkout, b: Checkout) -> None:
    for parent, id in zip(["aaaa1111", *IDS], IDS, strict=False):
        a.revision(id, parent)
    b.revision("own", IDS[-1])
    database.set_heads(IDS[-1])
    b.tool("upgrade", "--on-borrowed", check=True)
    assert same(a, b, *(f"{id}_add_t.py" for id in IDS if id != "abcd1234"))
    assert b.git_status() == "?? backend/migrations/versions/own_add_t.py\n"
    assert database.heads() == {"own"}
    for id in IDS:
        assert b.tool("find", "--", id, check=True).stdout.endswith(f"/{id}_add_t.py\n")


def test_ids_that_are_prefixes_of_others(database: Database, a: Checkout, b: Checkout) -> None:
    b.revision("bbbb2222xyz", "aaaa1111")
    a.revision("bbbb2222", "aaaa1111")
    a.revision("bbbb2222long", "bbbb2222")  # not applied
    database.set_heads("bbbb2222")
    b.tool("upgrade", check=True)
    assert names(b) == {"aaaa1111_add_t.py", "bbbb2222_add_t.py", "bbbb2222xyz_add_t.py"}
    assert database.heads() == {"bbbb2222", "bbbb2222xyz"}


def test_a_row_is_never_taken_for_a_longer_id(database: Database, a: Checkout, b: Checkout) -> None:
    b.revision("bbbb2222xyz", "aaaa1111")
    a.revision("bbbb2222abc", "aaaa1111")
    database.set_heads("bbbb2222")
    done = b.tool("upgrade")
    assert done.returncode == 1
    assert "bbbb2222 not found" in done.stderr
    assert database.heads() == {"bbbb2222"}


def test_the_name_is_taken_here(database: Database, a: Checkout, b: Checkout) -> None:
    a.revision("bbbb2222", "aaaa1111", file="add_user.py")
    a.revision("cccc3333", "bbbb2222", file="ADD_PRODUCT.py")
    own = b.revision("own1", "aaaa1111", file="add_user.py")
    b.revision("own2", "own1", file="add_product.py")
    text = own.read_text()
    database.set_heads("cccc3333", "own2")
    b.tool("upgrade", check=True)
    assert own.read_text() == text
    (copy,) = b.versions.glob("*bbbb2222*")
    assert copy.read_bytes() == (a.versions / "add_user.py").read_bytes()
    assert len(names(b)) == 5
    before = snapshot(b.path)
    b.tool("upgrade", check=True)
    assert snapshot(b.path) == before


def test_a_file_that_only_names_the_id_is_not_it(
    world: World, database: Database, a: Checkout, b: Checkout
) -> None:
    child = revision_text("cccc3333", "bbbb2222")
    a.write("backend/migrations/versions/bbbb2222_add_t.py", '"""revision = "bbbb2222"."""\n' + child)
    a.write("backend/migrations/versions/0_bbbb2222.py", "# revision = 'bbbb2222'\n" + child)
    database.set_heads("bbbb2222")
    assert b.tool("upgrade").returncode == 1
    assert names(b) == {"aaaa1111_add_t.py"}
    c = world.worktree("StoFlow-feature-C")
    c.revision("bbbb2222", "aaaa1111", file="zzz.py")
    b.tool("upgrade", check=True)
    assert same(c, b, "zzz.py")
    assert len(names(b)) == 2


# Only what is applied


def test_what_is_not_applied_stays_where_it_is(database: Database, a: Checkout, b: Checkout) -> None:
    chain(a, ["one", "two", "next"], "aaaa1111")
    a.revision("sibling", "one")
    a.revision("stranger", None, labels="other")
    database.set_heads("two")
    b.tool("upgrade", check=True)
    assert names(b) == {"aaaa1111_add_t.py", "one_add_t.py", "two_add_t.py"}
    assert database.heads() == {"two"}


def test_nothing_is_borrowed_when_nothing_is_missing(database: Database, a: Checkout, b: Checkout) -> None:
    chain(a, ["one", "two"], "aaaa1111")
    b.revision("own", "aaaa1111")
    b.commit("Add own")
    b.tool("upgrade", check=True)  # on an empty database
    assert names(b) == {"aaaa1111_add_t.py", "own_add_t.py"}
    assert database.tables() == {"alembic_version", "t_aaaa1111", "t_own"}
    assert not (b.versions / ".gitignore").exists()


def test_an_own_file_whose_parent_is_not_applied(database: Database, a: Checkout, b: Checkout) -> None:
    a.revision("bbbb2222", "aaaa1111")
    b.revision("cccc3333", "bbbb2222")
    database.set_heads("aaaa1111")
    done = b.tool("upgrade")
    assert done.returncode == 1
    assert f"cccc3333 in this checkout needs bbbb2222, which lies in {a.name}" in done.stderr
    assert names(b) == {"aaaa1111_add_t.py", "cccc3333_add_t.py"}
    assert database.heads() == {"aaaa1111"}
    a.alembic("upgrade", "heads", check=True)  # as the message says; nothing stands in the way any more
    database.execute("DROP TABLE IF EXISTS t_bbbb2222")
    b.tool("upgrade", "--on-borrowed", check=True)
    assert database.heads() == {"cccc3333"}


def test_a_link_that_is_nowhere_stops_everything(database: Database, a: Checkout, b: Checkout) -> None:
    a.revision("three", "two")
    a.revision("one", "aaaa1111")
    database.set_heads("three")
    before = snapshot(b.path)
    done = b.tool("upgrade")
    assert done.returncode == 1
    assert "two not found" in done.stderr
    assert "three" in done.stderr
    assert snapshot(b.path) == before


# Again and again


def test_the_second_run_changes_nothing(world: World, database: Database, a: Checkout, b: Checkout) -> None:
    chain(a, ["one", "two", "three"], "aaaa1111")
    b.revision("own", "two")
    b.commit("Add own")
    database.set_heads("three")
    b.tool("upgrade", "--on-borrowed", check=True)
    assert database.heads() == {"three", "own"}
    before, tables = snapshot(world.root), database.tables()
    again = b.tool("upgrade", check=True)
    assert snapshot(world.root) == before
    assert database.tables() == tables
    assert "Borrowed" not in again.stderr
    assert "is up to date" in again.stderr


def test_a_downgrade_elsewhere_returns_the_copy(world: World, database: Database) -> None:
    world.main.applied("aaaa1111")
    a, b = world.worktree("StoFlow-feature-A"), world.worktree("StoFlow-feature-B")
    chain(a, ["one", "two"], "aaaa1111")
    a.alembic("upgrade", "heads", check=True)
    b.tool("upgrade", check=True)
    assert names(b) == names(a)
    a.alembic("downgrade", "one", check=True)
    assert "Removed the borrowed two" in b.tool("upgrade", check=True).stderr
    assert database.heads() == {"one"}
    assert names(b) == {"aaaa1111_add_t.py", "one_add_t.py"}
    a.alembic("downgrade", "aaaa1111", check=True)
    b.tool("upgrade", check=True)
    assert database.heads() == {"aaaa1111"}
    assert names(b) == {"aaaa1111_add_t.py"}
    assert not (b.versions / ".gitignore").exists()
    assert b.git_status() == ""


def test_the_original_is_rewritten(database: Database, a: Checkout, b: Checkout) -> None:
    original = a.revision("bbbb2222", "aaaa1111")
    a.commit("Add bbbb2222")
    database.set_heads("bbbb2222")
    b.tool("copy", check=True)
    original.write_text(revision_text("bbbb2222", "aaaa1111", table="other"))
    assert "Refreshed bbbb2222" in b.tool("copy", check=True).stderr
    assert same(a, b, original.name)
    assert b.git_status() == ""


def test_the_original_gets_a_parent(database: Database, a: Checkout, b: Checkout) -> None:
    """A was rebased onto a migration that it applied: its own one now stands on it."""
    a.revision("bbbb2222", "aaaa1111")
    database.set_heads("bbbb2222")
    b.tool("copy", check=True)
    a.revision("between", "aaaa1111")
    a.revision("bbbb2222", "between")
    b.tool("upgrade", check=True)
    assert same(a, b, "bbbb2222_add_t.py", "between_add_t.py")
    assert "bbbb2222 (head)" in b.alembic("current", check=True).stdout


def test_a_copy_that_was_edited_here_is_left_alone(database: Database, a: Checkout, b: Checkout) -> None:
    original = a.revision("bbbb2222", "aaaa1111")
    database.set_heads("bbbb2222")
    b.tool("upgrade", check=True)
    copy = b.versions / original.name
    ran, edited = copy.read_bytes(), copy.read_text() + "# mine\n"
    copy.write_text(edited)
    original.write_text(original.read_text() + "# theirs\n")
    done = b.tool("upgrade", check=True)
    assert "bbbb2222 was edited here" in done.stderr
    assert copy.read_text() == edited
    assert b.git_status() == ""
    database.set_heads("aaaa1111")  # as if A had downgraded: it is still not ours to remove
    assert "bbbb2222 was edited here" in b.tool("copy", check=True).stderr
    assert copy.read_text() == edited
    copy.unlink()
    database.set_heads("bbbb2222")
    b.tool("upgrade", check=True)
    assert copy.read_bytes() == ran


def test_a_copy_that_was_broken_here_is_left_alone(database: Database, a: Checkout, b: Checkout) -> None:
    chain(a, ["one", "two"], "aaaa1111")
    database.set_heads("two")
    b.tool("upgrade", check=True)
    copy = b.versions / "two_add_t.py"
    copy.write_text("<<<<<<< HEAD\n")
    with (b.versions / "one_add_t.py").open("a") as file:
        file.write("# formatted\n")
    done = b.tool("upgrade")
    assert done.returncode == 1
    assert "SyntaxError" in done.stderr
    assert "one, two was edited here" in done.stderr
    assert copy.read_text() == "<<<<<<< HEAD\n"
    assert names(b) == {"aaaa1111_add_t.py", "one_add_t.py", "two_add_t.py"}
    assert b.git_status() == ""


def test_the_checkout_of_the_original_is_gone(
    world: World, database: Database, a: Checkout, b: Checkout
) -> None:
    chain(a, ["one", "two"], "aaaa1111")
    c = world.worktree("StoFlow-feature-C")
    database.set_heads("two")
    b.tool("upgrade", check=True)
    expected = names(a)
    world.main.git("worktree", "remove", "--force", a.path)
    before = snapshot(b.path)
    b.tool("upgrade", check=True)
    assert snapshot(b.path) == before
    c.tool("upgrade", check=True)  # from B, which has borrowed them itself
    assert names(c) == expected
    assert same(b, c, *expected)
    assert c.git_status() == ""


def importing_kinds(a: Checkout, first: bytes = b"") -> bytes:
    """Let A's bbbb2222 import a module that only A's branch has; return the file."""
    original = a.revision("bbbb2222", "aaaa1111")
    a.write("backend/kinds.py", "KINDS = 1\n")
    original.write_bytes(first + b"import kinds\n" + original.read_bytes())
    a.commit("Kinds")
    return original.read_bytes()


def test_a_copy_that_imports_what_only_its_branch_has(a: Checkout, b: Checkout) -> None:
    """Alembic imports also what has run already, of which it needs only what it declares."""
    content = importing_kinds(a)
    a.tool("upgrade", check=True)
    done = b.tool("upgrade", check=True)
    assert "1 borrowed file is commented out here" in done.stderr
    assert "bbbb2222_add_t.py: ModuleNotFoundError: No module named 'kinds'" in done.stderr
    assert "Traceback" not in done.stderr
    assert "bbbb2222 (head)" in b.alembic("heads", check=True).stdout
    assert "commented out: run it where it comes from" in b.alembic("downgrade", "-1").stderr
    copy = b.versions / "bbbb2222_add_t.py"
    lying = copy.read_bytes()
    assert lying != content
    for command in ("upgrade", "copy", "status", "check"):
        done = b.tool(command, check=True)
        assert "edited" not in done.stdout + done.stderr
        assert copy.read_bytes() == lying
    assert b.git_status() == ""
    b.tool("run", "--own", "--", "true", check=True)
    assert copy.read_bytes() == lying
    b.git("merge", "--quiet", a.name)
    assert copy.read_bytes() == content
    b.tool("upgrade", check=True)


def test_a_copy_that_another_commit_cannot_import_any_more(
    database: Database, a: Checkout, b: Checkout
) -> None:
    """Though `database-url` says that nothing is to be done."""
    importing_kinds(a)
    a.tool("upgrade", check=True)
    b.write("backend/kinds.py", "KINDS = 1\n")
    b.write("backend/pyproject.toml", f"[tool.alembic-worktrees]\ndatabase-url = '{database.url}'\n")
    assert "commented out" not in b.tool("upgrade", check=True).stderr
    assert "commented out" not in b.tool("upgrade", check=True).stderr
    (b.path / "backend/kinds.py").unlink()
    assert "commented out" in b.tool("upgrade", check=True).stderr
    b.alembic("heads", check=True)


def test_a_copy_that_can_be_neither_imported_nor_commented_out(a: Checkout, b: Checkout) -> None:
    """The message says why it fails, and both its commands work."""
    importing_kinds(a, first="# coding: latin-1: é\n".encode("latin-1"))
    a.tool("upgrade", check=True)
    done = b.tool("upgrade")
    assert done.returncode == 1
    assert "cannot import the borrowed bbbb2222: ModuleNotFoundError: No module named 'kinds'" in done.stderr
    b.tool("return", check=True)
    b.alembic("heads", check=True)
    merge = next(line for line in done.stderr.splitlines() if "git merge" in line).partition(": ")[2]
    b.world.run("sh", "-c", merge, cwd=b.path, check=True)
    b.tool("upgrade", check=True)


def test_a_copy_that_was_commented_out_is_whole_for_others(world: World, a: Checkout, b: Checkout) -> None:
    content = importing_kinds(a)
    a.alembic("upgrade", "heads", check=True)
    b.tool("upgrade", check=True)  # keeps it in the archive
    world.main.git("worktree", "remove", "--force", a.path)
    world.main.git("branch", "--quiet", "-D", a.name)
    c = world.worktree("StoFlow-feature-C")
    for place in (b, c):
        place.tool("return", check=True)
        assert shown(c, c.tool("find", "bbbb2222", check=True).stdout.strip()) == content
        assert "is commented out here" in c.tool("copy", check=True).stderr
        lying = (c.versions / "bbbb2222_add_t.py").read_bytes()
        assert uncommented(lying) == content


def test_a_copy_that_was_commented_out_is_adopted_whole(a: Checkout, b: Checkout) -> None:
    content = importing_kinds(a)
    a.tool("upgrade", check=True)
    b.tool("upgrade", check=True)
    done = b.tool("adopt", "bbbb2222", check=True)
    assert "bbbb2222 was commented out here, for this branch could not import it" in done.stderr
    copy = b.versions / "bbbb2222_add_t.py"
    assert copy.read_bytes() == content
    assert shown(b, f":{copy.relative_to(b.path)}") == content


def test_many_are_told_together(database: Database, a: Checkout, b: Checkout) -> None:
    ids = [f"r{number:02}" for number in range(12)]
    chain(a, ids, "aaaa1111")
    database.set_heads(ids[-1])
    assert f"\nBorrowed 12 migrations from {a.name}\n" in "\n" + b.tool("copy", check=True).stderr
    shown = b.tool("status", check=True).stdout
    assert "r09_add_t.py\n  and 2 more (status --json names them)" in shown
    (b.versions / "r11_add_t.py").write_text((a.versions / "r11_add_t.py").read_text() + "# mine\n")
    shown = b.tool("status", check=True).stdout
    assert ("r08_add_t.py\n  r11  from" in shown, "and 2 more" in shown) == (True, True)
    (b.versions / "r11_add_t.py").unlink()
    b.tool("copy", check=True)
    for original in a.versions.glob("r*.py"):
        original.write_text(original.read_text() + "# changed\n")
    assert f"Refreshed 12 migrations, which changed in {a.name}" in b.tool("copy", check=True).stderr
    assert "Took out 12 borrowed migrations" in b.tool("return", check=True).stderr
    b.tool("copy", check=True)
    database.set_heads("aaaa1111")
    assert "Removed 12 borrowed migrations" in b.tool("copy", check=True).stderr


def test_the_copies_move_on_when_the_original_arrives(
    world: World, database: Database, a: Checkout, b: Checkout
) -> None:
    chain(a, ["one", "two"], "aaaa1111")
    database.set_heads("two")
    b.tool("upgrade", check=True)
    a.git("mv", a.versions / "one_add_t.py", a.versions / "renamed.py")
    a.git("commit", "-qm", "Rename one")
    b.git("merge", "--quiet", a.name)
    b.tool("upgrade", check=True)
    assert names(b) == {"aaaa1111_add_t.py", "renamed.py", "two_add_t.py"}
    assert b.git_status() == ""
    assert not (b.versions / ".gitignore").exists()


def test_copies_that_differ(world: World, database: Database, a: Checkout, b: Checkout) -> None:
    c = world.worktree("StoFlow-feature-C")
    a.revision("bbbb2222", "aaaa1111")
    c.revision("bbbb2222", "aaaa1111", table="other")
    database.set_heads("bbbb2222")
    done = b.tool("copy", "-v", check=True)
    assert f"Taken: {a.name}" in done.stderr
    assert f"--from {c.name}" in done.stderr
    b.tool("copy", "--from", c.name, check=True)
    assert same(c, b, "bbbb2222_add_t.py")
    a.commit("Add bbbb2222")  # what is committed is trusted more
    assert "Taken:" not in b.tool("upgrade", check=True).stderr
    assert same(a, b, "bbbb2222_add_t.py")


def test_computed_parents_keep_what_is_borrowed(database: Database, a: Checkout, b: Checkout) -> None:
    a.revision("bbbb2222", "aaaa1111")
    database.set_heads("bbbb2222")
    b.tool("upgrade", check=True)
    own = b.revision("own", "bbbb2222")
    own.write_text(own.read_text().replace("= 'bbbb2222'", "= str('bbbb2222')"))
    b.alembic("upgrade", "heads", check=True)
    assert database.heads() == {"own"}  # of which nobody can tell, without running it, that it needs bbbb2222
    b.tool("upgrade", check=True)
    assert same(a, b, "bbbb2222_add_t.py")


def test_a_target_that_was_left_behind(b: Checkout, database: Database) -> None:
    b.applied("bbbb2222", "aaaa1111")
    done = b.tool("upgrade", "--target", "aaaa1111", check=True)
    assert "had aaaa1111 before, and is further on" in done.stderr
    assert "is up to date" not in done.stderr
    assert done.stderr.endswith("alembic downgrade aaaa1111\n")
    assert database.heads() == {"bbbb2222"}


def test_a_target_that_is_nowhere_is_no_race(database: Database, b: Checkout) -> None:
    database.set_heads("aaaa1111")
    done = b.tool("upgrade", "--target", "nowhere")
    assert done.returncode == 1
    assert done.stderr.count("FAILED: Can't locate revision identified by 'nowhere'") == 1
    assert "another checkout" not in done.stderr


# Between the look and the upgrade of who has this env.py, another checkout applies its next migration.
OVERTAKEN = """
import pathlib, subprocess
from alembic import context

waiting = sorted(pathlib.Path({waiting!r}).glob("*.py"))
if waiting and hasattr(context.config.cmd_opts, "revision"):  # `upgrade` has a target, the look has none
    waiting[0].rename(pathlib.Path({versions!r}, waiting[0].name))
    subprocess.run(["alembic", "upgrade", "heads"], cwd={backend!r}, check=True)
"""


@pytest.fixture
def overtaken(a: Checkout, b: Checkout) -> Checkout:
    """A checkout with a migration `own`; another one applies `race1` and `race2` before two of its upgrades."""
    waiting = a.world.root / "waiting"
    a.write(waiting / "1.py", revision_text("race1", "aaaa1111"))
    a.write(waiting / "2.py", revision_text("race2", "race1"))
    env = b.backend / "migrations/env.py"
    values = {"waiting": str(waiting), "versions": str(a.versions), "backend": str(a.backend)}
    env.write_text(OVERTAKEN.format(**values) + env.read_text())
    b.revision("own", "aaaa1111")
    return b


def test_who_was_overtaken_looks_again(overtaken: Checkout, database: Database) -> None:
    done = overtaken.tool("upgrade", check=True)
    again = [line for line in done.stderr.splitlines() if "was applied by another checkout meanwhile" in line]
    assert [line.split()[0] for line in again] == ["race1", "race2"]
    assert database.heads() == {"own", "race2"}
    assert names(overtaken) >= {"1.py", "2.py"}


def test_who_is_overtaken_each_time_gives_up(overtaken: Checkout, database: Database) -> None:
    done = overtaken.tool("upgrade", "--max-attempts", "2")
    assert (done.returncode, done.stdout) == (1, "")
    assert "Still not upgraded after 2 attempts" in done.stderr
    assert database.heads() == {"race2"}
    assert overtaken.tool("upgrade", "--max-attempts", "1").returncode == 0
    assert database.heads() == {"own", "race2"}


def test_a_version_folder_that_is_not_here_yet(world: World, database: Database) -> None:
    """Git keeps no empty folders: a branch from before the first migration has none."""
    old = world.worktree("StoFlow-old")
    old.git("rm", "-q", "backend/migrations/versions/.gitkeep")
    old.git("commit", "-qm", "Without migrations")
    world.main.revision("aaaa1111")
    database.set_heads("aaaa1111")
    assert not old.versions.exists()
    old.tool("upgrade", check=True)
    assert same(world.main, old, "aaaa1111_add_t.py")
    assert old.git_status() == ""


# Many


def test_twenty_two_checkouts_of_two_hundred_migrations(world: World, database: Database) -> None:
    main = world.main
    ids = [f"{number:04}cafe" for number in range(200)]
    chain(main, ids)
    old = world.worktree("StoFlow-old", base="HEAD~1")
    others = [world.worktree(f"StoFlow-{number}") for number in range(20)]
    for other in others[::2]:  # these were formatted anew, and so differ from the rest
        for path in other.versions.glob("*.py"):
            path.write_text(path.read_text() + "\n")
    for number, other in enumerate(others[1::2]):
        other.revision(f"head{number}", ids[-1])
    applied = [f"head{number}" for number in range(10)]
    database.set_heads(*applied)
    trace = world.root / "trace"
    done = old.tool("upgrade", env={"GIT_TRACE": str(trace)}, check=True)
    assert len(names(old)) == 210
    assert same(main, old, *names(main))  # committed beats uncommitted
    assert set(applied) == database.heads()
    assert old.git_status() == ""
    assert "Borrowed 210 migrations from StoFlow" in done.stderr
    assert trace.read_text().count("trace: built-in: git") < 100
