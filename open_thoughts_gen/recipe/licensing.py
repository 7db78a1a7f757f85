"""Which license a dataset may have: what the licenses of its questions and the terms of its teachers ask of it.

A license is a set of conditions: `attribution`, `non-commercial`, and `its own id`, where what is made of a work has to
stay under the same license. A dataset satisfies a license if its own license has at least these conditions. So text
under cc-by-4.0 may be published under cc-by-nc-4.0 and not under cc0-1.0, and text under cc-by-sa-4.0 under
cc-by-sa-4.0 alone. The proposed license is the freest one that satisfies all; there need not be any.

What a teacher's text may be used for says the table `terms.yaml`. A provider who forbids to develop competing models is
taken to ask for `non-commercial`, the nearest that a license of data can say.

What is not known asks for nothing that could be checked, and no license follows from it: the author has to state one.
This is bookkeeping, not legal advice; it knows no fair use, no exceptions for research and no database right. Licenses:
https://creativecommons.org/licenses/, https://huggingface.co/docs/hub/repositories-licenses.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

from open_thoughts_gen.recipe.hub_terms import UNSTATED
from open_thoughts_gen.recipe.model import Publish
from open_thoughts_gen.types import Sample

ATTRIBUTION, NON_COMMERCIAL = "attribution", "non-commercial"
_FREE = "cc0-1.0 pddl unlicense wtfpl"
_ATTRIBUTION = """
    apache-2.0 mit bsd bsd-2-clause bsd-3-clause bsd-3-clause-clear isc ncsa postgresql zlib afl-3.0 bsl-1.0 ecl-2.0
    cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 odc-by cdla-permissive-1.0 cdla-permissive-2.0 etalab-2.0 openmdw-1.0
    openmdw-1.1
"""
_NON_COMMERCIAL = "cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0"
# What is made of them stays under them; an older version of the same license may become the newest.
_SAME = """
    cc-by-sa-4.0 odbl cdla-sharing-1.0 gfdl gpl-2.0 gpl-3.0 agpl-3.0 lgpl-2.1 lgpl-3.0 mpl-2.0 osl-3.0 eupl-1.2 ms-pl
    llama2 llama3 llama3.1 llama3.2 llama3.3 llama4 gemma
"""
_UPGRADES = {
    "cc-by-sa-3.0": "cc-by-sa-4.0",
    "cc-by-nc-sa-2.0": "cc-by-nc-sa-4.0",
    "cc-by-nc-sa-3.0": "cc-by-nc-sa-4.0",
}
_NO_DERIVATIVES = "no changed copies"  # what no dataset satisfies that adds reasoning to a question
_CONDITIONS: dict[str, frozenset[str]] = {
    **dict.fromkeys(_FREE.split(), frozenset()),
    **dict.fromkeys(_ATTRIBUTION.split(), frozenset({ATTRIBUTION})),
    **dict.fromkeys(_NON_COMMERCIAL.split(), frozenset({ATTRIBUTION, NON_COMMERCIAL})),
    **{name: frozenset({ATTRIBUTION, name}) for name in _SAME.split()},
    "cc-by-nc-sa-4.0": frozenset({ATTRIBUTION, NON_COMMERCIAL, "cc-by-nc-sa-4.0"}),
    **dict.fromkeys(("cc-by-nd-4.0", "cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0"), frozenset({ATTRIBUTION, _NO_DERIVATIVES})),
}
_CONDITIONS |= {older: _CONDITIONS[newest] for older, newest in _UPGRADES.items()}
_OVERRIDE = "or say in `license_override:` why it may be published so, which the card repeats"
_CANDIDATES = ("cc0-1.0", "cc-by-4.0", "cc-by-nc-4.0")  # the freest first


class Terms(BaseModel):
    """Under what terms a teacher's text may be passed on; `terms.yaml` says what each field means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pattern: str = ""
    terms: str = ""
    asks: frozenset[str] = frozenset()
    about: str = ""
    link: str = ""


UNKNOWN = Terms()


@dataclass(frozen=True, slots=True)
class Material:
    """What rows come from: questions of a source, or the text of a teacher; its license or terms, and what they ask.

    `license` is empty and `asks` None where they are not known.
    """

    what: Literal["questions", "text"]
    of: str
    license: str
    asks: frozenset[str] | None
    num_rows: int = 0
    terms: Terms = UNKNOWN


@dataclass(frozen=True, slots=True)
class Licensing:
    """The license of a dataset, how it came about, and what is wrong with it.

    `license` is `unknown` where none is stated and none follows. `conflicts` are one line each; with an `override`, the
    author's reason, they stop nothing. `hint` says how they are solved.
    """

    license: str
    is_stated: bool
    materials: tuple[Material, ...] = ()
    conflicts: tuple[str, ...] = ()
    hint: str = ""
    override: str = ""

    @property
    def faults(self) -> tuple[str, ...]:
        """The conflicts that nobody has overridden; that there is no license at all cannot be."""
        return () if self.override and self.is_stated else self.conflicts


