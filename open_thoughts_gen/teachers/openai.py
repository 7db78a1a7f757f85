"""Any model behind the OpenAI chat-completions protocol, hosted or on your own machine.

    teacher:
      use: openai
      model: deepseek/deepseek-flash     # or together/ORG/MODEL, ollama/MODEL, http://host:port/v1#MODEL
      temperature: 0.6

Every response goes through the response cache, so a run that was stopped pays for nothing twice. What is not an answer
(a refusal, a filter, an empty response, a call that failed for good) is a trace that says so.

Not covered: batch interfaces, prices.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from pydantic import Field

from open_thoughts_gen.cache import ResponseCache
from open_thoughts_gen.chat import Chat, EndpointSpec, resolve
from open_thoughts_gen.chat.client import room_for
from open_thoughts_gen.chat.ledger import Ledger
from open_thoughts_gen.money.budget import TEACHER
from open_thoughts_gen.teachers._asking import NetworkTeacher
from open_thoughts_gen.types import Request


class Openai(NetworkTeacher):
    """Asks a model over HTTP, `concurrency` questions at a time."""

    model: EndpointSpec = Field(description="provider/model, or http://host:port/v1#model")
    stream: bool = Field(
        False, description="receive an answer in pieces, so that a gateway does not cut off a call that takes minutes"
    )

    @property
    def label(self) -> str:
        """The endpoint and the model, without credentials."""
        return resolve(self.model).label

    def shares(self, num: int) -> Sequence[tuple[Self, int]]:
        """Return up to `num` teachers that share the concurrency and the limits per minute between them."""
        num = min(num, self.concurrency)
        shares = [len(range(i, self.concurrency, num)) for i in range(num)]
        limits = {"rpm": self.rpm and self.rpm / num, "tpm": self.tpm and self.tpm / num}
        return [(self.model_copy(update={"concurrency": each, **limits}), room_for(each) + 2) for each in shares]

    def start(self) -> None:
        """Check the API key and the response cache, so that a run fails at its start rather than later.

        Raises:
            UserError: no key is set, or the cache cannot be written.

        """
        super().start()
        resolve(self.model).authorization()

    def ledger(self, cache: ResponseCache) -> Ledger[Request]:
        """Return the ledger of its calls."""
        chat = Chat(
            resolve(self.model), cache, concurrency=self.concurrency, patience=self.patience, limits=self.limits,
            stream=self.stream, progress=self.progress, run=self._context.run, meter=self._context.meter(TEACHER),
            ask_again=self._context.ask_again,
        )  # fmt: skip
        return chat.ledger(again=self.enlarged)
