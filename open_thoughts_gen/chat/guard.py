"""The reasoning guard: a model that reasons, and whose reasoning does not arrive, stops before money is burnt.

Reasoning gets lost in silence: a server renames the field, a gateway strips it, a provider bills it and hides it. Each
such answer looks sound. So the first answers of a declared teacher are looked at, and if none of them carries any
reasoning the run ends with a line that says so. Refusals, empty answers and calls that failed tell nothing.

Of a model about which the recipe says nothing the bill tells whether it reasons: tokens of reasoning, or many more
tokens than the answer has text. A declared one needs no such sign.

A server that opens the tag of the reasoning in its prompt leaves it out of the answer. Where such an answer was cut
before the tag closes, nothing in it says that it is reasoning, and what it concludes in passing would pass for its
answer; of a declared teacher it is known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from open_thoughts_gen.chat.completion import Reply
from open_thoughts_gen.errors import Fault, ProviderError
from open_thoughts_gen.types import FinishReason, Usage

FIRST_ANSWERS = 8
_LEAST_HIDDEN_TOKENS = 32  # an answer, in the mean: reasoning is longer than that
_MANY_TIMES, _CHARACTERS_PER_TOKEN = 3, 3.0


class Answer(Protocol):
    """A reply, or the trace that it became."""

    @property
    def reasoning(self) -> str:
        """The reasoning."""

    @property
    def content(self) -> str:
        """The answer."""

    @property
    def finish_reason(self) -> FinishReason:
        """How it ended."""

    @property
    def usage(self) -> Usage | None:
        """The tokens that the provider counted."""


@dataclass(slots=True)
class ReasoningGuard:
    """Looks at the first answers of one model; `is_declared` says that the recipe expects reasoning from it."""

    label: str
    is_declared: bool = True
    num_seen: int = 0
    satisfied: bool = False
    num_hidden_tokens: int = 0

    def look(self, answer: Answer) -> None:
        """Look at an answer; failed ones say nothing.

        Raises:
            ProviderError: enough answers have come, and none has any reasoning that it should have.

        """
        if self.satisfied or answer.finish_reason == "error":
            return
        self.num_seen += 1
        self.satisfied = bool(answer.reasoning)
        self.num_hidden_tokens += _hidden_tokens(answer, of_text=not self.is_declared)
        if self.num_seen >= FIRST_ANSWERS:
            self.end()
            self.satisfied = True

    def end(self) -> None:
        """Judge by what has come, however little; a model that is not declared only by enough answers.

        Raises:
            ProviderError: answers have come, and none has any reasoning.

        """
        if self.satisfied or not self.num_seen:
            return
        hidden, first = self.num_hidden_tokens, f"its first {self.num_seen} answers"
        if self.is_declared:
            why = f", though {hidden:,} tokens of it were billed: the provider hides it" if hidden else ""
            message = f"{self.label} is declared with `reasoning: true` and gave no reasoning in {first}{why}"
            hint = "ask the provider how reasoning is switched on (extra_body), or set `reasoning: false`"
        elif self.num_seen >= FIRST_ANSWERS and hidden >= FIRST_ANSWERS * _LEAST_HIDDEN_TOKENS:
            message = f"{self.label} seems to reason ({hidden:,} tokens in {first}), and none of it can be read"
            hint = "find out how the provider sends it (extra_body), or set `reasoning: hidden` to go on without it"
        else:
            return
        raise ProviderError(Fault(message, hint=hint))


def _hidden_tokens(answer: Answer, *, of_text: bool) -> int:
    """Return how many tokens were billed that are not in the text of an answer."""
    if answer.usage is None:
        return 0
    billed, visible = answer.usage.completion_tokens or 0, len(answer.content) / _CHARACTERS_PER_TOKEN
    unseen = int(billed - visible) if of_text and billed >= _MANY_TIMES * visible else 0
    return max(answer.usage.reasoning_tokens or 0, unseen)


def cut_in_thought(reply: Reply) -> Reply:
    """Return a declared teacher's reply; one that was cut, and shows no reasoning, as one cut in its reasoning."""
    if reply.finish_reason != "length" or reply.reasoning or not reply.content:
        return reply
    return replace(reply, reasoning=reply.content, content="")
