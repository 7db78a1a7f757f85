"""Hostile text inside a prompt: quoted between marks that it cannot forge, with nothing in it hidden.

Text from models and datasets may speak to the model that reads it: end its quotation and begin new instructions, hide
them in characters that no person sees, or write the tokens of a chat template. So a quotation stands between marks that
bear a code computed from all that is quoted and from a secret, which no text can know; what cannot be seen is spelled
out; template tokens are broken. This keeps quotation and instruction apart. It does not make a model proof against
persuasion, which is why prompts that quote should also say that quotations are material, and replies be checked.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata

_TOKEN = re.compile(r"<(?=[|/]?(?:\||im_|start_of|end_of|think|s>|bos>|eos>))|\[(?=/?INST\])")
_KEPT = "\n\t\u200c\u200d"  # the last two join letters in several scripts


def code_of(*quoted: str, secret: bytes = b"") -> str:
    """Return the code of the marks around texts: the same for the same texts and secret.

    Without the secret, whoever wrote all of the texts can compute it.
    """
    content = "\0".join(quoted).encode("utf-8", "surrogatepass")
    digest = hmac.new(secret, content, hashlib.sha256) if secret else hashlib.sha256(content)
    return digest.hexdigest()[:12]


def quote(name: str, text: str, code: str) -> str:
    """Return a text between its marks."""
    return f"[{name} {code}]\n{visible(text)}\n[END OF {name} {code}]"


def visible(text: str) -> str:
    """Return text in which nothing is hidden: unseen characters spelled out, tokens of chat templates broken."""
    broken = _TOKEN.sub(lambda token: f"{token.group()} ", text)
    if broken.replace("\n", "").isprintable():  # nearly every text
        return broken
    return "".join(
        char if char in _KEPT or char.isprintable() or unicodedata.category(char) == "Zs" else f"\\u{{{ord(char):x}}}"
        for char in broken
    )
