"""`init --with agents` in true repositories, and the day of an agent that was told by it."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from alembic_worktrees.install import agents
from alembic_worktrees.install.agents import CLAUDE, CONDUCTOR, CURSOR, WORKTRUNK, without
from alembic_worktrees.install.blocks import with_entry
from alembic_worktrees.install.json_lists import with_item, without_items
from alembic_worktrees.project.config import parse_toml
from worlds.observe import TRACES, tree

if TYPE_CHECKING:
    from pathlib import Path

    from worlds.postgres import Database
    from worlds.world import Checkout, World

CALL = "alembic-worktrees upgrade backend"
ALL = "agents,worktrunk,cursor,conductor"
THEIRS = {
    "CLAUDE.md": "# StoFlow\r\n\r\nOurs, without a last line break",
    CLAUDE: '{\n\t"hooks": {\n\t\t"SessionStart": [\n\t\t\t{"hooks": []}\n\t\t]\n\t},\n\t"model": "é"\n}',
    WORKTRUNK: '[post-start] # first\nserver = "run" # a server\n\n[list]\nurl = "x"',
    CURSOR: '{"setup-worktree": ["npm ci"], "z": {}}\n',
    CONDUCTOR: '[scripts]\nrun = "dev"\n',
}


def init(checkout: Checkout, *words: str) -> str:
    done = checkout.tool("init", "--yes", *words, cwd=checkout.path)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    return done.stderr


def seen(world: World) -> dict[str, bytes | str | None]:
    return tree(world.root, without=TRACES)


# what is written


def test_it_is_put_into_the_files_of_others_and_taken_out_of_them_to_the_last_byte(world: World) -> None:
    for name, text in THEIRS.items():
        (world.main.path / name).parent.mkdir(exist_ok=True)
        (world.main.path / name).write_bytes(text.encode())
    before = seen(world)
    init(world.main, "--with", ALL)
    written = seen(world)
    found = {name: (world.main.path / name).read_bytes().decode() for name in THEIRS}
    assert f"\r\n  `{CALL}`. " in found["CLAUDE.md"]
    assert not (world.main.path / "AGENTS.md").exists()
    assert json.loads(found[CLAUDE])["hooks"]["SessionStart"][0] == {"hooks": []}
    assert CALL in json.loads(found[CLAUDE])["hooks"]["SessionStart"][1]["hooks"][0]["command"]
    assert parse_toml(found[WORKTRUNK], "")["post-start"] == {"server": "run", "migrations": CALL}
    assert json.loads(found[CURSOR]) == {"setup-worktree": ["npm ci", CALL], "z": {}}
    assert parse_toml(found[CONDUCTOR], "")["scripts"] == {"setup": CALL, "run": "dev"}
    for words in ((), ("--with", ALL)):
        assert "Nothing is left to write" in init(world.main, *words)
    assert seen(world) == written
    init(world.main, "--remove")
    assert seen(world) == before


def test_where_nothing_is_only_what_is_used_is_written_and_the_rest_is_named(world: World) -> None:
    (world.main.path / ".cursor").mkdir()
    before = seen(world)
    said = init(world.main, "--with", "agents")
    assert "worktrunk, conductor" in said
    assert "init --with agents,worktrunk,conductor\n" in said
    written = {name for name in agents.FILES if (world.main.path / name).exists()}
    assert written == {"AGENTS.md", CLAUDE, CURSOR}
    (world.main.path / CURSOR).write_text('{"setup-worktree": ["alembic-worktrees upgrade crm"]}\n')
    init(world.main)  # what was written for another folder is renewed
    assert json.loads((world.main.path / CURSOR).read_text()) == {"setup-worktree": [CALL]}
    init(world.main, "--remove")
    (world.main.path / ".cursor").mkdir()  # which was empty
    assert seen(world) == before


def test_what_only_a_person_can_add_is_shown_to_him(world: World) -> None:
    theirs = {
        "AGENTS.md": "# All\n",
        "CLAUDE.md": "@AGENTS.md\n",
        CLAUDE: '{"hooks": {"SessionStart": "?"}}',
        WORKTRUNK: 'post-start = "npm ci"\n',
        CURSOR: '{"setup-worktree": "setup.sh"}',
        "conductor.json": '{"scripts": {"setup": "npm ci"}}',
    }
    for name, text in theirs.items():
        world.main.write(name, text)
    said = init(world.main, "--with", ALL)
    assert said.count("by hand:") == 4
    assert {name for name in theirs if (world.main.path / name).read_text() != theirs[name]} == {"AGENTS.md"}
    assert not (world.main.path / CONDUCTOR).exists()  # it would put the other one out of use
    world.main.write("conductor.json", json.dumps({"scripts": {"setup": f"npm ci && {CALL}"}}))
    assert "conductor.json" not in init(world.main, "--with", ALL)


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1}',
        '{\r\n  "a": {}\r\n}',
        '{"x": {"y": [1]}}',
        '{\n "x": {"y": [\n  1,\n  [2]]}}',
        '{"x": {}}',
        '{"x": {"y": []}}',
        '{"x": 1}',
        "[]",
        "{",
        '{"a": 1,}',
        "// no\n{}",
        "",
    ],
)
def test_an_item_that_is_put_into_json_can_be_taken_out_again(text: str) -> None:
    after = with_item(text, ("x", "y"), {"é": ["ours"]})
    if after is None:
        assert not text.startswith(('{"a":1}', "{\r", '{"x": {"y": [1', "{\n"))
        return
    loaded = json.loads(text)
    loaded.setdefault("x", {}).setdefault("y", []).append({"é": ["ours"]})
    assert json.loads(after) == loaded
    assert after.count("\r\n") == after.count("\n") or "\r" not in text
    assert without_items(after, ("x", "y"), lambda one: one == {"é": ["ours"]}) == text


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("", dict),
        ('a = 1\n[[t]]\nk = "v"\n[z]\n', list),
        ("[z]\n[t]", dict),
        ('t.x = "y"', None),
        ("t = 1\n", None),
    ],
)
def test_a_key_that_is_put_into_toml_can_be_taken_out_again(text: str, form: type | None) -> None:
    after = with_entry(text, "t", "ours", "it's")
    if after is None:
        assert form is None
        return
    added = parse_toml(after, "")["t"]
    assert (added[-1] if form is list else added)["ours"] == "it's"
    assert without(WORKTRUNK, after) == (text or None)


# the day


def status(checkout: Checkout, expected: int = 0) -> Any:
    done = checkout.tool("status", "backend", "--json", cwd=checkout.path)
    assert (done.returncode, done.stderr) == (expected, "")
    return json.loads(done.stdout)


def obey(checkout: Checkout) -> list[str]:
    """Run the next command until there is none, as AGENTS.md says; return what each was."""
    done = []
    while (step := status(checkout)["next"])["id"] != "nothing":
        done.append(step["id"])
        ran = checkout.world.run("bash", "-c", step["command"], cwd=checkout.path)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert len(done) < 9, done
    return done


def start(checkout: Checkout, folder: Path) -> str:
    """What Claude reads when a session starts."""
    hook = json.loads((checkout.path / CLAUDE).read_text())["hooks"]["SessionStart"][0]["hooks"][0]
    done = checkout.world.run("sh", "-c", hook["command"], cwd=folder, input="{}")
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_day_of_an_agent(world: World, database: Database) -> None:
    world.warm_path()
    world.env["GIT_EDITOR"] = "echo 'Add a migration' >"
    world.main.applied("za")
    init(world.main, "--with", ALL)
    world.main.commit("Tell agents")
    a, b = world.worktree("StoFlow-feature-A"), world.worktree("StoFlow-feature-B")
    call = partial(b.tool, cwd=b.path)

    # another one applies a migration, and goes; the session begins somewhere in the worktree, and has it
    a.applied("zb", "za")
    (b.path / "frontend").mkdir()
    assert "Borrowed zb from StoFlow-feature-A" in start(b, b.path / "frontend")
    assert status(b)["next"]["id"] == "nothing"

    # its own migration: on its own head; then what it is told, one by one
    made = call("revision", "backend", "--rev-id", "zc", "-m", "add t")
    assert (made.returncode, made.stdout.endswith("/zc_add_t.py\n")) == (0, True)
    assert obey(b) == ["upgrade", "commit"]
    assert database.heads() == {"zb", "zc"}
    assert b.git_status() == ""

    # what A did comes; the hook wants the two lines joined
    refused = b.git_run("merge", "--quiet", "StoFlow-feature-A")
    assert (refused.returncode, "→ alembic-worktrees merge" in refused.stderr) == (1, True)
    assert call("merge", "backend", "--stage").returncode == 0
    b.git("commit", "--quiet", "--no-edit")
    assert obey(b) == ["upgrade"]
    assert len(database.heads()) == 1

    # no, wrong, and no answer are told apart, and stop no session
    refused = call("find", "nowhere", "backend")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert call("upgrade", "--no-such-option").returncode == 2
    ini = b.backend / "alembic.ini"
    ini.write_text(
        ini.read_text().replace(database.url.replace("%", "%%"), "postgresql+psycopg2://joe@127.0.0.1:9/none")
    )
    assert "could not be asked" in start(b, b.path)
    found = status(b, 1)
    assert (found["databases"], found["next"]["id"]) == (None, "database")
    assert found["silence"]
