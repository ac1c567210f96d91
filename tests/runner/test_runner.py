"""What runs inside the project: old syntax, few imports, no password in what it prints."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alembic_worktrees.database.session import BOOT, RUNNER, sources
from alembic_worktrees.runner.masking import mask
from alembic_worktrees.runner.parsing import is_module
from worlds.pythons import pythons

if TYPE_CHECKING:
    from worlds.world import World

pytestmark = pytest.mark.cold

MARK = "S3CRET"
passwords = st.tuples(st.text(max_size=8), st.text(max_size=8)).map(MARK.join)
one_line = passwords.filter(lambda text: text.splitlines() == [text])


@given(passwords)
def test_quoted_password_in_a_url(password: str) -> None:
    url = f"postgresql+psycopg2://dev:{quote(password, safe='')}@localhost:5432/stoflow"
    assert mask(url) == "postgresql+psycopg2://dev:***@localhost:5432/stoflow"
    said = mask(f"engine = create_engine({url!r})  # {url}")
    assert MARK not in said
    assert said.startswith("engine = create_engine('postgresql+psycopg2://dev:***@localhost:5432/stoflow'")


@given(one_line.filter(lambda text: "@" not in text))
def test_raw_password_in_a_url(password: str) -> None:
    assert MARK not in mask(f"cannot parse postgresql://dev:{password}@localhost/stoflow, sorry")


@given(one_line)
def test_password_with_an_at_sign(password: str) -> None:
    word = "".join(letter for letter in password if not letter.isspace() and letter not in "'\"") + "@x"
    assert MARK not in mask(f"cannot parse postgresql://dev:{word}@localhost/stoflow")
    assert MARK not in mask(f'could not translate host name "{word}@localhost" to address')


@given(passwords)
def test_password_in_a_connection_string(password: str) -> None:
    escaped = password.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    assert mask(f"host=x password='{escaped}' user=y") == "host=x password=*** user=y"
    assert MARK not in mask(f"connect({{'host': 'x', 'password': {password!r}, 'user': 'y'}})")
    assert MARK not in mask(f"environ({{'PGPASSWORD': {password!r}, 'DB_PASSWORD': {password!r}}})")
    word = quote(password, safe="")
    assert mask(f"postgresql:///x?password={word}&sslmode=require") == (
        "postgresql:///x?password=***&sslmode=require"
    )


@given(st.text())
def test_masked_text_stays_as_it_is(text: str) -> None:
    assert mask(mask(text)) == mask(text)


@pytest.mark.parametrize(
    "text",
    [
        "FAILED: Can't locate revision identified by 'a1b2c3d4'",
        'FATAL:  password authentication failed for user "dev"',
        "(Background on this error at: https://sqlalche.me/e/20/e3q8)",
        'connection to server at "127.0.0.1", port 5432 failed: Connection refused',
        "fe_sendauth: no password supplied",
        'File "/home/me/StoFlow/backend/migrations/env.py", line 12, in <module>',
        "http://localhost:8000/docs",
    ],
)
def test_other_words_are_unchanged(text: str) -> None:
    assert mask(text) == text


def test_syntax_of_python_3_8() -> None:
    for source in RUNNER.glob("*.py"):
        ast.parse(source.read_text(encoding="utf-8"), feature_version=(3, 8))


def test_imports_only_the_standard_library_and_alembic() -> None:
    """And SQLAlchemy, without which there is no Alembic; Flask, where it makes the config; and each other."""
    nodes = [
        node
        for source in RUNNER.glob("*.py")
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
    ]
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "." for node in nodes if isinstance(node, ast.ImportFrom) and node.level == 0]
    assert {node.level for node in nodes if isinstance(node, ast.ImportFrom)} == {0, 1}
    packages = {name.partition(".")[0] for name in names}
    assert packages - sys.stdlib_module_names == {"alembic", "flask", "sqlalchemy"}


def test_loads_in_every_python_here() -> None:
    """This one at least, and of those from 3.8 on what the machine has, with Alembic or without."""
    for python in {Path(sys.executable), *pythons().values()}:
        done = subprocess.run(
            [python, "-c", BOOT], input=sources() + "\n", capture_output=True, text=True, check=True
        )
        assert done.stdout.startswith('{"ready": '), python


def test_who_started_it_has_gone_already() -> None:
    """As after ^C in the moment in which it starts."""
    done = subprocess.run([sys.executable, "-c", BOOT], input="", capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def ask(world: World, *requests: str) -> subprocess.CompletedProcess[str]:
    """Start the runner in the backend; what it answers is on stdout, what it prints on stderr."""
    given = "\n".join([sources(), "{}", *requests, ""])
    return world.run(sys.executable, "-c", BOOT, cwd=world.main.backend, input=given)


def test_a_module_beside_the_config_stands_in_for_none_of_pythons(world: World) -> None:
    """Where the config lies in a package, which may have a `types.py`: the `alembic` command does not see it either."""
    for name in ("types", "json", "enum"):
        world.main.write(f"backend/{name}.py", "raise ImportError('not me')\n")
    done = ask(world)
    assert done.stdout.startswith('{"ready": ')
    assert "not me" not in done.stderr


def test_no_folder_of_ours_is_on_its_path(world: World) -> None:
    """Our `locks.py` or `hosts.py` must not stand in for the project's."""
    env = world.main.backend / "migrations/env.py"
    env.write_text("import sys; print('PATH', sys.path); import locks\n" + env.read_text())
    done = ask(world, '{"do": "probe"}')
    assert "PATH ['" in done.stderr
    assert "PATH ['']" not in done.stderr
    assert str(RUNNER) not in done.stderr
    assert "No module named 'locks'" in done.stderr


