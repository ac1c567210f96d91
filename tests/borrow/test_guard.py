"""The database must not forget: what ran is held against what the files say, before anything is done."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alembic_worktrees.borrow.guard import Findings, Known, examine, same_but_for_parents
from alembic_worktrees.migrations.graph import Graph, Node
from alembic_worktrees.migrations.inventory import Migration
from alembic_worktrees.migrations.revision import Revision
from worlds.world import revision_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from worlds.postgres import Database
    from worlds.world import Checkout, World


@pytest.fixture
def a(world: World) -> Checkout:
    """A worktree with one migration, which B has too, and the database."""
    world.main.revision("aaaa1111")
    world.main.commit("Add aaaa1111")
    world.main.tool("upgrade", check=True)
    return world.worktree("StoFlow-feature-A")


@pytest.fixture
def b(world: World, a: Checkout) -> Checkout:
    return world.worktree("StoFlow-feature-B")


def upgraded(checkout: Checkout, id: str, down: str | None, *words: str, **options: str) -> Path:
    """A migration that this checkout wrote, committed and applied through us."""
    path = checkout.revision(id, down, **options)
    checkout.commit(f"Add {id}", path)
    checkout.tool("upgrade", *words, check=True)
    return path


def refused(checkout: Checkout, database: Database, *words: str) -> str:
    """What we say instead of an upgrade, which changes neither rows nor files."""
    before = database.heads(), sorted(checkout.versions.iterdir()), checkout.git_status()
    done = checkout.tool("upgrade", *words)
    assert done.returncode == 1, done.stderr
    assert (database.heads(), sorted(checkout.versions.iterdir()), checkout.git_status()) == before
    assert "is up to date" not in done.stderr
    return done.stderr


def next_step(checkout: Checkout) -> dict[str, str]:
    step: dict[str, str] = json.loads(checkout.tool("status", "--json").stdout)["next"]
    return step


def mend(checkout: Checkout, said: str) -> None:
    """Do what the refusal names, as `status` does too."""
    (command,) = re.findall(r": (alembic-worktrees rebase .*)$", said, re.MULTILINE)
    assert next_step(checkout)["command"] == command
    checkout.tool(*command.split()[1:], "--yes", check=True)


def rewrite(path: Path, text: str) -> None:
    """Write it as if an hour had passed: of one second and size Python would take what it has compiled."""
    path.write_text(text)
    os.utime(path, (path.stat().st_mtime - 3600,) * 2)


def reparent(path: Path, old: str, new: str) -> None:
    rewrite(path, path.read_text().replace(f"= '{old}'", f"= '{new}'"))


# What would be forgotten


def test_a_migration_built_on_a_borrowed_one_and_given_another_parent_later(
    world: World, database: Database, a: Checkout, b: Checkout
) -> None:
    upgraded(a, "bbbb2222", "aaaa1111")
    own = b.revision("cccc3333", "bbbb2222")
    b.tool("upgrade", "--on-borrowed", check=True)
    reparent(own, "bbbb2222", "aaaa1111")
    said = refused(b, database)
    assert "would lead to bbbb2222" in said
    assert "down_revision = 'bbbb2222'" in said
    assert next_step(b)["id"] == "forgotten"
    assert "bbbb2222" in next_step(b)["message"]
    b.tool("copy")
    assert (b.versions / "bbbb2222_add_t.py").exists()
    mend(b, said)
    assert database.heads() == {"bbbb2222", "cccc3333"}
    assert "is up to date" in b.tool("upgrade", check=True).stderr
    b.commit("Add cccc3333")
    a.tool("upgrade", check=True)  # runs nothing a second time
    assert database.heads() == {"bbbb2222", "cccc3333"}
    a.alembic("downgrade", "bbbb2222@aaaa1111", check=True)  # and may be taken back later
    (a.versions / "bbbb2222_add_t.py").unlink()
    a.commit("Without bbbb2222")
    assert "is up to date" in b.tool("upgrade", check=True).stderr
    assert next_step(b)["id"] == "nothing"


def test_the_same_where_alembic_itself_applied_it(database: Database, a: Checkout, b: Checkout) -> None:
    """The copy that is here still remembers that its migration was applied."""
    upgraded(a, "bbbb2222", "aaaa1111")
    own = b.revision("cccc3333", "bbbb2222")
    b.tool("copy", check=True)
    b.alembic("upgrade", "heads", check=True)
    reparent(own, "bbbb2222", "aaaa1111")
    said = refused(b, database)
    assert "rm " in said
    assert next_step(b)["id"] == "left-behind"
    mend(b, said)
    b.tool("upgrade", check=True)
    assert database.heads() == {"bbbb2222", "cccc3333"}


def test_a_downgrade_elsewhere_is_no_loss(database: Database, a: Checkout, b: Checkout) -> None:
    path = upgraded(a, "bbbb2222", "aaaa1111")
    b.tool("upgrade", check=True)
    a.alembic("downgrade", "aaaa1111", check=True)
    path.unlink()
    b.revision("cccc3333", "aaaa1111")
    assert "Removed the borrowed bbbb2222" in b.tool("upgrade", check=True).stderr
    assert database.heads() == {"cccc3333"}


def test_ancestors_that_were_squashed_are_not_missed(database: Database, a: Checkout) -> None:
    path = upgraded(a, "bbbb2222", "aaaa1111")
    (a.versions / "aaaa1111_add_t.py").unlink()
    rewrite(path, path.read_text().replace("= 'aaaa1111'", "= None"))
    assert "is up to date: bbbb2222" in a.tool("upgrade", check=True).stderr
    assert database.heads() == {"bbbb2222"}


# What is another migration than it seems


def test_two_branches_that_count_their_migrations(
    world: World, database: Database, a: Checkout, b: Checkout
) -> None:
    ran = upgraded(a, "0002", "aaaa1111", table="users")
    here = b.revision("0002", "aaaa1111", table="products")
    b.commit("Add 0002")
    said = refused(b, database)
    assert "“add users”, after aaaa1111: StoFlow-feature-A/backend/migrations/versions/0002_add_t.py" in said
    assert "“add products”" in said
    assert "feature-A/backend && alembic downgrade 0002@aaaa1111" in said
    assert next_step(b)["id"] == "another-ran"
    b.alembic("upgrade", "head", check=True)  # which sees nothing to do, and teaches us nothing
    c = world.worktree("StoFlow-feature-C")
    ran.rename(a.path / "elsewhere.py")
    assert "git show" in refused(b, database)
    c.tool("copy", "--from", "archive", check=True)
    assert b"users" in (c.versions / "0002_add_t.py").read_bytes()
    b.tool("upgrade", "--trust-files", check=True)
    assert "is up to date: 0002" in b.tool("upgrade", check=True).stderr
    here.unlink()
    c.tool("copy", "--from", "archive", check=True)
    assert b"products" in (c.versions / "0002_add_t.py").read_bytes()


def test_another_id_gives_way(database: Database, a: Checkout, b: Checkout) -> None:
    upgraded(a, "0002", "aaaa1111", table="users")
    here = b.revision("0002", "aaaa1111", table="products")
    assert "another id" in refused(b, database)
    here.rename(b.versions / "0002b_products.py")
    b.revision("0002b", "aaaa1111", table="products", file="0002b_products.py")
    b.tool("upgrade", check=True)
    assert database.heads() == {"0002", "0002b"}
    assert {"users", "products"} <= database.tables()


def test_a_migration_that_was_generated_anew_after_it_had_been_applied(
    database: Database, a: Checkout
) -> None:
    path = upgraded(a, "0002", "aaaa1111", table="draft")
    text = revision_text("0002", "aaaa1111", table="final")
    rewrite(path, text)
    said = refused(a, database)
    command = next(line for line in said.splitlines() if "alembic downgrade" in line).partition(": ")[2]
    assert next_step(a)["command"] == command
    a.world.run("sh", "-c", command, check=True)
    assert (path.read_text(), database.heads()) == (text, {"aaaa1111"})
    a.tool("upgrade", check=True)
    assert database.tables() == {"alembic_version", "t_aaaa1111", "final"}


def test_what_a_formatter_did_or_a_mended_body_is_the_same_migration(
    database: Database, a: Checkout, b: Checkout
) -> None:
    path = upgraded(a, "0002", "aaaa1111", table="users")
    rewrite(
        path,
        path.read_text()
        .replace('"', "'")
        .replace("'''", '"""')
        .replace("primary_key", "\n        primary_key"),
    )
    assert "is up to date: 0002" in a.tool("upgrade", check=True).stderr
    rewrite(path, path.read_text().replace("sa.Integer", "sa.BigInteger"))
    a.commit("Mend")
    assert "is up to date: 0002" in a.tool("upgrade", check=True).stderr
    assert next_step(a)["id"] == "nothing"
    b.tool("copy", "--from", "archive", check=True)
    assert 'create_table("users", sa.Column("id", sa.Integer' in (b.versions / path.name).read_text()


