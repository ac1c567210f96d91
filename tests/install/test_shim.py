"""The generated shell files under real shells: they find the command, hand over, and leave no trace."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from alembic_worktrees import __version__
from alembic_worktrees.install import shim
from shells import KNOWING, PLAIN, SHELLS, Shell, shell_or_skip

REPOSITORY = Path(__file__).resolve().parents[2]
FUNCTIONS = {
    "auto_copy_missing_migrations": "upgrade",
    "find_migration_in_worktrees": "find",
    "list_all_migrations": "list",
}
COMMAND = "alembic-worktrees"
ENGLISH = "alembic-worktrees: command not found; install it, in a clone of it: pipx install .\n"
FRENCH = "alembic-worktrees : introuvable ; pour installer, dans un clone : pipx install .\n"
ODD_NAMES = [
    *(
        "space dir",
        " both ends ",
        "é",
        "$x",
        "it's",
        'a"b',
        "back\\slash",
        "new\nline",
        "ends\n",
        "`id`",
        "$(id)",
    ),
    *("*?[a]", "~", "-n", "%x%", "a:b", "!!", "#", "{a,b}", "semi;colon&"),
]

every_shell = pytest.mark.parametrize("shell", SHELLS.values(), ids=SHELLS)
plain_shells = pytest.mark.parametrize("shell", PLAIN.values(), ids=PLAIN)
knowing_shells = pytest.mark.parametrize("shell", KNOWING.values(), ids=KNOWING)

# Tells what it was given on stdout, NUL after each.
RECORDER = """#!/bin/sh
printf '%s\\0' "$0" "$PWD" "${ALEMBIC_WORKTREES_HOME-unset}" "$@"
exit "${RECORDER_STATUS:-0}"
"""


class Record(NamedTuple):
    """What the recorder saw."""

    command: Path
    cwd: str
    home: str
    arguments: list[str]

    @classmethod
    def parse(cls, stdout: str) -> Record:
        assert stdout.endswith("\0"), f"the command did not run: {stdout!r}"
        command, cwd, home, *arguments = stdout.split("\0")[:-1]
        return cls(Path(cwd, command), cwd, home, arguments)


class Shelf(NamedTuple):
    """A main and a linked worktree, the shell files in a third one, and the whole environment."""

    root: Path
    env: dict[str, str]

    @property
    def main(self) -> Path:
        return self.root / "space dir" / "it's main"

    @property
    def linked(self) -> Path:
        return self.root / "space dir" / "é $x"

    @property
    def other(self) -> Path:
        """The main worktree of another repository, whose linked worktree `sourced` holds the shell files."""
        return self.root / "other"

    @property
    def sourced(self) -> Path:
        return self.root / "$x linked"

    @property
    def tools(self) -> Path:
        return self.root / "tools"

    def file(self, shell: Shell) -> str:
        return str(self.sourced / "scripts" / shell.file)

    def git(self, folder: Path, *arguments: str) -> None:
        subprocess.run(
            ["git", "-C", folder, *arguments],
            env=self.env,
            check=True,
            stdout=subprocess.DEVNULL,
            timeout=120,
        )

    def run(
        self, shell: Shell, script: str, *arguments: str, cwd: Path | str | None = None, **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a script of that shell; what it says is decoded as the file system decodes names."""
        return subprocess.run(
            shell.argv(script, *arguments),
            cwd=cwd or self.linked,
            env=self.env | env,
            input="",
            capture_output=True,
            encoding=sys.getfilesystemencoding(),
            errors="surrogateescape",
            timeout=120,  # only a hang is meant: a busy machine is slow
        )

    def call(
        self, shell: Shell, function: str, *arguments: str, cwd: Path | str | None = None, **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Source the file and call one of its functions."""
        script = f"{shell.source}\n{shell.call(function)}"
        return self.run(shell, script, self.file(shell), *arguments, cwd=cwd, **env)

    def found(self, shell: Shell, *arguments: str, cwd: Path | str | None = None, **env: str) -> Path:
        """The command that a call runs."""
        done = self.call(shell, "auto_copy_missing_migrations", *arguments, cwd=cwd, **env)
        assert done.stderr == ""
        return Path(os.path.normpath(Record.parse(done.stdout).command))


def executable(path: Path, text: str = RECORDER) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


def write_shell_files(folder: Path) -> None:
    folder.mkdir(parents=True)
    for shell, name in (("bash", "alembic-utils.sh"), ("fish", "alembic-utils.fish")):
        (folder / name).write_text(shim.render(shell), encoding="utf-8")


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("git", "env", "cat", "sh", "sleep"):
        # Of the machine's PATH only what is needed: some machine has the command on it.
        (tools / tool).symlink_to(shell_or_skip(tool))
    env = {
        "HOME": str(tmp_path / "home"),
        "PATH": str(tools),
        "LC_CTYPE": "C.UTF-8",  # fish 3 cannot even start a command named é without
        "GIT_CONFIG_GLOBAL": str(tmp_path / "home" / "gitconfig"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "A",
        "GIT_AUTHOR_EMAIL": "a@example.org",
        "GIT_COMMITTER_NAME": "A",
        "GIT_COMMITTER_EMAIL": "a@example.org",
    }
    shelf = Shelf(tmp_path, env)
    (tmp_path / "home").mkdir()
    for main, linked in ((shelf.main, shelf.linked), (shelf.other, shelf.sourced)):
        main.mkdir(parents=True)
        shelf.git(main, "init", "--quiet", "--template=")
        shelf.git(main, "commit", "--quiet", "--allow-empty", "-m", "Start")
        shelf.git(main, "worktree", "add", "--quiet", "--detach", str(linked))
    write_shell_files(shelf.sourced / "scripts")
    return shelf


# The hand-over


@every_shell
def test_hands_over_arguments_status_and_folder(shelf: Shelf, shell: Shell) -> None:
    command = executable(shelf.root / "my tools" / "it's $x")
    arguments = [
        "",
        "a b",
        "new\nline\n",
        "*",
        "$HOME",
        "é",
        "--",
        "-n",
        "\\",
        "'",
        '"',
        "~",
        "a=b",
        "{1,2}",
        "",
    ]
    for function, subcommand in FUNCTIONS.items():
        done = shelf.call(
            shell,
            function,
            *arguments,
            ALEMBIC_WORKTREES=str(command),
            RECORDER_STATUS="43",
            ALEMBIC_WORKTREES_HOME="",
        )
        assert done.stderr == ""
        home = "" if shell.name == "dash" else str(shelf.sourced / "scripts")
        assert Record.parse(done.stdout) == Record(command, str(shelf.linked), home, [subcommand, *arguments])
        assert done.returncode == 43


@every_shell
def test_hands_over_the_three_streams(shelf: Shelf, shell: Shell) -> None:
    command = executable(shelf.root / "talk", "#!/bin/sh\ncat\necho data\necho talk >&2\n")
    script = f"{shell.source}\necho in | find_migration_in_worktrees X"
    done = shelf.run(shell, script, shelf.file(shell), ALEMBIC_WORKTREES=str(command))
    assert (done.stdout, done.stderr, done.returncode) == ("in\ndata\n", "talk\n", 0)


@plain_shells
def test_the_command_gets_the_callers_environment(shelf: Shelf, shell: Shell) -> None:
    command = executable(shelf.linked / ".venv" / "bin" / COMMAND, "#!/bin/sh\nexec env\n")
    script = f'{shell.source}\n"$PROGRAM"\necho ---\nlist_all_migrations'
    if shell.is_fish:
        script = script.replace('"$PROGRAM"', "command $PROGRAM")
    hook = {
        "GIT_DIR": "/d",
        "GIT_INDEX_FILE": "/i",
        "GIT_WORK_TREE": "/w",
        "GIT_COMMON_DIR": "/c",
        "IFS": "x",
    }
    done = shelf.run(shell, script, shelf.file(shell), PROGRAM=str(command), **hook)
    assert done.stderr == ""
    direct, handed = (
        {line for line in part.splitlines() if not line.startswith(("_=", "BASH_FUNC_"))}
        for part in done.stdout.split("---\n")
    )
    assert "GIT_DIR=/d" in direct
    home = set() if shell.name == "dash" else {f"ALEMBIC_WORKTREES_HOME={shelf.sourced}/scripts"}
    assert handed ^ direct == home


@plain_shells
def test_interrupt_reaches_the_command_and_ends_it(shelf: Shelf, shell: Shell) -> None:
    command = executable(shelf.root / "wait", "#!/bin/sh\necho ready\nexec sleep 60\n")
    script = f"{shell.source}\nlist_all_migrations"
    with subprocess.Popen(
        shell.argv(script, shelf.file(shell)),
        env=shelf.env | {"ALEMBIC_WORKTREES": str(command)},
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        assert process.stdout.read() == b""
        # A shell may die of the signal itself or hand its number on.
        assert process.wait(timeout=50) in {-signal.SIGINT, 130}  # the command would take 60 seconds


# Finding the command


def places(shelf: Shelf, *, knows_home: bool) -> list[Path]:
    """Where the command may lie, first place first, when `backend` is no folder of the linked worktree."""
    checkouts = [(shelf.linked / "api", shelf.linked, shelf.main / "api", shelf.main)]
    if knows_home:
        checkouts.append((shelf.sourced / "scripts", shelf.sourced, shelf.other / "scripts", shelf.other))
    found = [shelf.root / "on path" / COMMAND, shelf.root / "active" / "bin" / COMMAND]
    for project, root, main_project, main in checkouts:
        backend = [] if root == shelf.sourced else [project]
        for folder in (*backend, root / "backend", root, main_project, main / "backend", main):
            found += [folder / name / "bin" / COMMAND for name in (".venv", "venv")]
    return found


@plain_shells
def test_order_of_places(shelf: Shelf, shell: Shell) -> None:
    first = executable(shelf.root / "set" / "by hand")
    (shelf.linked / "api").mkdir()
    all_places = places(shelf, knows_home=shell.name != "dash")
    for place in all_places:
        executable(place)
    env = {"PATH": f"{shelf.root}/on path:{shelf.tools}", "VIRTUAL_ENV": f"{shelf.root}/active"}
    assert shelf.found(shell, "api", ALEMBIC_WORKTREES=str(first), **env) == first
    for place in all_places:
        assert shelf.found(shell, "api", **env) == place
        place.unlink()
    assert shelf.call(shell, "list_all_migrations", "api", **env).returncode == 127


@plain_shells
def test_backend_is_the_argument_or_backend_or_here(shelf: Shelf, shell: Shell) -> None:
    here, backend, api = (
        executable(shelf.linked / folder / ".venv" / "bin" / COMMAND) for folder in (".", "backend", "ap i")
    )
    assert shelf.found(shell, "ap i") == api
    assert shelf.found(shell, str(shelf.linked / "ap i")) == api
    assert shelf.found(shell) == backend
    assert shelf.found(shell, "--dry-run") == backend
    assert shelf.found(shell, "a1b2c3d4") == backend
    assert shelf.found(shell, ".") == here
    assert shelf.found(shell, cwd=shelf.linked / "ap i") == api
    shutil.rmtree(shelf.linked / "backend")
    assert shelf.found(shell, "--dry-run") == here


@every_shell
def test_finds_by_git_in_every_mode(shelf: Shelf, shell: Shell) -> None:
    command = executable(shelf.main / "backend" / "venv" / "bin" / COMMAND)
    (shelf.linked / "backend" / "migrations").mkdir(parents=True)
    assert shelf.found(shell, cwd=shelf.linked / "backend" / "migrations") == command


@knowing_shells
def test_works_from_any_folder(shelf: Shelf, shell: Shell) -> None:
    command = executable(shelf.other / "venv" / "bin" / COMMAND)
    for folder in (Path("/"), shelf.root / "home"):
        assert shelf.found(shell, cwd=folder) == command


@plain_shells
def test_what_cannot_be_run_is_passed_over(shelf: Shelf, shell: Shell) -> None:
    (shelf.root / "a" / COMMAND).mkdir(parents=True)
    executable(shelf.root / "b" / COMMAND).chmod(0o644)
    (shelf.root / "c").mkdir()
    (shelf.root / "c" / COMMAND).symlink_to("nowhere")
    command = executable(shelf.root / "d" / COMMAND)
    path = ":".join(f"{shelf.root}/{folder}" for folder in ("a", "b", "c", "none", "d"))
    assert shelf.found(shell, PATH=f"{path}:{shelf.tools}") == command


@plain_shells
def test_path_may_be_relative(shelf: Shelf, shell: Shell) -> None:
    for path in (".", "bin", "./dir/"):
        command = executable(shelf.linked / path / COMMAND)
        assert shelf.found(shell, PATH=f"{path}:{shelf.tools}") == command


@pytest.mark.parametrize("name", ["bash", "zsh", "dash"])
def test_empty_entry_of_path_is_the_current_folder(shelf: Shelf, name: str) -> None:
    command = executable(shelf.linked / COMMAND)
    for path in (f":{shelf.tools}", f"{shelf.tools}:", f"{shelf.tools}::/none"):
        assert shelf.found(SHELLS[name], PATH=path) == command


@plain_shells
def test_bare_name_is_a_file_here(shelf: Shelf, shell: Shell) -> None:
    command = executable(shelf.linked / "mine")
    executable(shelf.tools / "mine")
    assert shelf.found(shell, ALEMBIC_WORKTREES="mine") == command
    on_path = executable(shelf.tools / COMMAND)
    assert shelf.found(shell, ALEMBIC_WORKTREES="off") == on_path  # which is for env.py


@plain_shells
def test_no_git_where_an_earlier_place_answers(shelf: Shelf, shell: Shell) -> None:
    asked = shelf.root / "asked"
    (shelf.tools / "git").unlink()
    executable(shelf.tools / "git", f"#!/bin/sh\necho \"$@\" >> '{asked}'\nexit 1\n")
    early = [
        shelf.linked / "venv" / "bin" / COMMAND,
        shelf.linked / "backend" / ".venv" / "bin" / COMMAND,
        shelf.root / "active" / "bin" / COMMAND,
        shelf.tools / COMMAND,
        shelf.root / "mine",
    ]
    assert shelf.call(shell, "list_all_migrations").returncode == 127
    assert "rev-parse" in asked.read_text(encoding="utf-8")
    asked.unlink()
    env = {"VIRTUAL_ENV": f"{shelf.root}/active"}
    for command in early:
        executable(command)
        if command == early[-1]:
            env["ALEMBIC_WORKTREES"] = str(command)
        assert shelf.found(shell, **env) == command
    assert not asked.exists()


@plain_shells
def test_git_in_a_hook_does_not_mislead(shelf: Shelf, shell: Shell) -> None:
    """Git gives a hook of worktree `other` its own repository; the shell stands elsewhere."""
    executable(shelf.other / ".venv" / "bin" / COMMAND)
    command = executable(shelf.main / ".venv" / "bin" / COMMAND)
    hook = {
        "GIT_DIR": str(shelf.other / ".git"),
        "GIT_COMMON_DIR": str(shelf.other / ".git"),
        "GIT_WORK_TREE": str(shelf.other),
        "GIT_INDEX_FILE": str(shelf.other / ".git" / "index"),
    }
    assert shelf.found(shell, **hook) == command
    for name, value in hook.items():
        assert shelf.found(shell, **{name: value}) == command


@plain_shells
def test_outside_git(shelf: Shelf, shell: Shell) -> None:
    lonely = shelf.root / "home"
    command = executable(lonely / "backend" / ".venv" / "bin" / COMMAND)
    assert shelf.found(shell, cwd=lonely) == command
    assert shelf.found(shell, str(lonely / "backend"), cwd=Path("/")) == command


@every_shell
def test_not_found_is_one_line_and_127(shelf: Shelf, shell: Shell) -> None:
    for function in FUNCTIONS:
        done = shelf.call(shell, function, "x")
        assert (done.stdout, done.stderr, done.returncode) == ("", ENGLISH, 127)


@plain_shells
def test_not_found_speaks_the_users_language(shelf: Shelf, shell: Shell) -> None:
    for locale, line in (
        ({"LC_ALL": "fr_FR.UTF-8", "LC_MESSAGES": "C", "LANG": "C"}, FRENCH),
        ({"LC_ALL": "", "LC_MESSAGES": "fr", "LANG": "en_GB"}, FRENCH),
        ({"LC_ALL": "", "LC_MESSAGES": "", "LANG": "fr_CA"}, FRENCH),
        ({"LC_ALL": "C", "LC_MESSAGES": "fr_FR", "LANG": "fr_FR"}, ENGLISH),
        ({"LC_ALL": "", "LC_MESSAGES": "en_GB", "LANG": "fr_FR"}, ENGLISH),
        ({"LC_ALL": "", "LC_MESSAGES": "", "LANG": ""}, ENGLISH),
    ):
        done = shelf.call(shell, "list_all_migrations", **locale)
        # bash itself complains of a locale that the machine lacks.
        said = [words for words in done.stderr.splitlines(keepends=True) if "setlocale" not in words]
        assert (said, done.returncode) == ([line], 127)


@plain_shells
def test_wrong_setting_is_named(shelf: Shelf, shell: Shell) -> None:
    wrong = [shelf.root / name for name in ("not there", "a folder", "not executable")]
    wrong[1].mkdir()
    wrong[2].write_text(RECORDER, encoding="utf-8")
    executable(shelf.tools / COMMAND)  # shall not be taken instead
    for path in wrong:
        for locale, words in (("C", "is not an executable file:"), ("fr", "ne mène à aucun exécutable :")):
            done = shelf.call(
                shell, "list_all_migrations", ALEMBIC_WORKTREES=str(path), LC_ALL="", LC_MESSAGES=locale
            )
            assert (done.stdout, done.returncode) == ("", 127)
            assert done.stderr.startswith(COMMAND)
            assert done.stderr.endswith(f"{words} {path}\n")
            assert done.stderr.count("\n") == 1


# Where it was sourced from


@knowing_shells
def test_remembers_its_folder_whatever_the_name(shelf: Shelf, shell: Shell) -> None:
    command = executable(shelf.root / "recorder")
    # fish takes a newline from the end of every answer.
    names = [name for name in ODD_NAMES if not (shell.is_fish and name.endswith("\n"))]
    folders = [f"odd/{name}" for name in names] + [f"{shelf.root}/odd/{name}" for name in names]
    for name in names:
        write_shell_files(shelf.root / "odd" / name)
    loop = "for each in $argv; {}; end" if shell.is_fish else 'for each in "$@"; do {}; done'
    source = 'source "$each"' if shell.is_fish else '. "$each"'
    script = loop.format(f"{source}; list_all_migrations")
    files = [f"{folder}/{shell.file}" for folder in folders]
    for locale in ["C.UTF-8"] if shell.is_fish else ["C.UTF-8", "C"]:  # fish 3 itself garbles é in C
        env = {"LC_CTYPE": locale, "ALEMBIC_WORKTREES": str(command)}
        done = shelf.run(shell, script, *files, cwd=shelf.root, **env)
        assert done.stderr == ""
        assert done.stdout.split("\0")[2::4] == [str(shelf.root / folder) for folder in folders]


@knowing_shells
def test_remembers_its_folder_after_a_move(shelf: Shelf, shell: Shell) -> None:
    command = executable(shelf.root / "recorder")
    script = f"{shell.source}\nbuiltin cd /\nlist_all_migrations"
    if "ALIAS" in shell.setup:
        script = script.replace("builtin cd", r"\builtin cd")
    relative = f"../../$x linked/scripts/{shell.file}"
    done = shelf.run(shell, script, relative, ALEMBIC_WORKTREES=str(command))
    record = Record.parse(done.stdout)
    assert (record.cwd, os.path.normpath(record.home)) == ("/", str(shelf.sourced / "scripts"))


@plain_shells
def test_text_without_a_file_does_without_a_folder(shelf: Shelf, shell: Shell) -> None:
    command = executable(shelf.root / "recorder")
    text = shim.render("fish" if shell.is_fish else "bash")
    script = (
        "echo $argv[1] | source; list_all_migrations" if shell.is_fish else 'eval "$1"; list_all_migrations'
    )
    done = shelf.run(shell, script, text, ALEMBIC_WORKTREES=str(command))
    assert done.stderr == ""
    assert Record.parse(done.stdout).home == "unset"


# What it leaves behind

# How each shell is asked for all that a caller could miss; of functions the names alone.
_STATE = {
    "bash": "declare -F; shopt; set -o; trap -p; alias -p; declare -p; dirs; umask; hash -t git",
    "zsh": "typeset +f; set; setopt; trap; alias; umask; dirs",
    "dash": "set; set -o; trap; alias; umask; pwd",
    "fish": "functions --all --names | string split ', '; set --show; pwd; umask; complete",
}
_PREPARED = {
    "bash": "trap 'echo int' INT; trap 'echo err' ERR; trap 'echo debug >/dev/null' DEBUG",
    "zsh": "trap 'echo int' INT",
    "dash": "trap 'echo int' INT; trap 'echo hup' HUP",
    "fish": "function on_int --on-signal INT; end",
}
# Variables that tell of the last command or of the time.
_RESTLESS = {
    *(
        "BASHPID",
        "BASH_COMMAND",
        "BASH_LINENO",
        "BASH_ARGV",
        "BASH_ARGC",
        "LINENO",
        "RANDOM",
        "SRANDOM",
        "PPID",
    ),
    *("SECONDS", "PIPESTATUS", "FUNCNAME", "_", "TTYIDLE", "EPOCHSECONDS", "EPOCHREALTIME", "BASH_SUBSHELL"),
    *("status", "pipestatus", "status_generation", "history", "CMD_DURATION", "?", "!"),
    *(
        "funcfiletrace",
        "funcsourcetrace",
        "functrace",
        "funcstack",
        "functions",
        "functions_source",
        "jobstates",
    ),
}


def state(text: str) -> set[str]:
    """Lines of a state, without the variables that change from one command to the next."""
    lines = set()
    for line in text.splitlines():
        name = line.split("=")[0].split(":")[0].split("[")[0].split(" ")[-1].lstrip("$")
        if line and name not in _RESTLESS:
            lines.add(line)
    return lines


@pytest.mark.parametrize(
    "name", [name for name in SHELLS if "aliases" not in name and "functions" not in name]
)
def test_leaves_nothing_but_functions(shelf: Shelf, name: str) -> None:
    shell = SHELLS[name]
    executable(shelf.tools / COMMAND)
    show, source = _STATE[shell.name], "source $argv[1]" if shell.is_fish else '. "$1"'
    calls = "; ".join(f"{function} >/dev/null" for function in FUNCTIONS)
    # Some variables come to be when they are first shown.
    first = f"begin; {show}; end >/dev/null" if shell.is_fish else f"{{ {show}; }} >/dev/null"
    script = "\n".join(
        [
            *(_PREPARED[shell.name], "cd /", f"cd '{shelf.root}/home'", "git --version >/dev/null", first),
            *(show, "echo @@@@@", source, show, "echo @@@@@", calls, show),
        ]
    )
    done = shelf.run(shell, script, shelf.file(shell))
    assert done.stderr == ""
    before, sourced, called = (state(part) for part in done.stdout.split("@@@@@\n"))
    assert len(before) > 10
    new = {line.split()[-1] for line in sourced - before}
    public = set() if shell.name == "dash" else set(FUNCTIONS)  # dash does not list functions
    assert {line for line in new if not line.startswith("_alembic_worktrees")} == public
    assert before <= sourced
    assert called == sourced


@every_shell
def test_sourcing_is_silent_and_may_be_repeated(shelf: Shelf, shell: Shell) -> None:
    source = "source $argv[1]" if shell.is_fish else '. "$1"'
    status = "$status" if shell.is_fish else "$?"
    done = shelf.run(shell, f"{source}; {source}; echo {status}", shelf.file(shell))
    assert (done.stdout, done.stderr, done.returncode) == ("0\n", "", 0)


@pytest.mark.parametrize("name", ["bash", "bash-posix", "bash-strict", "zsh", "zsh-strict"])
def test_traps_of_the_caller_fire_once(shelf: Shelf, name: str) -> None:
    shell = SHELLS[name]
    executable(shelf.main / "venv" / "bin" / COMMAND, "#!/bin/sh\nexit 3\n")
    errtrace = "set -E" if shell.name == "bash" else ""
    script = f"{errtrace}\ntrap 'echo err' ERR; trap 'echo exit' EXIT\n{shell.source}\nlist_all_migrations"
    done = shelf.run(shell, script, shelf.file(shell))
    # zsh 5.9 forgets the EXIT trap when err_exit ends it in a function, whoever wrote that.
    ends = "" if name == "zsh-strict" else "exit\n"
    assert (done.stdout, done.stderr, done.returncode) == (f"err\n{ends}", "", 3)
    done = shelf.run(shell, f"{script} || echo status $?", shelf.file(shell))
    assert (done.stdout, done.stderr, done.returncode) == ("status 3\nexit\n", "", 0)


@pytest.mark.parametrize("name", ["bash", "zsh"])
def test_a_trap_that_prints_spoils_no_answer(shelf: Shelf, name: str) -> None:
    shell = SHELLS[name]
    command = executable(shelf.main / "venv" / "bin" / COMMAND)
    functrace = "set -T" if name == "bash" else ""
    script = f"{shell.source}\n{functrace}\ntrap 'echo debug' DEBUG\nlist_all_migrations"
    done = shelf.run(shell, script, shelf.file(shell))
    assert done.stderr == ""
    said = done.stdout.removesuffix("debug\n").rpartition("debug\n")[2]
    assert Record.parse(said).command == command


@pytest.mark.parametrize("name", ["bash-strict", "bash-posix-strict", "zsh-strict", "dash-strict"])
def test_strict_caller_may_ask_and_go_on(shelf: Shelf, name: str) -> None:
    shell = SHELLS[name]
    executable(shelf.main / "venv" / "bin" / COMMAND, "#!/bin/sh\n[ $2 = yes ] || exit 1\necho /path\n")
    script = f"""{shell.source}
        if found=$(find_migration_in_worktrees no); then echo wrong; fi
        found=$(find_migration_in_worktrees yes)
        echo "found $found"
        find_migration_in_worktrees no
        echo "not reached" """
    done = shelf.run(shell, script, shelf.file(shell))
    assert (done.stdout, done.stderr, done.returncode) == ("found /path\n", "", 1)


# Children


@pytest.mark.parametrize("name", [name for name, shell in SHELLS.items() if shell.name == "bash"])
def test_bash_scripts_inherit_the_functions(shelf: Shelf, name: str) -> None:
    shell = SHELLS[name]
    command = executable(shelf.other / "venv" / "bin" / COMMAND)
    bash = shell_or_skip("bash")
    child = executable(
        shelf.root / "child", f"#!{bash}\nset -euo pipefail\nfind_migration_in_worktrees a1 'b c'\n"
    )
    done = shelf.run(shell, f'{shell.source}; "$1"', shelf.file(shell), str(child), cwd=shelf.root / "home")
    assert done.stderr == ""
    home = str(shelf.sourced / "scripts")
    assert Record.parse(done.stdout) == Record(command, str(shelf.root / "home"), home, ["find", "a1", "b c"])
    done = shelf.run(
        shell, f'{shell.source}; "$1"', shelf.file(shell), str(child), cwd=shelf.root, PATH="/none"
    )
    assert (done.stdout, done.stderr, done.returncode) == ("", ENGLISH, 127)


@pytest.mark.parametrize("name", ["dash", "dash-strict"])
def test_dash_may_call_a_bash_script(shelf: Shelf, name: str) -> None:
    command = executable(shelf.other / "venv" / "bin" / COMMAND)
    bash = shell_or_skip("bash")
    text = f'#!{bash}\nset -euo pipefail\nsource "$1"\nauto_copy_missing_migrations backend\n'
    child = executable(shelf.root / "dev.sh", text)
    shell = SHELLS[name]
    done = shelf.run(shell, f'{shell.source}; "$1" "$2"', shelf.file(shell), str(child), shelf.file(shell))
    assert done.stderr == ""
    assert Record.parse(done.stdout).command == command


# The text


@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_committed_files_are_the_generated_ones(shell: str) -> None:
    path = f"shell/alembic-utils.{'fish' if shell == 'fish' else 'sh'}"
    committed = (REPOSITORY / path).read_text(encoding="utf-8")
    assert committed == shim.render(shell), f"run: alembic-worktrees shim --shell {shell} > {path}"


def test_header_and_marks() -> None:
    assert shim.render("zsh") == shim.render("bash") != shim.render("fish")
    for shell in shim.SHELLS:
        text = shim.render(shell)
        assert (
            f"# generated by alembic-worktrees {__version__} for {'fish' if shell == 'fish' else 'bash'}"
            in text
        )
        assert "do not edit: alembic-worktrees shim" in text
        assert "_EN@" not in text
        assert "@VERSION@" not in text
    with pytest.raises(ValueError, match="'tcsh' is none of bash, zsh, fish"):
        shim.render("tcsh")


@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_each_function_says_its_usage_and_an_example(shell: str) -> None:
    text = shim.render(shell)
    for function in FUNCTIONS:
        comment = text.partition(f"\n{'function ' if shell == 'fish' else ''}{function}")[0].rpartition(
            "\n\n"
        )[2]
        assert f"# Usage: {function}" in comment
        assert "# Example: " in comment


def test_shellcheck_finds_nothing() -> None:
    path = Path(sys.executable).with_name("shellcheck")
    shellcheck = str(path) if path.exists() else shell_or_skip("shellcheck")
    done = subprocess.run(
        [
            shellcheck,
            "--enable=all",
            "--exclude=SC2249,SC2250,SC2292,SC2310,SC2312",
            "-",
        ],  # taste, and set -e in `||`
        input=shim.render("bash"),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, "")
    assert "shellcheck disable" not in shim.render("bash")


@pytest.mark.parametrize(
    ("name", "answer"), [("bash", "bash"), ("zsh", "zsh"), ("fish", "fish"), ("dash", "bash")]
)
def test_detects_the_shell_that_runs_it(shelf: Shelf, name: str, answer: str) -> None:
    ask = "from alembic_worktrees.install.shim import detect; print(detect())"
    script = "$argv; true" if SHELLS[name].is_fish else '"$@"; true'  # more to do, so the shell stays
    done = shelf.run(SHELLS[name], script, sys.executable, "-c", ask, cwd=REPOSITORY, PATH=os.environ["PATH"])
    assert (done.stdout, done.stderr) == (f"{answer}\n", "")


def test_import_stays_light() -> None:
    script = "import sys, alembic_worktrees.install.shim; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, encoding="utf-8", timeout=30)
    assert not {"shellingham", "alembic", "rich", "subprocess"} & set(done.stdout.split())
