"""No password in anything that is said or written, whatever fails, and in no command line that others can see."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from typing import TYPE_CHECKING

import pytest

from alembic_worktrees.runner.masking import mask
from worlds.observe import tree
from worlds.world import World

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.cold

MARK = "S3CR3T"
HOST = "127.0.0.1:1/stoflow"
URLS = {
    "quoted": f"postgresql+psycopg2://dev:a%40{MARK}%3A%2F@{HOST}",
    "raw": f"postgresql+psycopg2://dev:a@/#?:{MARK}'@{HOST}",
    "in the place of the port": f"postgresql+psycopg2://dev@127.0.0.1:{MARK}/stoflow",
    "a port in the query": f"postgresql+psycopg2:///stoflow?host=127.0.0.1&port={MARK}",
    "in the query": f"postgresql+psycopg2:///stoflow?host=127.0.0.1&port=1&password={MARK}",
    "a percent sign that is not doubled": f"postgresql+psycopg2://dev:a%40{MARK}@{HOST}",
    "no dialect": f"dev:{MARK}@{HOST}",
}
COMMANDS = [
    "upgrade",
    "upgrade -v --remote-database",
    "copy --json",
    "copy --dry-run --from nowhere",
    "status --json",
    "graph --format svg",
    "check --database",
    f"upgrade -x url=postgresql://dev:{MARK}@h/db -x password={MARK}",
    f"find postgresql://dev:{MARK}@h/db",
    f"check --ref password={MARK}",
    f"copy --nonsense password={MARK}",
    "adopt nowhere",
    "init --yes --with dev,claude",
]


def objects(world: World) -> str:
    """All that git has, with its contents, as text."""
    main = world.main
    ids = main.git("cat-file", "--batch-all-objects", "--batch-check=%(objectname)").split()
    return "".join(main.git("cat-file", "-p", one) for one in ids) + main.git("for-each-ref")


@pytest.mark.parametrize("case", URLS)
def test_no_failure_tells_a_password(case: str, world_root: Path) -> None:
    """It stands in alembic.ini, the environment, .env and a setting; every command fails in its own way."""
    world = World.create(world_root, "sqlite://")
    main, url = world.main, URLS[case]
    main.revision("aaaa1111")
    main.commit("Add aaaa1111")
    ini = main.backend / "alembic.ini"
    written = url if case.startswith("a percent") else url.replace("%", "%%")
    ini.write_text(
        re.sub("(?m)^sqlalchemy.url = .*", lambda _: f"sqlalchemy.url = {written}", ini.read_text())
    )
    main.write("backend/.env", f"DATABASE_URL={url}\n")
    main.write("backend/pyproject.toml", f"[tool.alembic-worktrees]\ndatabase-url = '''{url}'''\n")
    lines, tools, scratch = (world.root / name for name in ("command-lines", "tools", "scratch"))
    tools.mkdir()
    scratch.mkdir()
    (tools / "git").write_text(
        f'#!/bin/sh\necho "$@" >>{lines}\nexec {shlex.quote(shutil.which("git") or "")} "$@"\n'
    )
    (tools / "git").chmod(0o755)
    env_py = main.backend / "migrations/env.py"
    note = f"open({str(lines)!r}, 'a').write(open('/proc/self/cmdline').read() + '\\n')\n"
    env_py.write_text(note + env_py.read_text())
    env = {
        "DATABASE_URL": url,
        "PGPASSWORD": MARK,
        "TMPDIR": str(scratch),
        "PATH": f"{tools}{os.pathsep}{world.env['PATH']}",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    before = tree(world.root)
    for words in COMMANDS if case == "quoted" else [*COMMANDS[:2], "status --json"]:
        done = main.tool(*words.split(), env=env)
        assert MARK not in done.stdout + done.stderr, (words, done.stdout, done.stderr)
        assert "This is a bug" not in done.stderr, words
        if words.startswith("report"):
            assert len(done.stderr.splitlines()) == 1, done.stderr
    for path, content in tree(world.root).items():
        if content != before.get(path) and path != str(lines):
            assert MARK.encode() not in os.fsencode(path), path
            assert not isinstance(content, bytes) or MARK.encode() not in content, path
    assert MARK not in objects(world)
    seen = [line for line in lines.read_text().splitlines() if "alembic_worktrees_runner" in line]
    assert case.startswith("a percent") or seen
    assert not [line for line in seen if MARK in line]


SAID = {
    "psycopg2": f'invalid integer value "{MARK}" for connection option "port"',
    "odbc": f"DRIVER=x;UID=sa;PWD={MARK}",
    "shell": f"DB_PASS={MARK} DB_PWD={MARK} passphrase={MARK}",
    "interpolation": f"invalid interpolation syntax in 'ab%{MARK}' at position 2",
}


@pytest.mark.parametrize("case", SAID)
def test_what_drivers_and_shells_quote(case: str) -> None:
    assert MARK not in mask(SAID[case])


@pytest.mark.parametrize(
    "text", ["ValueError: invalid literal for int() with base 10: 'abc'", "{'PWD': '/home'}", "bypass: yes"]
)
def test_what_is_no_password_stays(text: str) -> None:
    assert mask(text) == text


def test_our_own_words_are_no_password(world: World) -> None:
    """Names of worktrees, clones and branches, and what our sentences put between them."""
    main = world.main
    main.applied("aaaa1111")
    other = world.worktree("StoFlow-reset-password", "password=new")
    other.applied("bbbb2222", "aaaa1111")
    said = main.tool("upgrade", check=True).stderr
    assert re.search(r"(?m)^Borrowed bbbb2222 from StoFlow-reset-password: ~/StoFlow/backend/\S+$", said), (
        said
    )
    clone = world.clone("StoFlow-no-password")
    clone.git("branch", "wanted", "origin/password=new")
    world.main.git("worktree", "remove", "--force", str(other.path))
    world.main.git("branch", "-D", "password=new")
    world.main.git("update-ref", "-d", "refs/alembic-worktrees/applied")
    words = ("copy", "--from", "StoFlow-no-password:wanted", "-x", f"password={MARK}")
    said = world.worktree("StoFlow-b").tool(*words, check=True).stderr
    assert "Borrowed bbbb2222 from StoFlow-no-password:wanted: ~/StoFlow-b/backend/" in said
