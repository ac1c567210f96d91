"""Alembic's own command without its start: half a second of imports, saved at each of hundreds of calls.

A small server has Alembic imported and forks for each call: a call still is a process of its own, with its
own folder, environment and output. It ends when its stdin closes, hence also when this process is killed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SERVER = """
import json, os, signal, sys, traceback

# Where a console script has its own folder, `-c` has the current one, which would hide a missing
# prepend_sys_path.
sys.path[0] = os.path.dirname(sys.executable)
# A file that is mended within the second, and is as long as before, would be taken for the compiled old one.
sys.dont_write_bytecode = True
import alembic.config, alembic.command, alembic.autogenerate, logging.config
import psycopg2, sqlalchemy.dialects.postgresql.psycopg2, sqlalchemy.ext.asyncio

def serve(command, cwd, env, out, err):
    signal.alarm(60)
    for stream, path in enumerate((os.devnull, out, err)):
        os.dup2(os.open(path, os.O_RDWR), stream)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = command
    try:
        alembic.config.main()
    except SystemExit as end:
        return end.code or 0
    except BaseException:
        traceback.print_exc()
        return 1
    return 0

answers = os.fdopen(os.dup(1), "w")
for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        status = serve(**json.loads(line))
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status % 256)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), file=answers, flush=True)
"""

_server: subprocess.Popen[str] | None = None


def alembic(args: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """What the `alembic` beside this interpreter does with `args`."""
    command = [str(Path(sys.executable).with_name("alembic")), *args]
    with tempfile.TemporaryDirectory(prefix="awt-") as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        out.touch()
        err.touch()
        request = {"command": command, "cwd": str(cwd), "env": dict(env), "out": str(out), "err": str(err)}
        status = _ask(json.dumps(request))
        return subprocess.CompletedProcess(command, status, out.read_text(), err.read_text())


def close() -> None:
    """End the server, if there is one."""
    global _server
    if _server is not None:
        _server.communicate(timeout=60)
        _server = None


def _ask(request: str) -> int:
    server = _start()
    assert server.stdin
    assert server.stdout
    print(request, file=server.stdin, flush=True)
    return int(server.stdout.readline())


def _start() -> subprocess.Popen[str]:
    global _server
    if _server is None:
        _server = subprocess.Popen(
            [sys.executable, "-c", SERVER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            start_new_session=True,
        )
    return _server
