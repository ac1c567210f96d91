"""`revision`: a migration of this branch's own, while others' are applied."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from alembic_worktrees.author.authors import Authors, Text
from alembic_worktrees.database.comparison import Operation
from alembic_worktrees.migrations.revision import read_revision
from worlds.modelled import generated, modelled, operations, rewritten, write_models
from worlds.running import running

if TYPE_CHECKING:
    from subprocess import CompletedProcess

    from worlds.postgres import Database
    from worlds.world import Checkout, World

USERS = """\
sa.Table(
    "users",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(50)),
    @MORE@
)
"""
OLD = 'sa.Column("old", sa.Integer),'
EMAIL = 'sa.Column("email", sa.String(80), index=True),'
PRODUCTS = 'sa.Table("products", metadata, sa.Column("id", sa.Integer, primary_key=True))\n'


def users(*more: str) -> str:
    return USERS.replace("@MORE@", "\n    ".join(more))


@pytest.fixture
def project(world_root: Path, database: Database) -> World:
    """A project that has published `users`, applied."""
    world = modelled(world_root, database.url, users(OLD))
    generated(world.main, "add users")
    return world


@pytest.fixture
def a(project: World) -> Checkout:
    """A worktree that has added `products` and `users.email`, and dropped `users.old`: committed and applied."""
    a = project.worktree("StoFlow-A", "feature-A")
    write_models(a, users(EMAIL) + PRODUCTS)
    generated(a, "their work")
    return a


@pytest.fixture
def b(project: World, a: Checkout) -> Checkout:
    """A worktree that has none of that; its own wish is `users.nick`."""
    b = project.worktree("StoFlow-B", "feature-B", base="develop")
    write_models(b, users(OLD, 'sa.Column("nick", sa.String(20)),'))
    return b


NICK = "op.add_column('users', sa.Column('nick', sa.String(length=20), nullable=True))"


def written(done: CompletedProcess[str]) -> Path:
    (path,) = done.stdout.splitlines()
    return Path(path)


def parent(path: Path) -> object:
    return read_revision(path.read_bytes(), path.name).down_revisions


def head(checkout: Checkout) -> str:
    """The id of the one migration that git has here."""
    (name,) = checkout.git("ls-files", "*/versions/*.py").split()
    return read_revision((checkout.path / name).read_bytes(), name).id


def autogenerate(checkout: Checkout, *argv: str, check: bool = True) -> CompletedProcess[str]:
    return checkout.tool("revision", "--autogenerate", "-m", "add nick", *argv, check=check)


@pytest.mark.parametrize("borrowed", [False, True])
def test_only_what_is_this_branchs_own(borrowed: bool, a: Checkout, b: Checkout, database: Database) -> None:
    if borrowed:
        b.tool("copy", check=True)
    (maker,) = a.git("log", "-1", "--format=", "--name-only", "--", "backend/migrations").split()
    before = database.execute("SELECT * FROM information_schema.columns ORDER BY 3, 4")
    done = autogenerate(b)
    assert database.execute("SELECT * FROM information_schema.columns ORDER BY 3, 4") == before
    path = written(done)
    assert operations(path) == [NICK]
    assert operations(path, "downgrade") == ["op.drop_column('users', 'nick')"]
    assert parent(path) == (head(b),)
    maker = read_revision((a.path / maker).read_bytes(), maker).id
    assert "Left out, as others' work:\n  " in done.stderr
    for operation in ("drop_table products", "add_column users.old", "drop_column users.email"):
        assert f"\n  {operation}: {maker} (StoFlow-A)\n" in done.stderr
    assert "The new migration:\n  add_column users.nick\n" in done.stderr
    assert done.stderr.endswith("Next: alembic-worktrees upgrade\n")
    assert "Detected" not in done.stderr
    b.tool("upgrade", check=True)
    assert {"products", "users"} < database.tables()
    assert path.name not in b.git("ls-files")
    assert b.git_status().endswith(f"?? backend/migrations/versions/{path.name}\n")
    again = autogenerate(b)
    assert again.stdout == ""
    assert "differ in nothing of this branch's own, so no migration was written" in again.stderr


def test_plain_alembic_would_undo_it(b: Checkout) -> None:
    """What it is all for: with the right parent, too."""
    b.tool("copy", check=True)
    done = b.alembic("revision", "--autogenerate", "-m", "x", "--head", head(b), "--splice", check=True)
    (path,) = (path for path in b.versions.glob("*_x.py"))
    assert "op.drop_table('products')" in operations(path), done.stderr
    path.unlink()
    kept = written(autogenerate(b, "--keep-all"))
    assert "op.drop_table('products')" in operations(kept)
    assert parent(kept) == (head(b),)


def test_without_foreign_rows_it_is_alembics_own(project: World) -> None:
    main = project.main
    write_models(main, users(EMAIL) + PRODUCTS)
    done = autogenerate(main)
    path = written(done)
    ours = operations(path), operations(path, "downgrade")
    path.unlink()
    main.alembic("revision", "--autogenerate", "-m", "x", check=True)
    (plain,) = main.versions.glob("*_x.py")
    assert (operations(plain), operations(plain, "downgrade")) == ours
    assert "Left out" not in done.stderr


def test_nothing_of_own(b: Checkout) -> None:
    write_models(b, users(OLD))
    before = {*b.versions.iterdir()}
    done = autogenerate(b)
    assert done.stdout == ""
    assert {*b.versions.iterdir()} == before
    assert "To have an empty one: --allow-empty" in done.stderr
    assert operations(written(autogenerate(b, "--allow-empty"))) == []


def test_what_is_own_and_not_applied_comes_first(b: Checkout) -> None:
    autogenerate(b)
    done = autogenerate(b, check=False)
    assert done.returncode == 1
    assert "of this branch is not applied yet" in done.stderr
    assert done.stdout == ""


def test_an_earlier_migration_of_this_branch_is_undone_if_it_is_meant(
    b: Checkout, database: Database
) -> None:
    """The published models lack it as well; that it was this branch's own says its migration."""
    write_models(b, users(OLD, 'sa.Column("nick", sa.String(20)),') + PRODUCTS.replace("products", "orders"))
    autogenerate(b)
    b.commit("Add orders and nick")
    b.tool("upgrade", check=True)
    write_models(b, users(OLD, 'sa.Column("nick", sa.String(40)),'))
    assert operations(written(autogenerate(b))) == [
        "op.drop_table('orders')",
        "op.alter_column('users', 'nick', existing_type=sa.VARCHAR(length=20), type_=sa.String(length=40), "
        "existing_nullable=True)",
    ]
    b.tool("upgrade", check=True)
    assert database.tables() == {"alembic_version", "products", "users"}


