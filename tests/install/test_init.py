"""`init` in true repositories: what it writes, what it leaves to a person, and that it leaves no trace."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml  # type: ignore[import-untyped, unused-ignore]  # pre-commit brings it

from alembic_worktrees import __version__
from alembic_worktrees.install.blocks import in_our_table, with_hook, without_our_table
from alembic_worktrees.install.changes import Change, Target, apply
from alembic_worktrees.install.hook_scripts import CALLS, HOOKS
from alembic_worktrees.install.shim import render
from alembic_worktrees.messages.errors import UserError
from alembic_worktrees.project.config import parse_toml
from alembic_worktrees.project.settings import parse_settings
from worlds.observe import TRACES, at_terminal, tree
from worlds.world import Layout, World, without_ours

if TYPE_CHECKING:
    from subprocess import CompletedProcess

    from worlds.postgres import Database
    from worlds.world import Checkout

CONFIG = """\
# what we run
repos:
  - repo: local # ours
    hooks:
      - id: true
        name: always
        entry: "true"
        language: system

# the robot
ci:
  skip: [true]
"""
REPOSITORY = Path(__file__).resolve().parents[2]
EXTRAS = ("scripts/dev.sh", ".claude/commands/sync.md", ".claude/commands/finish.md")


@pytest.fixture
def world(world_root: Path) -> World:
    """A world whose database nobody asks."""
    world = World.create(world_root, "sqlite://")
    world.main.revision("aa")
    world.main.commit("Add aa")
    return world


def init(checkout: Checkout, *words: str, cwd: Path | None = None, lang: str = "") -> CompletedProcess[str]:
    env = {"LC_ALL": lang} if lang else {}
    return checkout.tool("init", *words, cwd=cwd or checkout.path, env=env)


def done(checkout: Checkout, *words: str, cwd: Path | None = None) -> str:
    """What `init --yes` says; it works."""
    result = init(checkout, "--yes", *words, cwd=cwd)
    assert result.returncode == 0, result.stderr
    assert result.stdout == ""
    return result.stderr


def hooks_of(checkout: Checkout) -> Path:
    return checkout.world.main.path / ".git/hooks"


def seen(world: World) -> dict[str, bytes | str | None]:
    return tree(world.root, without=TRACES)


def modes(*paths: Path) -> list[int]:
    return [stat.S_IMODE(path.stat().st_mode) for path in paths]


def hook(path: Path, text: str, mode: int = 0o755) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


# written, written again, taken out


def test_first_time_writes_the_shell_file_and_the_hooks(world: World) -> None:
    said = done(world.main)
    assert (world.main.path / "scripts/alembic-utils.sh").read_text() == render("bash")
    for name, body in HOOKS.items():
        path = hooks_of(world.main) / name
        assert path.read_text() == with_hook(None, body)
        assert os.access(path, os.X_OK)
        assert str(path.relative_to(world.root)) in said
    assert "Alembic project: ~/StoFlow/backend" in said
    assert world.main.git_status() == "?? scripts/\n"
    used = world.run(
        "bash", "-c", "source scripts/alembic-utils.sh && list_all_migrations", cwd=world.main.path
    )
    assert used.stdout == "StoFlow (1 migration)\n  aa_add_t.py\n"


@pytest.mark.parametrize("words", [(), ("--with", "dev,claude")], ids=["plain", "extras"])
@pytest.mark.parametrize("config", [None, CONFIG], ids=["hooks", "pre-commit"])
def test_second_time_changes_nothing_and_removal_takes_all_of_it(
    world: World, config: str | None, words: tuple[str, ...]
) -> None:
    theirs = hook(hooks_of(world.main) / "pre-commit", "#!/bin/bash\necho theirs", 0o750)
    if config:
        world.main.write(".pre-commit-config.yaml", config)
    before, modes_before = seen(world), modes(theirs)
    done(world.main, *words)
    written = seen(world)
    assert written != before
    assert "Nothing is left to write" in done(world.main, *words)
    assert "Nothing is left to write" in done(world.main)
    assert seen(world) == written
    assert "Removed" in done(world.main, "--remove")
    assert seen(world) == before
    assert modes(theirs) == modes_before
    assert "Nothing to remove" in done(world.main, "--remove")


@pytest.mark.parametrize("words", [("--dry-run",), ("--dry-run", "--yes", "--with", "dev,claude")])
def test_dry_run_shows_all_and_writes_nothing(world: World, words: tuple[str, ...]) -> None:
    world.main.write(".pre-commit-config.yaml", CONFIG)
    before = seen(world)
    shown = init(world.main, *words)
    assert shown.returncode == 0
    assert "To write: ~/StoFlow/scripts/alembic-utils.sh\n" in shown.stdout
    assert "- id: alembic-check\n" in shown.stdout
    assert ("To write: ~/StoFlow/scripts/dev.sh" in shown.stdout) == ("--with" in words)
    assert seen(world) == before
    done(world.main)
    before = seen(world)
    removal = init(world.main, "--remove", "--dry-run")
    assert "To remove: ~/StoFlow/scripts/alembic-utils.sh\n" in removal.stdout
    assert "- id: alembic-check\n" in removal.stdout
    assert seen(world) == before


def test_without_a_yes_nothing_is_written(world: World) -> None:
    before = seen(world)
    refused = init(world.main, "--with", "dev")
    assert refused.returncode == 1
    assert "alembic-worktrees init --with dev --yes\n" in refused.stderr
    assert seen(world) == before


@pytest.mark.parametrize(
    ("answer", "lang", "written"),
    [
        ("y\n", "C.UTF-8", True),
        ("n\n", "C.UTF-8", False),
        ("\n", "C.UTF-8", False),
        ("oui\n", "fr_FR.UTF-8", True),
    ],
)
def test_at_a_terminal_it_asks(world: World, answer: str, lang: str, written: bool) -> None:
    command = [sys.executable, "-m", "alembic_worktrees", "init"]
    asked = at_terminal(command, cwd=world.main.path, env=world.env | {"LC_ALL": lang}, answer=answer)
    assert ("Écrire ceci ?" if lang.startswith("fr") else "Write this?") in asked.screen
    assert asked.returncode == (0 if written else 1)
    assert (world.main.path / "scripts/alembic-utils.sh").exists() == written


def test_another_version_of_ours_is_renewed(world: World) -> None:
    done(world.main, "--with", "dev,claude")
    now = seen(world)
    shim = world.main.path / "scripts/alembic-utils.sh"
    shim.write_text(shim.read_text().replace(__version__, "0.0.1"))
    check = hooks_of(world.main) / "pre-commit"
    check.write_text(check.read_text().replace("check --staged", "check --old"))
    assert "0.0.1" in done(world.main)
    assert seen(world) == now


def test_config_of_another_installation_of_ours_is_renewed(world: World) -> None:
    config = world.main.write(".pre-commit-config.yaml", CONFIG)
    assert "Whoever commits here needs it too" in done(world.main)  # these tests have it from a folder
    now = config.read_text()
    old = now.replace("always_run: true", "always_run: false")
    assert old != now
    config.write_text(old)
    done(world.main)
    assert config.read_text() == now
    assert "Whoever commits" not in done(world.main)


@pytest.mark.parametrize("config", [None, CONFIG], ids=["hooks", "pre-commit"])
def test_hooks_that_would_find_no_command_are_told(world: World, config: str | None) -> None:
    if config:
        world.main.write(".pre-commit-config.yaml", config)
    result = world.main.tool("init", "--yes", env={"PATH": without_ours(world.env["PATH"])})
    assert result.returncode == 0
    assert f"none is there: pipx install {REPOSITORY}\n" in result.stderr
    assert "none is there" not in done(world.main)


@pytest.mark.parametrize("words", ["foo", "dev,foo", "foo, claude", "dev,"])
def test_an_extra_that_is_none_gets_the_known_ones(world: World, words: str) -> None:
    refused = init(world.main, "--yes", "--with", words)
    assert refused.returncode == 2
    named = "foo" if "foo" in words else ""
    assert refused.stderr.startswith(f"--with does not know '{named}'; it knows dev, claude, agents, ")
    assert "alembic-worktrees init --with dev,claude,agents\n" in refused.stderr
    assert world.main.git_status() == ""


def test_extras_that_somebody_changed_are_his(world: World) -> None:
    done(world.main, "--with", "dev,claude")
    dev, sync, _finish = (world.main.path / name for name in EXTRAS)
    dev.write_text(dev.read_text() + "# mine\n")
    sync.write_text("mine\n")
    assert "Nothing is left to write" in done(world.main)
    assert done(world.main, "--with", "dev,claude").count("Left unchanged") == 2
    said = done(world.main, "--remove")
    assert said.count("Left unchanged") == 2
    left = [name for name in EXTRAS if (world.main.path / name).exists()]
    assert left == list(EXTRAS[:2])


# the old script


def test_the_old_script_is_replaced_only_if_git_has_it(world: World) -> None:
    old = world.main.write("scripts/alembic-utils.sh", "auto_copy_missing_migrations() { :; }\n")
    assert "git does not have it as it is" in done(world.main)
    assert "{ :; }" in old.read_text()
    world.main.commit("Our own script", old)
    old.write_text(old.read_text() + "# not committed\n")
    assert "git does not have it as it is" in done(world.main)
    world.main.commit("Our own script, changed", old)
    assert "-auto_copy_missing_migrations() { :; }" in done(world.main)
    assert old.read_text() == render("bash")


# finding the project


@pytest.mark.parametrize("backend", ["", "server", "apps/api server"])
@pytest.mark.parametrize("config", ["ini", "pyproject"])
def test_project_is_found_wherever_it_lies(world_root: Path, backend: str, config: str) -> None:
    world = World.create(world_root, "sqlite://", layout=Layout(backend=backend, config=config))
    said = done(world.main, "--with", "dev,claude")
    place = f"~/StoFlow/{backend}" if backend else "~/StoFlow"
    assert f"Alembic project: {place}\n" in said
    quoted = f"'{backend}'" if " " in backend else backend or "."
    assert f"\ncd {quoted}\n" in (world.main.path / "scripts/dev.sh").read_text()
    assert f"auto_copy_missing_migrations {quoted} || false\n" in (world.main.path / EXTRAS[1]).read_text()


def test_several_projects_are_named_and_extras_need_to_know_which(world: World) -> None:
    for name in ("billing", "crm"):
        world.main.write(f"{name}/alembic.ini", "[alembic]\nscript_location = m\n")
        world.main.write(f"{name}/m/env.py", "")
    world.main.git("mv", "backend", "server")
    world.main.commit("Three")
    said = done(world.main)
    assert [line.split("/")[-1] for line in said.splitlines() if "Alembic project" in line] == [
        "billing",
        "crm",
        "server",
    ]
    refused = init(world.main, "--with", "dev", "--yes")
    assert refused.returncode == 1
    assert "  ~/StoFlow/crm\n" in refused.stderr
    assert "Name it: alembic-worktrees init ~/StoFlow/billing\n" in refused.stderr
    done(world.main, "crm", "--with", "dev")
    assert "\ncd crm\n" in (world.main.path / "scripts/dev.sh").read_text()


def test_from_a_folder_inside_all_is_written_at_the_top(world: World) -> None:
    folder = world.main.path / "docs/deep"
    folder.mkdir(parents=True)
    done(world.main, cwd=folder)
    assert (world.main.path / "scripts/alembic-utils.sh").exists()
    done(world.main, "--remove", cwd=folder)
    assert not (world.main.path / "scripts").exists()


def test_outside_git_it_says_how_to_get_the_shell_file(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "alembic.ini").write_text("[alembic]\nscript_location = m\n")
    command = [sys.executable, "-m", "alembic_worktrees", "init"]
    for words in ([], ["--remove"]):
        refused = subprocess.run(
            [*command, *words], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert refused.returncode == 1
        assert "alembic-worktrees shim --shell bash > scripts/alembic-utils.sh" in refused.stderr


# where the hooks are


def test_from_a_linked_worktree_the_hooks_are_everybodys(world: World) -> None:
    linked = world.worktree("StoFlow-é x", "feature")
    before = seen(world)
    done(linked, "--with", "dev,claude")
    assert (linked.path / "scripts/dev.sh").exists()
    assert (hooks_of(linked) / "pre-commit").exists()
    assert not (world.main.path / "scripts").exists()
    assert "Nothing is left to write" in done(linked)
    done(linked, "--remove")
    assert seen(world) == before


@pytest.mark.parametrize("value", [".githooks", "tools/git hooks/"])
def test_hooks_path_inside_of_the_checkout(world: World, value: str) -> None:
    world.main.git("config", "core.hooksPath", value)
    linked = world.worktree("StoFlow-A")
    before = seen(world)
    done(linked)
    assert (linked.path / value / "post-merge").exists()
    assert not (hooks_of(linked) / "post-merge").exists()
    done(linked, "--remove")
    assert seen(world) == before


def test_hooks_path_outside_is_left_to_its_owner(world: World) -> None:
    outside = world.root / "all-hooks"
    outside.mkdir()
    world.main.git("config", "--global", "core.hooksPath", str(outside))
    said = done(world.main)
    assert "runs its hooks through ~/all-hooks" in said
    assert said.count("alembic-worktrees check --staged || exit") == 2
    assert list(outside.iterdir()) == []
    for name, body in HOOKS.items():  # as the user was told
        hook(outside / name, "#!/bin/sh\n" + body)
    assert "runs its hooks" not in done(world.main)


@pytest.mark.parametrize("name", ["lefthook.yml", ".lefthook.yaml", "lefthook.toml"])
def test_lefthook_is_told_and_not_gone_around(world: World, name: str) -> None:
    path = world.main.write(name, "")
    said = done(world.main)
    assert f"Add this to ~/StoFlow/{name} by hand" in said
    told = said.partition("by hand:\n")[2].partition("\n\n")[0]
    read = parse_toml(told, name) if name.endswith("toml") else yaml.safe_load(told.partition("\nDone")[0])
    assert {
        hook: row["commands"]["alembic-worktrees"]["run"].removesuffix(" {0}") for hook, row in read.items()
    } == CALLS
    assert not (hooks_of(world.main) / "pre-commit").exists()
    path.write_text(told)
    assert "by hand" not in done(world.main)


def test_what_lefthook_is_told_to_run_is_what_our_hooks_do(world: World) -> None:
    """It puts the hook's arguments in the place of {0}, and hands on the standard input where it is told to."""
    main = world.main
    main.write("lefthook.yml", "")
    told = yaml.safe_load(done(main).partition("by hand:\n")[2].partition("\nDone")[0])

    def runs(hook: str, *arguments: str, input: str | None = None) -> CompletedProcess[str]:
        about = told[hook]["commands"]["alembic-worktrees"]
        line = about["run"].replace("{0}", " ".join(arguments))
        return world.run("sh", "-c", line, cwd=main.path, input=input if about.get("use_stdin") else None)

    main.commit("Before")
    old, news = main.head(), "1 new migration:\n  cccc3333_add_t.py"
    main.revision("cccc3333", "gone1111")
    judging = ("pre-commit", "pre-merge-commit")
    assert [runs(hook).returncode for hook in judging] == [0, 0]
    main.git("add", "--all")
    assert ["gone1111" in runs(hook).stdout for hook in judging] == [True, True]
    assert news in runs("post-merge", "1").stderr  # a squash
    main.commit("A migration that is broken")
    new = main.head()
    main.git("update-ref", "ORIG_HEAD", new)
    assert news in runs("post-checkout", old, new, "1").stderr
    main.git("update-ref", "ORIG_HEAD", old)
    assert news in runs("post-rewrite", "rebase").stderr
    assert runs("post-rewrite", "amend").stderr == ""
    pushed = runs("pre-push", "origin", "url", input=f"HEAD {new} refs/heads/develop {old}\n")
    assert (pushed.returncode, "gone1111" in pushed.stdout) == (1, True)
    assert told.keys() == HOOKS.keys()


