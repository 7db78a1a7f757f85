"""The process in which curator runs, so that its imports, threads, logs and patched event loop stay out of the run's.

It is started as a script and knows nothing of this package. The first line that it reads is its settings, JSON; each
further one names the folder of a wave, with the calls in `wave.jsonl`, or says "stop": no call is sent any more.
Curator writes each response there as it comes, and the parent reads that file; what is written back here is one line of
JSON when a wave is over. When the parent is gone, so is this process, and the folder of its files. Keys come in the
environment, where curator looks for them.

Four things are changed, by public attributes only. Curator's inquiry for rate limits, a call of its own at every start,
is left out: the recipe sets the limits. So is its computation of prices, which loses answers that are paid for: all
those of models whose price litellm knows by another name, and a whole batch for one answer without content. Its random
id is not written to the user's home while telemetry is off. Tokens are counted by the table that litellm brings,
instead of one fetched from the network.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import queue
import shutil
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

stopped = threading.Event()  # whether no call is to be sent any more


def main() -> None:
    """Serve one parent."""
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)  # what curator prints is for its log
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(lines,), daemon=True).start()
    failure: str | None
    try:
        ask = _curator(json.loads(lines.get()))
        failure = None
    except Exception as error:  # noqa: BLE001  (whatever curator or a provider's client raises is reported)
        failure = f"{type(error).__name__}: {error}"
    _say(answers, failure)
    while failure is None:
        folder = Path(lines.get().rstrip("\n"))
        try:
            ask(folder)
            over = None
        except Exception as error:  # noqa: BLE001  (as above; curator raises where all calls of a wave have failed)
            over = f"{type(error).__name__}: {error}"
        _say(answers, over)


def _listen(lines: queue.SimpleQueue[str]) -> None:
    setting = sys.stdin.readline()
    lines.put(setting)
    for line in sys.stdin:
        if line == "stop\n":
            stopped.set()
        else:
            lines.put(line)
    if setting:  # the parent is gone, and cannot throw its folder away
        shutil.rmtree(json.loads(setting)["folder"], ignore_errors=True)
    os._exit(0)  # at once, whatever is in flight


def _say(answers: IO[str], error: str | None) -> None:
    answers.write(json.dumps({"error": error}) + "\n")
    answers.flush()


def _curator(setting: Mapping[str, Any]) -> Callable[[Path], None]:
    """Return a function that asks the calls of a folder."""
    if not setting["telemetry"]:
        _import_telemetry(home=setting["folder"])
    from bespokelabs import curator
    from datasets import Dataset

    _prepare_litellm()
    if not setting["batch"]:
        _prepare_processor(setting["backend"])

    class Asker(curator.LLM):  # type: ignore[misc]
        # litellm's answers without content are errors to curator, unless it is to return the whole of them.
        return_completions_object = setting["backend"] == "litellm"

        def prompt(self, row: Mapping[str, str]) -> object:
            return json.loads(row["messages"])

        def parse(self, row: object, response: object) -> Mapping[str, bool]:
            return {"answered": True}  # the complete response is read from curator's file of responses

    asker = Asker(
        setting["model"],
        batch=setting["batch"],
        backend=setting["backend"],
        backend_params=setting["backend_params"],
        generation_params=setting["generation_params"],
    )

    def ask(folder: Path) -> None:
        rows = [json.loads(line) for line in (folder / "wave.jsonl").read_text("ascii").split("\n") if line]
        asker(Dataset.from_list(rows), working_dir=str(folder))

    return ask


def _import_telemetry(home: str) -> None:
    """Import what writes an id to the home folder, with another folder in its place."""
    before = os.environ.pop("HOME", None)
    os.environ["HOME"] = home
    importlib.import_module("bespokelabs.curator.telemetry.client")
    os.environ.pop("HOME")
    if before is not None:
        os.environ["HOME"] = before


def _prepare_litellm() -> None:
    """Let litellm compute no prices, and count tokens by its own table."""
    import litellm

    litellm.completion_cost = lambda **_: 0.0
    spec = importlib.util.find_spec("litellm")
    if spec is not None and spec.submodule_search_locations:
        tables = Path(spec.submodule_search_locations[0]) / "litellm_core_utils" / "tokenizers"
        os.environ.setdefault("TIKTOKEN_CACHE_DIR", str(tables))


def _prepare_processor(backend: str) -> None:
    """Let the class that makes curator's calls ask for no rate limits, and send nothing once the parent says stop."""
    name = backend if backend in ("litellm", "anthropic") else "openai"
    module = importlib.import_module(f"bespokelabs.curator.request_processor.online.{name}_online_request_processor")
    classes = {"litellm": "LiteLLM", "anthropic": "Anthropic", "openai": "OpenAI"}
    processor = getattr(module, f"{classes[name]}OnlineRequestProcessor")
    call = processor.call_single_request

    async def call_unless_stopped(*arguments: Any, **named: Any) -> object:  # noqa: ANN401
        if stopped.is_set():
            raise RuntimeError("not sent: the run has ended")
        return await call(*arguments, **named)

    processor.call_single_request = call_unless_stopped
    processor.get_header_based_rate_limits = lambda _: (0, 0)


if __name__ == "__main__":
    main()
