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

from open_thoughts_gen.families.kit.authoring import Ask, Change, Form, Page, ProblemCase, Reckoning, replaced
from open_thoughts_gen.families.kit.forms import LineForm
from open_thoughts_gen.families.kit.kinds import Both, OneOf, SomeOf
from open_thoughts_gen.families.kit.prose import CompanyForm
from open_thoughts_gen.families.kit.reckoning import summed
from open_thoughts_gen.families.literary.pronouncing import coded, sounds, tail
from open_thoughts_gen.families.literary.scheme import LiteraryScheme

PATTERNS = ("AABB", "ABAB", "ABBA", "ABCB")
FAULTS = ("syllables", "stress")
NUM_STANZAS = {1: 1, 2: 2, 3: 4, 4: 6}
NUM_FRIENDS = {1: 4, 2: 9}
NUM_SYLLABLES = 8
_WORD = re.compile(r"[A-Za-z']+")


class Verse(LiteraryScheme):
    """Poems of one rule, with one thing wrong or missing."""

    name: ClassVar[str] = "verse"
    asks: ClassVar[Mapping[str, Ask]] = {
        "fault": Ask(Both(OneOf(()), OneOf(FAULTS), "closing/fault"), "fault", coin="fault_kind", outcomes=FAULTS),
        "rhyme": Ask(SomeOf((), "closing/lines"), "rhyme", needs=("pattern",), until=3),
        "acrostic": Ask(Both(OneOf(()), OneOf(()), "closing/acrostic"), "acrostic", needs=("names",), until=2),
    }
    among: ClassVar[Mapping[str, str]] = {"fault": "lines", "rhyme": "lines", "acrostic": "names lines"}

    def own_forms(self) -> Mapping[str, Form[Any]]:
        """Return the forms of a line of verse and of several names too."""
        return {**super().own_forms(), "line": LineForm(), "friends": CompanyForm(self.pool("friends"))}

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw an acrostic, or stanzas of a pattern in which one thing is wrong or missing."""
        kind = rng.choice(("rhyme", "syllables", "stress", *(["acrostic"] if level in NUM_FRIENDS else [])))
        if kind == "acrostic":
            return self._acrostic(rng, level)
        pattern, stock, ends = rng.choice(PATTERNS), self._stock(rng, "image"), list[str]()
        for _ in range(NUM_STANZAS[level]):
            chosen = dict(zip("ABC", rng.sample(list(stock), 3), strict=True))
            ends += [chosen[letter] for letter in pattern]
        at, odd = rng.randrange(len(ends)), rng.sample(range(len(ends)), len(ends) // 4)
        if any(ends.count(end) > len(stock[end]) for end in ends) or pattern.count(pattern[at % 4]) < 2:
            return None
        lines = list[str]()
        for index, end in enumerate(ends):
            fault = kind if index == at else ""
            pool = "turned" if fault == "stress" else "nouns" if index in odd else ""  # an odd word is no fault
            noun = rng.choice(self.pool(pool)) if pool else ""
            lines.append(_plain(stock[end].pop(), noun, is_wrong=fault == "syllables"))
        if kind == "rhyme":
            stanza, unmoved = ends[at - at % 4 :][:4], self.pool("unmoved")
            others = [_last(line) for end in stock if end not in stanza for line in stock[end]]
            words = [word for word in others if word not in unmoved]
            if not words or _last(lines[at]) in unmoved:
                return None
            lines[at] = f"{lines[at].rpartition(' ')[0]} {rng.choice(words)}"
        return {"pattern": pattern, "lines": [{"text": line} for line in lines]}

    def _acrostic(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Return lines whose initials spell a name but for two neighbours, and names among which it is."""
        (least, most), friends = {1: (3, 5), 2: (6, 9)}[level], self.pool("friends")
        name, stock = rng.choice([name for name in friends if least <= len(name) <= most]), self._stock(rng, "initial")
        letters, at = name.upper(), rng.randrange(len(name) - 1)
        if letters[at] == letters[at + 1] or any(letters.count(letter) > len(stock[letter]) for letter in letters):
            return None
        lines = [{"text": stock[letter].pop()} for letter in letters]
        lines[at : at + 2] = lines[at + 1], lines[at]
        others = [other for other in rng.sample(friends, len(friends)) if other != name]
        others.sort(key=lambda other: abs(len(other) - len(name)))
        names = rng.sample([name, *others[: NUM_FRIENDS[level] - 1]], NUM_FRIENDS[level])
        return {"lines": lines, "names": tuple(names)}

    def _stock(self, rng: Random, name: str) -> dict[str, list[str]]:
        """Return the lines of each entry of a list, in any order."""
        stock = {key: [text for style, text in forms.items() if style] for key, forms in self.words.lists[name].items()}
        return {key: rng.sample(lines, len(lines)) for key, lines in stock.items()}

    def choices(self, facts: Mapping[str, Any], path: str) -> tuple[str, ...]:
        """Return the names that a path leads to; lines have numbers."""
        if path != "lines":
            return super().choices(facts, path)
        return tuple(str(num) for num in range(1, len(facts["lines"]) + 1))

    def walk(self, case: Reckoning, asks: str) -> object:
        """Count syllables and look at stresses, or at the ends that should rhyme, or read initials."""
        if asks == "acrostic":
            return swapped(case)
        if asks == "rhyme":
            apart = unrhymed(case)
            case.known |= dict(zip(("one", "two"), *apart, strict=True)) if len(apart) == 1 else {}
            return frozenset(map(str, apart[0])) if len(apart) == 1 else None
        faults = faults_in(case)
        if len(faults) != 1:
            return None
        num, kind = faults[0]
        return str(case.know("num", int(num))), case.know("fault", kind)

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Return the results, with what is wrong with the metre."""
        results = super().assess(facts)
        return {**results, "fault_kind": results["fault"] and results["fault"][1]}

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
        lines = case.facts["lines"]
        for one, two in combinations(range(len(lines)), 2):
            if case.asks != "acrostic" or two == one + 1:
                yield Change({"lines": replaced(replaced(lines, one, lines[two]), two, lines[one])})
        for pattern in PATTERNS:
            if pattern != case.facts.get("pattern", pattern):
                yield Change({"pattern": pattern})


def _plain(line: str, noun: str, *, is_wrong: bool) -> str:
    """Return a line without its marks: a noun in place of the marked one, a syllable too few or too many if wrong."""
    line = re.sub(r"\*(\w+)", noun or r"\1", line)
    line = re.sub(r"\[(\w+)\] ", "" if is_wrong else r"\1 ", line)
    return re.sub(r"\+(\w+) ", r"\1 " if is_wrong else "", line)


def _last(line: str) -> str:
    return str(_WORD.findall(line)[-1])


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
        rhymes = case.work.settle(word != other and sounds(word.lower())[2] == sounds(other.lower())[2])
        case.say(f"pair.{'rhymes' if rhymes else 'fails'}", one=one + 1, two=two + 1, word=word, other=other)
        apart += [] if rhymes else [(one + 1, two + 1)]
    return apart


def swapped(case: Reckoning) -> tuple[str, str] | None:
    """Return the one name that an exchange of two neighbouring lines gives, and the number of the upper one."""
    initials = [line["text"][0] for line in case.facts["lines"]]
    case.say("initials", letters="-".join(initials))
    fitting = list[tuple[str, int]]()
    for name in case.facts["names"]:
        letters = name.upper()
        apart = [at for at, pair in enumerate(zip(letters, initials, strict=False)) if len(set(pair)) == 2]
        is_turned = [letters[at] for at in apart] == [initials[at] for at in reversed(apart)]
        is_near = len(letters) == len(initials) and len(apart) == 2 and apart[1] == apart[0] + 1
        upper = min(apart, default=0) + 1
        if case.work.settle(is_turned and is_near):
            fitting.append((name, upper))
            case.say("name.fits", name=name, one=upper, two=upper + 1)
        else:
            case.say("name.other", name=name)
    if len(fitting) != 1:
        return None
    ((name, upper),) = fitting
    case.known |= {"name": name, "one": upper, "two": upper + 1}
    return name, str(upper)


SCHEME = Verse()
