"""Keys from the secrets of a Colab notebook, for commands that run in its own process.

Colab gives a secret to the notebook's kernel only, and only with the reader's consent. A command that is started as
`!python -m open_thoughts_gen ...` is another process: there, export the key in a cell before it, with
`os.environ["NAME"] = google.colab.userdata.get("NAME")`, and the command inherits it.
"""

from __future__ import annotations

import importlib
from collections.abc import MutableMapping


def export_secrets(environment: MutableMapping[str, str]) -> None:
    """Set the variables of keys that are not set and that the notebook has as secrets."""
    from open_thoughts_gen.chat.endpoints import KEY_VARIABLE, PROVIDERS

    userdata = importlib.import_module("google.colab.userdata")
    # A secret that is not there, or that the notebook may not read, is an exception of its own each.
    missing = (userdata.SecretNotFoundError, userdata.NotebookAccessError)
    for name in (KEY_VARIABLE, *(provider.key_variable for provider in PROVIDERS.values())):
        if not name or name in environment:
            continue
        try:
            environment[name] = userdata.get(name)
        except missing:
            continue
