"""Both languages say the same, of what is there; and "not found" word for word as the seed prints it."""

from __future__ import annotations

import argparse
import ast
import gettext
import inspect
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from alembic_worktrees.cli import argparse_texts
from alembic_worktrees.messages import Message, Text, _n
from alembic_worktrees.messages.quoting import printable, quoted
from alembic_worktrees.messages.speaker import DOMAIN, LOCALE, Speaker, language
from texts import SOURCES, calls, extracted, fields, placeholders, translations
from worlds.observe import at_terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worlds.postgres import Database
    from worlds.world import Checkout, World

TOOL = (sys.executable, "-m", "alembic_worktrees")


# The translations


def test_every_text_is_translated_and_no_other() -> None:
    """If not: `make texts`, then translate what is new."""
    french = translations()
    assert french.keys() == extracted()
    assert [english for english, said in french.items() if not all(said)] == []


def test_every_text_stands_where_it_is_found() -> None:
    """Written out in the call, and not inside of an f-string."""
    marked = {(literal(call),) for call in calls("_")}
    counted = {(literal(call, 0), literal(call, 1)) for call in calls("_n")}
    assert marked | counted == extracted()


def test_both_languages_say_the_same() -> None:
    for english, french in translations().items():
        for text in french:
            assert placeholders(text) == placeholders(english[-1]), text
            assert text.count("\n") == english[-1].count("\n"), text
        assert len(french) == len(english)
        assert placeholders(english[0]) == placeholders(english[-1])


def test_what_is_compiled_is_what_is_translated() -> None:
    """If not: `make test` compiles it, or `python hatch_build.py`."""
    compiled = gettext.translation(DOMAIN, LOCALE, ["fr"])
    for english, french in translations().items():
        if len(english) == 1:
            assert (compiled.gettext(*english),) == french
        else:
            one, many = english
            assert tuple(compiled.ngettext(one, many, n) for n in (1, 2)) == french


@pytest.mark.parametrize("name", ["en", "fr"])
def test_every_text_can_be_said(name: str) -> None:
    """Every way to show a value that a text names is one that there is."""
    same_in_all = {str(literal(call)) for call in calls("Text")}
    texts = {text for forms in extracted() for text in forms} | same_in_all
    assert len(texts) > 300
    for text in texts:
        said = Speaker(name).phrase(Message(Text(text), dict.fromkeys(fields(text), "it")))
        assert "{" not in said
        assert ("it" in said) or not fields(text)


def test_only_commands_and_the_values_alone_are_not_translated() -> None:
    for call in calls("Text"):
        if text := literal(call):
            words = re.sub(r"\{[^}]*\}", "", text)
            assert re.match(r"\s*(git|cp|alembic-worktrees|--from) |[^a-z]*$", words), text


def literal(call: ast.Call, number: int = 0) -> str | None:
    argument = call.args[number] if call.args[number:] else None
    return argument.value if isinstance(argument, ast.Constant) and isinstance(argument.value, str) else None


# The values that a text is given


def test_each_text_is_given_what_it_shows() -> None:
    """Where text and values stand in one function; else the tests of what is said find it."""
    seen = 0
    for path, tree in SOURCES.items():
        for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
            for call, texts in said_in(function):
                given = values(call)
                if given is not None:
                    wanted = set().union(*map(fields, texts))
                    assert given == wanted, f"{path.name}:{call.lineno}"
                    seen += 1
    assert seen > 150


def said_in(function: ast.FunctionDef) -> Iterator[tuple[ast.Call, list[str]]]:
    """Each call that says something, with the texts that it may say: its own, or those put into `text` before."""
    nodes = [node for node in ast.walk(function) if isinstance(node, (ast.Assign, ast.Call))]
    texts: list[str] = []
    said = True
    for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset)):
        if isinstance(node, ast.Assign):
            if getattr(node.targets[0], "id", "") == "text":
                texts, said = [*([] if said else texts), *texts_in(node.value)], False
        elif getattr(node.func, "id", "") in SAYING and node.args:
            by_name = getattr(node.args[0], "id", "") == "text"
            said = said or by_name
            if found := texts if by_name else texts_in(node.args[0]):
                yield node, found


SAYING = {
    name
    for tree in SOURCES.values()
    for node in ast.walk(tree)
    if isinstance(node, ast.ClassDef)
    for name in [node.name]
    if any(getattr(base, "id", "") == "UserError" for base in node.bases)
} | {"Message", "UserError", "Usage"}


def texts_in(node: ast.expr) -> list[str]:
    marked = (
        n for n in ast.walk(node) if isinstance(n, ast.Call) and getattr(n.func, "id", "") in {"_", "Text"}
    )
    return [text for call in marked if (text := literal(call)) is not None]


def values(call: ast.Call) -> set[str] | None:
    """The names of what a call fills in; None where not all are seen."""
    if getattr(call.func, "id", "") == "Message":
        if len(call.args) == 1:
            return set()
        given = call.args[1]
        if not isinstance(given, ast.Dict):
            return None
        keys = [key.value if isinstance(key, ast.Constant) else None for key in given.keys]
    else:
        keys = [keyword.arg for keyword in call.keywords]
    return None if None in keys else {str(key) for key in keys}


# Plurals


@pytest.mark.parametrize(
    ("name", "said"),
    [("en", ["0 heads", "1 head", "2 heads"]), ("fr", ["0 tête", "1 tête", "2 têtes"])],
)
def test_each_language_has_its_plural(name: str, said: list[str]) -> None:
    inner = [_n("{n} head", "{n} heads", n) for n in range(3)]
    assert [Speaker(name).phrase(one) for one in inner] == said
    nested = [Message(Text("({count})"), {"count": one}) for one in inner]
    assert [Speaker(name).phrase(one) for one in nested] == [f"({one})" for one in said]


# What argparse says


def test_argparse_says_what_is_translated_for_it() -> None:
    """Each of its Pythons says what is translated, but the one whose argparse translates one text less."""
    tree = ast.parse(inspect.getsource(argparse))
    known = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    assert set(argparse_texts.TEXTS) <= known


@pytest.mark.parametrize(("locale", "said"), [("C.UTF-8", 0), ("fr_FR.UTF-8", 1)])
def test_argparse_speaks_the_users_language(locale: str, said: int, tmp_path: Path) -> None:
    cases = {
        "--help": ("usage: alembic-worktrees ", "utilisation : alembic-worktrees "),
        "find": ("the following arguments are required: REVISION", "il manque les arguments : REVISION"),
        "list --no-such": ("unrecognized arguments: --no-such", "arguments inconnus : --no-such"),
        "lst": ("invalid choice: 'lst' (choose from ", "choix invalide : 'lst' (possibles : "),
        "check --ref": ("expected one argument", "une valeur est attendue"),
        "list --json=x": ("ignored explicit argument 'x'", "valeur inattendue 'x'"),
        "check --staged --pushed": (
            "not allowed with argument --staged",
            "incompatible avec l'argument --staged",
        ),
    }
    for line, expected in cases.items():
        argv = [*TOOL, *line.split()]
        done = subprocess.run(
            argv,
            cwd=tmp_path,
            env={**os.environ, "LC_ALL": locale},
            capture_output=True,
            text=True,
            check=False,
        )
        assert expected[said] in done.stdout + done.stderr


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
    assert expected in seen.screen
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
    said = Speaker(name).phrase(Message(Text("rm {path:q}"), {"path": path}))
    assert said == "rm '/home/me/space dir/$x/é'\"'\"''"


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
