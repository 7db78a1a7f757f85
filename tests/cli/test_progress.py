"""What a watcher of a run sees, in a terminal and elsewhere."""

from __future__ import annotations

import io
import itertools
import signal
import threading

import pytest
from rich.console import Console

from open_thoughts_gen.cli.bars import Bars
from open_thoughts_gen.cli.line import watch
from open_thoughts_gen.cli.pace import Pace, duration
from open_thoughts_gen.cli.progress import PlainLines, Watch, is_notebook


def watched(terminal: bool) -> tuple[Watch, str]:
    """Play two looks of a run and return what was shown."""
    console = Console(file=io.StringIO(), force_terminal=terminal, width=80, color_system=None)
    with watch(console, "sums") as progress:
        progress.begin("sources", 3)
        for _ in range(3):
            progress.advance()
        progress.begin("teacher", 3)
        progress.advance(3)
        progress.begin("sources", 5, 3)
        progress.advance(2)
        progress.begin("teacher", 5, 5)
        progress.begin("filters: [red]x[/]", None)
        progress.advance()
    assert isinstance(console.file, io.StringIO)
    return progress, console.file.getvalue()


def test_lines_tell_each_step_that_did_something() -> None:
    progress, shown = watched(terminal=False)
    assert isinstance(progress, PlainLines)
    assert shown.splitlines() == [
        "sources: 3 of 3",
        "teacher: 3 of 3",
        "sources: 5 of 5",
        "filters: [red]x[/]: 1",
    ]


def test_a_terminal_shows_one_bar_for_each_step() -> None:
    progress, shown = watched(terminal=True)
    assert isinstance(progress, Bars)
    last = shown.rpartition("╭")[2]
    assert last.count("sources") == last.count("teacher") == 1
    assert last.count("5/5") == 2
    assert "filters: [red]x[/]" in last
    assert "sums" in last


def test_a_long_state_breaks_between_what_it_tells() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=40, color_system=None)
    with Bars(console, "sums") as progress:
        progress.begin("teacher", 9)
        progress.show(lambda: "7 in flight · 84 answered · 8 cached · 66 s left")
    assert isinstance(console.file, io.StringIO)
    last = [line.strip("│ \n") for line in console.file.getvalue().rpartition("╭")[2].splitlines()]
    assert last[2:4] == ["7\u00a0in\u00a0flight · 84\u00a0answered · 8\u00a0cached", "· 66\u00a0s\u00a0left"]


def test_seconds_are_added_up_by_step() -> None:
    progress, _ = watched(terminal=False)
    assert list(progress.timings) == ["sources", "teacher", "filters: [red]x[/]"]
    assert all(seconds >= 0 for seconds in progress.timings.values())


def test_a_step_that_stands_still_is_heard_of_all_the_same() -> None:
    console = Console(file=io.StringIO(), width=80)
    beats = threading.Event()

    def state() -> str:
        beats.set()
        return "1 in flight · endpoint down for 40 s"

    with PlainLines(console, heartbeat_s=0.05) as progress:
        progress.begin("teacher", 8)
        progress.show(state)
        assert beats.wait(10)
    assert isinstance(console.file, io.StringIO)
    assert "teacher: 0 of 8; 1 in flight · endpoint down for 40 s" in console.file.getvalue().splitlines()
    assert not [thread for thread in threading.enumerate() if thread.name == "heartbeat"]


class FakeClock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_time_left_goes_by_the_last_rows_and_not_by_what_was_cached() -> None:
    clock = FakeClock()
    progress = Watch(clock)
    progress.begin("teacher", 1000)
    for _ in range(10):  # from the cache: 50 rows a second
        clock.now += 1
        progress.advance(50)
    for _ in range(12):  # from a model: one row in ten seconds
        clock.now += 10
        progress.advance(1)
    assert progress.left() == "81 min left"
    progress.advance(488)
    assert progress.left() == ""


