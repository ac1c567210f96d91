"""A migration that takes back what others did: told by its text, refused by the hook, and by `upgrade`."""

from __future__ import annotations

import json
import re
import textwrap
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_guard import next_step

from alembic_worktrees.migrations.operations import Foreign, read_operations, undone
from alembic_worktrees.migrations.revision import Revision
from worlds.histories import branches, stoflow
from worlds.hooks import fails, install
from worlds.world import Checkout

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from subprocess import CompletedProcess

    from worlds.postgres import Database
    from worlds.world import World

# By the text alone

USERS = 'op.create_table("users", sa.Column("id"), sa.Column("old"), sa.UniqueConstraint("old", name=op.f("uq_old")))'
LOOP = 'for table in ("users", "orders"):\n    op.{}(table, {})'
BATCH = 'with op.batch_alter_table("users", schema=None) as batch_op:\n    batch_op.{}'

# what the branch did before, what others did, what is new, and which of that takes back what others did
CASES: dict[str, tuple[str, str, str, list[str]]] = {
    "a table": (USERS, 'op.create_table("t", sa.Column("a"))', 'op.drop_table("t")', ["drop_table t"]),
    "a table of its own": ('op.create_table("t")', 'op.create_table("t")', 'op.drop_table("t")', []),
    "a table of nobody": (USERS, USERS, 'op.drop_table("t")', []),
    "a table that it makes itself": (
        USERS,
        'op.create_table("t")',
        'op.create_table("t")\nop.drop_table("t")',
        [],
    ),
    "a column": (
        USERS,
        'op.add_column("users", sa.Column("email", sa.Text()))',
        'op.drop_column("users", "email")',
        ["drop_column users.email"],
    ),
    "of another table": (
        USERS + '\nop.create_table("shops", sa.Column("email"))',
        'op.add_column("users", sa.Column("email", sa.Text()))',
        'op.drop_column("users", "email")\nop.drop_column("shops", "email")',
        ["drop_column users.email"],
    ),
    "a column of a table of others": (
        USERS,
        'op.create_table("t", sa.Column("a"))',
        'op.drop_column("t", "a")',
        ["drop_column t.a"],
    ),
    "in a batch": (
        USERS,
        BATCH.format(
            'add_column(sa.Column("email"))\n    batch_op.create_index(batch_op.f("ix"), ["email"])'
        ),
        BATCH.format('drop_index(batch_op.f("ix"))\n    batch_op.drop_column("email")'),
        ["drop_index users.ix", "drop_column users.email"],
    ),
    "all of a table in batches": (
        USERS,
        'op.create_table("t", sa.Column("a"))\nop.create_index("ix", "t", ["a"])',
        'with op.batch_alter_table("t") as batch_op:\n    batch_op.drop_index("ix")\n\nop.drop_table("t")',
        ["drop_index t.ix", "drop_table t"],
    ),
    "by keywords": (
        USERS,
        'op.add_column(table_name="users", column=sa.Column("email"))',
        'op.drop_column(column_name="email", table_name="users", schema="public")',
        ["drop_column users.email"],
    ),
    "an index without its table": (
        USERS,
        'op.create_index("ix", "users", ["old"])',
        'op.drop_index("ix")',
        ["drop_index ix"],
    ),
    "a constraint": (
        USERS,
        'op.create_foreign_key("fk", "users", "shops", ["a"], ["b"])',
        'op.drop_constraint("fk", "users", type_="foreignkey")',
        ["drop_constraint users.fk"],
    ),
    "a constraint of its own table": (
        USERS,
        'op.create_unique_constraint("uq_old", "users", ["old"])',
        'op.drop_constraint("uq_old", "users")',
        [],
    ),
    "an index that others only changed": (
        USERS,
        'op.drop_index("ix", table_name="users")\nop.create_index("ix", "users", ["old", "id"])',
        'op.drop_index("ix", table_name="users")',
        [],
    ),
    "altered": (
        USERS,
        'op.add_column("users", sa.Column("email"))',
        'op.alter_column("users", "email", nullable=False)\nop.alter_column("users", "old", nullable=False)',
        ["alter_column users.email"],
    ),
    "what others dropped": (
        USERS,
        'op.drop_column("users", "old")',
        'op.add_column("users", sa.Column("old"))',
        ["add_column users.old"],
    ),
    "what others dropped and the branch altered": (
        USERS + '\nop.alter_column("users", "old", nullable=False)',
        'op.drop_column("users", "old")',
        'op.add_column("users", sa.Column("old"))',
        ["add_column users.old"],
    ),
    "altered, what only SQL made": (
        USERS,
        'op.execute("ALTER TABLE users ADD COLUMN email text")',
        'op.alter_column("users", "email", nullable=False)',
        [],
    ),
    "what both dropped": (
        USERS + '\nop.drop_column("users", "old")',
        'op.drop_column("users", "old")',
        'op.add_column("users", sa.Column("old"))',
        [],
    ),
    "what both add": (
        USERS,
        'op.add_column("users", sa.Column("email"))',
        'op.add_column("users", sa.Column("email"))',
        [],
    ),
    "a name that others had for a while": (
        USERS,
        'op.add_column("users", sa.Column("email"))\nop.drop_column("users", "email")',
        'op.add_column("users", sa.Column("email"))',
        [],
    ),
    "SQL of others": (
        USERS,
        'op.execute("ALTER TABLE public.users ADD COLUMN Email text")',
        'op.drop_column("users", "Email")',
        ["drop_column users.Email"],
    ),
    "SQL of others about another table": (
        USERS,
        'op.execute("ALTER TABLE shops ADD COLUMN email text")',
        'op.drop_column("users", "email")',
        [],
    ),
    "SQL of its own about another table": (
        'op.execute("ALTER TABLE shops ADD COLUMN email text")',
        'op.add_column("users", sa.Column("email"))',
        'op.drop_column("users", "email")\nop.drop_column("users", "email")',
        ["drop_column users.email"],
    ),
    "computed by others, in a table that they name": (
        USERS,
        'op.create_index("ix_old", "Users", ["old"])\nop.add_column(table, sa.Column("email"))',
        'op.drop_column("Users", "email")',
        ["drop_column Users.email"],
    ),
    "SQL of others that makes nothing": (
        USERS,
        'op.execute("UPDATE users SET email = NULL")',
        'op.drop_column("users", "email")',
        [],
    ),
    "SQL of its own": (
        USERS + '\nop.execute("ALTER TABLE users ADD email text")',
        'op.add_column("users", sa.Column("email"))',
        'op.drop_column("users", "email")',
        [],
    ),
    "a loop of others": (
        USERS,
        LOOP.format("add_column", 'sa.Column("email")'),
        'op.drop_column("users", "email")',
        ["drop_column users.email"],
    ),
    "a loop of its own": (
        USERS + "\n" + LOOP.format("add_column", 'sa.Column("email")'),
        'op.add_column("users", sa.Column("email"))',
        'op.drop_column("users", "email")',
        [],
    ),
    "renamed by itself": (
        USERS + '\nop.alter_column("users", "old", new_column_name="email")',
        'op.add_column("users", sa.Column("email"))',
        'op.drop_column("users", "email")',
        [],
    ),
    "what is computed": (USERS, 'op.create_table("t")', "op.drop_table(name)\nop.drop_column(*names)", []),
}


