"""Keys that a Colab notebook keeps as secrets reach the commands that run in it."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from open_thoughts_gen.cli.colab import export_secrets

SECRETS = {"OPENAI_API_KEY": "sk-1", "TOGETHER_API_KEY": "sk-2", "DEEPSEEK_API_KEY": "sk-3", "MY_DIARY": "dear"}


class Userdata(ModuleType):
    """What Colab offers as `google.colab.userdata`."""

    class SecretNotFoundError(Exception):
        """There is no such secret."""

    class NotebookAccessError(Exception):
        """The reader has not let this notebook read it."""

    def get(self, name: str) -> str:
        if name == "DEEPSEEK_API_KEY":
            raise self.NotebookAccessError(name)
        if name not in SECRETS:
            raise self.SecretNotFoundError(name)
        return SECRETS[name]


def test_secrets_become_the_variables_of_keys_that_are_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("google", "google.colab"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, "google.colab.userdata", Userdata("google.colab.userdata"))
    environment = {"TOGETHER_API_KEY": "of the shell"}
    export_secrets(environment)
    assert environment == {"TOGETHER_API_KEY": "of the shell", "OPENAI_API_KEY": "sk-1"}
