"""What the code judge of OpenThoughts-114k accepts, defects included, for comparisons with its labels alone.

Its codes for time limits, programs that do not compile, missing functions and, where a function is called, exceptions
are negative numbers, which count as true. It stops at the first of them, so what comes after is not tried. Standard
output is compared, if not equal, by sets: the words of each expected line against the characters of each word that was
written. `12` and `21` therefore pass for `1 2`, and lines may come in any order, while `1.0` does not pass for `1`. One
thing differs: what a program wrote before it crashed is compared there, and is incorrect here.
"""

from __future__ import annotations

_TAKEN_FOR_TRUE = ("time limit", "syntax error", "missing function")


def accepts_ending(end: str, *, calls: bool) -> bool:
    """Return whether a program that ended so is accepted, whatever tests are left; `calls` if a function is called."""
    return end in _TAKEN_FOR_TRUE or (calls and end != "finished")


def accepts_output(expected: str, got: str) -> bool:
    """Return whether what a program wrote passes for what was expected."""
    if expected.strip() == got.strip():
        return True
    lines = [line.split() for line in expected.split("\n") if line]
    words = got.split()
    if {frozenset(line) for line in lines} == {frozenset(word) for word in words}:
        return True
    try:
        wanted = {frozenset(round(float(word), 3) for word in line) for line in lines}
        return wanted == {frozenset(float(character) for character in word) for word in words}
    except ValueError:
        return False  # they are not all numbers
