"""^C while the server is at work: answered at once, in order, with what was and was not done."""

from __future__ import annotations

import os
import pty
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING

import pytest

from worlds.running import running
from worlds.world import Layout, World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from worlds.postgres import Database
    from worlds.world import Checkout

TOOL = (sys.executable, "-m", "alembic_worktrees")
AT_ONCE = 30  # seconds, on a machine that is busy; the statement would take 600
SLOW = "print('SLOW', flush=True)\nop.execute('SELECT pg_sleep(600)')"


def each_in_its_own_transaction(checkout: Checkout) -> None:
    env = checkout.backend / "migrations/env.py"
    env.write_text(env.read_text().replace("configure(", "configure(transaction_per_migration=True, "))


def sleeps(database: Database) -> bool:
    """Whether the slow statement has begun: a ^C in the very moment before may leave a driver without an answer."""
    asked = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
    return bool(database.execute(asked))


def at_work(database: Database) -> list[tuple[str]]:
    asked = "SELECT query FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle'"
    return database.execute(f"{asked} AND pid <> pg_backend_pid()")


class AtTerminal:
    """Our command at a terminal that is its own, whose keys send signals."""

    def __init__(self, checkout: Checkout, *words: str) -> None:
        self._keys, screen = pty.openpty()
        opened = 'exec "$@" <"$0" >"$0" 2>&1'  # the first that a session opens is its terminal
        self._process = subprocess.Popen(
            ["sh", "-c", opened, os.ttyname(screen), *TOOL, *words],
            cwd=checkout.backend,
            env=checkout.world.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._screen = screen
        self.said = ""

    def until(self, words: str) -> None:
        while words not in self.said:
            self.said += os.read(self._keys, 4096).decode()
        os.close(self._screen)

    def interrupt(self) -> None:
        os.write(self._keys, b"\x03")

    def finish(self) -> int:
        try:
            with suppress(OSError):  # nobody has the other end any more
                while piece := os.read(self._keys, 4096):
                    self.said += piece.decode()
            return self._process.wait(AT_ONCE)
        finally:
            self._process.kill()
            os.close(self._keys)


@pytest.mark.parametrize("driver", ["psycopg2", "asyncpg"])
def test_ctrl_c_at_a_terminal(driver: str, world_root: Path, database: Database) -> None:
    wide = driver == "asyncpg"
    url, layout = database.async_url if wide else database.url, Layout(env="async" if wide else "generic")
    main = World.create(world_root, url, layout=layout).main
    main.applied("aaaa1111")
    each_in_its_own_transaction(main)
    main.revision("bbbb2222", "aaaa1111")
    main.revision("cccc3333", "bbbb2222", body=SLOW)
    process = AtTerminal(main, "upgrade")
    process.until("SLOW")
    while not sleeps(database):
        time.sleep(0.01)
    pressed = time.monotonic()
    process.interrupt()
    assert process.finish() == 130
    assert time.monotonic() - pressed < AT_ONCE
    assert "applied before that: bbbb2222; not applied: cccc3333." in process.said.splitlines()[-1]
    assert "Traceback" not in process.said
    assert database.heads() == {"bbbb2222"}
    assert at_work(database) == []


def test_a_signal_to_us_alone(world: World, database: Database) -> None:
    """And all of it was one transaction."""
    main = world.main
    main.applied("aaaa1111")
    main.revision("bbbb2222", "aaaa1111")
    main.revision("cccc3333", "bbbb2222", body=SLOW)
    with running(main, "upgrade") as process:
        process.until("SLOW")
        while not sleeps(database):
            time.sleep(0.01)
        process.signal(signal.SIGINT, alone=True)
        assert process.finish(AT_ONCE) == 130
    assert process.said.splitlines()[-1].endswith(
        "applied before that: none; not applied: bbbb2222, cccc3333."
    )
    assert database.heads() == {"aaaa1111"}
    assert at_work(database) == []


def test_alembic_that_does_not_stop(world: World) -> None:
    main = world.main
    main.applied("aaaa1111")
    stubborn = (
        "import time\nwhile True:\n    try:\n        print('SLOW', flush=True)\n        time.sleep(600)\n"
        "    except KeyboardInterrupt:\n        pass"
    )
    main.revision("bbbb2222", "aaaa1111", body=stubborn)
    with running(main, "upgrade") as process:
        process.until("SLOW")
        process.signal(signal.SIGINT)
        assert process.finish(AT_ONCE) == 130
    assert "its server may still be at work" in process.said.splitlines()[-1]


@pytest.fixture
def silent(world: World) -> Iterator[socket.socket]:
    """What the project takes for its server: it accepts, and never says a word."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        url = f"postgresql://postgres@127.0.0.1:{server.getsockname()[1]}/x"
        ini = world.main.backend / "alembic.ini"
        driven = url.replace("://", "+psycopg2://")
        ini.write_text(re.sub("(?m)^sqlalchemy.url = .*", f"sqlalchemy.url = {driven}", ini.read_text()))
        world.main.write("backend/pyproject.toml", f'[tool.alembic-worktrees]\ndatabase-url = "{url}"\n')
        yield server


def test_status_does_not_wait_for_a_server_that_never_answers(world: World, silent: socket.socket) -> None:
    code = "import sys; from alembic_worktrees.cli import main as cli; from alembic_worktrees.database import direct"
    code += "; from alembic_worktrees.status import survey; direct.SOON = survey.TIMEOUT = 1.0"
    code += "; sys.exit(cli.run(['status']))"
    done = world.run(sys.executable, "-c", code, cwd=world.main.backend)
    assert (done.returncode, "The database did not answer" in done.stdout) == (1, True)
    assert "has not answered within 1 seconds; asking through env.py" in done.stderr


@pytest.mark.parametrize("setting", [True, False])
def test_who_waits_for_such_a_server_is_answered(setting: bool, world: World, silent: socket.socket) -> None:
    if not setting:
        (world.main.backend / "pyproject.toml").unlink()
    with running(world.main, "copy") as process:
        silent.accept()
        process.signal(signal.SIGINT, alone=True)
        assert process.finish(AT_ONCE) == 130
        assert process.said == "Interrupted.\n"