def text(upgrade: str, downgrade: str = "pass") -> bytes:
    functions = {"upgrade": upgrade, "downgrade": downgrade}
    parts = (f"def {name}():\n{textwrap.indent(body, '    ')}\n" for name, body in functions.items())
    return f'"""users email t a ix"""\nrevision = "x"\n\n{"".join(parts)}'.encode()


def foreign(content: bytes, *parents: str) -> Foreign:
    return Foreign(Revision("ffff", parents, (), ()), content, "StoFlow-feature-A", "v/ffff.py")


def found(own: Sequence[bytes], others: Sequence[bytes], new: bytes) -> list[str]:
    rows = undone(new, own, lambda: [foreign(one, "aaaa") for one in others], lambda _: False)
    return [str(row.operation) for row in rows]


@pytest.mark.parametrize("case", CASES)
def test_what_takes_back_the_work_of_others(case: str) -> None:
    own, others, new, expected = CASES[case]
    assert found([text(own)], [text(others)], text(new)) == expected
    assert found([text(own), text(others)], [text(others)], text(new)) == []
    assert found([text(own)], [], text(new)) == []
    assert found([text(own)], [text("pass", others)], text(new)) == []  # what downgrades did nothing
    assert found([text(own)], [text(others)], text("pass", new)) == []


def test_a_base_and_what_was_own_once_is_no_work_of_others() -> None:
    made, new = text('op.create_table("t")'), text('op.drop_table("t")')
    assert undone(new, [], lambda: [foreign(made)], lambda _: False) == ()
    assert undone(new, [], lambda: [foreign(made, "aaaa")], lambda path: path == "v/ffff.py") == ()


