from __future__ import annotations

import base64
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from open_thoughts_gen.chat.completion import Call
from open_thoughts_gen.chat.endpoints import KEY_VARIABLE, PROVIDERS, Endpoint, resolve
from open_thoughts_gen.errors import UserError

KEY = "sk-planted-0123456789"


@pytest.mark.parametrize(
    ("spec", "base_url", "model", "variable"),
    [
        ("deepseek/deepseek-flash", "https://api.deepseek.com", "deepseek-flash", "DEEPSEEK_API_KEY"),
        ("together/org/model", "https://api.together.ai/v1", "org/model", "TOGETHER_API_KEY"),
        ("openrouter/org/model:free", "https://openrouter.ai/api/v1", "org/model:free", "OPENROUTER_API_KEY"),
        ("ollama/qwen3:8b", "http://localhost:11434/v1", "qwen3:8b", KEY_VARIABLE),
        ("http://127.0.0.1:8000/v1#org/m", "http://127.0.0.1:8000/v1", "org/m", KEY_VARIABLE),
    ],
)
def test_a_spec_names_an_endpoint(spec: str, base_url: str, model: str, variable: str) -> None:
    endpoint = resolve(spec)
    assert (endpoint.base_url, endpoint.model, endpoint.key_variable) == (base_url, model, variable)
    assert endpoint.label == spec


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ("openai/gpt-6-sol", "max_completion_tokens"),
        ("https://api.openai.com/v1#gpt-6-sol", "max_completion_tokens"),
        ("https://mine.openai.azure.com/openai/v1#gpt-6-sol", "max_completion_tokens"),
        ("https://api.openai.com.example/v1#m", "max_tokens"),
        ("deepseek/deepseek-flash", "max_tokens"),
        ("http://localhost:8000/v1#m", "max_tokens"),
    ],
)
def test_a_limit_has_the_name_that_the_endpoint_knows(spec: str, name: str) -> None:
    call = Call([{"role": "user", "content": "?"}], {"max_tokens": 9, "seed": 1})
    body = resolve(spec).body(call)
    assert list(body) == ["model", "messages", name, "seed"]
    assert (body["model"], body[name]) == (resolve(spec).model, 9)


@pytest.mark.parametrize("name", PROVIDERS)
def test_every_label_resolves_to_its_endpoint(name: str) -> None:
    endpoint = resolve(f"{name}/a/b:c")
    assert resolve(endpoint.label) == endpoint
    assert endpoint.needs_key is endpoint.base_url.startswith("https://")


@pytest.mark.parametrize(
    "spelling", ["HTTP://Host:80/v1/#m", "http://host/v1#m", "http://user:secret@HOST/v1#m", "http://host:80/v1//#m"]
)
def test_one_address_has_one_form(spelling: str) -> None:
    assert resolve(spelling).base_url == "http://host/v1"


def test_an_error_names_the_address_once() -> None:
    assert resolve("groq/m").address == "groq/m at https://api.groq.com/openai/v1"
    assert resolve("http://h:1/v1#m").address == "http://h:1/v1#m"


def test_ipv6_keeps_its_brackets() -> None:
    assert resolve("http://[::1]:8000/v1#m").base_url == "http://[::1]:8000/v1"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("depseek/r1", "no provider 'depseek'; did you mean 'deepseek'"),
        (
            "gpt-5",
            "'gpt-5' does not name its provider; write provider/model, such as openai.* known providers: anthropic, ",
        ),
        ("deepseek/", "names no model; write deepseek/MODEL"),
        ("http://h:1/v1", "names no model; write http://h:1/v1#MODEL"),
        ("ftp://h/v1#m", "not an address of a server"),
        ("http://#m", "not an address of a server"),
        ("http://a b/v1#m", "not an address of a server"),
        ("http://h:99999/v1#m", "malformed"),
        ("http://[::1/v1#m", "malformed"),
        ("http://u:secret@h:x/v1#m", "malformed"),
        ("http://h/v1?key=secret#m", "has a query; .*OPEN_THOUGHTS_API_KEY"),
    ],
)
def test_a_bad_spec_is_told_with_its_hint(spec: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as told:
        resolve(spec)
    assert "secret" not in str(told.value)
    assert "\n" not in str(told.value)


@given(st.text() | st.from_regex(r"https?://[ -~]{0,20}#?[a-z]?", fullmatch=True))
def test_any_spec_resolves_or_is_a_fault(spec: str) -> None:
    with contextlib.suppress(UserError):
        assert resolve(spec).model.strip()


def test_the_key_comes_from_the_providers_variable() -> None:
    endpoint = resolve("deepseek/r1")
    assert endpoint.authorization({"DEEPSEEK_API_KEY": f" {KEY}\n"}) == f"Bearer {KEY}"
    with pytest.raises(UserError, match=r"needs a key, and DEEPSEEK_API_KEY is not set; export DEEPSEEK_API_KEY="):
        endpoint.authorization({"OPENAI_API_KEY": KEY})


def test_a_server_of_ones_own_needs_no_key_and_takes_one() -> None:
    for spec in ("vllm/m", "http://h/v1#m"):
        assert resolve(spec).authorization({"OPENAI_API_KEY": KEY}) == ""
        assert resolve(spec).authorization({KEY_VARIABLE: KEY}) == f"Bearer {KEY}"


@pytest.mark.parametrize("key", ["sk-planted\nx", "sk planted", "schlüssel", "sk-planted\x00"])
def test_a_key_that_no_header_can_carry_is_not_repeated(key: str) -> None:
    with pytest.raises(UserError, match="characters that no key has") as told:
        resolve("groq/m").authorization({"GROQ_API_KEY": key})
    assert "planted" not in str(told.value)


def test_credentials_of_a_url_go_in_the_header_and_nowhere_else() -> None:
    endpoint = resolve("http://user:p%40ss@h:1/v1#m")
    scheme, _, token = endpoint.authorization({}).partition(" ")
    assert (scheme, base64.b64decode(token)) == ("Basic", b"user:p@ss")
    assert "ss" not in repr(endpoint)
    assert endpoint.label == "http://h:1/v1#m"
    assert endpoint == Endpoint("http://h:1/v1", "m")
