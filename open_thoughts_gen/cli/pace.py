"""How long a step will still take, from when its rows were done.

The pace is that of the last few minutes. What the response cache holds comes at once when a step begins, and says
nothing of the rest, so a burst at the start is left out. Rows come in clumps (64 calls end together), and an estimate
that follows each clump jumps; so the expected *end* is smoothed, with a memory of half a minute. Of a few rows among
thousands, and while nothing comes although rows came fast before (an endpoint that is down, a machine that slept),
nothing is said.
"""

from __future__ import annotations

import math
from collections import deque

MARK_EVERY_S, WINDOW_S, MEMORY_S = 2.0, 240.0, 30.0
MIN_SPAN_S = 4.0  # less shows no pace
BURST = 10  # a start this many times as fast as the rest came from the cache; a wait this many times as long is a pause
FEWEST, LEAST_SHARE = 10, 0.01  # of rows that show a pace: their number, or their share of those left


class Pace:
    """The pace of one step. All times are of one clock, in seconds."""

    def __init__(self, now: float, done: int) -> None:
        """Start at a time, with some rows done before."""
        self._marks: deque[tuple[float, int]] = deque([(now, done)])
        self._is_at_start = True  # whether the first mark is where the step began, or where a burst ended
        self._end: tuple[float, float] | None = None  # when the expected end was last changed, and that end

    def note(self, now: float, done: int) -> None:
        """Note how many rows are done."""
        if now - self._marks[-1][0] < MARK_EVERY_S:
            return
        if self._stands_still(now, done):
            self._marks.clear()
            self._is_at_start, self._end = False, None
        self._marks.append((now, done))
        while len(self._marks) > 2 and self._marks[1][0] < now - WINDOW_S:
            self._marks.popleft()
            self._is_at_start = False
        self._leave_out_burst()

    def _leave_out_burst(self) -> None:
        """Forget what came at once when the step began, and far faster than everything since."""
        start, before = self._marks[0]
        if not self._is_at_start or self._marks[1][0] - start > 2 * MARK_EVERY_S:
            return
        now, done = self._marks[-1]
        for index, (time, num) in enumerate(self._marks):
            if (
                index
                and now - time >= MIN_SPAN_S
                and (num - before) / (time - start) >= BURST * (done - num) / (now - time)
            ):
                for _ in range(index):
                    self._marks.popleft()
                self._end = None
                return self._leave_out_burst()

    def _stands_still(self, now: float, done: int) -> bool:
        """Return whether nothing came for long before these rows, though rows came fast before."""
        (start, before), (last, num) = self._marks[0], self._marks[-1]
        usual_s = (last - start) / (num - before) * max(1, done - num) if num > before else math.inf
        return now - last > max(WINDOW_S, BURST * usual_s)

    def left_s(self, now: float, done: int, total: int) -> float | None:
        """Return how many seconds are left, None while that is not known."""
        start, before = self._marks[0]
        num, num_left = done - before, total - done
        if num < min(FEWEST, max(1, LEAST_SHARE * num_left)) or len(self._marks) < 2 or now - start < MIN_SPAN_S:
            return None
        if self._stands_still(now, done):
            return None
        end = now + (now - start) / num * num_left
        if self._end is not None:
            changed, earlier = self._end
            end = earlier + (1 - math.exp(-(now - changed) / MEMORY_S)) * (end - earlier)
        self._end = (now, end)
        return max(0.0, end - now)


def duration(seconds: float) -> str:
    """Return a time as people say it: "45 s", "12 min", "3.4 h", "2.1 days"."""
    for size_s, unit, most in ((1, "s", 90), (60, "min", 90), (3600, "h", 48)):
        if seconds < most * size_s:
            number = seconds / size_s
            return f"{number:.1f} {unit}" if number < 10 and unit == "h" else f"{number:.0f} {unit}"
    return f"{seconds / 86_400:.1f} days"