def test_others_are_not_looked_for_without_need() -> None:
    def others() -> list[Foreign]:
        raise AssertionError

    new = text(
        'op.add_column("users", sa.Column("new"))\nop.drop_column("users", "old")\nop.create_table("t")'
    )
    assert undone(new, [text(USERS)], others, lambda _: False) == ()


WORDS = st.sampled_from(["t", "users", "Größe", "a b", "ix_t_a", 'quo"te', "drop"])
MADE = st.builds(lambda table, part: (table, part), WORDS, WORDS)


@given(st.lists(MADE, min_size=1, max_size=4, unique=True), st.booleans())
def test_what_autogenerate_would_write_is_found_operation_for_operation(
    made: list[tuple[str, str]], batch: bool
) -> None:
    """Whatever others add, its reverse is found, and no more than that; once it is ours, nothing is."""

    batches = "with op.batch_alter_table({!r}) as b:\n    b.drop_column({!r})"
    plain = "op.drop_column({!r}, {!r})"
    adding = text("\n".join(f"op.add_column({table!r}, sa.Column({part!r}))" for table, part in made))
    dropping = text("\n".join((batches if batch else plain).format(*one) for one in made))
    assert found([], [adding], dropping) == [f"drop_column {table}.{part}" for table, part in made]
    assert found([adding], [adding], dropping) == []


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_whatever_a_file_holds_it_is_read(content: bytes) -> None:
    assert read_operations(content).literal == ()


# True worlds

MODELS = """
import sqlalchemy as sa

metadata = sa.MetaData()
sa.Table("users", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("old", sa.Text))
"""
FIRST = """
op.create_table("users", sa.Column("id", sa.Integer(), nullable=False), sa.Column("old", sa.Text()),
    sa.PrimaryKeyConstraint("id"))
"""
OF_A = """
op.create_table("products", sa.Column("id", sa.Integer(), nullable=False), sa.PrimaryKeyConstraint("id"))
op.add_column("users", sa.Column("email", sa.Text()))
op.create_index(op.f("ix_users_email"), "users", ["email"])
op.drop_column("users", "old")
"""
UNDOING = [
    "drop_table products",
    "drop_index users.ix_users_email",
    "drop_column users.email",
    "add_column users.old",
]


@pytest.fixture
def pair(world: World, database: Database) -> tuple[Checkout, Checkout]:
    """A has applied its work; B has borrowed it and written a migration with plain Alembic."""
    main = world.main
    main.write("backend/models.py", MODELS)
    env = main.backend / "migrations/env.py"
    lines = (
        "from models import metadata\nOPTIONS['target_metadata'] = metadata\n\n\ndef run_migrations_offline"
    )
    env.write_text(env.read_text().replace("\ndef run_migrations_offline", lines))
    main.applied("aaaa1111", body=FIRST)
    main.commit("Models")
    a, b = world.worktree("StoFlow-feature-A"), world.worktree("StoFlow-feature-B")
    a.applied("bbbb2222", "aaaa1111", body=OF_A)
    b.tool("copy", check=True)
    b.write("backend/models.py", MODELS.replace('"old"', '"old", sa.Text), sa.Column("nick"'))
    b.alembic("revision", "--autogenerate", "-m", "Work of B", "--rev-id", "cccc3333", check=True)
    install(world)
    assert database.heads() == {"bbbb2222"}
    return a, b


def written(b: Checkout) -> Path:
    return b.versions / "cccc3333_work_of_b.py"


def done_by(path: Path) -> set[str]:
    return {str(one) for one in read_operations(path.read_bytes()).literal}


def on_own_ground(b: Checkout) -> None:
    """Give the migration of B its own parent, as `check` and `upgrade` ask for."""
    written(b).write_text(re.sub("'bbbb2222'", "'aaaa1111'", written(b).read_text()))


def committed(checkout: Checkout, **env: str) -> CompletedProcess[str]:
    checkout.git("add", "--all")
    return checkout.git_run("commit", "--quiet", "--message", "x", env=env)


