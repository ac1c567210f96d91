"""A Python that has Alembic, its drivers and our package imported, and forks for each program that it is to run.

A program still is a process of its own, in a session of its own, with its own folder, environment, umask and file
descriptors. It is killed when who asked for it goes, and the server ends when its standard input does. Where our
command starts this Python with code of its own, as it starts the runner, the child runs that at once.
"""

from __future__ import annotations

import fcntl
import gc
import marshal
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import traceback
from contextlib import redirect_stdout, suppress
from functools import partial
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from types import CodeType, ModuleType, TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO, cast

import alembic_worktrees

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

MOST = 250  # descriptors in one message; the kernel takes 253
FREE = 512  # from here on no program has a descriptor
LOADED = (
    "alembic.config",
    "asyncpg",
    "logging.config",
    "mako.template",
    "psycopg2.extras",
    "sqlalchemy.dialects.postgresql",
    "sqlalchemy.dialects.sqlite",
    "sqlalchemy.ext.asyncio",
    "sqlite3",
)


class Program(NamedTuple):
    """One that runs: its process, a descriptor that tells of its end, and who waits for that."""

    pid: int
    ended: int
    connection: socket.socket


def main(address: str, scripts: list[str]) -> None:
    """Serve at the socket `address`; `scripts` are the files that may be run."""
    sys.dont_write_bytecode = True  # a file mended within the second would be taken for the compiled old one
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(128)  # who asks now waits for the imports
    _import_all()
    programs = {path: compile(Path(path).read_bytes(), path, "exec", dont_inherit=True) for path in scripts}
    gc.freeze()  # what all share is not looked at, and so not copied, in each
    _serve(listener, programs)


def _serve(listener: socket.socket, programs: dict[str, CodeType]) -> None:
    running: dict[int, Program] = {}  # by each of its descriptors
    while True:
        ready = select.select([0, listener.fileno(), *running], [], [])[0]
        if 0 in ready:
            return
        for number in ready:
            if number == listener.fileno():
                program = _start(listener.accept()[0], programs)
                if program:
                    running |= {program.ended: program, program.connection.fileno(): program}
            elif program := running.pop(number, None):
                del running[program.ended if number != program.ended else program.connection.fileno()]
                _finish(program)


class _Stdout:
    """Whatever is `sys.stdout` now, for who keeps it from the import on, as Alembic does."""

    def __getattr__(self, name: str) -> Any:
        return getattr(sys.stdout, name)


def _import_all() -> None:
    with redirect_stdout(cast("TextIO", _Stdout())):
        for name in LOADED:
            import_module(name)
    for found in pkgutil.walk_packages(alembic_worktrees.__path__, "alembic_worktrees."):
        import_module(found.name)


def _start(connection: socket.socket, programs: dict[str, CodeType]) -> Program | None:
    request, handles = _receive(connection)
    pid = os.fork() if request and can_run(request["environment"]) else None
    if pid == 0:
        try:
            _become(request, handles)
            os._exit(_run(request["argv"], programs))
        finally:
            os._exit(1)
    for handle in handles:
        os.close(handle)
    if pid:
        return Program(pid, os.pidfd_open(pid), connection)
    with connection, suppress(BrokenPipeError):
        connection.sendall(marshal.dumps(None))
    return None


def _finish(program: Program) -> None:
    """Say how a program has ended; where nobody waits for it any more, end it."""
    if not select.select([program.ended], [], [], 0)[0]:
        with suppress(ProcessLookupError):
            os.killpg(program.pid, signal.SIGKILL)
        os.kill(program.pid, signal.SIGKILL)  # which may not have its own group yet
    status = os.waitstatus_to_exitcode(os.waitpid(program.pid, 0)[1])
    os.close(program.ended)
    with program.connection as connection, suppress(BrokenPipeError):
        connection.sendall(marshal.dumps(status))