def test_it_takes_no_input_and_no_output(world: World) -> None:
    """What env.py reads is not a request, and what it prints is not an answer, also where it goes round Python."""
    env = world.main.backend / "migrations/env.py"
    env.write_text(
        "import os; print('READ', os.read(0, 9), flush=True); os.write(1, b'RAW')\n" + env.read_text()
    )
    done = ask(world, '{"do": "probe"}', '{"do": "probe"}')
    assert "RAW" not in done.stdout
    assert len(done.stdout.splitlines()) == 3
    assert done.stderr.count("READ b''") == 2


def test_probe_changes_nothing(world: World) -> None:
    from worlds.observe import tree

    world.main.applied("aaaa1111")
    for cache in world.main.path.rglob("__pycache__"):
        shutil.rmtree(cache)
    before = tree(world.root)
    done = ask(world, '{"do": "probe"}')
    assert '"heads": ["aaaa1111"]' in done.stdout
    assert tree(world.root) == before


@pytest.mark.parametrize(
    "content",
    [
        b"return",
        b"<<<<<<< HEAD",
        b"x = '\xe9'",
        b"x\0",
        b"# coding: none\n",
        b"(" * 5000,
        b"-" * 100_000 + b"1",
    ],
)
def test_what_is_no_module(content: bytes) -> None:
    assert not is_module(content)


@pytest.mark.filterwarnings("error")
def test_what_is_a_module() -> None:
    assert is_module(b"import nowhere\nx = '\\d' is 'x'\nraise SystemExit\n")


def test_it_ends_with_its_channel(world: World) -> None:
    done = ask(world)
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout == '{"ready": true}\n'


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("import atexit; atexit.register(print, 'LAST WORDS')", "LAST WORDS"),
        (
            "import threading, time; threading.Thread(target=lambda: (time.sleep(0.3), print('SLOW'))).start()",
            "SLOW",
        ),
    ],
)
def test_it_ends_as_python_does(what: str, said: str, world: World) -> None:
    """It skips the freeing of memory, not what env.py has asked for at the end."""
    env = world.main.backend / "migrations/env.py"
    env.write_text(f"{what}\n{env.read_text()}")
    done = ask(world, '{"do": "probe"}')
    assert said in done.stderr.splitlines()
    assert done.returncode == 0
