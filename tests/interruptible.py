"""Commands that Ctrl-C can interrupt, however the tests were started.

Whoever starts the tests may ignore SIGINT, as `nohup` and a job in the background do, and what is ignored is inherited:
without this, a test that presses Ctrl-C would wait for ever.
"""

import sys

_RESET = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.executable, sys.argv[1:])"


def python(*words: str) -> list[str]:
    """Return the command `python WORDS`, with SIGINT handled as at a terminal."""
    return [sys.executable, "-S", "-c", _RESET, sys.executable, *words]
