"""A loaded model as the ledger's transport: calls go in, and come out one by one as they end.

The model is loaded by the first call: a run whose answers are all in the response cache never imports vLLM.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from open_thoughts_gen.chat.completion import Call, Progress
from open_thoughts_gen.chat.transport import Answered, Failed
from open_thoughts_gen.teachers.vllm.engine import LoadedModel, RefusedError


class EngineTransport:
    """Calls that are answered by a model in this process."""

    def __init__(self, load: Callable[[Call], LoadedModel], progress: Progress) -> None:
        self._load, self._progress = load, progress
        self._model: LoadedModel | None = None
        self._added: list[tuple[bytes, Call]] = []
        self._keys: dict[str, bytes] = {}  # by the model's number of the call

    def add(self, key: bytes, call: Call) -> None:
        """Take a call; the next `answers` hands it to the model."""
        self._added.append((key, call))

    def answers(self) -> Iterator[tuple[bytes, Answered | Failed]]:
        """Yield what is complete; if nothing is, generate one token of each answer first.

        Raises:
            UserError: vLLM is not installed, the model cannot be loaded, or the engine has failed.

        """
        if self._model is None:
            self._progress.endpoint = "loading the model"
            try:
                self._model = self._load(self._added[0][1])
            finally:
                self._progress.endpoint = ""
        added, self._added = self._added, []
        for key, call in added:
            try:
                self._keys[self._model.add(call)] = key
            except RefusedError as error:
                yield key, Failed("rejected", str(error), error_kind="prompt rejected")
        if self._keys:
            for number, payload in self._model.answers(self._keys):
                yield self._keys.pop(number), Answered(payload, may_be_empty=True)

    def stop(self, error: Exception | None = None) -> bool:
        """Return that nothing is waited for: nobody is paid for what is being generated."""
        return False

    def abort(self) -> None:
        """Give up what is being generated."""
        if self._model is not None:
            self._model.abort(self._keys)
