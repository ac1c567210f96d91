"""What each git hook does: texts for plain hooks, for a block in somebody's hook, and for pre-commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .installed import Installed

_QUIETLY = "if command -v alembic-worktrees >/dev/null 2>&1; then\n{body}fi\n"

# What a hook does, for one that is no shell script, and for managers of hooks
CALLS = {
    "pre-commit": "alembic-worktrees check --staged && alembic-worktrees protect",
    "pre-merge-commit": "alembic-worktrees check --staged",
    "pre-push": "alembic-worktrees check --pushed",
    "post-merge": "alembic-worktrees report post-merge",
    "post-rewrite": "alembic-worktrees report post-rewrite",
    "post-checkout": "alembic-worktrees report post-checkout",
}

# Git names what it pushes on standard input; what follows in the hook shall find it there again.
_PUSH = """\
    alembic_worktrees_pushed=$(cat)
    printf '%s\\n' "$alembic_worktrees_pushed" | alembic-worktrees check --pushed || exit
    test -z "$alembic_worktrees_pushed" || exec <<ALEMBIC_WORKTREES
$alembic_worktrees_pushed
ALEMBIC_WORKTREES
"""


def _body(name: str, call: str) -> str:
    if name == "pre-push":
        return _PUSH
    if "report" in call:
        return f'    {call} "$@" </dev/null || :\n'
    return "".join(f"    {one} || exit\n" for one in call.split(" && "))


_LEFTHOOK_CALLS = {name: call + (" {0}" if "report" in call else "") for name, call in CALLS.items()}
LEFTHOOK = "".join(
    f"{name}:\n  commands:\n    alembic-worktrees:\n      run: {call}\n"
    + ("      use_stdin: true\n" if name == "pre-push" else "")
    for name, call in _LEFTHOOK_CALLS.items()
)
LEFTHOOK_TOML = "".join(
    f'[{name}.commands.alembic-worktrees]\nrun = "{call}"\n'
    + ("use_stdin = true\n" if name == "pre-push" else "")
    for name, call in _LEFTHOOK_CALLS.items()
)

HOOKS = {name: _QUIETLY.format(body=_body(name, call)) for name, call in CALLS.items()}

_LOCAL = """\
- repo: local
  hooks:
    - id: alembic-check
      name: Alembic migrations are complete
      entry: alembic-worktrees check --staged
      stages: [pre-commit, pre-merge-commit, pre-push, manual]
      language: @LANGUAGE@
      pass_filenames: false
      always_run: true
    - id: alembic-protect
      name: Published Alembic migrations stay as they are
      entry: alembic-worktrees protect
      stages: [pre-commit]
      language: @LANGUAGE@
      pass_filenames: false
      always_run: true
    - id: alembic-report
      name: What came with Alembic migrations
      entry: alembic-worktrees report
      stages: [post-merge, post-rewrite, post-checkout]
      language: @LANGUAGE@
      pass_filenames: false
      always_run: true
      verbose: true
"""

_FROM_GIT = """\
- repo: {0.source}
  rev: {0.commit}
  hooks:
    - id: alembic-check
    - id: alembic-protect
    - id: alembic-report
"""


def pre_commit_item(installed: Installed) -> str:
    """Return the item of `repos` with which pre-commit gets the command from where it was installed from."""
    if installed.way == "git":
        return _FROM_GIT.format(installed)
    if installed.way == "folder":  # which no other machine has: whatever is on PATH
        return _LOCAL.replace("@LANGUAGE@", "system")
    release = f"python\n      additional_dependencies: [alembic-worktrees=={installed.source}]"
    return _LOCAL.replace("@LANGUAGE@", release)


# The hooks are those of all worktrees, and what one has checked out may be older than the config.
INSTALL = "pre-commit install --allow-missing-config " + " ".join(f"--hook-type {name}" for name in CALLS)