def test_a_commit_of_what_plain_autogenerate_writes(pair: tuple[Checkout, Checkout]) -> None:
    _, b = pair
    assert done_by(written(b)) == {*UNDOING, "add_column users.nick"}
    on_own_ground(b)
    done = committed(b)
    assert fails(done, "undoes-others: cccc3333 takes back what others have done:")
    for line in UNDOING:
        assert f"  {line}: bbbb2222 " in done.stderr
    assert done.stderr.count("of StoFlow-feature-A\n") == len(UNDOING)
    assert "SKIP=alembic-check git commit" in done.stderr
    (problem,) = json.loads(b.tool("check", "--staged", "--json").stdout)["problems"]
    assert (problem["id"], problem["revision"]) == ("undoes-others", "cccc3333")
    (of_files,) = json.loads(b.tool("check", "--json").stdout)["problems"]
    assert of_files["message"] == problem["message"]
    assert committed(b, SKIP="alembic-check").returncode == 0
    assert b.tool("check", "--json").returncode == 0
    written(b).write_text(written(b).read_text() + "# edited\n")
    assert committed(b).returncode == 0  # what is there already is not made worse
    b.world.run("sh", "-c", problem["hint"].partition(": ")[2], cwd=b.path, check=True)
    assert not written(b).exists()
    (anew,) = b.versions.glob("*_work_of_b.py")
    assert done_by(anew) == {"add_column users.nick"}
    assert committed(b).returncode == 0


def test_wherever_the_work_of_others_lies(pair: tuple[Checkout, Checkout], world: World) -> None:
    """It is no longer borrowed here, then only in the archive."""
    a, b = pair
    on_own_ground(b)
    b.git("add", "--all")
    (b.versions / "bbbb2222_add_t.py").unlink()
    assert "products: bbbb2222 made it, of StoFlow-feature-A\n" in b.tool("check", "--staged").stdout
    a.tool("upgrade", check=True)
    world.main.git("worktree", "remove", "--force", str(a.path))
    world.main.git("branch", "-D", "StoFlow-feature-A")
    assert "products: bbbb2222 made it, of archive\n" in b.tool("check", "--staged").stdout


def test_its_own_a_branch_may_drop(pair: tuple[Checkout, Checkout]) -> None:
    """So it may with what A made, once that is merged, and with what only by chance has the name of A's."""
    a, b = pair
    a.revision("dddd4444", "bbbb2222", table="parcels")
    assert b.git_run("merge", "--quiet", "--no-edit", "StoFlow-feature-A").returncode == 0
    assert committed(b).returncode == 0
    b.revision("eeee5555", "cccc3333", table="parcels")
    b.revision("ffff6666", "eeee5555", body='op.drop_table("parcels")')
    assert committed(b).returncode == 0
    assert b.tool("upgrade").returncode == 0


def test_upgrade_stops_before_it_runs(pair: tuple[Checkout, Checkout], database: Database) -> None:
    _, b = pair
    for words in ([], ["--on-borrowed"]):
        done = b.tool("upgrade", *words)
        assert done.returncode == 1
        assert "cccc3333 is not applied yet, and takes back what others have done" in done.stderr
        assert all(f"  {line}: bbbb2222 " in done.stderr for line in UNDOING)
        assert "alembic-worktrees upgrade --yes-drop\n" in done.stderr
        assert (database.heads(), "products" in database.tables()) == ({"bbbb2222"}, True)
    assert next_step(b)["id"] == "undoes-others"
    assert "which is only borrowed here" in b.tool("upgrade", "--yes-drop").stderr
    on_own_ground(b)
    b.tool("upgrade", "--yes-drop", check=True)
    assert "products" not in database.tables()
    assert next_step(b)["id"] != "undoes-others"


def test_no_false_alarm_on_the_branches_of_a_real_history(
    world_root: Path, thorough: bool, record_property: Callable[[str, object], None]
) -> None:
    """On each a new migration that drops and adds of its own passes; one that drops what A made does not."""
    world = stoflow(world_root)
    world.main.git("worktree", "add", "--quiet", "--detach", "../StoFlow-feature-A")
    Checkout(world, world.root / "StoFlow-feature-A").revision("zz00", "nowhere1", table="products")
    install(world)
    (world.main.path / ".git/hooks/post-checkout").unlink()
    main, count = world.main, 0
    for branch in branches(main, None if thorough else 3):
        main.revision("zz11", table="shops")
        main.revision("zz22", "zz11", body='op.drop_table("shops")\nop.add_column("users", sa.Column("a"))')
        main.git("add", "--all")
        found = json.loads(main.tool("check", "--staged", "--json").stdout)["problems"]
        assert "undoes-others" not in [one["id"] for one in found], branch
        main.revision("zz33", "zz22", body='op.drop_table("products")')
        done = committed(main)
        assert fails(done, "drop_table products: zz00 made it, of StoFlow-feature-A"), branch
        main.git("reset", "--quiet", "--hard")
        count += 1
    record_property("branches", count)
