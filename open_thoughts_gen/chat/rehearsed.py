"""A transport that asks no model: what a rehearsal uses in place of every endpoint, `rehearsal/MODEL`.

Judges, graders, writers of questions and probes all call a model through `chat/`, so one transport rehearses them all,
with the same cache, account and progress as a real run. A call that asks for a JSON object by its schema gets one that
fits: numbers within their bounds, one of the listed words, the code of what was quoted, evidence copied from it. Any
other call gets a short answer, right where the question is a stand-in that states its answer (`sources/stand_in`), as
often as a model of middling strength would be. What is replied depends on the call alone.

Not covered: delays and failures, which the teacher `rehearsal` can imitate; replies in words for a form without schema.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterable, Mapping
from random import Random
from typing import Any

from open_thoughts_gen.chat.completion import Call
from open_thoughts_gen.chat.transport import Answered

FILLER = (
    "This is a rehearsal, so no model thinks here.",
    "A real model would weigh the question at this point.",
    "It would try one way, and look for a second.",
    "It would check what it has, and doubt it once more.",
)
MARK = "(A stand-in for {of}, whose answer is {answer}.)"
STATED = re.compile(r"\(A stand-in for .{1,200}, whose answer is (.{1,80}?)\.\)")
_QUOTED = re.compile(r"\[([A-Z][A-Z 0-9]*) ([0-9a-f]{12})\]\n(.*?)\n\[END OF \1 \2\]", re.DOTALL)
_CODE = re.compile(r"(?:the code |\"code\": \")([0-9a-f]{12})")
_SENTENCE = re.compile(r"[^.!?\n]{20,300}[.!?]")
_FIRST_SHARE = 0.75  # of the replies that choose among words take the first: "same", "correct"


class RehearsedTransport:
    """Answers calls at once, from nothing but the calls."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._calls: deque[tuple[bytes, Call]] = deque()
        self._error: BaseException | None = None

    def add(self, key: bytes, call: Call) -> None:
        """Take a call."""
        self._calls.append((key, call))

    def answers(self) -> Iterable[tuple[bytes, Answered]]:
        """Return the replies to all calls."""
        calls, self._calls = self._calls, deque()
        return [(key, Answered(self.payload(call), took_s=0.0)) for key, call in calls]

    def stop(self, error: Exception | None = None) -> bool:
        """Send no more: nothing is ever out."""
        return False

    def abort(self) -> None:
        """Give up what has not been answered."""
        self._calls.clear()

    def payload(self, call: Call) -> bytes:
        """Return the bytes of a completion."""
        content = reply_to(call)
        usage = {
            "prompt_tokens": sum(len(str(message.get("content", "")).split()) for message in call.messages),
            "completion_tokens": len(content.split()),
        }
        message = {"role": "assistant", "content": content}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        return json.dumps({"model": self._model, "choices": [choice], "usage": usage}).encode()


def reply_to(call: Call) -> str:
    """Return the content of the reply to a call."""
    asked = "\n".join(str(message.get("content", "")) for message in call.messages)
    rng = Random(f"{call.attempt}/{asked}")
    form = call.settings.get("response_format")
    if isinstance(form, Mapping):
        code = _CODE.search(asked)
        quoted = [match[3] for match in _QUOTED.finditer(asked)]
        schema = form.get("json_schema", {}).get("schema", {})
        return json.dumps(_instance(schema, "", quoted, code[1] if code else "", rng), ensure_ascii=False)
    strength = Random(
        f"strength of {asked}"
    ).random()  # some questions are harder than others, and stay so in every attempt
    stated = STATED.search(asked)
    answer = stated[1] if stated and rng.random() < strength else f"something else ({rng.randint(1, 9)})"
    return "\n".join([*rng.choices(FILLER, k=rng.randint(1, 12)), f"Answer: {answer}"])


def _instance(schema: Mapping[str, Any], name: str, quoted: list[str], code: str, rng: Random) -> Any:  # noqa: ANN401
    """Return a value of JSON that fits a schema; `name` is the member's, `quoted` what the call quotes."""
    if name == "code":
        return code
    if words := schema.get("enum"):
        return words[0] if rng.random() < _FIRST_SHARE else rng.choice(words)
    kind = schema.get("type")
    if kind == "object":
        return {key: _instance(each, key, quoted, code, rng) for key, each in schema.get("properties", {}).items()}
    if kind == "array":
        return [_instance(schema.get("items", {}), name, quoted, code, rng) for _ in range(3)]
    if kind in ("integer", "number"):
        return rng.randint(int(schema.get("minimum", 1)), int(schema.get("maximum", 10)))
    return rng.random() < 0.5 if kind == "boolean" else _text(name, quoted, rng)


def _text(name: str, quoted: list[str], rng: Random) -> str:
    """Return the text of a member: evidence is copied from what is quoted, a question is about its words."""
    source = quoted[0] if quoted else ""
    sentences = _SENTENCE.findall(source)
    if name == "evidence":
        return rng.choice(sentences).strip() if sentences else source[:200]
    if name in ("question", "problem", "prompt"):
        words = re.findall(r"[A-Za-z]{4,}", source) or ["attribute", "question", "rehearsal", "number"]
        chosen = ", ".join(rng.choices(words, k=12))
        a, b = rng.randint(10, 999), rng.randint(10, 999)
        mark = MARK.format(of="a written question", answer=a + b)
        return f"Taking these words together, {chosen}: what is {a} plus {b}? {mark}"
    return rng.choice(FILLER)
