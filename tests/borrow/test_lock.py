"""One upgrade at a time, also from clones, which share nothing but the database."""

from __future__ import annotations

import signal
import socket
import threading
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING

import psycopg2
import pytest

from alembic_worktrees.borrow import lock
from worlds.observe import TRACES, tree
from worlds.process import locked
from worlds.running import Running, running
from worlds.world import Layout, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from worlds.postgres import Database
    from worlds.world import Checkout

    Held = tuple[Running, Callable[[], None]]
    """An upgrade in the midst of a migration, and what lets it go on."""

GATE = 4242  # an advisory lock of the test's own, which a migration waits for
THROUGH_THE_GATE = f'op.execute("SELECT pg_advisory_xact_lock({GATE})")'
WAITING = "Another checkout is upgrading; waiting for it to finish."


@contextmanager
def closed_gate(database: Database) -> Iterator[Callable[[], None]]:
    """Until it is opened, by what is yielded, no migration gets through."""
    with closing(psycopg2.connect(database.dsn)) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute("SELECT pg_advisory_lock(%s)", [GATE])
        yield lambda: cursor.execute("SELECT pg_advisory_unlock(%s)", [GATE])


def sessions(database: Database) -> list[tuple[str, str]]:
    """The sessions that hold an advisory lock of ours, as (state, last statement)."""
    return [
        (state, query)
        for state, query in database.execute(
            "SELECT state, query FROM pg_stat_activity JOIN pg_locks USING (pid)"
            " WHERE locktype = 'advisory' AND granted AND datname = current_database()"
            f" AND (classid, objid) != (0, {GATE})"
        )
    ]


@pytest.fixture
def clone(world: World) -> Checkout:
    """A clone of a project with one migration, `aaaa1111`, which is applied."""
    world.main.applied("aaaa1111")
    return world.clone("StoFlow-clone")


@contextmanager
def holding(main: Checkout, database: Database, body: str = THROUGH_THE_GATE) -> Iterator[Held]:
    """An upgrade that is in the midst of the migration `main`, and what lets it go on."""
    main.revision("main", "aaaa1111", body=body)
    with closed_gate(database) as open_gate, running(main, "upgrade") as process:
        process.until("Running upgrade aaaa1111 -> main")
        yield process, open_gate


def both_end(clone: Checkout, first: Running, open_gate: Callable[[], None]) -> str:
    """Let the clone wait for `first`, then both go on; what they said."""
    with running(clone, "upgrade") as second:
        second.until(WAITING)
        open_gate()
        assert (first.finish(), second.finish()) == (0, 0)
        return first.said + second.said


@pytest.fixture
def holder(world: World, clone: Checkout, database: Database) -> Iterator[Held]:
    """An upgrade in the main checkout that is in the midst of the migration `main`, and what lets it go on."""
    with holding(world.main, database) as held:
        yield held


# Who waits for whom


def test_an_upgrade_waits_for_the_lock_of_its_repository(world: World, database: Database) -> None:
    world.main.applied("aaaa1111")
    feature = world.worktree("StoFlow-feature")
    feature.revision("bbbb2222", "aaaa1111")
    with ExitStack() as held:
        held.enter_context(locked(world.main.path / ".git" / lock.NAME))
        with running(feature, "upgrade") as process:
            process.until(WAITING)
            world.main.applied("cccc3333", "aaaa1111")
            held.close()
            assert process.finish() == 0
            assert process.said.count(WAITING) == 1
    assert database.heads() == {"bbbb2222", "cccc3333"}
    assert (feature.versions / "cccc3333_add_t.py").exists()


def test_one_that_is_free_is_not_spoken_of(world: World, database: Database) -> None:
    world.main.revision("aaaa1111")
    assert WAITING not in world.main.tool("upgrade", check=True).stderr


def test_a_clone_waits_and_then_finds_what_was_done(
    clone: Checkout, holder: Held, database: Database
) -> None:
    first, open_gate = holder
    clone.revision("clone", "aaaa1111")
    with running(clone, "upgrade") as second:
        second.until(WAITING)
        assert [state for state, _ in sessions(database)] == ["idle"]
        assert database.heads() == {"aaaa1111"}
        open_gate()
        assert (first.finish(), second.finish()) == (0, 0)
        assert "looking again" not in second.said
        assert second.said.count(WAITING) == 1
    assert database.heads() == {"main", "clone"}
    assert (clone.versions / "main_add_t.py").exists()


