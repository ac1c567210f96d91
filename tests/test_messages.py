"""Every text in both languages, and "not found" word for word as the seed prints it."""

from __future__ import annotations

import ast
import re
import string
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import alembic_worktrees
from alembic_worktrees.messages.message import Message
from alembic_worktrees.messages.quoting import printable, quoted
from alembic_worktrees.messages.speaker import Speaker, language
from alembic_worktrees.messages.texts import TEXTS
from worlds.observe import at_terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worlds.postgres import Database
    from worlds.world import Checkout, World

SOURCES = sorted(Path(alembic_worktrees.__file__).parent.rglob("*.py"))
TOOL = (sys.executable, "-m", "alembic_worktrees")


# The catalogue


def fields(template: str) -> set[tuple[str, str]]:
    """Each placeholder with the name of its spec; the words after it are the language's own."""
    parsed = string.Formatter().parse(template)
    return {(name, (spec or "").partition(" ")[0]) for _, name, spec, _ in parsed if name is not None}


@pytest.mark.parametrize("key", TEXTS)
def test_both_languages_say_the_same(key: str) -> None:
    text = TEXTS[key]
    assert bool(text.en.strip()) == bool(text.fr.strip())
    assert fields(text.en) == fields(text.fr)
    assert text.en.count("\n") == text.fr.count("\n")


def calls() -> Iterator[tuple[str, set[str] | None, str]]:
    """Each key that the source names in a call, the values that it passes (None: not all are seen), and where."""
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                key = node.args[0]
                if node.func.id in {"Message", "UserError", "Usage"} and isinstance(key, ast.Constant):
                    yield str(key.value), values(node), f"{source.name}:{node.lineno}"


def values(call: ast.Call) -> set[str] | None:
    if len(call.args) > 1:
        given = call.args[1]
        if not isinstance(given, ast.Dict):
            return None
        keys = [key.value if isinstance(key, ast.Constant) else None for key in given.keys]
    else:
        keys = [keyword.arg for keyword in call.keywords]
    return None if None in keys else {str(key) for key in keys}


CALLS = list(calls())


@pytest.mark.parametrize(("key", "given", "where"), CALLS, ids=[where for _, _, where in CALLS])
def test_call_fits_its_text(key: str, given: set[str] | None, where: str) -> None:
    assert key in TEXTS, where
    if given is not None:
        assert given == {re.split(r"[.\[]", name)[0] for name, _ in fields(TEXTS[key].en)}, where


def strings() -> tuple[set[str], set[str]]:
    """Every string of the source but the catalogue's keys; and how the f-strings that end in a dash begin."""
    found, begun = set(), set()
    for source in SOURCES:
        parsed = ast.parse(source.read_text(encoding="utf-8"))
        dicts = [node for node in ast.walk(parsed) if isinstance(node, ast.Dict)]
        keys = {id(key) for node in dicts for key in node.keys} if source.name == "messages.py" else set()
        for node in ast.walk(parsed):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in keys:
                found.add(node.value)
            if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                begun.add(str(node.values[0].value))
    return found, {start.removesuffix("-") for start in begun if start.endswith("-")}


def test_no_text_is_unused() -> None:
    known, families = strings()
    parsed = [string.Formatter().parse(text.en) for text in TEXTS.values()]
    families |= {
        spec.removeprefix("of ") for rows in parsed for _, _, spec, _ in rows if spec and "of " in spec
    }

    def used(family: str, word: str) -> bool:
        kind, _, state = word.removesuffix("-example").partition("-")
        made = {word, word.removesuffix("-example")} & known or {kind, state} <= known
        return family in families and bool(made)

    for key in TEXTS:
        assert key in known or any(used(key[:dash], key[dash + 1 :]) for dash in dashes(key)), key


def dashes(key: str) -> list[int]:
    return [place for place, letter in enumerate(key) if letter == "-"]


