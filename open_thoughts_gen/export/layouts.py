"""What a trainer's row is made of, and the tables of trainers and of model families.

A row in `trainers.yaml` is written with names: `{prompt: $asked, completion: $answered}`. Each name is a value of the
answered question, of its own type; a text may contain names as well.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict

from open_thoughts_gen.export.proof import Rendering, text_of
from open_thoughts_gen.export.templates import ChatTemplate
from open_thoughts_gen.publish.rows import answer_of
from open_thoughts_gen.text.turns import Chat, Style, messages
from open_thoughts_gen.types import Sample

Values = Mapping[str, Any]
_NAME = re.compile(r"\$([a-z_]+)")
# Our own words for what the system prompt of OpenThoughts-114k says: how the response is divided.
_THOUGHT_SYSTEM = (
    "Reason at length before you answer: analyse the question, try approaches, test them, go back where one fails. "
    "Give the response in two sections. The section Thought stands between <|begin_of_thought|> and "
    "<|end_of_thought|>, its steps parted by empty lines. The section Solution stands between <|begin_of_solution|> "
    "and <|end_of_solution|> and has the final answer, with the steps that lead to it."
)
_SHAREGPT = {"system": "system", "user": "human", "assistant": "gpt"}


class Trainer(BaseModel):
    """How a trainer reads rows; `trainers.yaml` says what each field means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    about: str
    rows: Literal["chats", "rl", "pairs"]
    file: str
    row: Any
    text_row: Any = None
    styles: tuple[Style, ...] = ("inline",)
    rendering: Rendering | Literal["own"] = "own"
    own_words: bool = False
    loss: str = ""
    default: str = ""
    files: dict[str, str] = {}

    @property
    def renders(self) -> bool:
        """Whether the trainer renders chats with the model's own template, so that the template can be asked."""
        return self.rendering != "own" and self.rows != "rl"


class ModelFamily(BaseModel):
    """What is known of a model family by its name; `models.yaml` says what each field means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pattern: str = ""
    style: Style = "inline"
    llamafactory: str = "default"
    words: tuple[str, str] = ("<think>\n", "\n</think>\n\n")


@cache
def trainers() -> dict[str, Trainer]:
    """Return all trainers by their names."""
    written = yaml.safe_load(files(__package__).joinpath("trainers.yaml").read_text("utf-8"))
    return {name: Trainer.model_validate(trainer) for name, trainer in written.items()}


def family_of(model: str) -> ModelFamily:
    """Return what is known of a model by its name; of an unknown one, that it reads `<think>` in the content."""
    written = yaml.safe_load(files(__package__).joinpath("models.yaml").read_text("utf-8"))
    families = (ModelFamily.model_validate(each) for each in written)
    return next((each for each in families if re.search(each.pattern, model, re.IGNORECASE)), ModelFamily())


def filled(shape: object, values: Values) -> Any:  # noqa: ANN401  (of the shape's own type)
    """Return a shape with its names replaced by values.

    Raises:
        KeyError: it has a name that is none of the values.

    """
    if isinstance(shape, Mapping):
        return {key: filled(value, values) for key, value in shape.items()}
    if not isinstance(shape, str):
        return shape
    whole = _NAME.fullmatch(shape)
    return values[whole[1]] if whole else _NAME.sub(lambda name: str(values[name[1]]), shape)


def chat_values(
    sample: Sample, chat: Chat, style: Style, family: ModelFamily, template: ChatTemplate | None = None
) -> dict[str, Any]:
    """Return the values of an answered question; a chat as text only in the style `text`, which needs a template.

    Raises:
        RenderError: the template refuses the chat.

    """
    question, last = sample.question, chat[-1]
    as_messages = messages(chat, style)
    system = "".join(turn.content for turn in chat if turn.role == "system")
    opening, closing = family.words if last.reasoning else ("", "")
    output = f"{opening}{last.reasoning}{closing}{last.content}"
    sections = f"<|begin_of_solution|>\n\n{last.content}\n\n<|end_of_solution|>"
    if last.reasoning:
        sections = f"<|begin_of_thought|>\n\n{last.reasoning}\n\n<|end_of_thought|>\n\n{sections}"
    spoken = [(_SHAREGPT[turn.role], turn.content) for turn in chat[:-1] if turn.role != "system"]
    level = question.meta.get("level")
    prompt = completion = ""
    if template and style == "text":
        prompt, completion = text_of(template, chat)
        prompt = prompt.removeprefix(template.tokens["bos_token"]) if template.adds_bos else prompt
    return {
        "id": question.id,
        "messages": as_messages,
        "asked": as_messages[:-1],
        "answered": as_messages[-1:],
        "thinks": bool(last.reasoning),
        "sharegpt": [{"from": role, "value": text} for role, text in [*spoken, ("gpt", output)]],
        "thought_system": system or _THOUGHT_SYSTEM,
        "thought_turns": [{"from": "user", "value": chat[-2].content}, {"from": "assistant", "value": sections}],
        "system": system,
        "question": chat[-2].content,
        "reasoning": last.reasoning,
        "response": last.content,
        "output": output,
        "answer": answer_of(sample),
        "reference": question.reference,
        "domain": question.domain,
        "source": question.source,
        "difficulty": level if isinstance(level, int) else None,
        "prompt_text": prompt,
        "completion_text": completion,
        "text": prompt + completion,
    }