def test_a_message_that_was_mended_with_the_body_is_the_same_migration(
    database: Database, a: Checkout, b: Checkout
) -> None:
    """A linter puts a full stop behind it, and git shows which came later; one generated anew has another date."""
    path = a.revision("0002", "aaaa1111", table="users")
    a.commit("Add 0002")
    b.git("merge", "--quiet", a.name)
    rewrite(path, path.read_text().replace("add users", "Add users.").replace("sa.Integer", "sa.BigInteger"))
    a.commit("Mend it")
    a.tool("upgrade", check=True)
    assert "is up to date: 0002" in b.tool("upgrade", check=True).stderr  # which has the earlier version
    rewrite(path, path.read_text().replace("Date: 2024", "Date: 2025").replace("BigInteger", "SmallInteger"))
    a.commit("Generate it anew")
    assert "another migration than the one here" in refused(a, database)


def test_a_cherry_picked_migration_with_another_parent(
    world: World, database: Database, a: Checkout, b: Checkout
) -> None:
    upgraded(a, "bbbb2222", "aaaa1111")
    upgraded(a, "cccc3333", "bbbb2222")
    b.git("cherry-pick", a.name)
    picked = b.versions / "cccc3333_add_t.py"
    reparent(picked, "bbbb2222", "aaaa1111")
    b.commit("Let it follow aaaa1111")
    said = refused(b, database)
    assert "cccc3333 ran after bbbb2222, but by its file here it follows aaaa1111" in said
    assert "As it ran it lies in StoFlow-feature-A/" in said
    reparent(picked, "aaaa1111", "bbbb2222")
    b.tool("upgrade", check=True)
    assert database.heads() == {"cccc3333"}


