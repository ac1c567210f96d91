"""Runs inside the project: requests come in lines of JSON, Alembic does them, answers go back.

The source of this folder is sent to the project's interpreter (session.py), so nothing but the standard library and
Alembic is imported, and the syntax is that of Python 3.8. What Alembic, env.py and migrations print goes to standard
error, with passwords masked.
"""

from __future__ import annotations

import atexit
import json
import os
import sys
import threading
from contextlib import suppress
from typing import Any, Callable, TextIO

from .commands import load, parse, probe, upgrade
from .comparing import compare, compare_elsewhere, merge, revision, undo, write
from .downgrading import downgrade, downgrade_sql
from .interruption import interruption
from .making import maker
from .masking import Masked, mask
from .rows import set_rows

HANDLERS: list[Callable[..., dict[str, Any]]] = [probe, load, upgrade, downgrade, downgrade_sql, set_rows]
HANDLERS += [merge, parse, compare, compare_elsewhere, undo, write, revision]


def main(requests: TextIO) -> None:
    """Serve who started us, then end as Python does. `requests` is another descriptor of our standard input."""
    try:
        with requests, _channel() as answers:
            _serve(requests, answers)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # who asked has gone, and has said why
        os._exit(0)
    _leave()


def _channel() -> TextIO:
    """Return what standard output was; who reads or prints from now on does not disturb."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout, sys.stderr = Masked(sys.stdout), Masked(sys.stderr)
    return answers


def _serve(requests: TextIO, answers: TextIO) -> None:
    """Hear how the project is, say whether Alembic is here, then answer requests until the channel is closed."""
    try:
        about = json.loads(requests.readline() or "{}")
        _enter(about.pop("folder", None), about.pop("scripts", "."), *about.pop("here", ()))
        vars(maker).update(about)
        import alembic.config  # noqa: F401, whether it is here
    except (ImportError, OSError) as error:
        _send(answers, ready=False, reason=mask(str(error)))
        return
    _send(answers, ready=True)
    interruption.follow()
    handlers = {handler.__name__: handler for handler in HANDLERS}
    for line in requests:
        request = json.loads(line)
        _send(answers, **handlers[request.pop("do")](**request))


def _enter(folder: str | None, scripts: str, here: str = "", *identity: int) -> None:
    """Go where Alembic is to be run: a launcher may have started us elsewhere. Raises OSError.

    That is `folder` if it is said, else `here`, if this is the very folder that is meant; a container has another one.
    The folder `scripts` is to be there.
    """
    if folder:
        os.chdir(folder)
    else:
        with suppress(OSError):
            about = os.stat(here)
            if (about.st_dev, about.st_ino) == identity:
                os.chdir(here)
    if not os.path.isdir(scripts):
        raise FileNotFoundError(f"no folder {scripts} in {os.getcwd()}")


def _send(answers: TextIO, **answer: object) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


def _leave() -> None:
    """End as Python does, but without freeing object by object what ends anyway: that takes 0.09 s of 0.5 s.

    Where a thread is still at work Python's own way is right, which waits for it.
    """
    if all(thread.daemon or thread is threading.main_thread() for thread in threading.enumerate()):
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