def test_a_worktree_of_the_clone_waits_too(
    clone: Checkout, holder: Held, world: World, database: Database
) -> None:
    """Two wait for the one: one at the lock of the database, the other at that of its repository."""
    first, open_gate = holder
    clone.git("worktree", "add", "--quiet", "-b", "other", str(world.root / "StoFlow-other"))
    other = type(clone)(world, world.root / "StoFlow-other")
    for checkout, revision in ((clone, "clone"), (other, "other")):
        checkout.revision(revision, "aaaa1111")
    with running(clone, "upgrade") as second, running(other, "upgrade") as third:
        second.until(WAITING)
        third.until(WAITING)
        open_gate()
        assert (first.finish(), second.finish(), third.finish()) == (0, 0, 0)
    assert database.heads() == {"main", "clone", "other"}


def test_nobody_waits_once_the_holder_is_killed(clone: Checkout, holder: Held, database: Database) -> None:
    first, _ = holder
    with running(clone, "upgrade") as second:
        second.until(WAITING)
        first.signal(signal.SIGKILL)
        assert second.finish() == 0
    assert sessions(database) == []
    assert database.heads() == {"aaaa1111"}


def test_who_waits_can_be_interrupted(clone: Checkout, holder: Held, database: Database) -> None:
    first, open_gate = holder
    clone.revision("clone", "aaaa1111")
    before = tree(clone.path, without=TRACES)
    with running(clone, "upgrade") as second:
        second.until(WAITING)
        second.signal(signal.SIGINT)
        assert second.finish() == 130
    assert tree(clone.path, without=TRACES) == before
    open_gate()
    assert first.finish() == 0
    assert database.heads() == {"main"}


def test_who_only_borrows_does_not_wait(clone: Checkout, holder: Held, database: Database) -> None:
    done = clone.tool("copy", check=True)
    assert WAITING not in done.stderr


def test_an_index_is_built_concurrently_while_a_clone_waits(
    clone: Checkout, world: World, database: Database
) -> None:
    """It waits for every statement that is older; an idle session has none, and who waits asks only now and then."""
    concurrently = (
        f"{THROUGH_THE_GATE}\nwith op.get_context().autocommit_block():\n"
        '    op.execute("CREATE INDEX CONCURRENTLY i ON t_aaaa1111 (id)")'
    )
    with holding(world.main, database, concurrently) as held:
        both_end(clone, *held)
    assert database.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = 'i'::regclass") == [(True,)]


# What is locked


def test_async_env(world_root: Path, database: Database) -> None:
    """The session outlives the event loop in which it began."""
    world = World.create(world_root, database.async_url, layout=Layout(env="async"))
    world.main.applied("aaaa1111")
    clone = world.clone("StoFlow-clone")
    with holding(world.main, database) as held:
        assert "Warning" not in both_end(clone, *held)
    assert sessions(database) == []


def test_every_database_of_a_project(world_root: Path, new_database: Callable[[], Database]) -> None:
    """Also the second alone; the first is given back meanwhile, so that nobody waits in a circle."""
    one, two = new_database(), new_database()
    world = World.create(world_root, one.url, layout=Layout(env="multidb"), other_url=two.url)
    world.main.applied("aaaa1111")
    clone = world.clone("StoFlow-clone")
    only_two = World.create(world_root / "two", two.url)
    only_two.main.revision("aaaa1111")
    only_two.main.revision("main", "aaaa1111", body=THROUGH_THE_GATE)
    with closed_gate(two) as open_gate, running(only_two.main, "upgrade") as first:
        first.until("Running upgrade aaaa1111 -> main")
        with running(clone, "upgrade") as second:
            second.until(WAITING)
            assert sessions(one) == []
            open_gate()
            assert first.finish() == 0
            second.finish()


def test_other_version_tables_do_not_wait(world_root: Path, database: Database) -> None:
    """Two projects in one database, and one in a schema of its own."""
    database.execute("CREATE SCHEMA other")
    layouts = (Layout(), Layout(version_table="other_version"), Layout(version_schema="other"))
    with closed_gate(database) as open_gate, ExitStack() as stack:
        processes = []
        for number, layout in enumerate(layouts):
            world = World.create(world_root / str(number), database.url, layout=layout)
            world.main.revision(f"main{number}", body=THROUGH_THE_GATE)
            process = stack.enter_context(running(world.main, "upgrade"))
            process.until("Running upgrade  ->")  # each is in the midst of its migration
            processes.append(process)
        assert len(sessions(database)) == 3
        open_gate()
        assert [process.finish() for process in processes] == [0, 0, 0]