def test_what_others_have_made_already_is_warned_of(b: Checkout) -> None:
    write_models(b, users(EMAIL, 'sa.Column("nick", sa.String(20)),') + PRODUCTS)
    done = autogenerate(b)
    assert operations(written(done)) == [NICK]
    for operation in ("create_table products", "drop_column users.old", "add_column users.email"):
        assert f"{operation}: these models want it, and the database has it already by" in done.stderr
    assert "Left out" not in done.stderr


def test_what_others_have_made_already_is_written_if_it_is_to_be_own(b: Checkout) -> None:
    write_models(b, users(EMAIL, 'sa.Column("nick", sa.String(20)),') + PRODUCTS)
    done = autogenerate(b, "--own-it")
    path = written(done)
    assert operations(path) == [
        NICK,
        "op.add_column('users', sa.Column('email', sa.VARCHAR(length=80), autoincrement=False, nullable=True))",
        "op.create_index(op.f('ix_users_email'), 'users', ['email'], unique=False)",
        "op.drop_column('users', 'old')",
        "op.create_table('products', sa.Column('id', sa.INTEGER(), autoincrement=True, nullable=False), "
        "sa.PrimaryKeyConstraint('id', name=op.f('products_pkey')))",
    ]
    assert operations(path, "downgrade")[-2:] == [
        "op.drop_column('users', 'email')",
        "op.drop_column('users', 'nick')",
    ]
    assert "create_table products: in this migration all the same" in done.stderr


