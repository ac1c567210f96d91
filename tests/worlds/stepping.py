"""Kill a command and all its children just before a chosen system call, by ptrace: nothing to be installed.

A filter in the kernel lets everything pass at full speed but the calls that change something that outlives the
process: files, folders, locks, and what is said to other processes. Those are counted over all processes of the
command, in the order in which they happen; before the chosen one is made, all are killed. Linux only, x86-64 and arm64.
"""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

    from worlds.world import Checkout

# Name → (number on x86-64, number on arm64, which argument holds flags of open(2)); None: there is none.
# Source: asm/unistd_64.h, asm-generic/unistd.h.
CALLS: dict[str, tuple[int | None, int | None, int | None]] = {
    "open": (2, None, 1),
    "openat": (257, 56, 2),
    "creat": (85, None, None),
    "write": (1, 64, None),
    "pwrite": (18, 68, None),
    "writev": (20, 66, None),
    "truncate": (76, 45, None),
    "ftruncate": (77, 46, None),
    "fsync": (74, 82, None),
    "fdatasync": (75, 83, None),
    "flock": (73, 32, None),
    "link": (86, None, None),
    "linkat": (265, 37, None),
    "symlink": (88, None, None),
    "symlinkat": (266, 36, None),
    "rename": (82, None, None),
    "renameat": (264, 38, None),
    "renameat2": (316, 276, None),
    "unlink": (87, None, None),
    "unlinkat": (263, 35, None),
    "mkdir": (83, None, None),
    "mkdirat": (258, 34, None),
    "rmdir": (84, None, None),
    "chmod": (90, None, None),
    "fchmod": (91, 52, None),
    "fchmodat": (268, 53, None),
    "sendto": (44, 206, None),
    "sendmsg": (46, 211, None),
    "exit_group": (231, 94, None),
}
CHANGES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC

TRACEME, CONT, SETOPTIONS, GETEVENTMSG = 0, 7, 0x4200, 0x4201
FORK, VFORK, CLONE, EXEC, SECCOMP = 1, 2, 3, 4, 7  # events
OPTIONS = (
    sum(1 << event for event in (FORK, VFORK, CLONE, EXEC, SECCOMP)) | 1 << 20
)  # and kill all if the tracer dies
WALL = 0x40000000
ALLOW, TRACE = 0x7FFF0000, 0x7FF00000
NO_NEW_PRIVILEGES, SET_SECCOMP, FILTER_MODE = 38, 22, 2


class Outcome(NamedTuple):
    """The calls that were about to be made, in order, and the status: None if it was killed before the last one."""

    calls: tuple[str, ...]
    status: int | None


def run_until(checkout: Checkout, log: Path, number: int, *args: str) -> Outcome:
    """Run our command; before its call `number`, counted from 1, kill it with all its children. 0: never."""
    words = [
        sys.executable,
        __file__,
        str(log),
        str(number),
        sys.executable,
        "-m",
        "alembic_worktrees",
        *args,
    ]
    done = subprocess.run(
        words,
        cwd=checkout.backend,
        env={**checkout.world.env, "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        start_new_session=True,
        timeout=120,
    )
    calls = tuple(log.read_text().split())
    assert calls, done.stderr.decode()
    return Outcome(calls, None if 0 < number <= len(calls) else done.returncode)


class Instruction(ctypes.Structure):
    """One of a BPF program: linux/filter.h."""

    _fields_ = (
        ("code", ctypes.c_ushort),
        ("jt", ctypes.c_ubyte),
        ("jf", ctypes.c_ubyte),
        ("k", ctypes.c_uint),
    )


class Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.POINTER(Instruction)))


LOAD, IF_EQUAL, IF_ANY_BIT, RETURN = 0x20, 0x15, 0x45, 0x06


def program() -> list[Instruction]:
    """Stop at each of CALLS, and say which it is by its position."""
    column = {"x86_64": 0, "aarch64": 1}[platform.machine()]
    found = [Instruction(LOAD, 0, 0, 0)]
    for position, (_, row) in enumerate(CALLS.items()):
        number, flags = row[column], row[2]
        stop = Instruction(RETURN, 0, 0, TRACE | position)
        if number is None:
            continue
        if flags is None:
            found += [Instruction(IF_EQUAL, 0, 1, number), stop]
        else:
            argument = Instruction(LOAD, 0, 0, 16 + 8 * flags)
            changes = Instruction(IF_ANY_BIT, 0, 1, CHANGES)
            found += [Instruction(IF_EQUAL, 0, 4, number), argument, changes, stop]
            found += [Instruction(RETURN, 0, 0, ALLOW)]
    return [*found, Instruction(RETURN, 0, 0, ALLOW)]


libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
libc.ptrace.restype = ctypes.c_long


def ptrace(request: int, pid: int, data: object = None) -> None:
    if libc.ptrace(request, pid, None, data) == -1:
        raise OSError(ctypes.get_errno(), f"ptrace {request}")


def start(words: list[str]) -> int:  # noqa: RET503
    """Start a command that waits for its tracer before it runs."""
    pid = os.fork()
    if pid:
        return pid
    rows = program()
    array = (Instruction * len(rows))(*rows)
    ptrace(TRACEME, 0)
    os.kill(os.getpid(), signal.SIGSTOP)
    if libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0) or libc.prctl(
        SET_SECCOMP, FILTER_MODE, ctypes.byref(Program(len(rows), array)), 0, 0
    ):
        os._exit(99)
    os.execv(words[0], words)  # noqa: S606


def trace(words: list[str], log: Path, number: int) -> int:
    """Run a command up to call `number`; return its status."""
    names, calls, root, result = list(CALLS), 0, start(words), 0
    living = {root}
    os.waitpid(root, WALL)
    ptrace(SETOPTIONS, root, OPTIONS)
    ptrace(CONT, root)
    with open(log, "w", buffering=1) as file:
        while living:
            pid, status = os.waitpid(-1, WALL)
            if not os.WIFSTOPPED(status):
                living.discard(pid)
                result = os.waitstatus_to_exitcode(status) if pid == root else result
                continue
            event, signalled = status >> 16, os.WSTOPSIG(status)
            if event == SECCOMP:
                which = ctypes.c_ulong()
                ptrace(GETEVENTMSG, pid, ctypes.addressof(which))
                calls += 1
                file.write(names[which.value] + "\n")
                if calls == number:
                    kill(living | {pid})
                    continue
            hand_on = 0 if event or (pid not in living and signalled == signal.SIGSTOP) else signalled
            living.add(pid)
            with suppress(ProcessLookupError):
                ptrace(CONT, pid, hand_on)
    return result


def kill(pids: set[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(trace(sys.argv[3:], sys.argv[1], int(sys.argv[2])) % 256)  # type: ignore[arg-type]
