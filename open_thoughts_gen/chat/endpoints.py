"""Where models are served: a table of providers, and how one string names an endpoint and its model.

`deepseek/deepseek-flash`, `together/ORG/MODEL`, `ollama/qwen3:8b` name a provider of the table; any other server that
speaks the OpenAI chat-completions protocol is `http://HOST:PORT/v1#MODEL`. Keys come from the variable that the
provider's own documents use, are read when a chat starts, and stand in no field that is ever printed or stored. The
addresses and variables are those of the providers' documents in November 2026.

Not covered: protocols other than chat completions, and base URLs with a query.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, NamedTuple
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, PlainSerializer
from pydantic.fields import FieldInfo

from open_thoughts_gen.chat.completion import Call
from open_thoughts_gen.chat.served import Served
from open_thoughts_gen.errors import Fault, UserError, did_you_mean

KEY_VARIABLE = "OPEN_THOUGHTS_API_KEY"


class Provider(NamedTuple):
    """A base URL, and the variable that holds the key; a server of your own needs none."""

    base_url: str
    key_variable: str = ""


PROVIDERS: Mapping[str, Provider] = {
    "anthropic": Provider("https://api.anthropic.com/v1", "ANTHROPIC_API_KEY"),
    "cerebras": Provider("https://api.cerebras.ai/v1", "CEREBRAS_API_KEY"),
    "dashscope": Provider("https://dashscope-intl.aliyuncs.com/compatible-mode/v1", "DASHSCOPE_API_KEY"),
    "deepinfra": Provider("https://api.deepinfra.com/v1/openai", "DEEPINFRA_API_KEY"),
    "deepseek": Provider("https://api.deepseek.com", "DEEPSEEK_API_KEY"),
    "fireworks": Provider("https://api.fireworks.ai/inference/v1", "FIREWORKS_API_KEY"),
    "gemini": Provider("https://generativelanguage.googleapis.com/v1beta/openai", "GEMINI_API_KEY"),
    "groq": Provider("https://api.groq.com/openai/v1", "GROQ_API_KEY"),
    "huggingface": Provider("https://router.huggingface.co/v1", "HF_TOKEN"),
    "minimax": Provider("https://api.minimax.io/v1", "MINIMAX_API_KEY"),
    "mistral": Provider("https://api.mistral.ai/v1", "MISTRAL_API_KEY"),
    "moonshot": Provider("https://api.moonshot.ai/v1", "MOONSHOT_API_KEY"),
    "nvidia": Provider("https://integrate.api.nvidia.com/v1", "NVIDIA_API_KEY"),
    "openai": Provider("https://api.openai.com/v1", "OPENAI_API_KEY"),
    "openrouter": Provider("https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
    "together": Provider("https://api.together.ai/v1", "TOGETHER_API_KEY"),
    "xai": Provider("https://api.x.ai/v1", "XAI_API_KEY"),
    "zai": Provider("https://api.z.ai/api/paas/v4", "ZAI_API_KEY"),
    "llamacpp": Provider("http://localhost:8080/v1"),
    "lmstudio": Provider("http://localhost:1234/v1"),
    "ollama": Provider("http://localhost:11434/v1"),
    "sglang": Provider("http://localhost:30000/v1"),
    "vllm": Provider("http://localhost:8000/v1"),
    "rehearsal": Provider("rehearsal:"),  # no server: `rehearsed` answers in this process
}


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a call may take, and how long to wait after failures; all in seconds.

    Before a retry there is a random wait under a limit that doubles from `first_wait_s` to `max_wait_s` (full jitter).
    `outage_s` is how long to wait for an endpoint that has answered before and stopped, `contact_s` for the first
    connection.
    """

    timeout_s: float = 1800.0
    max_retries: int = 8
    first_wait_s: float = 1.0
    max_wait_s: float = 60.0
    outage_s: float = 3600.0
    contact_s: float = 15.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What a provider allows per minute: requests, and tokens of prompt and answer together; None for no limit."""

    rpm: float | None = None
    tpm: float | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One model at one address. `base_url` carries no credentials: it is part of every key of the response cache."""

    base_url: str
    model: str
    provider: str = ""
    key_variable: str = KEY_VARIABLE
    needs_key: bool = False
    userinfo: str = field(default="", repr=False, compare=False)

    @property
    def label(self) -> str:
        """How rows and cards name it: the spec that resolves to it, without credentials."""
        return f"{self.provider}/{self.model}" if self.provider else f"{self.base_url}#{self.model}"

    @property
    def is_rehearsed(self) -> bool:
        """Whether no model stands behind it, so that no call leaves this process."""
        return self.provider == "rehearsal"

    @property
    def public_name(self) -> str:
        """The label without an address, which may be private: what may be published."""
        return self.label if self.provider else self.model

    @property
    def address(self) -> str:
        """The name of this endpoint in errors: its label, with the address if the label does not have it."""
        return f"{self.label} at {self.base_url}" if self.provider else self.label

    @property
    def served(self) -> Served:
        """The names by which cache keys, rows and prices know this endpoint."""
        return Served(self.label, self.base_url, self.model)

    def body(self, call: Call) -> dict[str, Any]:
        """Return the body of a request, with settings under the names that this endpoint knows."""
        return self.served.body(call)

    def authorization(self, environ: Mapping[str, str] = os.environ) -> str:
        """Return the value of the Authorization header, empty for none.

        Raises:
            UserError: the provider wants a key and its variable is not set, or holds what no header can carry.

        """
        if self.userinfo:
            return "Basic " + base64.b64encode(self.userinfo.encode()).decode("ascii")
        key = environ.get(self.key_variable, "").strip()
        if not key:
            if self.needs_key:
                message = f"{self.label} needs a key, and {self.key_variable} is not set"
                raise UserError(Fault(message, hint=f"export {self.key_variable}=..."))
            return ""
        if not (key.isascii() and _is_plain(key)):
            message = f"the key in {self.key_variable} has characters that no key has"
            raise UserError(Fault(message, hint="set it again"))
        return f"Bearer {key}"


