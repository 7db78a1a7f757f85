"""Curator's process, seen from the run: started once, given waves of calls, its responses read as they come.

Curator appends every response to a file when it arrives, so a response is in this process, and in the response cache,
a moment later: a run that is stopped loses the calls in flight, not the whole wave. Its files hold prompts and
responses; they are in a folder that only the user can read, and are deleted when a wave has been read to its end. Keys
go with the environment and into no file; one that an endpoint sends back is removed before anything here sees it.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import os
import re
import select
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from open_thoughts_gen.errors import Fault, ProviderError, UserError
from open_thoughts_gen.text import shorten

Row = Mapping[str, str]
Line = Mapping[str, Any]

PACKAGE: Final = "bespokelabs-curator"
STOP: Final = "stop"  # what `child` is sent in place of a folder
_LOOK_S: Final = 0.05
_START_S: Final = 300.0  # its imports take seconds where the disk is warm, and minutes where it is a network's
_SECRET: Final = re.compile("KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL", re.IGNORECASE)
_SHORTEST_SECRET: Final = 8
_SHORTEST_OF_OTHERS: Final = 16  # of what the provider is not sent: a password may be a word of an answer
# What curator and litellm would send to others than the provider.
_SENT_HOME: Final = ("CURATOR_VIEWER", "BESPOKE_API_KEY", "POSTHOG_HOST")
_QUIET: Final = {"TELEMETRY_ENABLED": "false", "HF_HUB_DISABLE_TELEMETRY": "1", "LITELLM_TELEMETRY": "False"}
_ALWAYS: Final = {
    "CURATOR_DISABLE_RICH_DISPLAY": "1",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "PYTHONUNBUFFERED": "1",
}


def lacking() -> list[Fault]:
    """Return the fault that curator is not installed, if it is not."""
    try:
        importlib.metadata.version(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        message = f"teacher 'curator' needs the package {PACKAGE!r}, which is not installed"
        return [Fault(message, hint="pip install 'open-thoughts-gen[curator]'")]
    return []


class CuratorProcess:
    """A running curator; closing it ends whatever is in flight.

    Raises:
        UserError: curator is not installed.
        ProviderError: curator cannot be set up as the recipe says.

    """

    def __init__(self, setting: Mapping[str, Any], keys: Mapping[str, str]) -> None:
        if faults := lacking():
            raise UserError(*faults)
        self._folder = Path(tempfile.mkdtemp(prefix="open_thoughts_gen-curator-"))
        environment = environment_for(os.environ, telemetry=bool(setting["telemetry"])) | dict(keys)
        self._secrets = secrets_of(environment, keys)
        self._num_waves = 0
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-P", str(Path(__file__).with_name("child.py"))],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                bufsize=0, env=environment, cwd=self._folder, start_new_session=True,
            )  # fmt: skip
        try:
            self._tell(json.dumps({**setting, "folder": str(self._folder)}))
            error = self.heard(_START_S)
            if error != "":
                reason = shorten(error or f"not ready after {_START_S:g} s", 300)
                raise ProviderError(Fault(f"curator cannot be set up: {reason}", hint="see `list teacher curator`"))
        except BaseException:
            self.close()
            raise

    def begin(self, rows: Sequence[Row], folder: Path | None = None, keys: Sequence[bytes] = ()) -> RunningWave:
        """Hand over the calls of a wave, one wave at a time; the keys are written to a folder that outlives the run."""
        self._num_waves += 1
        folder = folder or self._folder / f"wave-{self._num_waves}"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write(folder / "wave.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        if keys:
            _write(folder / "keys.json", json.dumps([key.hex() for key in keys]))  # last: who finds it finds the calls
        self._tell(str(folder))
        return RunningWave(self, folder)

    def send_no_more(self) -> None:
        """Let calls that were not sent yet fail at once; what is in flight still comes."""
        self._tell(STOP)

    def heard(self, wait_s: float) -> str | None:
        """Return why the last thing asked of it failed, empty if it went well; None while it is at work."""
        answers = self._process.stdout
        if answers is None or not select.select([answers], [], [], wait_s)[0]:
            return None
        line = answers.readline()
        if not line:
            log = (self._folder / "log").read_text("utf-8", "replace").strip().split("\n")
            return f"its process ended: {shorten(self.redacted(log[-1]), 300)}"
        return self.redacted(json.loads(line)["error"] or "")

    def redacted(self, text: str) -> str:
        """Return text without any key."""
        for secret in self._secrets:
            text = text.replace(secret, "[key]")
        return text

    def kill(self) -> None:
        """End it, and what is in flight."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """End it, and delete its files."""
        self.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _tell(self, line: str) -> None:
        with contextlib.suppress(BrokenPipeError):  # it has ended, which `heard` says
            if self._process.stdin is not None:
                self._process.stdin.write(line.encode("utf-8") + b"\n")


class RunningWave:
    """Calls that were handed over at once. `error` is None while they are asked, then why that failed, if it did."""

    def __init__(self, process: CuratorProcess, folder: Path) -> None:
        self.error: str | None = None
        self._process, self._folder = process, folder
        self._read: dict[Path, int] = {}

    def look(self) -> list[Line]:
        """Wait a moment; return the responses that have come since the last look."""
        if self.error is None:
            self.error = self._process.heard(_LOOK_S)
        lines: list[Line] = []
        for path in sorted(self._folder.glob("*/responses_*.jsonl")):
            with path.open("rb") as file:
                file.seek(self._read.get(path, 0))
                whole = file.read().rpartition(b"\n")[0]
            self._read[path] = self._read.get(path, 0) + len(whole) + bool(whole)
            texts = (line.decode("utf-8", "replace") for line in whole.split(b"\n")) if whole else ()
            lines += (json.loads(self._process.redacted(text)) for text in texts)
        return lines

    def end(self) -> list[Line]:
        """Stop it if it is not over, and return the last responses that came."""
        if self.error is None:
            self._process.kill()
        return self.look()

    def forget(self) -> None:
        """Delete its files."""
        shutil.rmtree(self._folder, ignore_errors=True)


def secrets_of(environment: Mapping[str, str], keys: Mapping[str, str]) -> list[str]:
    """Return what is removed from all that curator brings: the keys that it was given, and what looks like one."""
    others = [value for name, value in environment.items() if _SECRET.search(name)]
    secrets = [value for value in keys.values() if len(value) >= _SHORTEST_SECRET]
    return secrets + [value for value in others if len(value) >= _SHORTEST_OF_OTHERS]


def _write(path: Path, text: str) -> None:
    """Write a file so that it is complete or not there at all, whenever this process ends."""
    part = path.with_suffix(".part")
    part.write_text(text, "ascii")
    part.replace(path)


def environment_for(environment: Mapping[str, str], *, telemetry: bool) -> dict[str, str]:
    """Return the environment in which curator talks to the provider alone, unless telemetry is wanted."""
    quiet = {} if telemetry else _QUIET
    sent_home = () if telemetry else _SENT_HOME
    return {name: value for name, value in environment.items() if name not in sent_home} | _ALWAYS | quiet
