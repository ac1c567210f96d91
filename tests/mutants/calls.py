"""Run when a Python of a copy starts, by a line of a `.pth` file there: note which functions of ours are called.

OURS is the folder of our package, PLACE the file to note it in: a line for each function, with its module and its first
line. It imports next to nothing, for some tests look at what is imported.
"""

# ruff: noqa: F821
# mypy: ignore-errors

import os
import sys

seen = set()


def note(frame, event, argument):
    code = frame.f_code
    if code.co_filename.startswith(OURS):
        row = f"{code.co_filename.removeprefix(OURS)}:{code.co_firstlineno}\n"
        if row not in seen:
            seen.add(row)
            try:
                handle = os.open(PLACE, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
                os.write(handle, row.encode())
                os.close(handle)
            except OSError:  # a test of full disks
                pass


os.register_at_fork(after_in_child=seen.clear)
sys.settrace(note)