@pytest.mark.parametrize("value", [".husky/_", ".husky"], ids=["husky 9", "husky 8"])
def test_husky_is_told_and_not_gone_around(world: World, value: str) -> None:
    (world.main.path / value).mkdir(parents=True)
    world.main.git("config", "core.hooksPath", value)
    said = done(world.main)
    assert "runs its hooks through ~/StoFlow/.husky" in said
    assert "# post-merge\n" in said
    assert list((world.main.path / value).iterdir()) == []


@pytest.mark.parametrize("value", [None, ".githooks"])
def test_husky_that_git_does_not_use_gets_no_hooks(world: World, value: str | None) -> None:
    hook(world.main.path / ".husky/pre-commit", "npm test\n")
    if value:
        world.main.git("config", "core.hooksPath", value)
    used = value or ".git/hooks"
    assert f"~/StoFlow/.husky is here, but git runs its hooks from ~/StoFlow/{used}." in done(world.main)
    world.main.revision("cc", "gone")
    world.main.git("add", "backend")
    assert "parent-missing" in world.main.git_run("commit", "-m", "Bad").stderr


# hooks that are there already


@pytest.mark.parametrize(
    "theirs",
    [
        "#!/bin/sh\necho theirs >>said\n",
        "#!/bin/sh -eu\necho theirs >>said\nexit 0",
        "#!/usr/bin/env bash\nset -euo pipefail\nexec sh -c 'echo theirs >>said'\n",
        "#!/usr/bin/env -S bash -e\necho theirs >>said\n",
    ],
    ids=["sh", "ends in exit", "ends in exec", "env -S"],
)
def test_hook_that_is_there_still_runs_after_ours(world: World, theirs: str) -> None:
    path = hook(hooks_of(world.main) / "pre-commit", theirs)
    done(world.main)
    world.main.revision("bb", "aa")
    world.main.commit("Good")
    assert (world.main.path / "said").read_text() == "theirs\n"
    world.main.revision("cc", "gone")
    world.main.git("add", "backend")
    refused = world.main.git_run("commit", "-m", "Bad")
    assert refused.returncode == 1
    assert "gone" in refused.stdout + refused.stderr
    assert (world.main.path / "said").read_text() == "theirs\n"
    done(world.main, "--remove")
    assert path.read_text() == theirs


