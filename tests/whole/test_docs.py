"""What the pages in `docs/` say is true: tables are complete, blocks work, messages exist, links lead somewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from alembic_worktrees.cli.subcommands import COMMANDS
from alembic_worktrees.install import shim
from alembic_worktrees.install.hook_scripts import HOOKS, INSTALL, pre_commit_item
from alembic_worktrees.install.installed import Installed
from alembic_worktrees.messages.errors import DONE, INTERRUPTED, NOT_DONE, OUR_BUG, WRONG_USAGE
from alembic_worktrees.project import settings
from alembic_worktrees.project.settings import Settings
from pages import (
    DOCS,
    FOREIGN,
    REPOSITORY,
    WRITTEN,
    Page,
    Section,
    beginning,
    codes,
    functions,
    message,
    options,
    page,
    reference,
    rows,
    stages,
)
from shells import shell_or_skip
from texts import translations
from worlds.world import World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COMMANDS_PAGE, HOOKS_PAGE, SETTINGS, TROUBLE, PLACES = map(
    page, ("commands", "hooks", "settings", "troubleshooting", "where-it-looks")
)
FRONT = [Page(REPOSITORY / name) for name in ("README.md", "README.fr.md")]
ALL = [*FRONT, *map(Page, sorted(DOCS.glob("*.md")))]


def named(one: Page) -> str:
    return one.path.name


# The reference


def test_the_reference_is_what_the_parser_knows(held: Callable[[Path, str], None]) -> None:
    before = COMMANDS_PAGE.text.partition(WRITTEN)[0]
    held(COMMANDS_PAGE.path, before + reference())


def test_every_function_has_its_row() -> None:
    table = rows(COMMANDS_PAGE.section("Shell functions"))
    assert [codes(row[0])[0].split()[0] for row in table] == functions()
    for name, row in zip(functions(), table, strict=True):
        body = shim.render("bash").partition(f"\n{name}() {{")[2].partition("\n}")[0]
        assert f"_alembic_worktrees {codes(row[1])[-1].split()[1]} " in body


def test_exit_statuses() -> None:
    said = re.search(r"Exit status: (.*?)\.\n", COMMANDS_PAGE.text, re.DOTALL)
    assert said
    numbers = [int(number) for number in re.findall(r"\d+", said[1])]
    assert numbers == [DONE, NOT_DONE, WRONG_USAGE, OUR_BUG, INTERRUPTED]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_taken_by_the_shell(shell: str, world_root: Path) -> None:
    """What a press of the key then offers is told in test_completion.py."""
    world = World.create(world_root, "sqlite://")
    (block,) = [one for one in COMMANDS_PAGE.section("Shell completion").blocks if one.language == shell]
    if shell == "fish":  # which makes it when it is first used
        (world.root / ".config/fish/completions").mkdir(parents=True)
    before, after = {
        "bash": ("", "complete -p alembic-worktrees"),
        "zsh": ("autoload -U compinit; compinit -D", "[[ -n $_comps[alembic-worktrees] ]]"),
        "fish": ("", "complete --do-complete 'alembic-worktrees compl' | grep completion"),
    }[shell]
    words = {"bash": ["--norc"], "zsh": ["-f"], "fish": []}[shell]
    done = world.run(shell_or_skip(shell), *words, "-c", f"{before}\n{block.text}{after}\n")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "alembic" not in done.stderr


# Settings and hooks

DEFAULTS = {
    "language": "the locale's",
    "python": "see below",
    "published": "the remote's default branch",
}


def test_every_setting_has_its_row_and_default() -> None:
    table = {codes(row[0])[0]: row[1].strip("`") for row in rows(SETTINGS.section("Settings"))}
    assert set(table) == set(settings._READERS)
    for key, default in table.items():
        value = getattr(Settings(), key.replace("-", "_"))
        shown = "none" if value in (None, ()) else str(value).lower()
        assert default == DEFAULTS.get(key, shown), key


def test_the_settings_block_is_accepted(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text(SETTINGS.blocks("toml")[0].text)
    assert settings.load_settings(file).search == ("~/elsewhere/StoFlow-*",)


def test_every_hook_has_its_row() -> None:
    table = {codes(row[0])[0]: codes(row[1]) for row in rows(HOOKS_PAGE.section("Hooks"))}
    assert table == stages()


def test_the_pre_commit_block_refuses_what_is_broken(world_root: Path) -> None:
    """It is that of an installation from a folder, as the command of these tests is."""
    config, install = HOOKS_PAGE.section("With pre-commit").blocks
    assert config.text == "repos:\n" + pre_commit_item(Installed("folder", str(REPOSITORY)))
    assert install.text == f"{INSTALL}\n"
    world = World.create(world_root, "sqlite://")
    world.main.write(".pre-commit-config.yaml", config.text)
    world.run("pre-commit", "validate-config", cwd=world.main.path, check=True)
    world.run("sh", "-euc", install.text, cwd=world.main.path, check=True)
    world.main.revision("bbbb2222", "aaaa1111")
    world.main.git("add", "--all")
    done = world.main.git_run("commit", "-m", "Broken")
    assert done.returncode == 1
    assert "parent-missing" in done.stdout + done.stderr
    world.main.revision("aaaa1111")
    world.main.commit("Mended")


def test_the_plain_hooks_come_and_go(world_root: Path) -> None:
    world = World.create(world_root, "sqlite://")
    (block,) = HOOKS_PAGE.section("As plain git hooks").blocks
    there = []
    for line in block.text.splitlines():
        world.run("sh", "-euc", line, cwd=world.main.path, check=True)
        there.append([(world.main.path / ".git/hooks" / name).exists() for name in HOOKS])
    assert there == [[False] * len(HOOKS), [True] * len(HOOKS), [False] * len(HOOKS)]


# Names, messages, links


@pytest.mark.parametrize("one", ALL, ids=named)
def test_every_name_is_one_of_ours(one: Page) -> None:
    """In blocks, in a sentence, or in a table."""
    outside = re.sub(r"^```.*?^```$", "", one.text, flags=re.MULTILINE | re.DOTALL)
    lines = [line for block in one.blocks("sh") for line in block.text.splitlines() if line]
    typed = [line for block in one.blocks("console") for line in block.commands]
    known = set().union(*map(options, COMMANDS)) | {"--version"}
    for code in [*codes(outside), *lines, *typed]:
        first, *words = code.split()
        if first.startswith("--") and one.path.name != "reliability.md":  # which tells of git's
            assert first in known, code
        if first == "alembic-worktrees" and words and words[0] in COMMANDS:
            ours = words[: words.index("--")] if "--" in words else words
            ours = ours[: ours.index("&&")] if "&&" in ours else ours
            assert {word for word in ours if word.startswith("--")} <= options(words[0]), code
        elif first == "alembic-worktrees" and code in codes(outside):
            assert message(code), code
        if re.fullmatch(r"alembic-(check|protect|report)\w*", code):
            assert code in stages()
        if re.fullmatch(r"\w+_migrations\w*", first):
            assert first in functions()


def test_every_message_is_one_that_is_said() -> None:
    texts = [beginning(one) for english in translations() for one in english]
    texts += [*shim._TEXTS.values(), *FOREIGN]
    for row in rows(TROUBLE.sections[0]):
        (code,) = codes(row[0])
        assert any(text.startswith(code) for text in texts), code


@pytest.mark.parametrize("one", [*ALL, *map(Page, REPOSITORY.glob("C*.md"))], ids=named)
def test_links_lead_somewhere(one: Page) -> None:
    for target in re.findall(r"\]\(([^):]+)\)", one.text):
        name, _, anchor = target.partition("#")
        path = one.path.parent / name if name else one.path
        assert path.exists(), target
        assert not anchor or anchor in map(anchored, Page(path).sections), target


def anchored(section: Section) -> str:
    """What GitHub and GitLab make of a heading."""
    return re.sub(r"[^\w\- ]", "", section.title.lower()).replace(" ", "-")


def test_every_page_is_found_from_the_front() -> None:
    for front in FRONT:
        assert {*re.findall(r"\]\(docs/([^)#]+\.md)\)", front.text)} == {
            one.path.name for one in map(Page, DOCS.glob("*.md"))
        }
