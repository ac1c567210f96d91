"""The shells that the generated files must work in, each with the modes that break careless shell code."""

import os
import shutil
from typing import NamedTuple

import pytest


def shell_or_skip(name: str) -> str:
    """Name → path. Without that shell: skipped on a user's machine, failed where nothing may be skipped."""
    path = shutil.which(name)
    if path is None:
        reason = f"{name} is not installed"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return path


class Shell(NamedTuple):
    """A shell as a caller: how it is started without anyone's rc files, and what it sets before sourcing."""

    name: str
    options: tuple[str, ...] = ()
    setup: str = ""

    @property
    def is_fish(self) -> bool:
        return self.name == "fish"

    @property
    def file(self) -> str:
        return "alembic-utils.fish" if self.is_fish else "alembic-utils.sh"

    @property
    def source(self) -> str:
        """Source the first argument and take it away, so that the others are the caller's."""
        return "source $argv[1]; set -e argv[1]" if self.is_fish else '. "$1"; shift'

    def call(self, function: str) -> str:
        return f"{function} $argv" if self.is_fish else f'{function} "$@"'

    def argv(self, script: str, *arguments: str) -> list[str]:
        """Command line that runs `script` after the setup; arguments are the script's own."""
        name_of_script = () if self.is_fish else (self.name,)
        path = shell_or_skip(self.name)
        return [path, *self.options, "-c", f"{self.setup}\n{script}", *name_of_script, *arguments]


_BASH = ("--norc", "--noprofile")
_ODD_VARIABLES = "IFS=/:e; CDPATH=/:..; readonly root=r folder=f file=x name=n"
_ALIASED = "cd ls git printf command builtin set unset trap exec exit return export eval test"
_BASH_STRICT = f"set -Eeuo pipefail; set -o noclobber; {_ODD_VARIABLES}"
_ZSH_STRICT = f"setopt err_exit no_unset pipe_fail no_clobber; {_ODD_VARIABLES}"

SHELLS = {
    "bash": Shell("bash", _BASH),
    "bash-posix": Shell("bash", (*_BASH, "--posix")),
    "bash-strict": Shell("bash", _BASH, _BASH_STRICT),
    "bash-posix-strict": Shell("bash", (*_BASH, "--posix"), _BASH_STRICT),
    "bash-globs": Shell(
        "bash", _BASH, "shopt -s nullglob failglob extglob dotglob nocasematch inherit_errexit; set -e"
    ),
    "bash-aliases": Shell(
        "bash",
        _BASH,
        f"shopt -s expand_aliases; for a in {_ALIASED}; do builtin alias $a='echo ALIAS'; done\n",
    ),
    "bash-functions": Shell("bash", _BASH, 'for f in cd ls git; do eval "$f() { echo FUNCTION; }"; done'),
    "zsh": Shell("zsh", ("-f",)),
    "zsh-strict": Shell("zsh", ("-f",), _ZSH_STRICT),
    "zsh-ksh": Shell(
        "zsh",
        ("-f",),
        "setopt sh_word_split ksh_arrays glob_subst posix_builtins prompt_subst no_function_argzero",
    ),
    "zsh-globs": Shell(
        "zsh", ("-f",), "setopt nomatch null_glob extended_glob rc_quotes cd_able_vars auto_cd"
    ),
    "zsh-sh": Shell("zsh", ("-f",), "emulate sh; set -eu"),
    "zsh-warns": Shell("zsh", ("-f",), "setopt warn_create_global warn_nested_var err_return"),
    "zsh-aliases": Shell("zsh", ("-f",), f"for a in {_ALIASED}; do alias $a='echo ALIAS'; done"),
    "zsh-functions": Shell("zsh", ("-f",), 'for f in cd ls git; do eval "$f() { echo FUNCTION; }"; done'),
    "fish": Shell("fish", ("--no-config",)),
    "fish-functions": Shell(
        "fish", ("--no-config",), 'for f in cd ls git printf; eval "function $f; echo FUNCTION; end"; end'
    ),
    "dash": Shell("dash"),
    "dash-strict": Shell("dash", (), f"set -eu; set -C; {_ODD_VARIABLES}"),
}

PLAIN = {name: SHELLS[name] for name in ("bash", "bash-strict", "zsh", "zsh-strict", "fish", "dash")}
# dash cannot know which file it sources.
KNOWING = {name: shell for name, shell in SHELLS.items() if shell.name != "dash"}
