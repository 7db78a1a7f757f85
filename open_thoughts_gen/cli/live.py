"""One cheap call to each endpoint of a recipe: that the key is accepted, the model is there, and reasoning is read."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from pydantic import BaseModel

from open_thoughts_gen.cache import ResponseCache
from open_thoughts_gen.chat import Call, Chat, EndpointSpec, Patience, resolve
from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.recipe import Recipe

PROMPT = "What is 17 + 25? Answer with the number."
MAX_TOKENS = 1000
_PATIENCE = Patience(timeout_s=120, max_retries=1, outage_s=15)
_ENDPOINT_MARK = get_args(EndpointSpec)[1]


def call_endpoints(recipe: Recipe) -> tuple[list[str], list[Fault]]:
    """Call each endpoint once; return a line on each answer, and the faults of the endpoints that gave none.

    The answers are not stored, so every check calls again.
    """
    lines: list[str] = []
    faults: list[Fault] = []
    parts: list[tuple[tuple[str | int, ...], BaseModel]] = [(("teacher",), recipe.teacher.plugin)]
    parts += [(("verifiers", index), part.plugin) for index, part in enumerate(recipe.verifiers)]
    for path, plugin in parts:
        for spec in dict.fromkeys(endpoints_of(plugin)):
            label = resolve(spec).label
            call = Call([{"role": "user", "content": PROMPT}], {"max_tokens": MAX_TOKENS})
            try:
                with tempfile.TemporaryDirectory() as folder, ResponseCache(Path(folder) / "live.sqlite") as cache:
                    chat = Chat(resolve(spec), cache, concurrency=1, patience=_PATIENCE)
                    reply = next(reply for _, reply in chat.replies([(0, call)]))
            except UserError as error:
                faults += [recipe.fault_at(path, fault.message, fault.hint) for fault in error.faults]
                continue
            if reply.error:
                faults.append(recipe.fault_at(path, f"{label} gave no answer: {reply.error}"))
                continue
            price = recipe.known_prices.get(label)
            cost = f"${price.input:g} in, ${price.output:g} out per million tokens" if price else "not known"
            answered = f"answered in {reply.took_s:.1f} s" if reply.took_s is not None else "answered"
            read = f"{len(reply.reasoning):,} characters of reasoning" if reply.reasoning else "no reasoning"
            tokens = reply.usage.completion_tokens if reply.usage else None
            num = "an unknown number of" if tokens is None else tokens
            lines.append(f"{label}: {answered}, {read}, {num} tokens; price: {cost}")
            if getattr(plugin, "reasoning", False) is True and not reply.reasoning:
                hint = "raise max_tokens, or see docs/teacher.md on where reasoning is read from"
                message = f"{label} gave no reasoning, and `reasoning: true` expects some"
                faults.append(recipe.fault_at(path, message, hint))
    return lines, faults


def endpoints_of(settings: BaseModel) -> Iterator[str]:
    """Yield the endpoints that settings name, also those of pools and of plug-ins inside others."""
    for name, declared in type(settings).model_fields.items():
        value = getattr(settings, name)
        if isinstance(value, str) and _ENDPOINT_MARK in declared.metadata:
            yield value
        for inner in value if isinstance(value, tuple) else (value,):
            nested = getattr(inner, "verifier", getattr(inner, "source", inner))
            if isinstance(nested, BaseModel):
                yield from endpoints_of(nested)
