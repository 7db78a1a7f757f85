"""Run programs that nobody trusts: a model's, hundreds of them a second, each as if the machine were made for it.

A program is run by a fork of a warm Python that lives inside bubblewrap; for each run the fork gets name spaces of its
own, gives up every privilege, and is held to what `seccomp.py` allows. It takes Linux with name spaces, and the Debian
package bubblewrap.

**What is contained.** A program:

- sees the interpreter, its standard library, the system's shared libraries, three devices, and an empty `/tmp` of its
  own, of limited size and number of files; all but `/tmp` read-only. No `/proc`, no `/etc`, no home, no environment;
- reaches no network and no socket of the machine: its network is an empty one, and it can make no socket;
- sees no process but its own: it can signal, trace or outlive nobody. When its first process ends, however it ends,
  the kernel kills all others before the next run begins;
- starts no other program and, unless allowed, no process; threads, processor time, wall clock, address space (that of
  all its processes together), open files, output and disk are limited;
- has no capability, cannot get one, cannot make a name space; started by root, it runs as a user that nobody is;
- inherits four descriptors: input, output, nowhere, and its report;
- cannot touch a verdict: what was expected is never inside. What comes out is output, exit status and report, which
  the host reads up to a limit and takes for the program's word, whatever code of ours may have written it;
- leaves nothing behind: each run starts from the same warm process, which has never executed or read a program.

**What is not.** A fault of the kernel that can be reached through the system calls that are allowed; the processor's
side channels; the time of day, the kernel's version, the load of the machine, and the code of the packages that the
settings let in, all of which a program can see. Cells share the processor's and the memory's capacity with the rest of
the machine: at most one program a cell runs at a time, each within its limits.

**`isolated=False`** keeps the limits and the list of system calls, and nothing else: a program reads every file that
you can read. It is not a security boundary, and is never taken unless asked for.

Names are loaded when they are first used: most runs need the killable workers alone (`workers`).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from open_thoughts_gen.sandbox.cells import Cell as Cell
    from open_thoughts_gen.sandbox.cells import CellLimits as CellLimits
    from open_thoughts_gen.sandbox.cells import Program as Program
    from open_thoughts_gen.sandbox.cells import Sandbox as Sandbox
    from open_thoughts_gen.sandbox.channels import Run as Run
    from open_thoughts_gen.sandbox.exchange import AssertTests as AssertTests
    from open_thoughts_gen.sandbox.exchange import Tested as Tested

_HOME_OF = {
    **dict.fromkeys(("Cell", "CellLimits", "Program", "Sandbox"), "cells"),
    "Run": "channels",
    **dict.fromkeys(("AssertTests", "Tested"), "exchange"),
}


def __getattr__(name: str) -> object:
    """Import a name from its module when it is first used."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(importlib.import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value