# How it is reached


TENANTS = """
def run_migrations_online() -> None:
    connectable = engine_from_config(config.get_section(config.config_ini_section, {}), prefix="sqlalchemy.")
    with connectable.connect() as connection:
        for tenant in ("one", "two"):
            connection.exec_driver_sql(f"SET search_path TO {tenant}")
            connection.commit()
            do_run_migrations(connection)
"""


def test_one_table_asked_twice_does_not_wait_for_itself(world: World, database: Database) -> None:
    """An env.py that goes from schema to schema calls each table by the same name."""
    for tenant in ("one", "two"):
        database.execute(f"CREATE SCHEMA {tenant}")
    world.main.revision("aaaa1111")
    env = world.main.backend / "migrations/env.py"
    head, _, tail = env.read_text().partition("def run_migrations_online()")
    env.write_text(f"{head}{TENANTS}\n\n{tail[tail.index('if context.is_offline_mode()') :]}")
    done = world.main.tool("upgrade", check=True)
    assert WAITING not in done.stderr
    assert database.heads(schema="one") == database.heads(schema="two") == {"aaaa1111"}


def test_a_pool_of_one_connection(world: World, database: Database) -> None:
    world.main.revision("aaaa1111")
    env = world.main.backend / "migrations/env.py"
    one = "poolclass=pool.QueuePool, pool_size=1, max_overflow=0, pool_timeout=1"
    env.write_text(env.read_text().replace("poolclass=pool.NullPool", one))
    assert "cannot be locked" not in world.main.tool("upgrade", check=True).stderr
    assert database.heads() == {"aaaa1111"}


def test_where_there_is_no_second_connection_it_says_so_and_goes_on(
    world_root: Path, database: Database
) -> None:
    role = f"single_{database.name}"
    database.execute(f"CREATE ROLE {role} LOGIN CONNECTION LIMIT 1; GRANT CREATE ON SCHEMA public TO {role}")
    world = World.create(world_root, database.url.replace("postgres@", f"{role}@"))
    try:
        world.main.revision("aaaa1111")
        done = world.main.tool("upgrade", check=True)
    finally:
        database.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")
    assert "cannot be locked, so do not upgrade from another clone now: OperationalError" in done.stderr
    assert "too many connections for role" in done.stderr


def test_behind_a_connection_pooler_it_says_so_and_goes_on(world_root: Path, database: Database) -> None:
    with pooler(database) as port:
        url = f"postgresql+psycopg2://postgres@127.0.0.1:{port}/{database.name}?sslmode=disable"
        world = World.create(world_root, url)
        world.main.revision("aaaa1111")
        done = world.main.tool("upgrade", check=True)
    assert "is reached through a connection pooler and cannot be locked" in done.stderr
    assert database.heads() == {"aaaa1111"}


def test_no_lock_where_there_is_no_postgresql(world_root: Path) -> None:
    world = World.create(world_root, f"sqlite:///{world_root}/shared.db")
    world.main.revision("aaaa1111")
    assert "lock" not in world.main.tool("upgrade", check=True).stderr


@contextmanager
def pooler(database: Database) -> Iterator[int]:
    """A door to the server that makes up its process id, as every connection pooler must; its port."""
    with socket.create_server(("127.0.0.1", 0)) as server, ExitStack() as stack:

        def serve() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                upstream = socket.socket(socket.AF_UNIX)
                upstream.connect(next(str(path) for path in database.socket.glob(".s.PGSQL.*[0-9]")))
                stack.callback(client.close)
                stack.callback(upstream.close)
                for source, target in ((client, upstream), (upstream, client)):
                    threading.Thread(target=forward, args=(source, target), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


def forward(source: socket.socket, target: socket.socket) -> None:
    """Hand on what comes; the process id of BackendKeyData (a `K` of 12 bytes) becomes 1."""
    try:
        while piece := source.recv(65536):
            target.sendall(make_up_pid(piece))
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def make_up_pid(piece: bytes) -> bytes:
    head, mark, tail = piece.partition(b"K\0\0\0\x0c")
    return head + mark + b"\0\0\0\1" + tail[4:] if mark else piece