def test_a_few_rows_of_thousands_and_a_pause_show_no_time_left() -> None:
    pace = Pace(0.0, 0)
    for second, done in ((60, 1), (120, 2)):
        pace.note(second, done)
        assert pace.left_s(second, done, 40_000) is None
    assert pace.left_s(120, 2, 100) == pytest.approx(98 * 60)
    for second in range(122, 400, 2):
        pace.note(second, 5 * (second - 120))
    assert pace.left_s(400, 1400, 40_000) == pytest.approx(38_600 / 5, rel=0.1)
    resumed = 400 + 12 * 3600
    assert pace.left_s(resumed - 1, 1400, 40_000) is None
    for second in range(resumed, resumed + 20, 2):
        pace.note(second, 1400 + 5 * (second - resumed))
        assert pace.left_s(second, 1400 + 5 * (second - resumed), 40_000) in (None, pytest.approx(38_600 / 5, rel=0.1))
    assert pace.left_s(resumed + 20, 1500, 40_000) == pytest.approx(38_500 / 5, rel=0.1)


def test_rows_that_each_take_long_have_a_time_left() -> None:
    pace = Pace(0.0, 0)
    for done in range(1, 5):
        pace.note(1200.0 * done, done)
        assert pace.left_s(1200.0 * done + 600, done, 10) is not None


def test_the_time_left_does_not_jump_where_rows_come_in_clumps() -> None:
    pace = Pace(0.0, 0)
    left = []
    for second in range(1, 601):
        num = 64 * (second // 60)  # 64 calls that take a minute each
        if second % 60 == 0:
            pace.note(second - 0.9, num - 60)
            pace.note(second, num)
        estimate = pace.left_s(second, num, 6400)
        if estimate is not None:
            left.append((second, estimate))
    steps = [(after - before) for (_, before), (_, after) in itertools.pairwise(left) if before]
    assert max(map(abs, steps)) < 0.05 * 6000
    late = [(second, estimate) for second, estimate in left if second > 300]
    assert all(abs(second + estimate - 6000) < 0.2 * 6000 for second, estimate in late)


def test_the_clock_of_a_step_runs_in_its_later_waves_too() -> None:
    clock = FakeClock()
    console = Console(file=io.StringIO(), force_terminal=True, width=60, color_system=None)
    with Bars(console, "sums", clock=clock) as progress:
        progress.begin("teacher", 2)
        clock.now += 30
        progress.advance(2)
        progress.begin("verifiers", 2)
        clock.now += 3
        progress.advance(2)
        progress.begin("teacher", 4, 2)
        clock.now += 40
        progress.advance(1)
        assert progress.seconds("teacher") == 70
    assert isinstance(console.file, io.StringIO)
    last = console.file.getvalue().rpartition("╭")[2]
    assert "3/3 0:01:10" in last
    assert "2/2 0:00:03" in last


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"JPY_PARENT_PID": "7", "TERM": "xterm-color"}, True),
        ({"COLAB_RELEASE_TAG": "release-colab"}, True),
        ({"TERM": "xterm"}, False),
    ],
)
def test_a_command_under_a_notebook_is_known_by_its_environment(environment: dict[str, str], expected: bool) -> None:
    assert is_notebook(environment) is expected


def test_a_notebook_gets_plain_lines_though_its_commands_run_under_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JPY_PARENT_PID", "7")
    console = Console(file=io.StringIO(), force_terminal=True, width=80)
    assert isinstance(watch(console, "sums"), PlainLines)


def test_an_interrupt_waits_until_the_last_frame_is_whole() -> None:
    class Interrupted(io.StringIO):
        """A terminal in which Ctrl-C is typed while it shows a frame."""

        def write(self, text: str) -> int:
            signal.raise_signal(signal.SIGINT)
            return super().write(text)

    console = Console(file=Interrupted(), force_terminal=True, width=60, color_system=None)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        progress = Bars(console, "sums")
        progress.begin("teacher", 2)
        with pytest.raises(KeyboardInterrupt):
            progress.__enter__()
        with pytest.raises(KeyboardInterrupt):
            progress.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
        assert isinstance(console.file, io.StringIO)
        assert console.file.getvalue().rpartition("╭")[2].count("╯") == 1
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "0 s"),
        (45, "45 s"),
        (89, "89 s"),
        (100, "2 min"),
        (5000, "83 min"),
        (12_240, "3.4 h"),
        (181_440, "2.1 days"),
    ],
)
def test_a_time_is_told_in_the_unit_that_people_use(seconds: float, words: str) -> None:
    assert duration(seconds) == words