PUSH = """\
#!/bin/sh
while read -r local_ref local_oid remote_ref remote_oid; do
    echo "$1 $local_ref $remote_ref" >>said
done
echo end >>said
"""


def test_pre_push_hook_reads_what_is_pushed_although_ours_has_read_it(world: World) -> None:
    hook(hooks_of(world.main) / "pre-push", PUSH)
    done(world.main)
    world.main.git("init", "--quiet", "--bare", "../origin.git")
    world.main.git("remote", "add", "origin", "../origin.git")
    world.main.git("branch", "other")
    world.main.git("push", "--quiet", "origin", "develop", "other")
    said = world.main.path / "said"
    lines = [f"origin refs/heads/{name} refs/heads/{name}" for name in ("develop", "other")]
    assert said.read_text().splitlines() == [*lines, "end"]
    said.unlink()
    world.main.git("push", "--quiet", "origin", "develop")  # nothing to push: nothing on standard input
    assert said.read_text() == "end\n"
    world.main.revision("bb", "gone")
    world.main.git("add", "backend")
    world.main.git("commit", "--quiet", "--no-verify", "-m", "Bad")
    refused = world.main.git_run("push", "origin", "develop")
    assert refused.returncode == 1
    assert "gone" in refused.stdout + refused.stderr
    assert said.read_text() == "end\n"