def asks_of(license_id: str) -> frozenset[str] | None:
    """Return what a license of the Hub asks of what is made of a work; None if that is not known."""
    return _CONDITIONS.get(license_id.strip().lower())


@cache
def terms_of(teacher: str) -> Terms:
    """Return under what terms a teacher's text stands, by the name that rows give it; unknown ones have no `terms`."""
    written = yaml.safe_load(files(__package__).joinpath("terms.yaml").read_text("utf-8"))
    known = (Terms.model_validate(entry) for entry in written)
    return next((terms for terms in known if re.search(terms.pattern, teacher, re.IGNORECASE)), UNKNOWN)


def teacher_license(teacher: str, stated: str = "") -> str | None:
    """Return the license or terms of a teacher's text, as rows carry them; `stated` is what the recipe says."""
    return stated or terms_of(teacher).terms or None


def proposed(materials: Iterable[Material]) -> str:
    """Return the freest license that satisfies all that is known of the materials; empty if there is none."""
    asking = [material for material in materials if material.asks]
    asked = frozenset[str]().union(*(material.asks or () for material in asking))
    if _NO_DERIVATIVES in asked:
        return ""
    licenses = list(dict.fromkeys(material.license for material in asking))
    same = [name for name in asked if name in _CONDITIONS]
    candidates = same or (licenses if len(licenses) == 1 else []) or _CANDIDATES
    return next((name for name in (*candidates, *_CANDIDATES) if asked <= (asks_of(name) or frozenset())), "")


def license_of(publish: Publish, materials: Iterable[Material]) -> Licensing:
    """Return the license of a dataset that is made of these."""
    materials = tuple(materials)
    known = [material for material in materials if material.asks is not None]
    unknown = [material for material in materials if material.asks is None]
    fits = proposed(known)
    if publish.license:
        has = asks_of(publish.license)
        conflicts = (
            [] if has is None else [line for line in (_conflict(m, publish.license, has) for m in known) if line]
        )
        hint = f"{f'write `license: {fits}`, ' if fits else ''}leave these rows out, {_OVERRIDE}"
        return Licensing(publish.license, True, materials, tuple(conflicts), hint, publish.license_override)
    if unknown:
        why = f"no license is stated, and none follows: {'; '.join(map(_shown, unknown))}"
        hint = "write `license: ...` under `publish:`; or what these are under, `license:` of a source and "
        hint += "`teacher_license:` under `publish:`, and one may follow"
        return Licensing(UNSTATED, False, materials, (why,), hint)
    if not fits:
        why = f"no license satisfies all of these: {'; '.join(_shown(m) for m in known if m.asks)}"
        return Licensing(UNSTATED, False, materials, (why,), f"leave the rows of one of them out, {_OVERRIDE}")
    return Licensing(fits, False, materials)


def materials_of(samples: Iterable[Sample], stated: str = "") -> list[Material]:
    """Return what rows come from, the most rows first; `stated` is the license of the teacher's text, by the recipe."""
    questions: Counter[tuple[str, str]] = Counter()
    teachers: Counter[str] = Counter()
    for sample in samples:
        questions[sample.question.source, sample.question.license] += 1
        writer = sample.question.trait("writer") if sample.question.source.startswith("write:") else None
        teachers.update(each for each in {writer, sample.trace and sample.trace.teacher} if isinstance(each, str))
    return [
        *(source_material(of, license_id, num) for (of, license_id), num in questions.most_common()),
        *(teacher_material(of, stated, num) for of, num in teachers.most_common()),
    ]


def source_material(source: str, license_id: str, num_rows: int = 0) -> Material:
    """Return the material of the questions of a source."""
    return Material("questions", source, license_id, asks_of(license_id), num_rows)


def teacher_material(teacher: str, stated: str = "", num_rows: int = 0) -> Material:
    """Return the material of a teacher's text; `stated` is its license, where the recipe says it."""
    terms = terms_of(teacher)
    asks = asks_of(stated) if stated else terms.asks if terms.terms else None
    return Material(
        "text", teacher, teacher_license(teacher, stated) or "", asks, num_rows, UNKNOWN if stated else terms
    )


def _shown(material: Material) -> str:
    """Return a material in words: whose text it is, and under which license."""
    whose = (
        f"the {'questions of' if material.what == 'questions' else 'text of the teacher'} {material.of or 'a source'}"
    )
    if not material.license:
        return f"{whose} (no license is known)"
    return f"{whose} ({material.license}{', whose conditions are not known' if material.asks is None else ''})"


def _conflict(material: Material, license_id: str, has: frozenset[str]) -> str:
    """Return why a dataset's license does not satisfy a material's; empty if it does."""
    lacking = (material.asks or frozenset()) - has
    if not lacking:
        return ""
    if _NO_DERIVATIVES in lacking:
        return f"{_shown(material)} may be passed on without changes alone"
    words = sorted({"the same license" if name in _CONDITIONS else name for name in lacking})
    verb = "ask" if material.what == "questions" else "asks"
    return f"{_shown(material)} {verb} for {' and '.join(words)}, which {license_id} does not"
