"""Both front pages are one page, and true; their sessions are performed at a terminal, and recorded as pictures.

The French page has the structure of the English one, section by section, block by block, row by row.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from test_packaging import INSTALL_FROM_CLONE

from alembic_worktrees.install import shim
from alembic_worktrees.migrations.commented import commented_out
from alembic_worktrees.project import settings
from pages import DOCS, FOREIGN, REPOSITORY, Page, codes, page, rows
from recording import COLUMNS, Scene, record
from shells import shell_or_skip
from worlds.modelled import modelled, write_models
from worlds.observe import at_terminal
from worlds.world import Layout, World

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from worlds.postgres import Database
    from worlds.world import Checkout

SHELL_FILE = "scripts/alembic-utils.sh"
ENGLISH, FRENCH = Page(REPOSITORY / "README.md"), Page(REPOSITORY / "README.fr.md")
DAY, COMMANDS = page("day"), page("commands")
on_both = pytest.mark.parametrize("front", [ENGLISH, FRENCH], ids=["en", "fr"])


# Both pages are one


def outline(front: Page) -> list[tuple[object, ...]]:
    """What is the same on both pages, one entry a section."""
    return [
        (
            section.level,
            [(block.language, re.sub(" *#.*", "", block.text)) for block in section.blocks],
            [[sorted(codes(cell)) for cell in row] for table in section.tables for row in table],
            sorted(codes(section.prose)),
            [target.replace(".fr.", ".") for target in re.findall(r"\]\(([^)]+)\)", section.prose)],
        )
        for section in front.sections
    ]


def test_both_pages_have_one_structure() -> None:
    english, french = outline(ENGLISH), outline(FRENCH)
    assert len(english) == len(french)
    for one, other in zip(english, french, strict=True):
        assert one == other


@on_both
def test_it_fits_on_two_screens(front: Page) -> None:
    assert len(front.text.splitlines()) <= 150


# The sessions

USERS = """users = sa.Table(
    "users",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),@EMAIL@
)

# What follows is of one feature each.

"""
PRODUCTS = 'products = sa.Table("products", metadata, sa.Column("id", sa.Integer, primary_key=True))\n'
SCENES = {
    "en": [section.title for section in DAY.sections[1:4]],
    "fr": ["A a appliqué ce que B n'a pas", "B écrit la sienne", "Où en est-on ?"],
}
PICTURES = {"en": DOCS / "session.svg", "fr": DOCS / "session.fr.svg"}
DRAWING = "alembic-worktrees graph"


@pytest.fixture
def story(world_root: Path, database: Database) -> Checkout:
    """Three worktrees: A has applied a1b2c3d4, of which B knows nothing; B's models have a column more."""
    world = modelled(world_root, database.url, USERS.replace("@EMAIL@", ""))
    ini = world.main.backend / "alembic.ini"
    ini.write_text(ini.read_text().replace("level = INFO", "level = WARNING"))
    world.main.write(SHELL_FILE, shim.render("bash"))
    _apply(world.main, "00000001", "add users")
    a, b = (world.worktree(f"StoFlow-feature-{name}", f"feature-{name}") for name in "AB")
    write_models(a, USERS.replace("@EMAIL@", "") + PRODUCTS)
    _apply(a, "a1b2c3d4", "add products")
    write_models(b, USERS.replace("@EMAIL@", '\n    sa.Column("email", sa.String),'))
    b.commit("Model the address")
    return b


def _apply(checkout: Checkout, id: str, words: str) -> None:
    checkout.alembic("revision", "--autogenerate", "--rev-id", id, "--message", words, check=True)
    checkout.commit(words)
    checkout.alembic("upgrade", "heads", check=True)


def perform(here: Checkout, database: Database, commands: Sequence[str], locale: str) -> list[str]:
    """Type the commands into one shell at a terminal; what each prints."""
    typed = [f"stty cols {COLUMNS}", *(f"{line}\nprintf '\\0'" for line in commands), ""]
    env = {**here.world.env, "LC_ALL": locale, "TERM": "xterm-256color", "GIT_PAGER": "cat"}
    shell = [shell_or_skip("bash"), "--norc", "-c", "\n".join(typed)]
    seen = at_terminal(shell, cwd=here.world.root, env=env)
    return [_neutral(said, here, database) for said in seen.screen.split("\0")[:-1]]