def test_python_hook_is_told_what_to_call(world: World) -> None:
    text = "#!/usr/bin/env python3\nprint('theirs')\n"
    path = hook(hooks_of(world.main) / "pre-commit", text)
    assert f"it run this, and fail where this fails: {CALLS['pre-commit']}\n" in done(world.main)
    assert path.read_text() == text
    path.write_text(text + f"import os; os.system('{CALLS['pre-commit']}')\n")
    assert "Nothing is left to write" in done(world.main)


def test_hook_that_is_switched_off_stays_off(world: World) -> None:
    path = hook(hooks_of(world.main) / "pre-commit", "#!/bin/sh\nexit 1\n", 0o644)
    assert "chmod +x ~/StoFlow/.git/hooks/pre-commit" in done(world.main)
    assert modes(path) == [0o644]
    path.chmod(0o755)
    done(world.main)
    assert "alembic-worktrees" in path.read_text()


def test_linked_hook_stays_a_link(world: World) -> None:
    script = hook(world.main.path / "tools/check.sh", "#!/bin/sh\n:\n")
    path = hooks_of(world.main) / "pre-commit"
    path.symlink_to("../../tools/check.sh")
    done(world.main)
    assert path.is_symlink()
    assert "alembic-worktrees" in script.read_text()
    done(world.main, "--remove")
    assert script.read_text() == "#!/bin/sh\n:\n"


