"""Show a run while it works: bars in a terminal (`bars`), plain lines elsewhere; and time its steps.

A line takes several looks at its questions, so a step may begin many times: it has one bar, and its seconds are added
up. All of it goes to standard error, so that standard output holds what was asked for and nothing else.

Whoever waits for hours must see that the run is alive. Where there is no terminal (a notebook, a log, a job on a
cluster) a line comes every half minute at the latest, whether or not anything has advanced: an outage, or one answer
that takes twenty minutes, is then not a screen that stands still. What a step says of itself (calls in flight,
answered, failed, tokens a second, cost, the endpoint) is asked of the step, which counts; here only rows are counted,
for the time that is left (`pace`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.text import Text

from open_thoughts_gen.cli.pace import Pace, duration
from open_thoughts_gen.cli.terminal import clean
from open_thoughts_gen.types import Sample

LINE_EVERY_S, HEARTBEAT_S = 5.0, 30.0
Clock = Callable[[], float]


class Watch:
    """Times the steps of a run, by name, in seconds. `clock` tells the time, in seconds."""

    def __init__(self, clock: Clock = time.perf_counter, console: Console | None = None) -> None:
        """Start with no step; messages go to the console."""
        self._console = console
        self.timings: dict[str, float] = {}
        self.step = ""
        self.total: int | None = None
        self.done = self._before = 0
        self.state: Callable[[], str] = str
        self.on_answer: Callable[[Sample], None] | None = None
        self._clock = clock
        self._since = clock()
        self._pace = Pace(self._since, 0)

    def __enter__(self) -> Self:
        """Begin to watch."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End the last step, unless it was broken off."""
        if error is None:
            self._end_step()

    def begin(self, step: str, total: int | None = None, done: int = 0) -> None:
        """Begin to report a step, `done` rows of which were done before."""
        self._end_step()
        self.step, self.total, self._since = step, total, self._clock()
        self.done = self._before = done
        self.state = str
        self._pace = Pace(self._since, done)

    def advance(self, num: int = 1) -> None:
        """Note that rows of the current step are done."""
        self.done += num
        self._pace.note(self._clock(), self.done)

    def answered(self, sample: Sample) -> None:
        """Hand an answer, or the verdicts on it, to whoever wants to see them."""
        if self.on_answer is not None:
            self.on_answer(sample)

    def show(self, state: Callable[[], str]) -> None:
        """Note whom to ask how the current step goes."""
        self.state = state

    def seconds(self, step: str) -> float:
        """Return how long a step has taken so far, all its waves together."""
        running = self._clock() - self._since if step == self.step else 0.0
        return self.timings.get(step, 0.0) + running

    def note(self, message: str) -> None:
        """Print a message at once, where there is a console."""
        if self._console is not None:
            self._console.print(Text("\n".join(map(clean, message.split("\n")))), soft_wrap=True)

    def left(self) -> str:
        """Return how long the current step will still take, in words; empty if that is not known."""
        if not self.step or self.total is None or not self.done < self.total:
            return ""
        left_s = self._pace.left_s(self._clock(), self.done, self.total)
        return f"{duration(left_s)} left" if left_s is not None else ""

    def status(self) -> str:
        """Return how the current step goes, and how long it will still take."""
        return " · ".join(filter(None, (self.state(), self.left())))

    def _end_step(self) -> None:
        if self.step:
            self.timings[self.step] = round(self.seconds(self.step), 3)
            self.step = ""


class PlainLines(Watch):
    """Plain lines: one when a step has done something, one every few seconds while it works, and a heartbeat."""

    def __init__(self, console: Console, *, heartbeat_s: float = HEARTBEAT_S, clock: Clock = time.perf_counter) -> None:
        """Take where the lines go, and how long there may be none."""
        super().__init__(clock, console)
        self._lines, self._heartbeat_s = console, heartbeat_s
        self._printed_at = clock()
        self._printed_done = -1
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._pulse = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        """Begin to watch."""
        self._pulse.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End the last step, unless it was broken off, and the heartbeat."""
        self._ended.set()
        self._pulse.join()
        super().__exit__(kind, error, at)

    def begin(self, step: str, total: int | None = None, done: int = 0) -> None:
        """Note that a step begins."""
        super().begin(step, total, done)
        self._printed_done = -1

    def advance(self, num: int = 1) -> None:
        """Note that rows are done, and print a line if the last one is some time ago."""
        super().advance(num)
        if self._clock() - self._printed_at > LINE_EVERY_S:
            self._print()

    def _end_step(self) -> None:
        if self.step and self.done > self._before and self._printed_done < self.done:
            self._print()
        super()._end_step()

    def _beat(self) -> None:
        while not self._ended.wait(max(0.05, self._printed_at + self._heartbeat_s - self._clock())):
            if self.step and self._clock() - self._printed_at >= self._heartbeat_s:
                self._print()

    def _print(self) -> None:
        with self._lock:
            self._printed_at, self._printed_done = self._clock(), self.done
            total = f" of {self.total:,}" if self.total else ""
            status = self.status()
            line = f"{self.step}: {self.done:,}{total}{'; ' if status else ''}{status}"
            self._lines.print(Text(clean(line)), soft_wrap=True)


def is_notebook(environment: Mapping[str, str]) -> bool:
    """Return whether this process, or the one that started it as `!command`, is a notebook's kernel.

    A kernel runs `!command` under a pseudo-terminal and shows what it prints without obeying what moves the cursor.
    """
    return "JPY_PARENT_PID" in environment or any(name.startswith("COLAB_") for name in environment)
