"""A model and where it is served: what rows, prices, keys of the response cache and bodies of requests name it by.

OpenAI's models refuse `max_tokens` and want `max_completion_tokens`; what is sent there has that name, and so has what
the key is made of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlsplit

from open_thoughts_gen.cache import NO_LIMIT, Limited, response_key
from open_thoughts_gen.chat.completion import Call

_RENAMED: Final[Mapping[str, str]] = {"max_tokens": "max_completion_tokens"}
_RENAMING_HOSTS: Final = (".api.openai.com", ".openai.azure.com")


@dataclass(frozen=True, slots=True)
class Served:
    """`label` is the name in rows and prices; `address` (without credentials) and `model` are part of every key."""

    label: str
    address: str
    model: str

    def body(self, call: Call) -> dict[str, Any]:
        """Return the body of a request, with settings under the names that are known at the address."""
        body = call.body(self.model)
        if f".{urlsplit(self.address).hostname}".endswith(_RENAMING_HOSTS):
            return {_RENAMED.get(name, name): value for name, value in body.items()}
        return body

    def key(self, call: Call) -> bytes:
        """Return the key under which the response to a call is stored."""
        return response_key(self.address, self.body(call), call.attempt)

    def limited(self, call: Call, key: bytes | None = None) -> Limited:
        """Return what a call asks apart from its limit of tokens, and the limit; `key` is the call's, if known."""
        if key is None or "max_tokens" in call.settings:
            settings = {name: value for name, value in call.settings.items() if name != "max_tokens"}
            key = self.key(replace(call, settings=settings))
        return Limited(key, call.settings.get("max_tokens") or NO_LIMIT)