def test_nothing_is_taken_from_a_table_that_both_model(project: World, a: Checkout, b: Checkout) -> None:
    """Their migration need not even name it."""
    more = 'sa.Table("goods", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("price", sa.Integer))'
    write_models(a, users(EMAIL) + PRODUCTS + more)
    generated(a, "more", rewrite=lambda path: rewritten(a, path, "computed"))
    write_models(b, users(OLD, 'sa.Column("nick", sa.String(20)),') + PRODUCTS.replace("products", "goods"))
    done = autogenerate(b)
    assert operations(written(done)) == [NICK]
    assert "\n  drop_column goods.price" in done.stderr
    assert (
        "create_table goods: these models want it, and the database has it already by something"
        in done.stderr
    )


def test_models_that_alembic_cannot_compare_are_told_with_how_to_see_it_again(b: Checkout) -> None:
    write_models(b, users(OLD, 'sa.Column("team", sa.ForeignKey("teams.id")),'))
    done = autogenerate(b, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "could not find table 'teams'" in done.stderr
    assert done.stderr.rstrip().endswith("See it again with: cd ~/StoFlow-B/backend && alembic check")


def test_an_index_that_both_have_made_on_columns_of_old_is_warned_of(project: World) -> None:
    """The published migration names its columns, but only because it made the table."""
    a, b = (project.worktree(f"StoFlow-{name}", f"feature-{name}") for name in "AB")
    index = 'sa.Index("ix_pair", "name", "old"),'
    write_models(a, users(OLD, index))
    generated(a, rewrite=lambda path: rewritten(a, path, "computed"))
    write_models(b, users(OLD, index, 'sa.Column("nick", sa.String(20)),'))
    done = autogenerate(b)
    assert operations(written(done)) == [NICK]
    assert "create_index ix_pair (users): these models want it, and the database has it" in done.stderr


@pytest.mark.parametrize("relative", [True, False])
def test_a_config_that_is_named(relative: bool, project: World, a: Checkout, b: Checkout) -> None:
    """By ALEMBIC_CONFIG or `-c`, also by a path into this checkout: the published models have their own env.py."""
    ini, env = b.backend / "alembic.ini", b.backend / "migrations/env.py"
    ini.write_text(ini.read_text().replace("script_location = ", "script_location = %(here)s/"))
    env.write_text(env.read_text() + f"\nopen({str(project.root / 'ran')!r}, 'a').write('x')\n")
    name = "alembic.ini" if relative else str(ini)
    for argv, more in (([], {"ALEMBIC_CONFIG": name}), (["-c", name], {})):
        done = b.tool("revision", "--autogenerate", "-m", "x", *argv, env=more, check=True)
        assert operations(written(done)) == [NICK]
        assert "judged by names" not in done.stderr
        written(done).unlink()
    assert (project.root / "ran").read_text() == "xx"


def test_what_both_change_is_warned_of(project: World) -> None:
    a, b = (project.worktree(f"StoFlow-{name}", f"feature-{name}") for name in "AB")
    write_models(a, users(OLD).replace("String(50)", "String(60), nullable=False"))
    generated(a)
    write_models(b, users(OLD).replace("String(50)", 'String(70), server_default="x"'))
    done = autogenerate(b)
    assert operations(written(done)) == [
        "op.alter_column('users', 'name', existing_type=sa.VARCHAR(length=60), server_default='x', "
        "type_=sa.String(length=70), existing_nullable=False)"
    ]
    assert "\n  alter_column users.name (nullable): " in done.stderr
    assert "alter_column users.name (type): this migration takes back what" in done.stderr
    assert "(server_default): " not in done.stderr


def test_check_models(a: Checkout, b: Checkout) -> None:
    """What `alembic check` asks, of this branch's own alone."""
    done = b.tool("check", "--models")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == (
        "models-differ: models and database differ:\n  add_column users.nick\n  backend/migrations/env.py\n"
        "  → Write a migration: alembic-worktrees revision --autogenerate -m MESSAGE\n"
    )
    autogenerate(b)
    b.tool("upgrade", check=True)
    assert b.tool("check", "--models", check=True).stdout == ""
    assert "drop_table products" in b.tool("check", "--models", "--verbose", check=True).stderr
    assert b.alembic("check").returncode != 0
    assert a.tool("check", "--models", check=True).stdout == ""
    assert b.tool("check", "--models", "--staged").returncode == 2


# What it follows


def plain(checkout: Checkout, *argv: str, check: bool = True) -> CompletedProcess[str]:
    return checkout.tool("revision", "-m", "x", *argv, check=check)


@pytest.fixture
def lent(world: World, database: Database) -> Checkout:
    """A worktree on `aaaa1111` that has borrowed x1 and x2, with the label `shop`, from another."""
    world.main.revision("aaaa1111")
    world.main.commit("Add aaaa1111")
    a, b = world.worktree("StoFlow-A", "feature-A"), world.worktree("StoFlow-B", "feature-B")
    a.revision("x1", "aaaa1111", labels="shop")
    a.revision("x2", "x1")
    database.set_heads("x2")
    b.tool("copy", check=True)
    return b


def test_it_follows_this_branchs_own_head(lent: Checkout) -> None:
    for folder in (lent.path, lent.backend, lent.versions):
        done = lent.tool("revision", "-m", "x", cwd=folder, check=True)
        assert parent(written(done)) == ("aaaa1111",)
        assert done.stderr.endswith("then alembic-worktrees upgrade\n")
        written(done).unlink()
    own = written(plain(lent, "--rev-id", "own1", "--branch-label", "mine", "--depends-on", "aaaa"))
    assert own.name == "own1_x.py"
    read = read_revision(own.read_bytes(), own.name)
    assert read == ("own1", ("aaaa1111",), ("aaaa1111",), ("mine",), False)
    assert parent(written(plain(lent))) == ("own1",)


def test_a_borrowed_one_is_followed_only_if_it_is_meant(lent: Checkout) -> None:
    for argv in (["--head", "x2"], ["--head", "shop@head"], ["--depends-on", "x1"], ["--depends-on", "shop"]):
        done = plain(lent, *argv, check=False)
        assert (done.returncode, done.stdout) == (1, "")
        assert "is only borrowed here, from StoFlow-A" in done.stderr
        assert "(aaaa1111): leave it out" in done.stderr
        assert "--on-borrowed" in done.stderr
    done = plain(lent, "--head", "x2", "--on-borrowed")
    assert parent(written(done)) == ("x2",)
    assert "alembic-worktrees check refuses a commit of the one without the other" in done.stderr
    lent.git("add", "--", written(done))
    assert lent.tool("check", "--staged").returncode == 1


def test_several_own_heads(lent: Checkout) -> None:
    for id in ("own1", "own2"):
        lent.revision(id, "aaaa1111")
    done = plain(lent, check=False)
    assert done.returncode == 1
    assert "2 heads of its own: own1, own2" in done.stderr
    assert "alembic-worktrees merge" in done.stderr
    assert parent(written(plain(lent, "--head", "own2"))) == ("own2",)
    lent.revision("base2", None, labels="other")
    assert parent(written(plain(lent, "--head", "other@head"))) == ("base2",)


def test_heads_with_bases_of_their_own(world: World) -> None:
    main = world.main
    main.revision("one1", None)
    main.revision("two2", None)
    done = plain(main, check=False)
    assert "each with a base of its own: one1, two2" in done.stderr
    assert parent(written(plain(main, "--head", "two2"))) == ("two2",)
    assert parent(written(plain(main, "--head", "base"))) == ()


def test_no_migration_yet(world: World) -> None:
    done = plain(world.main)
    assert parent(written(done)) == ()
    # An upgrade that is pasted before would apply nothing, for good.
    assert done.stderr.endswith("Next: write what it is to do, then alembic-worktrees upgrade\n")


@pytest.mark.parametrize("head", ["nowhere", "aa", "nowhere@head", "shop+1"])
def test_an_unknown_head(head: str, lent: Checkout) -> None:
    done = plain(lent, "--head", head, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"No migration here is {head}. This branch's own heads: aaaa1111" in done.stderr


def test_a_head_that_is_followed_needs_splice(lent: Checkout) -> None:
    lent.revision("own1", "aaaa1111")
    done = plain(lent, "--head", "aaaa1111", check=False)
    assert done.returncode == 1
    assert "--splice" in done.stderr
    assert "Alembic could not write the migration" in done.stderr
    assert parent(written(plain(lent, "--head", "aaaa1111", "--splice"))) == ("aaaa1111",)


def test_what_alembic_left_is_named(world: World) -> None:
    """The file is there when a hook fails that Alembic runs then, for instance since the formatter is not installed."""
    ini = world.main.backend / "alembic.ini"
    hooks = "[post_write_hooks]\nhooks = tidy\ntidy.type = exec\ntidy.executable = no-such-formatter\n"
    ini.write_text(f"{ini.read_text()}\n{hooks}")
    done = plain(world.main, check=False)
    (left,) = world.main.versions.glob("*.py")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"It is kept: ~/StoFlow/backend/migrations/versions/{left.name}" in done.stderr


def test_what_somebody_copied_by_hand_is_not_followed(world: World) -> None:
    main = world.main
    main.revision("aaaa1111")
    main.commit("Add aaaa1111")
    a, b = world.worktree("StoFlow-A", "feature-A"), world.worktree("StoFlow-B", "feature-B")
    path = a.revision("x1", "aaaa1111")
    a.commit("Add x1")
    (b.versions / path.name).write_bytes(path.read_bytes())
    assert parent(written(plain(b))) == ("aaaa1111",)


# What Alembic makes of it


def test_the_project_has_its_say(project: World, a: Checkout, b: Checkout) -> None:
    """file_template, post-write hooks, -x, env.py's own hook, which comes first, and include_object."""
    ini = b.backend / "alembic.ini"
    hooks = "[post_write_hooks]\nhooks = note\nnote.type = exec\nnote.executable = cp\n"
    hooks += "note.options = REVISION_SCRIPT_FILENAME x\n"
    ini.write_text(
        ini.read_text().replace("[alembic]\n", "[alembic]\nfile_template = %%(rev)s-mine\n") + hooks
    )
    env = b.backend / "migrations/env.py"
    more = """
def hook(context_, revision, directives):
    from alembic.operations import ops
    print("heard", context.get_x_argument(), config.cmd_opts.autogenerate)
    directives[0].upgrade_ops.ops.append(ops.ExecuteSQLOp("SELECT 1"))
    if any(op for op in directives[0].upgrade_ops.ops if getattr(op, "table_name", "") == "products"):
        directives[0].rev_id = "bbbb"

OPTIONS.update(
    process_revision_directives=hook, include_object=lambda object, name, type, *_: name != "secret"
)
"""
    env.write_text(
        env.read_text().replace("def run_migrations_offline", f"{more}\n\ndef run_migrations_offline")
    )
    write_models(b, users(OLD, 'sa.Column("nick", sa.String(20)),', 'sa.Column("secret", sa.Integer),'))
    done = autogenerate(b, "-x", "tenant=one")
    path = written(done)
    assert path.name == "bbbb-mine.py"
    assert operations(path) == [NICK, "op.execute('SELECT 1')"]
    assert (b.backend / "x").read_text() == path.read_text()
    assert "heard ['tenant=one'] True" in done.stderr
    assert done.stderr.endswith("Next: alembic-worktrees upgrade -x tenant=one\n")


def test_env_py_that_has_no_models(world: World) -> None:
    done = autogenerate(world.main, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "does not provide a MetaData object" in done.stderr


def test_a_database_that_is_down(world_root: Path) -> None:
    world = modelled(world_root, "postgresql+psycopg2://nobody@127.0.0.1:1/x", users(OLD))
    done = autogenerate(world.main, check=False)
    assert done.returncode == 1
    assert "The database could not be asked what is applied" in done.stderr
    assert "Traceback" not in done.stderr


# The published point


def temporary(done: CompletedProcess[str], checkout: Checkout) -> list[Path]:
    return [*Path(checkout.world.env["TMPDIR"]).glob("alembic-worktrees-published-*")]


@pytest.fixture
def there(project: World) -> Path:
    """The folder for temporary files."""
    folder = project.root / "tmp"
    folder.mkdir()
    project.env["TMPDIR"] = str(folder)
    return folder


def test_nothing_is_left_behind(b: Checkout, there: Path) -> None:
    left = there / "alembic-worktrees-published-killed"
    (left / "StoFlow").mkdir(parents=True)
    before = b.git("for-each-ref"), (b.path / ".git").read_text(), b.git_status()
    autogenerate(b).check_returncode()
    assert [*there.iterdir()] == []
    for path in b.versions.glob("*_add_nick.py"):
        path.unlink()
    assert (b.git("for-each-ref"), (b.path / ".git").read_text(), b.git_status()) == before


def test_it_can_be_killed(b: Checkout, there: Path) -> None:
    env = b.backend / "migrations/env.py"
    env.write_text(env.read_text() + "import time; time.sleep(600)\n")
    with running(b, "revision", "--autogenerate", "-m", "x") as process:
        while not [*there.glob("*/StoFlow-B/backend/models.py")]:
            assert not process.done
        process.signal(signal.SIGKILL)
        process.finish()
        (left,) = there.iterdir()
    b.git("checkout", "--", env)
    autogenerate(b)
    assert not left.exists()
    assert [*there.iterdir()] == []


def test_settings_that_git_ignores_are_there_too(project: World, database: Database) -> None:
    main = project.main
    env = main.backend / "migrations/env.py"
    text = env.read_text().replace(
        "from models", "import local_settings\nassert open('.env').read()\nfrom models"
    )
    env.write_text(text)
    main.write(".gitignore", "__pycache__/\nlocal_settings.py\n.env\nvenv/\n")
    (migration,) = main.versions.glob("*.py")
    migration.write_text(migration.read_text() + "# touched\n")
    main.commit("Read settings of this machine")
    a, b = (project.worktree(f"StoFlow-{name}", f"feature-{name}") for name in "AB")
    for checkout in (a, b):
        checkout.write("backend/local_settings.py", "")
        checkout.write("backend/.env", "x")
        checkout.write("backend/venv/pyvenv.cfg", "")
    nick_is_told_from_products(a, b)


def nick_is_told_from_products(a: Checkout, b: Checkout) -> None:
    """A has made a table; B's own column alone is written, for the published models were compared."""
    write_models(a, users(OLD) + PRODUCTS)
    generated(a)
    write_models(b, users(OLD, 'sa.Column("nick", sa.String(20)),'))
    done = autogenerate(b)
    assert operations(written(done)) == [NICK]
    assert "judged by names" not in done.stderr


@pytest.mark.parametrize("name", ["alembic.ini", ".env"])
def test_settings_that_are_edited_count(name: str, project: World, database: Database) -> None:
    """Git has an address that leads nowhere, and each checkout has been given the true one."""
    main, nowhere = project.main, "postgresql+psycopg2://postgres@127.0.0.1:1/dev"
    ini, env, (migration,) = (
        main.backend / "alembic.ini",
        main.backend / "migrations/env.py",
        main.versions.glob("*.py"),
    )
    ini.write_text(ini.read_text().replace(database.url, nowhere))
    (main.backend / ".env").write_text(nowhere)
    if name == ".env":
        reads_it = "config.set_main_option('sqlalchemy.url', open('.env').read())\nfrom models"
        env.write_text(env.read_text().replace("from models", reads_it))
    migration.write_text(migration.read_text() + "# touched\n")
    main.commit("Lead nowhere")
    a, b = (project.worktree(f"StoFlow-{name}", f"feature-{name}") for name in "AB")
    for checkout in (a, b):
        settings = checkout.backend / name
        settings.write_text(settings.read_text().replace(nowhere, database.url))
    nick_is_told_from_products(a, b)


def test_where_the_published_models_do_not_load_names_decide(project: World, a: Checkout) -> None:
    """They need a file that git does not have, and that this checkout has elsewhere."""
    b = project.worktree("StoFlow-B", "feature-B", base="develop")
    write_models(b, "from tables import *\n")
    b.write("backend/tables.py", "")
    text = users(OLD, 'sa.Column("nick", sa.String(20)),')
    b.write("backend/models.py", "import sqlalchemy as sa\nmetadata = sa.MetaData()\n" + text)
    project.main.git("checkout", "--quiet", "--orphan", "other")
    project.main.git("commit", "--quiet", "--allow-empty", "-m", "Nothing in common")
    done = autogenerate(b)
    assert "judged by names" in done.stderr
    assert "nothing in common with" in done.stderr
    assert operations(written(done)) == [NICK]
    assert "\n  drop_table products: " in done.stderr


def test_a_model_that_strays_into_this_checkout_is_not_believed(
    project: World, a: Checkout, b: Checkout
) -> None:
    """A path that is written down leads the published env.py to these models, which would be their own measure."""
    env = b.backend / "migrations/env.py"
    stray = f"import sys; sys.path.insert(0, {str(b.backend)!r}); sys.meta_path.pop(0)\n"
    env.write_text(stray + env.read_text())
    (migration,) = b.versions.glob("*.py")
    migration.write_text(migration.read_text() + "# touched\n")
    b.commit("Load models by a path that is written down")
    project.main.git("merge", "--quiet", "feature-B")
    write_models(b, users(OLD, 'sa.Column("nick", sa.String(30)),'))
    done = autogenerate(b)
    assert "judged by names" in done.stderr
    assert f"Python loaded {b.backend}/models.py of this checkout" in done.stderr
    assert operations(written(done)) == [NICK.replace("20", "30")]


def test_models_that_were_published_without_a_migration_are_to_be_written(
    project: World, a: Checkout
) -> None:
    """The published point is where models and migrations agree."""
    write_models(project.main, users(OLD, 'sa.Column("nick", sa.String(20)),'))
    project.main.commit("Forget the migration")
    b = project.worktree("StoFlow-B", "feature-B", base="develop")
    assert operations(written(autogenerate(b))) == [NICK]


def test_what_it_builds_on_is_its_own(project: World, a: Checkout, b: Checkout) -> None:
    """Where this branch builds on another one, what that has applied is its own."""
    b.git("checkout", "--quiet", "--force", "-B", "feature-B", "feature-A")
    write_models(b, users(EMAIL, 'sa.Column("nick", sa.String(20)),'))
    assert "op.drop_table('products')" in operations(written(autogenerate(b)))


SITE = """
import importlib.machinery, importlib.util, sys

class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "models":
            return importlib.util.spec_from_file_location(name, @PATH@)

sys.meta_path.append(Finder)
"""


@pytest.mark.cold
@pytest.mark.parametrize("how", ["PYTHONPATH", "editable"])
def test_models_that_python_finds_in_this_checkout(how: str, project: World, a: Checkout) -> None:
    """As `pip install --editable` has it: those of then are found in the folder of then."""
    project.main.git("mv", "backend/models.py", "backend/lib_models.py")
    (project.main.backend / "lib").mkdir()
    project.main.git("mv", "backend/lib_models.py", "backend/lib/models.py")
    (migration,) = project.main.versions.glob("*.py")
    migration.write_text(migration.read_text() + "# moved\n")
    project.main.commit("Move the models")
    b = project.worktree("StoFlow-B", "feature-B", base="develop")
    models = b.backend / "lib/models.py"
    models.write_text(models.read_text().replace(OLD, f'{OLD}\n    sa.Column("nick", sa.String(20)),'))
    site = project.root / "site"
    site.mkdir()
    (site / "usercustomize.py").write_text("")
    (site / "sitecustomize.py").write_text(
        SITE.replace("@PATH@", repr(str(models))) if how == "editable" else ""
    )
    path = site if how == "editable" else models.parent
    done = b.tool("revision", "--autogenerate", "-m", "x", env={"PYTHONPATH": str(path)}, check=True)
    assert "judged by names" not in done.stderr
    assert operations(written(done)) == [NICK]
    assert "\n  drop_table products: " in done.stderr


@pytest.mark.parametrize("ignored", [True, False])
def test_a_database_in_a_file(ignored: bool, world_root: Path) -> None:
    """Its path is from the folder of the config; where the published env.py makes another one, nothing is believed."""
    world = modelled(world_root, "sqlite:///dev.db", users(OLD), options="render_as_batch=True")
    world.main.write(".gitignore", "__pycache__/\n" + ("*.db\n" if ignored else ""))
    generated(world.main)
    if not ignored:
        world.main.git("rm", "--quiet", "--cached", "backend/dev.db")
        world.main.git("commit", "--quiet", "--amend", "--no-edit")
    a, b = (world.worktree(f"StoFlow-{name}", f"feature-{name}") for name in "AB")
    (a.backend / "dev.db").write_bytes((world.main.backend / "dev.db").read_bytes())
    write_models(a, users(OLD) + PRODUCTS)
    a.alembic("revision", "--autogenerate", "-m", "theirs", check=True)
    a.alembic("upgrade", "heads", check=True)
    (b.backend / "dev.db").write_bytes((a.backend / "dev.db").read_bytes())
    write_models(b, users(OLD, 'sa.Column("nick", sa.String(20)),'))
    done = autogenerate(b)
    assert ("its env.py leads to another database" in done.stderr) == (not ignored)
    assert "batch_op.add_column(sa.Column('nick'" in written(done).read_text()
    assert "products" not in written(done).read_text()
    assert "\n  drop_table products: " in done.stderr


def test_the_environment_of_a_plain_revision(world: World) -> None:
    """`revision_environment` runs env.py for it, `--sql` offline."""
    main = world.main
    assert main.tool("revision", "-m", "x", "--sql").returncode == 1
    ini = main.backend / "alembic.ini"
    ini.write_text(ini.read_text().replace("[alembic]\n", "[alembic]\nrevision_environment = true\n"))
    assert operations(written(plain(main, "--sql"))) == []


def test_by_its_name_a_constraint_is_theirs_who_alone_have_it() -> None:
    """This branch's table has its columns, and has them for something else."""
    mine = Text(
        "a1", "", "def upgrade():\n    op.create_table('file', sa.Column('owner'), sa.Column('name'))\n"
    )
    theirs = Text(
        "b2", "A", "def upgrade():\n    op.create_unique_constraint('by_owner', 'file', ['owner', 'name'])\n"
    )
    drop = Operation(
        "", False, "drop_constraint", None, "file", "constraint", "by_owner", ("owner", "name"), "", ""
    )
    assert Authors((), (mine,), (theirs,)).only_foreign(drop)
    assert not Authors((theirs,), (mine,), (theirs,)).only_foreign(drop)