def can_run(environment: Mapping[str, str]) -> bool:
    """Whether a program may be run warm: not with an environment that a Python obeys when it starts."""
    locale = next((environment[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if environment.get(name)), "")
    obeyed = any(name.startswith(("PYTHON", "COV", "VIRTUAL_ENV")) for name in environment)
    return locale.endswith("UTF-8") and not obeyed


def _receive(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    head, handles, _, _ = socket.recv_fds(connection, 8, MOST)
    text = connection.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL)
    return marshal.loads(text) if text else {}, handles  # noqa: S302


def _become(request: dict[str, Any], handles: list[int]) -> None:
    os.setsid()
    moved = [fcntl.fcntl(handle, fcntl.F_DUPFD, FREE) for handle in handles]
    _close_all_but(moved)
    for high, number in zip(moved, request["handles"], strict=True):
        os.dup2(high, number)
        os.close(high)
    os.umask(request["umask"])
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    _open_streams()


def _open_streams(*, unbuffered: bool = False) -> None:
    """Make the standard streams anew, as at a start: those before may be of another kind, or half written."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        stream = None
        with suppress(OSError):  # there is none
            buffering = 0 if unbuffered and number else -1
            buffer = os.fdopen(number, "wb" if number else "rb", buffering, closefd=False)
            errors = "backslashreplace" if number == 2 else "surrogateescape"
            by_line = number == 2 or buffer.isatty()
            stream = TextIOWrapper(buffer, "utf-8", errors, line_buffering=by_line, write_through=unbuffered)
        setattr(sys, name, stream)


def _close_all_but(kept: Collection[int]) -> None:
    for number in map(int, os.listdir("/proc/self/fd")):
        if number not in kept:
            with suppress(OSError):  # the one that listed them
                os.close(number)


def _run(argv: list[str], programs: dict[str, CodeType]) -> int:
    sys.argv = argv
    if argv[0] in programs:
        return _until_end(lambda: _be(programs[argv[0]], os.path.dirname(argv[0]), argv[0]))
    subprocess.Popen = Popen  # type: ignore[assignment, misc]
    return _until_end(import_module("alembic_worktrees.__main__").main)


def _until_end(work: Callable[[], None]) -> int:
    status = 1
    try:
        work()
        status = 0
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        else:
            status = end.code or 0
    except KeyboardInterrupt as error:
        traceback.print_exception(error.with_traceback(_from_its_start(error)))
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    except BaseException as error:
        traceback.print_exception(error.with_traceback(_from_its_start(error)))
    for stream in filter(None, (sys.stdout, sys.stderr)):
        stream.flush()
    return status


def _from_its_start(error: BaseException) -> TracebackType | None:
    frames = error.__traceback__
    while frames and frames.tb_frame.f_code.co_filename == __file__:
        frames = frames.tb_next
    return frames


def _be(code: CodeType, folder: str, file: str | None = None) -> None:
    """Run `code` as Python runs what it is started with; `folder` is the first on its path."""
    sys.path[0] = folder
    module = sys.modules["__main__"] = ModuleType("__main__")
    if file:
        module.__file__ = file
    exec(code, module.__dict__)  # noqa: S102


class Popen(subprocess.Popen[Any]):
    """Starts programs, and for `python -u -c CODE` with this Python goes on in the child without it."""

    def __init__(self, args: Sequence[str], **options: Any) -> None:
        if list(args[:3]) == [sys.executable, "-u", "-c"]:
            options["preexec_fn"] = partial(_go_on, args[3])
        super().__init__(args, **options)


def _go_on(code: str) -> None:
    try:
        gc.freeze()  # nothing of the parent may be freed, and so close what has the same number here
        _close_all_but({0, 1, 2})
        sys.argv = ["-c"]
        _open_streams(unbuffered=True)
        os._exit(_until_end(lambda: _be(compile(code, "<string>", "exec", dont_inherit=True), "")))
    finally:
        os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
