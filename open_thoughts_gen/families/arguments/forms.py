"""Forms of arguments: sorts of people with the grammar that sentences need, and what is true of one person."""

from __future__ import annotations

from collections.abc import Mapping

from open_thoughts_gen.families.kit.prose import CompanyForm

Entries = Mapping[str, Mapping[str, str]]


def sorts(settings: Entries, traits: Entries) -> dict[str, dict[str, str]]:
    """Return each trait with the phrases for whoever has or lacks it: `one` rower who sings, `onent` for who does not.

    The key of a trait begins with its setting, which has the nouns: `rowing.eight`.
    """
    entries: dict[str, dict[str, str]] = {}
    for key, trait in traits.items():
        noun, numbers = settings[key.partition(".")[0]], (("one", "is"), ("many", "are"))
        phrases = {f"{n}{end}": f"{noun[n]} who {trait[verb + end]}" for n, verb in numbers for end in ("", "nt")}
        entries[key] = {**trait, **phrases}
    return entries


def profile_form(entries: Entries, yes: str = "is", no: str = "isnt") -> CompanyForm:
    """Return the form of what is true of one person: `rows in the eight, has no key and pays the full fee`.

    Its values are keys of traits, `-rowing.key` for one that the person lacks; `yes` and `no` say which styles of the
    entries affirm and deny.
    """
    has = {key: entry[yes] for key, entry in entries.items()}
    return CompanyForm(has | {f"-{key}": entry[no] for key, entry in entries.items()})