def _neutral(said: str, here: Checkout, database: Database) -> str:
    said = said.replace(str(here.world.root), "/home/dev").replace(database.name, "stoflow")
    return re.sub(r"\b[0-9a-f]{12}(?=\b|_)", "e5f6a7b8c9d0", said)  # the id that Alembic makes by chance


def plain(said: str) -> str:
    """What is read, without colours and empty lines at both ends."""
    lines = re.sub(r"\x1b\[[\d;]*m", "", said).strip("\n")
    return "".join(f"{line.rstrip()}\n" for line in lines.split("\n")) if lines else ""


def scenes(said: Sequence[str], captions: Sequence[str]) -> list[Scene]:
    """The first sections of the day, each a scene."""
    rest = iter(said)
    commands = [[line for block in one.blocks for line in block.commands] for one in DAY.sections[1:4]]
    return [
        Scene(caption, [(line, next(rest)) for line in lines])
        for caption, lines in zip(captions, commands, strict=True)
    ]


def test_sessions_are_true(story: Checkout, database: Database, held: Callable[[Path, str], None]) -> None:
    """Those of the day, and those of the reference after its graph, in one shell; and the pictures of both."""
    day, others = ([command for command, _ in one.sessions] for one in (DAY, COMMANDS))
    drawing = day.index(DRAWING) + 1
    commands = [*day[:drawing], *others, f"{DRAWING} --output ~/picture.svg", *day[drawing:]]
    said = perform(story, database, commands, "C.UTF-8")
    held(PICTURES["en"], record(scenes(said, SCENES["en"]), SCENES["en"][0]))
    shown = list(map(plain, said))
    held(COMMANDS.path, COMMANDS.performed(iter(shown[drawing:])))
    del shown[drawing : drawing + len(others) + 1]
    held(DAY.path, DAY.performed(iter(shown)))
    picture = (story.world.root / "picture.svg").read_text(encoding="utf-8")
    held(DOCS / "graph.svg", _neutral(picture, story, database))
    assert "Nothing to do" in shown[day.index("alembic-worktrees status")]
    assert not shown[day.index("git status --short")]


def test_the_french_picture_is_true(
    story: Checkout, database: Database, held: Callable[[Path, str], None]
) -> None:
    commands = [line for one in DAY.sections[1:4] for block in one.blocks for line in block.commands]
    said = perform(story, database, commands, "fr_FR.UTF-8")
    held(PICTURES["fr"], record(scenes(said, SCENES["fr"]), SCENES["fr"][0]))
    assert "Rien à faire" in said[-1]


@on_both
def test_the_day_in_short_is_the_one_that_is_performed(front: Page) -> None:
    performed = [essence(command) for command, _ in DAY.sessions]
    for line in front.blocks("sh")[1].text.splitlines():
        assert not (words := essence(line)) or words in performed, line


def essence(command: str) -> list[str]:
    """Its words, but for what makes the performance say the same each time."""
    command = re.sub(r"--rev-id \S+|--quiet", "", command).replace("--message", "-m")
    return shlex.split(command, comments=True)


# The other blocks


@on_both
def test_every_block_is_run_or_read(front: Page) -> None:
    """By a test of this file."""
    found = [block.language for section in front.sections for block in section.blocks]
    assert found == ["sh", "sh", "sh"]


@on_both
def test_installing_writes_the_shell_file(front: Page, world_root: Path) -> None:
    """But for pipx itself, which test_packaging.py runs."""
    world = World.create(world_root, "sqlite://", layout=Layout(backend=""))
    pipx, init = front.blocks("sh")[0].text.splitlines()
    assert pipx.partition("#")[0].strip() == INSTALL_FROM_CLONE
    assert f"in a clone of it: {INSTALL_FROM_CLONE}'" in shim.render("bash")
    locale, yes = ("C.UTF-8", "y") if front == ENGLISH else ("fr_FR.UTF-8", "o")
    env = {**world.env, "LC_ALL": locale}
    seen = at_terminal(["sh", "-euc", init], cwd=world.main.path, env=env, answer=f"{yes}\n")
    assert seen.returncode == 0, seen.screen
    committed = (REPOSITORY / "shell" / "alembic-utils.sh").read_bytes()
    assert (world.main.path / SHELL_FILE).read_bytes() == committed


# The two commands


