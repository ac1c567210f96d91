"""A file system that can do less: no hard links and no files without a name, as on macOS. The kernel refuses both.

Linux only, x86-64 and arm64.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform

from worlds.stepping import (
    ALLOW,
    CALLS,
    FILTER_MODE,
    IF_ANY_BIT,
    IF_EQUAL,
    LOAD,
    NO_NEW_PRIVILEGES,
    RETURN,
    SET_SECCOMP,
    Instruction,
    Program,
    libc,
)

ERROR = 0x50000
NAMELESS = getattr(os, "O_TMPFILE", 0) & ~os.O_DIRECTORY


def refuse() -> None:
    """Have it so for this process and for all that it starts: to be called before `exec`, by `preexec_fn`."""
    rows = _program()
    array = (Instruction * len(rows))(*rows)
    filter = ctypes.byref(Program(len(rows), array))
    if libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0) or libc.prctl(SET_SECCOMP, FILTER_MODE, filter):
        raise OSError(ctypes.get_errno(), "prctl")


def _program() -> list[Instruction]:
    column = {"x86_64": 0, "aarch64": 1}[platform.machine()]
    rows = [Instruction(LOAD, 0, 0, 0)]
    for name in ("link", "linkat", "open", "openat"):
        number, flags = CALLS[name][column], CALLS[name][2]
        if number is None:
            continue
        if flags is None:
            rows += [Instruction(IF_EQUAL, 0, 1, number), Instruction(RETURN, 0, 0, ERROR | errno.EPERM)]
        else:
            rows += [
                Instruction(IF_EQUAL, 0, 4, number),
                Instruction(LOAD, 0, 0, 16 + 8 * flags),
                Instruction(IF_ANY_BIT, 0, 1, NAMELESS),
                Instruction(RETURN, 0, 0, ERROR | errno.EOPNOTSUPP),
                Instruction(RETURN, 0, 0, ALLOW),
            ]
    return [*rows, Instruction(RETURN, 0, 0, ALLOW)]
