"""A Python that has Alembic, its drivers and our package imported, and forks for each program that it is to run.

A program still is a process of its own, in a session of its own, with its own folder, environment, umask and file
descriptors. It is killed when who asked for it goes, and the server ends when its standard input does.
"""

from __future__ import annotations

import fcntl
import marshal
import os
import pkgutil
import select
import signal
import socket
import sys
import traceback
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

MOST = 250  # descriptors in one message; the kernel takes 253
FREE = 512  # from here on no program has a descriptor


def main(address: str, scripts: list[str]) -> None:
    """Serve at the socket `address`; `scripts` are the files that may be run."""
    sys.dont_write_bytecode = True  # a file mended within the second would be taken for the compiled old one
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(128)  # who asks now waits for the imports
    _import_all()
    programs = {path: compile(Path(path).read_bytes(), path, "exec", dont_inherit=True) for path in scripts}
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while listener.fileno() in select.select([listener.fileno(), 0], [], [])[0]:
        connection, _ = listener.accept()
        if os.fork() == 0:
            try:
                listener.close()
                _keep(connection, programs)
            finally:
                os._exit(0)
        connection.close()


def _import_all() -> None:

    import alembic_worktrees

    for found in pkgutil.walk_packages(alembic_worktrees.__path__, "alembic_worktrees."):
        import_module(found.name)


def _keep(connection: socket.socket, programs: dict[str, Any]) -> None:
    """Run one program to its end, or until nobody waits for it any more."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    request, handles = _receive(connection)
    pid = os.fork()
    if pid == 0:
        try:
            connection.close()
            _become(request, handles)
            os._exit(_run(request, programs))
        finally:
            os._exit(1)
    for handle in handles:
        os.close(handle)
    ended = os.pidfd_open(pid)
    if ended not in select.select([connection.fileno(), ended], [], [])[0]:  # nobody waits for it any more
        os.killpg(pid, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    with suppress(BrokenPipeError):
        connection.sendall(marshal.dumps(status))


def _receive(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    head, handles, _, _ = socket.recv_fds(connection, 8, MOST)
    left, pieces = int.from_bytes(head, "big"), []
    while left:
        pieces.append(connection.recv(left))
        left -= len(pieces[-1])
    return marshal.loads(b"".join(pieces)), handles  # noqa: S302


def _become(request: dict[str, Any], handles: list[int]) -> None:
    os.setsid()
    moved = [fcntl.fcntl(handle, fcntl.F_DUPFD, FREE) for handle in handles]
    for number in map(int, os.listdir("/proc/self/fd")):
        if number not in moved and number < FREE:
            with suppress(OSError):  # the one that listed them
                os.close(number)
    for high, number in zip(moved, request["handles"], strict=True):
        os.dup2(high, number)
        os.close(high)
    os.umask(request["umask"])
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])


def _run(request: dict[str, Any], programs: dict[str, Any]) -> int:
    sys.argv = request["argv"]
    status = 1
    try:
        if request["argv"][0] in programs:
            _as_script(request["argv"][0], programs)
        else:
            import_module("alembic_worktrees.__main__").main()
        status = 0
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        else:
            status = end.code or 0
    except KeyboardInterrupt:
        traceback.print_exc()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    return status


def _as_script(path: str, programs: dict[str, Any]) -> None:
    sys.path[0] = os.path.dirname(path)
    module = sys.modules["__main__"] = ModuleType("__main__")
    module.__file__ = path
    exec(programs[path], module.__dict__)  # noqa: S102


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
