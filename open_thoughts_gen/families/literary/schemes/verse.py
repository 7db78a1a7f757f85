"""Verse by a stated rule: which line breaks the metre, where the rhyme fails, whose name it spelled.

The rule is printed: eight syllables, and the main stress of every longer word on an even one (after M. Halle and S. J.
Keyser, 1966, who let stresses of polysyllables decide and leave words of one syllable free). Pronunciations are those of
the CMU Pronouncing Dictionary, whose licence stands with the words (`words/pronouncing.yaml`); the verses use words only
whose variants there agree in syllables, stress and rhyme.

The traps: an odd word in a faultless line; a stanza that rhymes by accident as another does; initials that
spell a name of the list but for more than one exchange. It does not cover rhythm beyond that rule, nor sense.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import combinations
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.authoring import Ask, Change, Narrative, Page, ProblemCase
from open_thoughts_gen.families.kit.forms import Form, LineForm
from open_thoughts_gen.families.kit.kinds import Both, Kind, OneOf, SomeOf
from open_thoughts_gen.families.kit.prose import CompanyForm
from open_thoughts_gen.families.kit.reckoning import Reckoning, summed
from open_thoughts_gen.families.literary.pronouncing import coded, sounds, tail
from open_thoughts_gen.families.literary.scheme import LiteraryScheme

PATTERNS = ("AABB", "ABAB", "ABBA", "ABCB")
FAULTS = ("syllables", "stress")
NUM_STANZAS = {1: 1, 2: 2, 3: 4, 4: 6}
NUM_FRIENDS = {1: 4, 2: 9}
NUM_SYLLABLES = 8
_WORD = re.compile(r"[a-z']+")


class Verse(LiteraryScheme):
    """Poems of one rule, with one thing wrong or missing."""

    name: ClassVar[str] = "verse"
    asks: ClassVar[Mapping[str, Ask]] = {
        "fault": Ask(OneOf(()), "fault", coin="fault_kind", outcomes=FAULTS),
        "rhyme": Ask(SomeOf((), "closing/lines"), "rhyme", needs=("pattern",)),
        "acrostic": Ask(OneOf(()), "acrostic", needs=("names",), until=2),
    }

    def own_forms(self) -> Mapping[str, Form[Any]]:
        """Return the forms of a line of verse and of several names too."""
        return {**super().own_forms(), "line": LineForm(), "friends": CompanyForm(self.pool("friends"))}

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw an acrostic, or stanzas of a pattern in which one thing is wrong or missing."""
        kind = rng.choice(("rhyme", "syllables", "stress", *(["acrostic"] if level in NUM_FRIENDS else [])))
        if kind == "acrostic":
            return self._acrostic(rng, level)
        pattern, groups = rng.choice(PATTERNS), list(self.words.lists["image"])
        marked, ends = list[str](), list[str]()
        for _ in range(NUM_STANZAS[level]):
            chosen = dict(zip("ABC", rng.sample(groups, 3), strict=True))
            for letter in pattern:
                images = self.words.lists["image"][chosen[letter]]
                fresh = [images[key] for key in images if key and images[key] not in marked]
                if not fresh:
                    return None
                marked.append(rng.choice(fresh))
                ends.append(chosen[letter])
        at = rng.randrange(len(marked))
        odd = set(rng.sample(range(len(marked)), len(marked) // 4))  # these get an odd word, which is no fault
        lines = []
        for index, line in enumerate(marked):
            fault = kind if index == at else ""
            pool = "turned" if fault == "stress" else "nouns" if index in odd else ""
            lines.append(_plain(line, rng.choice(self.pool(pool)) if pool else "", is_wrong=fault == "syllables"))
        if kind == "rhyme":
            unmoved = self.pool("unmoved")
            if pattern.count(pattern[at % 4]) < 2 or _last(lines[at]) in unmoved:
                return None
            stanza = ends[at - at % 4 :][:4]
            elsewhere = [self.words.lists["image"][end] for end in groups if end not in stanza]
            others = [_last(line) for image in elsewhere for key, line in image.items() if key]
            lines[at] = f"{lines[at].rpartition(' ')[0]} {rng.choice([end for end in others if end not in unmoved])}"
        return {"pattern": pattern, "lines": [{"text": line} for line in lines]}

    def _acrostic(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Return lines whose initials spell a name but for two neighbours, and names among which it is."""
        sizes = {1: (3, 5), 2: (6, 9)}[level]
        fitting = [name for name in self.pool("friends") if sizes[0] <= len(name) <= sizes[1]]
        name, initial = rng.choice(fitting), self.words.lists["initial"]
        lines: list[str] = []
        for letter in name.upper():
            free = [initial[letter][key] for key in initial[letter] if key and initial[letter][key] not in lines]
            if not free:
                return None
            lines.append(rng.choice(free))
        at = rng.randrange(len(lines) - 1)
        lines[at : at + 2] = lines[at + 1], lines[at]
        if lines[at][0] == lines[at + 1][0]:
            return None
        friends = self.pool("friends")
        others = [other for other in rng.sample(friends, len(friends)) if other != name]
        others.sort(key=lambda other: abs(len(other) - len(name)))
        names = rng.sample([name, *others[: NUM_FRIENDS[level] - 1]], NUM_FRIENDS[level])
        return {"lines": [{"text": line} for line in lines], "names": tuple(names)}

    def names_of(self, case: ProblemCase) -> list[str]:
        """Return the numbers of the lines."""
        return [str(num) for num in range(1, len(case.facts["lines"]) + 1)]

    def kind_in(self, case: ProblemCase) -> Kind:
        """Return the kind of the question, with the lines and names of the case."""
        lines = OneOf(tuple(self.names_of(case)))
        if case.asks == "acrostic":
            return Both(OneOf(case.facts["names"]), lines, "closing/acrostic")
        return Both(lines, OneOf(FAULTS), "closing/fault") if case.asks == "fault" else super().kind_in(case)

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Count syllables, look at stresses and ends, and read initials."""
        case = Reckoning(facts)
        results: dict[str, Any] = dict.fromkeys(("fault", "fault_kind", "rhyme", "acrostic"))
        if "names" in facts:
            return {**results, "acrostic": swapped(case)}
        faults = faults_in(case)
        if len(faults) == 1:
            results |= {"fault": faults[0], "fault_kind": faults[0][1]}
        if "pattern" in facts and not faults:
            apart = unrhymed(case)
            results["rhyme"] = frozenset(map(str, apart[0])) if len(apart) == 1 else None
        return results

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the rules, the poem and the question."""
        facts, asks = case.facts, case.asks
        note = [page.say("prompt/metre")] if asks == "fault" else []
        note += [page.say("prompt/sound")] if asks != "acrostic" else []
        note += [page.say("prompt/count")]
        note += [page.say(f"prompt/{key}", **facts) for key in ("pattern", "names") if key in facts]
        lines = [page.say("prompt/line", **line) for line in facts["lines"]]
        size = len(lines) if asks == "acrostic" else 4
        stanzas = ["\n".join(lines[start : start + size]) for start in range(0, len(lines), size)]
        story = "\n\n".join([page.say("prompt/title"), *stanzas])
        return self.framed(case, page, note=" ".join(note), story=story)

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Go through the lines, their ends, or the names."""
        asks, reckoning = case.asks, Reckoning(case.facts, narrative.work, narrative)
        reckoning.say(f"issue.{asks}")
        narrative.point = 1
        if asks == "fault":
            faults = faults_in(reckoning)
            num, kind = faults[0] if len(faults) == 1 else ("0", "stress")
            reckoning.answer(f"answer.fault.{kind}", (num, kind) if num != "0" else None, num=int(num))
        elif asks == "rhyme":
            one, two = next(iter(unrhymed(reckoning)), (0, 0))
            reckoning.answer("answer.rhyme", frozenset((str(one), str(two))) if one else None, one=one, two=two)
        else:
            reckoning.say("initials", letters="-".join(line["text"][0] for line in case.facts["lines"]))
            result = swapped(reckoning)
            name, upper = result or ("", "0")
            reckoning.answer("answer.acrostic", result, name=name, one=int(upper), two=int(upper) + 1)

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Match every line, coded as a string of stresses, with patterns; and its end, with the others."""
        texts = [line["text"].lower() for line in facts["lines"]]
        if "names" in facts:
            first = "".join(text[0] for text in texts)
            at = range(len(first) - 1)
            turns = {first[:i] + first[i + 1] + first[i] + first[i + 2 :]: str(i + 1) for i in at}
            hits = [(name, turns[name.lower()]) for name in facts["names"] if name.lower() in turns]
            return {"acrostic": hits[0]} if len(hits) == 1 else {}
        codes = [coded(text) for text in texts]
        bad = [i for i, code in enumerate(codes) if not re.fullmatch("(?:[mu][muS]){4}", code)]
        if bad:
            kind = "stress" if len(codes[bad[0]]) == NUM_SYLLABLES else "syllables"
            return {"fault": (str(bad[0] + 1), kind)} if len(bad) == 1 else {}
        sought = [f"{i // 4}{facts['pattern'][i % 4]}" for i in range(len(texts))] if "pattern" in facts else []
        pairs = ((i, j) for i, j in combinations(range(len(sought)), 2) if sought[i] == sought[j])
        wrong = [frozenset((str(i + 1), str(j + 1))) for i, j in pairs if tail(texts[i]) != tail(texts[j])]
        return {"rhyme": wrong[0]} if len(wrong) == 1 else {}

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield two lines that change places, and another pattern."""
        number = len(case.facts["lines"])
        for one, two in combinations(range(number), 2):
            if case.asks != "acrostic" or two == one + 1:
                yield Change({"one": one, "two": two})
        for pattern in PATTERNS:
            if "pattern" in case.facts and pattern != case.facts["pattern"]:
                yield Change({"pattern": pattern})

    def applied(self, facts: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
        """Exchange two lines, or state another pattern."""
        if "pattern" in patch:
            return {**facts, **patch}
        lines, one, two = list(facts["lines"]), patch["one"], patch["two"]
        lines[one], lines[two] = lines[two], lines[one]
        return {**facts, "lines": lines}


def _plain(line: str, noun: str, *, is_wrong: bool) -> str:
    """Return a line without its marks: a noun in place of the marked one, a syllable too few or too many if wrong."""
    line = re.sub(r"\*(\w+)", noun or r"\1", line)
    line = re.sub(r"\[(\w+)\] ", "" if is_wrong else r"\1 ", line)
    return re.sub(r"\+(\w+) ", r"\1 " if is_wrong else "", line)


def _last(line: str) -> str:
    return str(_WORD.findall(line.lower())[-1])


def faults_in(case: Reckoning) -> list[tuple[str, str]]:
    """Return the lines whose metre is wrong, each with what is: its syllables, or a stress."""
    lines = enumerate((line["text"] for line in case.facts["lines"]), start=1)
    return [(str(num), kind) for num, line in lines if (kind := fault_of(line, num, case))]


def fault_of(line: str, num: int, case: Reckoning) -> str:
    """Return what is wrong with the metre of a line; empty if nothing is."""
    words = _WORD.findall(line.lower())
    counts = [sounds(word)[0] for word in words]
    total = summed(case.work, counts)
    known: dict[str, Any] = {"num": num, "total": total, "sum": " + ".join(map(str, counts))}
    position, kind = 0, "" if total == NUM_SYLLABLES else "syllables"
    for word, count in zip(words, counts, strict=True):
        spot = position + sounds(word)[1]
        if not kind and count > 1 and spot % 2:
            kind, known["word"], known["spot"] = "stress", word, spot
        position += count
    case.say(f"line.{kind or 'good'}", **known)
    return kind


def unrhymed(case: Reckoning) -> list[tuple[int, int]]:
    """Return the pairs of lines that should rhyme by the pattern and do not, by their numbers."""
    pattern, ends = case.facts["pattern"], [_last(line["text"]) for line in case.facts["lines"]]
    within = [pair for pair in combinations(range(4), 2) if pattern[pair[0]] == pattern[pair[1]]]
    apart = []
    for one, two in ((start + i, start + j) for start in range(0, len(ends), 4) for i, j in within):
        word, other = ends[one], ends[two]
        rhymes = case.work.settle(word != other and sounds(word)[2] == sounds(other)[2])
        case.say(f"pair.{'rhymes' if rhymes else 'fails'}", one=one + 1, two=two + 1, word=word, other=other)
        apart += [] if rhymes else [(one + 1, two + 1)]
    return apart


def swapped(case: Reckoning) -> tuple[str, str] | None:
    """Return the one name that an exchange of two neighbouring lines gives, and the number of the upper one."""
    initials, found = [line["text"][0] for line in case.facts["lines"]], list[tuple[str, str]]()
    for name in case.facts["names"]:
        letters = list(name.upper())
        apart = [i for i in range(min(len(letters), len(initials))) if letters[i] != initials[i]]
        is_one = len(letters) == len(initials) and len(apart) == 2 and apart[1] == apart[0] + 1
        fits = is_one and letters[apart[0]] == initials[apart[1]] and letters[apart[1]] == initials[apart[0]]
        if case.work.settle(fits):
            found.append((name, str(apart[0] + 1)) if fits else (name, "0"))
        if fits:
            case.say("name.fits", name=name, one=apart[0] + 1, two=apart[0] + 2)
        elif (name, "0") not in found:
            case.say("name.other", name=name)
    return found[0] if len(found) == 1 else None


SCHEME = Verse()
