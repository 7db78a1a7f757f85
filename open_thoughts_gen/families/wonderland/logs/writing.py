"""Write the log of a puzzle of any scheme."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from open_thoughts_gen.families.wonderland.logs.bits import bit_log
from open_thoughts_gen.families.wonderland.logs.cipher import cipher_log
from open_thoughts_gen.families.wonderland.logs.digits import digit_log
from open_thoughts_gen.families.wonderland.logs.numeral import numeral_log
from open_thoughts_gen.families.wonderland.logs.rates import gravity_log, unit_log
from open_thoughts_gen.families.wonderland.logs.symbols.log import symbol_log

_TOKEN = re.compile(r"[A-Za-z]+|\d| (?=\d)|[^\sA-Za-z\d]|\n")


@dataclass(frozen=True, slots=True)
class Log:
    """The lines, and the answer that they come to; None where they come to none."""

    text: str
    answer: str | None

    @property
    def num_tokens(self) -> int:
        """About how many tokens the challenge's tokenizer makes: words, digits, spaces before these, signs, lines."""
        return sum(1 for _ in _TOKEN.finditer(self.text)) + 1


@lru_cache(maxsize=256)  # the family writes it to see how long it is, then to derive the answer, then to tell it
def write_log(scheme: str, prompt: str, design: str = "") -> Log:
    """Write the log of a puzzle from its text alone, in one of its scheme's `DESIGNS`; by default the first.

    Raises:
        ValueError: the text is not a puzzle of the scheme.

    """
    designs = DESIGNS.get(scheme, ("",))
    lines, answer = WRITERS[scheme](prompt, design or designs[0])
    return Log("\n".join(lines), answer)


# bits: the bits that go into a gate and the one that comes out, or only that. digits: only the tests that the size of
# a result allows, or all. symbols: without the tries that clash, or with them and the digits that are left; or one more
# and one less tried as two worlds.
DESIGNS: Mapping[str, tuple[str, ...]] = {
    "bits": ("operands", "results"),
    "digits": ("size first", "every test"),
    "symbols": ("compact", "explicit", "one world"),
}
WRITERS: Mapping[str, Callable[[str, str], tuple[list[str], str | None]]] = {
    "bits": bit_log,
    "gravity": lambda prompt, _: gravity_log(prompt),
    "unit": lambda prompt, _: unit_log(prompt),
    "numeral": lambda prompt, _: numeral_log(prompt),
    "cipher": lambda prompt, _: cipher_log(prompt),
    "digits": digit_log,
    "symbols": symbol_log,
}