def test_linked_hook_from_outside_is_left_to_its_owner(world: World) -> None:
    script = hook(world.root / "everybody.sh", "#!/bin/sh\n:\n")
    (hooks_of(world.main) / "pre-commit").symlink_to(script)
    assert "Add this to ~/StoFlow/.git/hooks/pre-commit by hand" in done(world.main)
    assert script.read_text() == "#!/bin/sh\n:\n"


def test_hook_in_another_encoding_keeps_its_bytes(world: World) -> None:
    path = hooks_of(world.main) / "pre-commit"
    path.write_bytes(b"#!/bin/sh\necho d\xe9j\xe0 >/dev/null\n")
    path.chmod(0o755)
    done(world.main)
    assert path.read_bytes().endswith(b"echo d\xe9j\xe0 >/dev/null\n")
    done(world.main, "--remove")
    assert path.read_bytes() == b"#!/bin/sh\necho d\xe9j\xe0 >/dev/null\n"


# pre-commit


def test_config_gets_our_item_and_says_what_lets_git_call_it(world: World) -> None:
    config = world.main.write(".pre-commit-config.yaml", CONFIG)
    said = done(world.main)
    text = config.read_text()
    assert text.startswith(CONFIG.partition("\n\n# the robot")[0])
    assert text.endswith("\n\n# the robot\nci:\n  skip: [true]\n")
    world.run("pre-commit", "validate-config", cwd=world.main.path, check=True)
    assert not (hooks_of(world.main) / "pre-commit").exists()
    command = said.partition("Let git call pre-commit, once: ")[2].strip().splitlines()[0]
    world.main.git("add", "--all")
    world.run(*command.split(), cwd=world.main.path, check=True)
    assert "Let git call pre-commit" not in done(world.main)


