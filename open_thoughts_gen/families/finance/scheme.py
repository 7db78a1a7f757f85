"""What all schemes of finance share: the firm, the currency, and sheets of figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.finance.forms import OWN_FORMS
from open_thoughts_gen.families.finance.kinds import Amount
from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.forms import Form
from open_thoughts_gen.families.kit.framing import ClausedScheme
from open_thoughts_gen.families.kit.kinds import Kind
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.walking import WalkingScheme

WORDS = Path(__file__).parent / "words"
FRAME = WORDS / "frame.yaml"
LAYOUTS = ("table", "list", "colon", "first")  # of a sheet of figures


class FinanceScheme(WalkingScheme, ClausedScheme):
    """A scheme of one firm, or of the `firms` that it names.

    `lines` are the figures of its sheet, in printed order, those of them that a case has.
    """

    more_words: ClassVar[Sequence[Path]] = (FRAME,)
    lines: ClassVar[Sequence[str]] = ()
    firms: ClassVar[Sequence[str]] = ("firm",)

    def own_forms(self) -> Mapping[str, Form[Any]]:
        """Return the forms of figures."""
        return OWN_FORMS

    def cast(self, rng: Random, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Draw the firms, and what the kit frames a case with."""
        houses, trades, endings = (list(self.words.lists[name]) for name in ("house", "trade", "ending"))
        drawn = zip(self.firms, rng.sample(houses, len(self.firms)), strict=True)
        names = {role: f"{house} {rng.choice(trades)} {rng.choice(endings)}" for role, house in drawn}
        return {**super().cast(rng, facts), **names}

    def kind_of(self, case: ProblemCase) -> Kind:
        """Return the kind of the question; an amount is in the currency of the case."""
        kind = super().kind_of(case)
        return replace(kind, currency=case.facts["currency"]) if isinstance(kind, Amount) else kind

    def data(self, case: ProblemCase, page: Page) -> str:
        """Return the sheet of figures, a line each, in a layout that the page draws: banks `prompt/LAYOUT.KEY`."""
        layout, said = page.pen.pick("figures", *LAYOUTS), self.said(case, page)
        return "\n".join(said(f"{layout}.{key}") for key in ("head", *self.lines) if key in ("head", *case.facts))