def test_the_build_machine_runs_the_test_command() -> None:
    """That of the front page with what it says of it, and last."""
    runs = (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert runs[-1].split(" <")[0] == "make test whole"
    assert "`make test whole`" in ENGLISH.text
    assert "set -euo pipefail" in runs
    assert ENGLISH.blocks("sh")[2].text.splitlines() == ["make demo", "make test"]


def test_every_test_is_run() -> None:
    """And every check: what `make test` leaves out `make whole` runs."""
    test, whole = (planned(target) for target in ("test", "whole"))
    for command in ("ruff check", "ruff format --check", "mypy", "shellcheck .ci/run"):
        assert f".venv/bin/{command}" in test, command
    left_out = set(re.findall(r"--ignore=([\w./]+)", test))
    assert left_out
    assert set(re.findall(r"\btests/[\w./]+", whole)) == left_out


def planned(target: str) -> str:
    """What make would do."""
    make = ["make", "--dry-run", "--always-make", target]
    return subprocess.run(
        make, cwd=REPOSITORY, capture_output=True, encoding="utf-8", check=True, timeout=120
    ).stdout


# What others say and do


def test_others_do_say_what_is_put_in_their_mouth(story: Checkout, database: Database) -> None:
    a = next(story.world.root.glob("*-A"))
    said = story.alembic("upgrade", "head").stdout
    (story.versions / "a1b2c3d4_add_products.py").write_bytes(
        (a / "backend/migrations/versions/a1b2c3d4_add_products.py").read_bytes()
    )
    story.revision("d4e5f6a7", "00000001")
    said += story.alembic("upgrade", "head").stdout
    database.set_heads("00000001", "a1b2c3d4")
    said += story.alembic("upgrade", "heads").stdout
    copy = story.versions / "a1b2c3d4_add_products.py"
    copy.write_bytes(commented_out(copy.read_bytes(), copy.name) or b"")
    database.set_heads("a1b2c3d4")
    said += story.alembic("downgrade", "-1").stderr
    copy.unlink()
    story.revision("bbbb2222", "a1b2c3d4")
    said += story.alembic("heads").stderr
    stashed = story.revision("cccc3333", "00000001")
    story.git("stash", "--include-untracked")
    stashed.write_text("borrowed meanwhile\n")
    said += story.git_run("stash", "pop").stderr
    scripts = story.backend / "migrations"
    (scripts / "env.py").write_text("import only_in_the_projects_own_python\n")
    said += story.tool("upgrade").stderr
    for text in FOREIGN:
        assert re.search(re.escape(text).replace("…", ".*"), said), text


def test_what_breaks_by_hand(story: Checkout, database: Database) -> None:
    main, versions = story.world.main, "backend/migrations/versions"
    a = type(story)(story.world, story.world.root / "StoFlow-feature-A")
    name = f"{versions}/a1b2c3d4_add_products.py"
    copied = story.write(name, (a.path / name).read_text())
    assert story.git_status() == f"?? {name}\n"  # which `git add -A` takes
    said = story.git_run("merge", "feature-A").stderr
    said += main.git_run("worktree", "remove", str(story.path)).stderr
    (main.path / ".git/info/exclude").write_text("/backend/migrations/versions/new.py\n")
    a.write(f"{versions}/new.py", "")
    said += a.git_run("add", f"{versions}/new.py").stderr
    copied.unlink()
    story.alembic("stamp", "--purge", "head", check=True)
    story.git("merge", "--quiet", "feature-A")
    said += story.alembic("upgrade", "head").stderr
    errors = [
        code
        for row in rows(page("where-it-looks").section("By hand"))
        for code in codes(row[1])
        if " " in code
    ]
    errors = [code for code in errors if not code.startswith("git ")]
    assert len(errors) == 4
    for error in errors:
        assert error in said, error


def test_contributing_names_every_folder() -> None:
    text = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for path in (init.parent for init in Path(settings.__file__).parents[1].glob("[!_]*/__init__.py")):
        assert f"| `{path.name}/` |" in text, f"say in CONTRIBUTING.md which question {path.name} answers"
    for command in re.findall(
        r"^make .*$", "".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL)), re.MULTILINE
    ):
        words = [word for word in shlex.split(command, comments=True) if "=" not in word]
        subprocess.run([*words, "--dry-run"], cwd=REPOSITORY, check=True, capture_output=True, timeout=30)