def test_an_ancestor_that_never_ran(database: Database, a: Checkout) -> None:
    path = upgraded(a, "cccc3333", "aaaa1111")
    a.revision("bbbb2222", "aaaa1111")
    reparent(path, "aaaa1111", "bbbb2222")
    said = refused(a, database)
    assert "bbbb2222 would count as applied, and has never run" in said
    assert next_step(a)["id"] == "skipped"
    mend(a, said)
    assert database.heads() == {"cccc3333"}
    assert {"t_bbbb2222", "t_cccc3333"} <= database.tables()


@pytest.fixture
def versions(a: Checkout, b: Checkout) -> tuple[Checkout, Checkout]:
    """A has cccc3333 as it was committed first, B has let bbbb2222 come before it, and mended it."""
    a.revision("cccc3333", "aaaa1111")
    a.commit("Add cccc3333")
    b.git("merge", "--quiet", a.name)
    b.revision("bbbb2222", "aaaa1111")
    later = b.versions / "cccc3333_add_t.py"
    reparent(later, "aaaa1111", "bbbb2222")
    later.write_text(later.read_text().replace("sa.Integer", "sa.BigInteger"))
    b.commit("Let bbbb2222 come first")
    return a, b


def test_a_branch_that_has_an_earlier_version_is_not_stopped(
    database: Database, versions: tuple[Checkout, Checkout]
) -> None:
    """Git will bring the later one; nothing here could run a second time."""
    a, b = versions
    b.tool("upgrade", check=True)
    assert "is up to date: cccc3333" in a.tool("upgrade", check=True).stderr
    assert next_step(a)["id"] == "nothing"
    upgraded(a, "dddd4444", "cccc3333")
    b.tool("upgrade", check=True)
    assert database.heads() == {"dddd4444"}


