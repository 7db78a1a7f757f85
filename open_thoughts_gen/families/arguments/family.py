"""Arguments: whether a conclusion follows, what is missing, and of which type an inference is.

A letter to an editor, the minutes of a club, a thread in a forum: somebody gives grounds and draws a conclusion. Every
label is a theorem. An argument is called valid only if no situation makes its grounds true and its conclusion false,
and invalid only together with such a situation; a type of reasoning or a fallacy is what the printed definition makes
of what the text records.

It does not cover rhetoric, tone, or whether the grounds are true; nor fallacies that only a reader's taste decides.
"""

from __future__ import annotations

from types import ModuleType
from typing import ClassVar

from open_thoughts_gen.families.arguments import schemes
from open_thoughts_gen.families.kit.family import SchemeFamily


class Arguments(SchemeFamily):
    """Validity, missing premises, countermodels, repairs, named forms and fallacies, and types of reasoning."""

    domain: ClassVar[str] = "arguments"
    license: ClassVar[str] = "cc0-1.0"
    home: ClassVar[ModuleType] = schemes