# The language


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "en"),
        ({"LANG": "fr_FR.UTF-8"}, "fr"),
        ({"LANG": "fr"}, "fr"),
        ({"LC_MESSAGES": "fr_CA", "LANG": "en_US"}, "fr"),
        ({"LC_ALL": "C", "LC_MESSAGES": "fr_FR", "LANG": "fr_FR"}, "en"),
        ({"LC_ALL": "", "LC_MESSAGES": "", "LANG": "fr_FR"}, "fr"),
        ({"LC_ALL": "fr_BE.UTF-8", "LANG": "de_DE"}, "fr"),
        ({"LC_CTYPE": "fr_FR"}, "en"),
        ({"LANG": "fry_NL"}, "en"),
        ({"LANG": "de_DE"}, "en"),
    ],
)
def test_language_of_the_locale(environment: dict[str, str], expected: str) -> None:
    assert language(None, environment) == expected
    assert language("fr", environment) == "fr"
    assert language("en", environment) == "en"


# Not found


@pytest.fixture
def shared(world: World, database: Database) -> World:
    """As in the seed's own example: an id that nobody has, a published develop, and two worktrees."""
    world.main.write(".claude/commands/sync.md", "# /sync\n")
    world.main.applied("aaaa1111")
    publish(world)
    world.worktree("StoFlow-feature-A")
    world.worktree("StoFlow-hotfix-B")
    database.set_heads("a1b2c3d4")
    return world


def publish(world: World) -> None:
    world.main.git("add", "--all")
    world.main.git("commit", "--quiet", "--allow-empty", "--message", "Publish")
    world.run("git", "init", "--quiet", "--bare", world.root / "origin.git", check=True)
    world.main.git("remote", "add", "origin", str(world.root / "origin.git"))
    world.main.git("push", "--quiet", "--set-upstream", "origin", "develop")
    world.main.git("remote", "set-head", "origin", "develop")


FRENCH = """\
❌ Migration a1b2c3d4 introuvable dans les worktrees
Worktrees vérifiés:
  StoFlow
  StoFlow-feature-A
  StoFlow-hotfix-B

Suggestions:
  1. Exécuter /sync pour récupérer les migrations depuis develop
  2. Vérifier dans ~/StoFlow: cd ~/StoFlow && git pull origin develop
  3. Créer manuellement la migration manquante
"""
ENGLISH = """\
❌ Migration a1b2c3d4 not found in the worktrees
Checkouts looked at:
  StoFlow
  StoFlow-feature-A
  StoFlow-hotfix-B

Suggestions:
  1. Run /sync to get the migrations from develop
  2. Look in ~/StoFlow: cd ~/StoFlow && git pull origin develop
  3. Write the missing migration by hand
"""


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({"LC_ALL": "fr_FR.UTF-8"}, FRENCH),
        ({"LC_ALL": "", "LC_MESSAGES": "fr_FR.UTF-8"}, FRENCH),
        ({"LC_ALL": "", "LANG": "fr_FR.UTF-8"}, FRENCH),
        ({"LC_ALL": "C.UTF-8", "LANG": "fr_FR.UTF-8"}, ENGLISH),
        ({"LC_ALL": "C"}, ENGLISH),
    ],
)
@pytest.mark.parametrize("command", [("upgrade",), ("find", "a1b2c3d4")], ids=["upgrade", "find"])
def test_not_found(command: tuple[str, ...], env: dict[str, str], expected: str, shared: World) -> None:
    here = shared.root / "StoFlow-feature-A/backend"
    assert expected.partition(" ")[2] in shared.run(*TOOL, *command, cwd=here, env=env).stderr
    seen = at_terminal([*TOOL, *command], cwd=here, env={**shared.env, **env, "NO_COLOR": "1"})
    assert seen.screen.endswith(expected)
    assert seen.returncode == 1


def test_setting_beats_the_locale(shared: World) -> None:
    shared.main.write("backend/pyproject.toml", '[tool.alembic-worktrees]\nlanguage = "fr"\n')
    assert "introuvable dans les worktrees" in shared.main.tool("upgrade").stderr