def resolve(spec: str) -> Endpoint:
    """Return the endpoint that `provider/model` or `http(s)://host:port/v1#model` names. Reads no key, opens nothing.

    Raises:
        UserError: no such provider, no model, or not a URL. The message never repeats credentials.

    """
    if "://" in spec:
        return _from_url(spec)
    provider, _, model = spec.partition("/")
    if provider not in PROVIDERS:
        hint = did_you_mean(provider, PROVIDERS)
        if not hint.startswith("did you mean"):
            wanted = "write provider/model, such as openai/gpt-5, or http://host:port/v1#model for your own server"
            hint = f"{wanted}; {hint.replace('known:', 'known providers:')}"
        is_bare = "/" not in spec
        message = f"{spec!r} does not name its provider" if is_bare else f"there is no provider {provider!r}"
        raise UserError(Fault(message, hint=hint))
    if not model.strip():
        raise UserError(Fault(f"{spec!r} names no model", hint=f"write {provider}/MODEL"))
    base_url, variable = PROVIDERS[provider]
    return Endpoint(base_url, model, provider, variable or KEY_VARIABLE, needs_key=bool(variable))


def _is_plain(text: str) -> bool:
    return text.isprintable() and " " not in text


def _from_url(spec: str) -> Endpoint:
    try:
        parts = urlsplit(spec)
        port = parts.port
    except ValueError:
        raise UserError(Fault("the endpoint's URL is malformed", hint="write http://host:port/v1#model")) from None
    # Host and port in one form, however they were written: the keys of the cache depend on it.
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    is_default = port in (None, {"http": 80, "https": 443}.get(parts.scheme.lower()))
    base_url = f"{parts.scheme.lower()}://{host}{'' if is_default else f':{port}'}{parts.path.rstrip('/')}"
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname or not _is_plain(base_url):
        raise UserError(Fault(f"{base_url!r} is not an address of a server", hint="write http://host:port/v1#model"))
    if parts.query:
        hint = f"leave it out; a key goes into the variable {KEY_VARIABLE}"
        raise UserError(Fault(f"the endpoint {base_url!r} has a query", hint=hint))
    if not parts.fragment.strip():
        raise UserError(Fault(f"the endpoint {base_url!r} names no model", hint=f"write {base_url}#MODEL"))
    userinfo = unquote(parts.netloc.rpartition("@")[0])
    return Endpoint(base_url, parts.fragment, userinfo=userinfo)


def _named(spec: str) -> str:
    try:
        resolve(spec)
    except UserError as error:
        raise ValueError(str(error)) from None
    return spec


_NAMED = AfterValidator(_named)
# A plug-in's setting that names an endpoint and its model; written out, as cards do, it is without credentials.
EndpointSpec = Annotated[str, _NAMED, PlainSerializer(lambda spec: resolve(spec).label, return_type=str)]


def names_endpoint(declared: FieldInfo) -> bool:
    """Return whether a plug-in's setting is declared to name an endpoint and its model."""
    return _NAMED in declared.metadata