def test_a_branch_whose_version_came_later_wants_what_never_ran(
    database: Database, versions: tuple[Checkout, Checkout]
) -> None:
    a, b = versions
    a.tool("upgrade", check=True)
    assert "bbbb2222 would count as applied, and has never run" in refused(b, database)


# What is built on borrowed ground


def test_an_own_migration_on_a_borrowed_parent_is_not_applied(
    world: World, database: Database, a: Checkout, b: Checkout
) -> None:
    upgraded(a, "bbbb2222", "aaaa1111")
    b.revision("bbbb3333", "aaaa1111")
    b.tool("upgrade", check=True)
    b.revision("cccc3333", "bbbb2222")
    said = refused(b, database)
    assert "--on-borrowed" in said
    assert next_step(b)["id"] == "on-borrowed"
    checked = b.tool("check")
    assert checked.returncode == 1
    assert "parent-borrowed: cccc3333 follows bbbb2222" in checked.stdout
    b.git("add", "--all")
    assert b.tool("check", "--staged").stdout == checked.stdout
    mend(b, said)
    b.tool("check", check=True)
    b.tool("upgrade", check=True)
    assert database.heads() == {"bbbb2222", "cccc3333"}


def test_what_is_not_to_be_applied_may_stand_on_borrowed_ground(
    database: Database, a: Checkout, b: Checkout
) -> None:
    upgraded(a, "bbbb2222", "aaaa1111")
    b.revision("cccc3333", "bbbb2222")
    b.tool("upgrade", "--target", "bbbb2222", check=True)
    b.tool("upgrade", "--on-borrowed", check=True)
    assert database.heads() == {"cccc3333"}
    assert "is up to date" in b.tool("upgrade", check=True).stderr


# The judgement alone


@st.composite
def histories(
    draw: st.DrawFn,
) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]], frozenset[str]]:
    """Some migrations by their parents as they ran, the same after some were given others, and what is applied."""
    ids = [f"m{number}" for number in range(draw(st.integers(1, 7)))]
    ran = {id: parents(draw, ids[:number]) for number, id in enumerate(ids)}
    moved = draw(st.sets(st.sampled_from(ids), max_size=2))
    now = {id: parents(draw, ids[:number]) if id in moved else ran[id] for number, id in enumerate(ids)}
    return ran, now, graph(ran).closure(draw(st.sets(st.sampled_from(ids)))).known


def parents(draw: st.DrawFn, older: list[str]) -> tuple[str, ...]:
    return tuple(sorted(draw(st.sets(st.sampled_from(older), max_size=2)))) if older else ()


def graph(parents: Mapping[str, tuple[str, ...]]) -> Graph:
    return Graph(Node(Revision(id, above, (), ()), "") for id, above in parents.items())


@pytest.mark.parametrize(("lateness", "learned"), [(1, {"two"}), (0, {"two"}), (-1, set())])
def test_the_archive_learns_other_parents_but_not_those_of_an_earlier_version(
    lateness: int, learned: set[str]
) -> None:
    here = graph({"one": (), "two": ("one",)})
    content = b"def upgrade():\n    op.drop_table('t')\n"
    known = {"two": Known(Revision("two", (), (), ()), content, surely=True)}
    contents = {"two": Migration(here.nodes["two"].revision, content, Path(), "two.py")}
    assert same_but_for_parents(here, contents, known, lambda _: lateness) == learned


@given(histories(), st.booleans())
def test_nothing_that_is_applied_is_forgotten_unsaid(
    history: tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]], frozenset[str]], surely: bool
) -> None:
    ran, now, applied = history
    before, here = graph(ran), graph(now)
    rows = set(applied) - before.closure({parent for id in applied for parent in ran[id]}).known
    known = {id: Known(Revision(id, ran[id], (), ()), b"", surely) for id in ran if ran[id] != now[id]}
    squashed = {id for id in known if not now[id] and not set(ran[id]) & here.nodes.keys()}
    found = examine(rows, here, {}, known, ever=applied)
    reached = here.closure(rows).known
    if not known:
        assert found == Findings(ran=applied)
    if not squashed:
        assert set(found.forgotten) == applied - reached
        assert bool(found.forgetting) == bool(found.forgotten)
    assert set(found.never_ran) == (reached - applied if surely else set())
    if surely and not squashed:
        assert found.ran == applied
