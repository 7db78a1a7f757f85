"""Run the command line as `python -m open_thoughts_gen`."""

from __future__ import annotations

import faulthandler
import gc
import sys

from open_thoughts_gen.cli.main import main

# How many objects are made between two looks for garbage. At Python's 700, a tenth of a small run is looking; and what
# imports make, which is most of what a small run makes, stays.
_NUM_AT_FIRST, _NUM_LATER = 500_000, 20_000


def program() -> int:
    """Run one command in a process that is here for nothing else, and return its exit code."""
    if sys.stderr is not None:  # a crash in C says where it happened
        faulthandler.enable()
    gc.set_threshold(_NUM_AT_FIRST)
    gc.callbacks.append(_at_first_look)
    code = main()
    gc.freeze()  # what is left goes with the process, and need not be looked through for garbage once more
    return code


def _at_first_look(phase: str, info: dict[str, int]) -> None:
    gc.set_threshold(_NUM_LATER)
    gc.callbacks.remove(_at_first_look)


if __name__ == "__main__":
    sys.exit(program())
