"""Count tokens as the challenge's model does, offline: the extra `nemotron`.

The model's tokenizer cuts text as Mistral's Tekken of September 2024 does, whose file comes with the package
`mistral-common`; its ids 10 to 13 are the marks of the chat template here. Every digit is one token, and pairs of signs
often merge into one.
"""

from __future__ import annotations

import re
from functools import cached_property
from importlib import resources
from typing import TYPE_CHECKING

from open_thoughts_gen.challenge.form import MARKS
from open_thoughts_gen.errors import Fault, UserError

if TYPE_CHECKING:
    from mistral_common.tokens.tokenizers.tekken import Tekkenizer

FILE = "tekken_240911.json"
_FIRST_MARK = 10
_MARK = re.compile("(" + "|".join(map(re.escape, MARKS)) + ")")


class Tokens:
    """The tokenizer; its file of 19 MB is read when it is first asked."""

    @cached_property
    def _tekken(self) -> Tekkenizer:
        try:
            from mistral_common.tokens.tokenizers.tekken import Tekkenizer
        except ImportError:
            hint = "pip install 'open-thoughts-gen[nemotron]'"
            raise UserError(Fault("counting tokens needs the package mistral-common", hint=hint)) from None
        return Tekkenizer.from_file(str(resources.files("mistral_common") / "data" / FILE))

    def ids(self, text: str) -> list[int]:
        """Return the ids of a text, in which the marks of the template are one token each.

        Raises:
            UserError: mistral-common is not installed.

        """
        ids: list[int] = []
        for part in filter(None, _MARK.split(text)):
            if part in MARKS:
                ids.append(_FIRST_MARK + MARKS.index(part))
            else:
                ids += self._tekken.encode(part, bos=False, eos=False)
        return ids
