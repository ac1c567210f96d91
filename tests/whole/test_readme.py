"""What both front pages say is true: their sessions happen, their tables are complete, their messages exist.

The French page has the structure of the English one, section by section, block by block, row by row.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from test_packaging import INSTALL_FROM_CLONE

from alembic_worktrees.cli.subcommands import COMMANDS
from alembic_worktrees.install import shim
from alembic_worktrees.install.hook_scripts import HOOKS, INSTALL, pre_commit_item
from alembic_worktrees.install.installed import Installed
from alembic_worktrees.messages.errors import DONE, INTERRUPTED, NOT_DONE, OUR_BUG, WRONG_USAGE
from alembic_worktrees.project import settings
from alembic_worktrees.project.settings import Settings
from shells import shell_or_skip
from texts import translations
from worlds.observe import at_terminal
from worlds.world import Layout, World

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worlds.postgres import Database
    from worlds.world import Checkout

REPOSITORY = Path(__file__).resolve().parents[2]
SHELL_FILE = "scripts/alembic-utils.sh"

# What others say.
FOREIGN = {
    "Can't locate revision identified by",
    "Multiple head revisions are present",
    "Requested revision … overlaps with other requested revisions",
    "KeyError: 'a1b2c3d4'",
    "ModuleNotFoundError: No module named",
    "already exists, no checkout",
}


class Block(NamedTuple):
    """What stands in a fence; its language is the shell that runs it, or what it is."""

    language: str
    text: str

    @property
    def commands(self) -> list[str]:
        """What is typed in a session."""
        return [line[2:] for line in self.text.splitlines() if line.startswith("$ ")]


class Section(NamedTuple):
    """What stands below a heading, up to the next one. `prose` is all but the blocks and tables."""

    level: int
    title: str
    blocks: tuple[Block, ...]
    tables: tuple[list[list[str]], ...]
    prose: str


class Page(NamedTuple):
    """A front page."""

    language: str
    path: Path
    locale: str
    picture: Path

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def sections(self) -> list[Section]:
        # Headings are looked for outside of fences: a comment of a shell or of YAML looks like one.
        pieces = re.split(r"(^```\w+\n.*?^```\n)", self.text, flags=re.MULTILINE | re.DOTALL)
        marked = "".join(f"\0{n}\0\n" if n % 2 else piece for n, piece in enumerate(pieces))
        found = re.split(r"^(#+) (.*)\n", marked, flags=re.MULTILINE)[1:]
        heads = zip(found[::3], found[1::3], found[2::3], strict=True)
        return [_section(level, title, body, pieces) for level, title, body in heads]

    def section(self, title: str) -> Section:
        """Return the section that has this title on the English page."""
        titles = [section.title for section in ENGLISH.sections]
        return self.sections[titles.index(title)]

    def blocks(self, language: str) -> list[Block]:
        return [block for one in self.sections for block in one.blocks if block.language == language]


def _section(level: str, title: str, body: str, pieces: Sequence[str]) -> Section:
    numbers = [int(number) for number in re.findall(r"\0(\d+)\0", body)]
    blocks = tuple(
        Block(first.removeprefix("```"), text.removesuffix("```\n"))
        for first, _, text in (pieces[number].partition("\n") for number in numbers)
    )
    table = r"(?:^\|.*\|\n)+"
    tables = tuple(
        [[cell.strip() for cell in line.strip("|").split("|")] for line in found.splitlines()]
        for found in re.findall(table, body, re.MULTILINE)
    )
    prose = re.sub(table, "", re.sub(r"\0\d+\0", "", body), flags=re.MULTILINE)
    return Section(len(level), title, blocks, tables, prose)


ENGLISH = Page("en", REPOSITORY / "README.md", "C.UTF-8", REPOSITORY / "docs/graph.svg")
FRENCH = Page("fr", REPOSITORY / "README.fr.md", "fr_FR.UTF-8", REPOSITORY / "docs/graph.fr.svg")
on_both = pytest.mark.parametrize("page", [ENGLISH, FRENCH], ids=["en", "fr"])


def rows(section: Section, table: int = 0) -> list[list[str]]:
    """The rows of a table without its head."""
    return section.tables[table][2:]


def codes(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def message(text: str) -> list[str]:
    """The English texts of which a page gives the beginning; where others say it, the text itself."""
    said = translations().items()
    keys = [
        both[0][0] for both in said for forms in both for one in forms if _beginning(one).startswith(text)
    ]
    # The shell file says one thing in two languages.
    keys += ["shell file" for said in shim._TEXTS.values() if said.startswith(text)]
    return keys or [text for one in FOREIGN if one == text]


def _beginning(template: str) -> str:
    return re.sub(r"\{[^}]*\}", "…", template)


# Both pages are one


def outline(page: Page) -> list[tuple[object, ...]]:
    """What is the same on both pages, one entry a section."""
    return [
        (
            section.level,
            [(block.language, *(block.commands or [block.text])) for block in section.blocks],
            [
                [[sorted(_same(code) for code in codes(cell)) for cell in row] for row in t]
                for t in section.tables
            ],
            sorted(codes(section.prose)),
            re.findall(r"^(?:- |\d\. )", section.prose, re.MULTILINE),
            [target.replace(".fr.", ".") for target in re.findall(r"\]\(([^)]+)\)", section.prose)],
        )
        for section in page.sections
    ]


def _same(code: str) -> str:
    found = message(code)
    return " ".join(found) if found and " " in code else code


def test_both_pages_have_one_structure() -> None:
    english, french = outline(ENGLISH), outline(FRENCH)
    assert len(english) == len(french)
    for one, other in zip(english, french, strict=True):
        assert one == other


def test_no_session_is_left_in_the_other_language() -> None:
    """They differ in what our tool says, and in nothing else: most of it is the same path or id."""
    for one, other in zip(ENGLISH.sections, FRENCH.sections, strict=True):
        english = {line for block in one.blocks for line in block.text.splitlines()}
        for block in other.blocks:
            if block.language == "console":
                said = [line for line in block.text.splitlines() if line in english]
                assert not [line for line in said if re.search("Borrowed|Upgrading|up to date|heads,", line)]


# The sessions


@pytest.fixture
def story(world_root: Path, database: Database) -> Checkout:
    return make_story(world_root, database)


def make_story(root: Path, database: Database) -> Checkout:
    """Three worktrees as on the front page: A has applied a1b2c3d4, of which B knows nothing."""
    world = World.create(root, database.url)
    ini = world.main.backend / "alembic.ini"
    ini.write_text(ini.read_text().replace("level = INFO", "level = WARNING"))
    world.main.write(SHELL_FILE, shim.render("bash"))
    world.main.commit("Quiet log, shell file")
    _apply(world.main, "00000001", None, "add users")
    a, b = (world.worktree(f"StoFlow-feature-{name}", f"feature-{name}") for name in "AB")
    _apply(a, "a1b2c3d4", "00000001", "add products")
    return b


def _apply(checkout: Checkout, id: str, down: str | None, words: str) -> None:
    path = checkout.revision(id, down, file=f"{id}_{words.replace(' ', '_')}.py")
    path.write_text(path.read_text().replace(f"add t_{id}", words))
    checkout.commit(words)
    checkout.alembic("upgrade", "heads", check=True)


DRAWING = "alembic-worktrees graph"


def perform(here: Checkout, database: Database, commands: Sequence[str], locale: str) -> list[str]:
    """Type the commands into one shell, and draw the picture where the page has it; what each prints."""
    typed = (f"{line}\nprintf '\\0'\n" for line in commands)
    script = "exec 2>&1\n" + "".join(typed).replace(
        f"\n{DRAWING}\n", f"\n{DRAWING}\n{DRAWING} --output ~/picture.svg\n"
    )
    bash = shell_or_skip("bash")
    done = here.world.run(bash, "--norc", input=script, env={"LC_ALL": locale}, check=True, timeout=200)
    return [_neutral(said, here, database) for said in done.stdout.split("\0")[:-1]]


def _neutral(said: str, here: Checkout, database: Database) -> str:
    said = said.replace(str(here.world.root), "/home/dev").replace(database.name, "stoflow")
    return re.sub(r"\b[0-9a-f]{12}(?=\b|_)", "e5f6a7b8c9d0", said)  # the id that Alembic makes by chance


def drawn(here: Checkout, database: Database) -> str:
    """The picture that was drawn while the session was performed."""
    return _neutral((here.world.root / "picture.svg").read_text(encoding="utf-8"), here, database)


def sessions(page: Page) -> list[tuple[str, str]]:
    """Each command that is typed on the page and what it prints, in order."""
    text = "".join(block.text for block in page.blocks("console"))
    pieces = re.split(r"^\$ ", text, flags=re.MULTILINE)
    assert pieces[0] == ""
    return [(command, said) for command, _, said in (piece.partition("\n") for piece in pieces[1:])]


@on_both
def test_sessions_are_true(page: Page, story: Checkout, database: Database) -> None:
    commands = [command for command, _ in sessions(page)]
    assert commands[:2] == ["cd ~/StoFlow-feature-B/backend", "alembic upgrade head"]
    said = perform(story, database, commands, page.locale)
    assert list(zip(commands, said, strict=True)) == sessions(page)
    assert drawn(story, database) == page.picture.read_text(encoding="utf-8")


@on_both
def test_the_problem_and_the_cure_come_first(page: Page) -> None:
    first, second = page.blocks("console")[:2]
    assert "FAILED: Can't locate revision" in first.text
    assert "auto_copy_missing_migrations" in second.text
    assert page.text.index(second.text) < 1500


# The other blocks


@on_both
def test_every_block_is_run_or_read(page: Page) -> None:
    """By a test of this file: those of the front and of these sections, and no others."""
    known = {
        "alembic-worktrees": ["sh"],
        "Install": ["sh", "sh"],
        "With pre-commit": ["yaml", "sh"],
        "As plain git hooks": ["sh"],
        "Shell completion": ["bash", "zsh", "fish"],
        "Settings": ["toml"],
    }
    found = {
        english.title: [block.language for block in section.blocks if block.language != "console"]
        for english, section in zip(ENGLISH.sections, page.sections, strict=True)
    }
    assert {title: languages for title, languages in found.items() if languages} == known


@on_both
def test_installing_writes_the_shell_file(page: Page, world_root: Path) -> None:
    """But for pipx itself, which test_packaging.py runs."""
    world = World.create(world_root, "sqlite://", layout=Layout(backend=""))
    pipx, init = page.section("Install").blocks
    assert pipx.text.strip() == INSTALL_FROM_CLONE
    assert f"in a clone of it: {INSTALL_FROM_CLONE}'" in shim.render("bash")
    command, env = ["sh", "-euc", init.text], {**world.env, "LC_ALL": page.locale}
    yes = {"en": "y", "fr": "o"}[page.language]
    seen = at_terminal(command, cwd=world.main.path, env=env, answer=f"{yes}\n")
    assert seen.returncode == 0, seen.screen
    committed = (REPOSITORY / "shell" / "alembic-utils.sh").read_bytes()
    assert (world.main.path / SHELL_FILE).read_bytes() == committed
    for code in codes(page.section("Install").prose):
        if code.startswith("alembic-worktrees "):
            world.run(*code.split(), cwd=world.main.path, env={"LC_ALL": page.locale}, check=True)


@on_both
def test_the_settings_block_is_accepted(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text(page.blocks("toml")[0].text)
    assert settings.load_settings(file).search == ("~/elsewhere/StoFlow-*",)


@on_both
def test_the_pre_commit_block_refuses_what_is_broken(page: Page, world_root: Path) -> None:
    """It is that of an installation from a folder, as the command of these tests is."""
    config, install = page.section("With pre-commit").blocks
    assert config.text == "repos:\n" + pre_commit_item(Installed("folder", str(REPOSITORY)))
    assert install.text == f"{INSTALL}\n"
    world = World.create(world_root, "sqlite://")
    world.main.write(".pre-commit-config.yaml", config.text)
    world.run("pre-commit", "validate-config", cwd=world.main.path, check=True)
    world.run("sh", "-euc", install.text, cwd=world.main.path, env={"LC_ALL": page.locale}, check=True)
    world.main.revision("bbbb2222", "aaaa1111")
    world.main.git("add", "--all")
    done = world.main.git_run("commit", "-m", "Broken")
    assert done.returncode == 1
    assert "parent-missing" in done.stdout + done.stderr
    world.main.revision("aaaa1111")
    world.main.commit("Mended")


@on_both
def test_the_plain_hooks_come_and_go(page: Page, world_root: Path) -> None:
    world = World.create(world_root, "sqlite://")
    (block,) = page.section("As plain git hooks").blocks
    there = []
    for line in block.text.splitlines():
        world.run("sh", "-euc", line, cwd=world.main.path, env={"LC_ALL": page.locale}, check=True)
        there.append([(world.main.path / ".git/hooks" / name).exists() for name in HOOKS])
    assert there == [[False] * len(HOOKS), [True] * len(HOOKS), [False] * len(HOOKS)]


@on_both
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_taken_by_the_shell(page: Page, shell: str, world_root: Path) -> None:
    """What a press of the key then offers is told in test_completion.py."""
    world = World.create(world_root, "sqlite://")
    (block,) = [one for one in page.section("Shell completion").blocks if one.language == shell]
    if shell == "fish":
        (world.root / ".config/fish/completions").mkdir(
            parents=True
        )  # which fish makes when it is first used
    before, after = {
        "bash": ("", "complete -p alembic-worktrees"),
        "zsh": ("autoload -U compinit; compinit -D", "[[ -n $_comps[alembic-worktrees] ]]"),
        "fish": ("", "complete --do-complete 'alembic-worktrees compl' | grep completion"),
    }[shell]
    words = {"bash": ["--norc"], "zsh": ["-f"], "fish": []}[shell]
    script = f"{before}\n{block.text}{after}\n"
    done = world.run(shell_or_skip(shell), *words, "-c", script, env={"LC_ALL": page.locale})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "alembic" not in done.stderr


# The two commands


def test_the_build_machine_runs_the_test_command() -> None:
    """That of the front page with what it says of it, and last."""
    runs = (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert runs[-1].split(" <")[0] == "make test whole"
    assert "`make test whole`" in ENGLISH.text
    assert "set -euo pipefail" in runs
    assert ENGLISH.blocks("sh")[0].text.splitlines() == ["make demo", "make test"]


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


# The tables


def help_of(*command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "alembic_worktrees", *command, "--help"],
        capture_output=True,
        encoding="utf-8",
        check=True,
        env={"LC_ALL": "C.UTF-8", "COLUMNS": "200"},
        timeout=120,
    )
    return done.stdout


def offered(command: str) -> set[str]:
    """Long options of a command, and the short ones that have no long form."""
    lines = re.findall(r"^  (-.*?)(?:  |$)", help_of(command), re.MULTILINE)
    return {re.findall(r"--[\w-]+|-\w", line)[-1] if "--" in line else line.split()[0] for line in lines}


@on_both
def test_every_command_and_option_has_its_row(page: Page) -> None:
    commands, options = (rows(page.section("Commands"), n) for n in (0, 1))
    names = [codes(row[0])[0].split()[0] for row in commands]
    assert names == re.findall(r"^    (\w+)(?:  |$)", help_of(), re.MULTILINE)
    everywhere = {"--help", "--verbose"}
    for name, row in zip(names, commands, strict=True):
        assert set(codes(row[2])) == offered(name) - everywhere, name
    explained = {code.split()[0] for row in options for code in codes(row[0])}
    assert explained == {option for row in commands for option in codes(row[2])} | {"--verbose"}


@on_both
def test_every_function_has_its_row(page: Page) -> None:
    table = rows(page.section("Three shell functions"))
    assert [codes(row[0])[0].split()[0] for row in table] == functions()
    for name, row in zip(functions(), table, strict=True):
        body = shim.render("bash").partition(f"\n{name}() {{")[2].partition("\n}")[0]
        assert f"_alembic_worktrees {codes(row[1])[-1].split()[1]} " in body


def functions() -> list[str]:
    return re.findall(r"^(?!_)(\w+)\(\)", shim.render("bash"), re.MULTILINE)


DEFAULTS = {
    "en": {
        "search": "none",
        "language": "the locale's",
        "python": "see below",
        "database-url": "none",
        "python-folder": "none",
        "config": "none",
        "script-location": "none",
        "upgrade-command": "none",
        "published": "the remote's default branch",
    },
    "fr": {
        "search": "rien",
        "language": "celle de la locale",
        "python": "voir plus bas",
        "database-url": "rien",
        "python-folder": "rien",
        "config": "rien",
        "script-location": "rien",
        "upgrade-command": "rien",
        "published": "la branche par défaut du dépôt distant",
    },
}


@on_both
def test_every_setting_has_its_row_and_default(page: Page) -> None:
    table = {codes(row[0])[0]: row[1].strip("`") for row in rows(page.section("Settings"))}
    assert set(table) == set(settings._READERS)
    words = DEFAULTS[page.language]
    for key, default in table.items():
        value = getattr(Settings(), key.replace("-", "_"))
        assert default == words.get(key, str(value).lower())
        assert bool(value) != (key in words) or value is False


@on_both
def test_every_hook_has_its_row(page: Page) -> None:
    table = {codes(row[0])[0]: codes(row[1]) for row in rows(page.section("Hooks"))}
    assert table == stages()


def stages() -> dict[str, list[str]]:
    hooks = (REPOSITORY / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    found = re.findall(r"^- id: (\S+)$.*?^  stages: \[(.*?)\]$", hooks, re.MULTILINE | re.DOTALL)
    return {id: each.split(", ") for id, each in found}


@on_both
def test_every_name_in_the_text_is_one_of_ours(page: Page) -> None:
    """Also those that stand in a sentence, or in the table of errors."""
    options = {"--version", "--help", *(option for command in COMMANDS for option in offered(command))}
    for code in codes(re.sub(r"^```.*?^```$", "", page.text, flags=re.MULTILINE | re.DOTALL)):
        first, *words = shlex.split(code) if "'" not in code else code.split()
        if first.startswith("--"):
            assert first in options, code
        if first == "alembic-worktrees" and words[0] in COMMANDS:
            assert {word for word in words if word.startswith("--")} <= offered(words[0]), code
        elif first == "alembic-worktrees":
            assert message(code), code
        if re.fullmatch(r"alembic-[a-z]+", code) and code != "alembic-worktrees":
            assert code in stages()
        if re.fullmatch(r"\w+_migrations\w*", first):
            assert first in functions()


@on_both
def test_exit_statuses(page: Page) -> None:
    said = re.search(r"(?:Exit status|Statut de sortie)\s*: (.*?)\.\n", page.text, re.DOTALL)
    assert said
    numbers = [int(number) for number in re.findall(r"\d+", said[1])]
    assert numbers == [DONE, NOT_DONE, WRONG_USAGE, OUR_BUG, INTERRUPTED]


# The errors


@on_both
def test_every_message_is_one_that_is_said(page: Page) -> None:
    """And in the language of the page; that both pages name the same ones, their structure tells."""
    texts = [_beginning(one) for both in translations().items() for one in both[page.language == "fr"]]
    texts += [*shim._TEXTS.values(), *FOREIGN]
    for row in rows(page.section("When something is wrong")):
        (code,) = codes(row[0])
        assert any(text.startswith(code) for text in texts), code


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
    (story.versions / "a1b2c3d4_add_products.py").unlink()
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


@on_both
def test_what_breaks_by_hand(page: Page, story: Checkout, database: Database) -> None:
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
    errors = [code for row in rows(page.section("By hand")) for code in codes(row[1]) if " " in code]
    errors = [code for code in errors if not code.startswith("git ")]
    assert len(errors) == 4
    for error in errors:
        assert error in said, error


# Around it


@pytest.mark.parametrize("name", ["README.md", "README.fr.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_lead_somewhere(name: str) -> None:
    text = (REPOSITORY / name).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (REPOSITORY / target).exists(), target


def test_contributing_names_every_folder() -> None:
    text = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for path in (init.parent for init in Path(settings.__file__).parents[1].glob("[!_]*/__init__.py")):
        assert f"| `{path.name}/` |" in text, f"say in CONTRIBUTING.md which question {path.name} answers"
    for command in re.findall(
        r"^make .*$", "".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL)), re.MULTILINE
    ):
        words = [word for word in shlex.split(command, comments=True) if "=" not in word]
        subprocess.run([*words, "--dry-run"], cwd=REPOSITORY, check=True, capture_output=True, timeout=30)
