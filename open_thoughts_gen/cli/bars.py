"""Show a run in a terminal: a panel with a bar for each step, and what the current step says of itself."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, Task, TaskID, TextColumn
from rich.text import Text

from open_thoughts_gen.cli.progress import Clock, Watch
from open_thoughts_gen.cli.terminal import clean


class Bars(Watch):
    """A panel with one bar for each step, and under them how the current one goes."""

    def __init__(self, console: Console, title: str, *, clock: Clock = time.perf_counter) -> None:
        """Take the terminal, and what the panel is called."""
        super().__init__(clock, console)
        columns = (SpinnerColumn(finished_text="✓"), TextColumn("{task.description}", markup=False), BarColumn(None))
        self._progress = Progress(*columns, MofNCompleteColumn(), _Seconds(self), console=console)
        self._live = Live(
            get_renderable=lambda: Panel(self._body(), title=Text(title), border_style="dim"),
            console=console, refresh_per_second=8,
        )  # fmt: skip
        self._bars: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        """Show the panel."""
        with _uninterrupted():
            self._live.start()
        _echo_control(on=False)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Leave the panel as it is; Ctrl-C waits until its last frame is whole."""
        with _uninterrupted():
            super().__exit__(kind, error, at)
            self._live.stop()
            _echo_control(on=True)

    def begin(self, step: str, total: int | None = None, done: int = 0) -> None:
        """Show the step's bar, or start it again for another wave."""
        super().begin(step, total, done)
        if step in self._bars:
            self._progress.reset(self._bars[step], total=total, completed=done)
        else:
            self._bars[step] = self._progress.add_task(step, total=total, completed=done)

    def advance(self, num: int = 1) -> None:
        """Move the bar."""
        super().advance(num)
        self._progress.advance(self._bars[self.step], num)

    def _body(self) -> RenderableType:
        # A line that is too long breaks between what it says, and within none of it.
        status = " · ".join(part.replace(" ", "\u00a0") for part in self.status().split(" · "))
        return Group(self._progress, Text(clean(status), style="dim")) if status else self._progress

    def _end_step(self) -> None:
        if self.step:
            self._progress.update(self._bars[self.step], total=self.done, completed=self.done)
        super()._end_step()


class _Seconds(TextColumn):
    """How long each step has taken, in all its waves: rich's own clock stops when a bar has been full once."""

    def __init__(self, watch: Watch) -> None:
        super().__init__("")
        self._watch = watch

    def render(self, task: Task) -> Text:
        minutes, seconds = divmod(int(self._watch.seconds(task.description)), 60)
        return Text(f"{minutes // 60}:{minutes % 60:02}:{seconds:02}", style="progress.elapsed")


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let Ctrl-C inside take effect after it: a frame that is cut in two leaves the terminal torn."""
    interrupts: list[int] = []
    is_main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, lambda number, _: interrupts.append(number)) if is_main else None
    try:
        yield
    finally:
        if is_main:
            signal.signal(signal.SIGINT, before)
    if interrupts:
        signal.raise_signal(signal.SIGINT)


def _echo_control(*, on: bool) -> None:
    """Have the terminal write `^C` where it is typed, or not: amid a panel it shifts every line that follows."""
    try:
        import termios

        settings = termios.tcgetattr(sys.stdin.fileno())
        settings[3] = settings[3] | termios.ECHOCTL if on else settings[3] & ~termios.ECHOCTL
        termios.tcsetattr(sys.stdin.fileno(), termios.TCSANOW, settings)
    except (ImportError, OSError, ValueError, termios.error):
        return  # standard input is not a terminal, or there are none on this system