def test_config_in_a_form_we_do_not_understand_is_left_to_a_person(world: World) -> None:
    config = world.main.write(".pre-commit-config.yaml", "repos: [\n]\n")
    assert "Add this to ~/StoFlow/.pre-commit-config.yaml by hand:\n- repo: local\n" in done(world.main)
    assert config.read_text() == "repos: [\n]\n"


def test_config_that_comes_later_takes_over_from_the_plain_hooks(world: World) -> None:
    theirs = hook(hooks_of(world.main) / "pre-push", "#!/bin/sh\necho theirs\n")
    done(world.main)
    world.main.write(".pre-commit-config.yaml", CONFIG)
    world.run("pre-commit", "install", cwd=world.main.path, check=True)
    legacy = hooks_of(world.main) / "pre-commit.legacy"
    assert "alembic-worktrees" in legacy.read_text()
    done(world.main)
    assert not legacy.exists()
    assert not (hooks_of(world.main) / "post-merge").exists()
    assert "File generated by pre-commit" in (hooks_of(world.main) / "pre-commit").read_text()
    assert theirs.read_text() == "#!/bin/sh\necho theirs\n"


def test_where_pre_commit_refuses_to_install_it_says_so(world: World) -> None:
    world.main.write(".pre-commit-config.yaml", CONFIG)
    world.main.git("config", "core.hooksPath", ".git/hooks")
    said = done(world.main)
    assert "git config --unset-all core.hooksPath && pre-commit install" in said


# settings


def test_silent_origin_is_named_with_its_cure(world: World) -> None:
    world.main.git("clone", "--quiet", "--bare", ".", "../origin.git")
    world.main.git("remote", "add", "--fetch", "origin", "../origin.git")
    assert "git remote set-head origin --auto" in done(world.main)
    world.main.git("remote", "set-head", "origin", "--auto")
    assert "set-head" not in done(world.main)
    world.main.git("remote", "set-head", "origin", "--delete")
    world.main.write("pyproject.toml", '[tool.alembic-worktrees]\npublished = "origin/develop"\n')
    assert "set-head" not in done(world.main)


def test_french_setting_is_spoken(world: World) -> None:
    world.main.write("pyproject.toml", '[tool.alembic-worktrees]\nlanguage = "fr"\n')
    assert "Projet Alembic : " in done(world.main, "--with", "claude")
    assert "Rebase de cette branche sur develop" in (world.main.path / EXTRAS[1]).read_text()
    assert "Retiré." in done(world.main, "--remove")


# writing