def suggestions(checkout: Checkout) -> list[str]:
    """The commands of suggestions 1 and 2."""
    said = checkout.tool("upgrade").stderr
    found = re.findall(r"^  [12]\. .*?: (.*)$", said, re.MULTILINE)
    assert len(found) == 2, said
    return found


def test_suggestions_work_with_a_remote(shared: World) -> None:
    """Somebody has pushed what is missing: either command brings it."""
    shared.main.git("rm", "-r", "--quiet", ".claude")
    shared.main.commit("No /sync")
    shared.main.git("push", "--quiet")
    shared.run("git", "clone", "--quiet", shared.root / "origin.git", shared.root / "elsewhere", check=True)
    there = type(shared.main)(shared, shared.root / "elsewhere")
    b = type(shared.main)(shared, shared.root / "StoFlow-hotfix-B")
    b.git("rebase", "--quiet", "develop")
    there.revision("a1b2c3d4", "aaaa1111")
    there.commit("Add the missing one")
    there.git("push", "--quiet")
    first, second = suggestions(b)
    assert first == "git pull --rebase origin develop"
    shared.run("sh", "-c", second, cwd=b.backend, check=True)
    assert (shared.main.versions / "a1b2c3d4_add_t.py").exists()
    shared.run("sh", "-c", first, cwd=b.backend, check=True)
    assert (b.versions / "a1b2c3d4_add_t.py").exists()
    assert b.tool("find", "a1b2c3d4").returncode == 0


def test_suggestions_work_without_a_remote(world: World, database: Database) -> None:
    world.main.applied("aaaa1111")
    b = world.worktree("StoFlow hotfix é", "hotfix")
    database.set_heads("a1b2c3d4")
    first, second = suggestions(b)
    assert first == "git rebase develop"
    assert "Add migration aaaa1111" in world.run("sh", "-c", second, cwd=b.backend, check=True).stdout
    world.run("sh", "-c", first, cwd=b.backend, check=True)


def test_nothing_steers_the_terminal(world: World) -> None:
    name = "evil\x1b[31m\x07\u202e\udce9.py"
    world.main.write(f"backend/migrations/versions/{name}", "revision = 'x'\ndown_revision = (\n")
    world.worktree("StoFlow-A")
    for command in (["list"], ["list", "-v"], ["copy", "-v"], ["find", "\x1b[31mx"], ["--\x1b[31m"]):
        seen = at_terminal([*TOOL, *command], cwd=world.main.backend, env={**world.env, "NO_COLOR": "1"})
        assert not re.search("[\x1b\x07\u202e]", seen.screen), command
        assert seen.returncode != 3, command


def test_printable_keeps_what_is_harmless() -> None:
    assert printable("é ❌ ← ~/a b\n") == "é ❌ ← ~/a b\n"
    # Compared in ASCII: pytest-xdist cannot report a failure with half a character.
    shown = ascii(printable("\x1b\r\t\x00\x7f\x9b\u202e\u2028\udcff"))
    assert shown == ascii(r"\x1b\r\t\x00\x7f\x9b\u202e\u2028\udcff")


@pytest.mark.parametrize("name", ["en", "fr"])
def test_pasted_paths_are_quoted(name: str) -> None:
    path = Path("/home/me/space dir/$x/é'")
    said = Speaker(name).phrase(Message("edited", {"revision": "x", "path": path}))
    assert said.endswith("rm '/home/me/space dir/$x/é'\"'\"''")


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("a b", "'a b'"),
        ("~/a", "'~/a'"),  # a folder called ~
        ("a\nb", r"$'a\x0ab'"),
        ("\x1b'\\", r"$'\x1b\'\\'"),
        ("caf\udce9 é", r"$'caf\xe9 é'"),
        ("\u2028", r"$'\xe2\x80\xa8'"),
    ],
)
def test_an_odd_name_is_quoted_for_pasting(name: str, word: str) -> None:
    assert quoted(name) == word