def target_of(world: World) -> Target:
    return Target(world.main.path, world.main.path / ".git", hooks_of(world.main), None)


def test_nothing_is_written_if_one_file_cannot_be(world: World) -> None:
    before = seen(world)
    world.main.write("blocked", "")
    changes = (
        Change(world.main.path / "new/deep/a", None, "a"),
        Change(world.main.path / "blocked/b", None, "b"),
    )
    with pytest.raises(UserError) as error:
        apply(changes, target_of(world))
    assert "Cannot write" in error.value.text
    (world.main.path / "blocked").unlink()
    assert seen(world) == before


def test_file_that_changed_while_the_user_thought_is_not_overwritten(world: World) -> None:
    path = world.main.write("a", "shown")
    change = Change(path, "shown", "ours")
    path.write_text("changed since")
    with pytest.raises(UserError) as error:
        apply([change], target_of(world))
    assert "has changed meanwhile" in error.value.text
    assert path.read_text() == "changed since"


def test_file_in_the_way_of_a_folder_is_named(world: World) -> None:
    world.main.write("scripts", "a file")
    refused = init(world.main, "--yes")
    assert refused.returncode == 1
    assert "scripts" in refused.stderr
    assert "then run init again" in refused.stderr
    assert refused.stderr.count("Traceback") == 0


def test_our_own_hooks_folder_is_what_init_writes() -> None:
    folder = REPOSITORY / "hooks"
    assert {path.name: path.read_text() for path in folder.iterdir()} == {
        name: with_hook(None, body) for name, body in HOOKS.items()
    }
    assert all(os.access(path, os.X_OK) for path in folder.iterdir())


def test_the_database_url_that_env_py_leads_to_is_offered(world_root: Path, database: Database) -> None:
    """It is found out by running env.py once, has been tried, and shows no password."""
    database.execute("CREATE SCHEMA apart")
    url = database.url.replace("postgres@", "postgres:S3CRET@")
    layout = Layout(version_table="rows", version_schema="apart")
    main = World.create(world_root, url, layout=layout).main
    before = "[project]\nname = 'x'\n[tool.alembic-worktrees]\nlanguage = 'en'\n[tool.x]\n"
    file = main.write("backend/pyproject.toml", before)
    main.write(".env", f"USER=postgres\nDB='{url.replace('+psycopg2', '')}'\n")
    main.applied("aaaa1111", commit=False)
    main.git("add", "--all")
    done = main.tool("init", "--yes", check=True)
    assert "S3CRET" not in done.stdout + done.stderr
    assert 'database-url = "dotenv:../.env:DB"\nversion-table = "apart.rows"\n' in file.read_text()
    assert "Nothing is left to write" in main.tool("init", check=True).stderr
    main.write("backend/migrations/env.py", "raise RuntimeError('Alembic was started')\n")
    assert "aaaa1111" in main.tool("upgrade", check=True).stderr
    assert "Your settings stay" in main.tool("init", "--remove", "--yes", check=True).stderr


def test_a_file_is_not_named_for_what_the_environment_alone_has(world_root: Path, database: Database) -> None:
    """As an example, which leads elsewhere wherever that variable is not set."""
    main = World.create(world_root, database.url).main
    file = main.write("backend/pyproject.toml", "[project]\nname = 'x'\n")
    main.write("backend/.env.example", "DB=sqlite:///./x.db\n")
    main.applied("aaaa1111")
    main.tool("init", "--yes", env={"DB": database.url.replace("+psycopg2", "")}, check=True)
    assert 'database-url = "env:DB"\n' in file.read_text()


@pytest.mark.parametrize(
    "before", ["[project]\nname = 'x'\n", "[project]\nname = 'x'\n\n\n[tool.x]\na = 1\n"]
)
def test_the_settings_that_it_wrote_are_taken_out(before: str) -> None:
    lines = 'database-url = "env:URL"\nversion-table = "rows"\n'
    once = in_our_table(before, lines)
    assert parse_settings(once, "") == {"database_url": "env:URL", "version_table": "rows"}
    assert without_our_table(in_our_table(once, 'share = "origin"\n')) == before
    for changed in (f"{once}language = 'fr'\n", f"# why\n{lines}".join(once.split(lines))):
        assert without_our_table(changed) == changed
