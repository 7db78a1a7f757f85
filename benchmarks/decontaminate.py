"""How fast and how right decontamination is, against rapidfuzz comparing all pairs.

    python -m benchmarks.decontaminate                        100,000 questions, 5,000 items, three repeats
    python -m benchmarks.decontaminate --questions 10000 --items 1000 --repeats 1 --only rules

Questions of 60 to 120 words are put together from sentence frames that questions and items share, with a task sentence
and a closing instruction out of a few: the boilerplate that real sets have in common. One question in fifty is a
planted leak: an item verbatim, in other case, in other spacing, with 2 to 20 % of its words changed, or inside a longer
text; and items of fewer than eight words as they stand or in other case. All else was written apart from every item.

All pairs are what rapidfuzz compares with `process.cdist` on one thread, over as many questions as take some seconds,
drawn by lot; its time for all questions is extrapolated per pair, since at 100,000 x 5,000 it would take a quarter of
an hour and more for each threshold. Whom it accuses is compared for those questions, whole. Ours is measured in full,
on one thread, from texts to findings. Seconds are of processor time, which other work on the machine does not stretch
as it does the clock's.
"""

from __future__ import annotations

import argparse
import statistics
import time
from random import Random

import numpy as np
from rapidfuzz import fuzz, process

from open_thoughts_gen import text
from open_thoughts_gen.contamination.findings import Item, LeakRule
from open_thoughts_gen.contamination.matching import Contamination
from open_thoughts_gen.similar.all_pairs import similar_pairs

FRAMES = (
    "A {noun} in {place} sells {num} {noun} every {period} for {num} {unit} each.",
    "{name} buys {num} {noun} and gives {num} of them to {name}, who keeps them in a {adjective} {noun}.",
    "The {adjective} {noun} holds {num} {unit} of {noun}, and {name} takes out {num} {unit} on {day}.",
    "Each {period} {name} walks {num} {unit} to the {noun} near {place} and comes back with {num} {noun}.",
    "During the {adjective} {period} the price of {noun} rose by {num} percent, {noun} became {num} percent cheaper.",
    "{name} and {name} share {num} {noun} in the ratio {num} to {num} before they leave for {place}.",
    "A {noun} fills the {adjective} {noun} in {num} hours, and another {noun} empties it in {num} hours.",
    "On {day} the {noun} of {place} receives {num} {adjective} {noun} and sends away {num} old ones.",
    "There are {num} {adjective} {noun} on the table, of which {num} belong to {name}.",
    "{name} reads {num} pages of the {adjective} {noun} per {period} and {name} reads {num} more than that.",
    "The road from {place} to {place} is {num} {unit} long and passes {num} {adjective} {noun}.",
    "It is known that {num} of the {num} {noun} were broken when the {noun} arrived in {place}.",
    "A rectangular {noun} measures {num} by {num} {unit} and is covered with {adjective} {noun}.",
    "In {place} every {adjective} {noun} pays {num} {unit}, but whoever brings a {noun} pays {num} {unit} less.",
    "{name} has saved {num} {unit} for a {noun} and earns {num} {unit} more each {period} by mending {noun}.",
    "Of all the {noun} in the {adjective} {noun}, {num} are red, {num} are blue and the rest are {adjective}.",
    "After the {noun} closed, {name} counted {num} {noun}, twice as many {noun}, and {num} empty {noun}.",
    "The {adjective} machine makes {num} {noun} an hour, and {name} repairs it for {num} minutes every {period}.",
    "{name} is {num} years older than {name}, whose {adjective} {noun} turned {num} on {day}.",
    "A train with {num} {noun} leaves {place} at {num} minutes past the hour and meets the {adjective} {noun}.",
    "Whenever {num} {noun} are put into the {noun}, the {adjective} scale in {place} shows {num} {unit}.",
    "{name} plants {num} rows of {noun} with {num} {adjective} {noun} in each row behind the {noun}.",
    "Because of the {adjective} {noun}, only {num} of the {num} guests of {name} came to {place} on {day}.",
    "The {noun} costs {num} {unit} for the first {period} and {num} {unit} for each {period} after that.",
)
TASKS = (
    "How many {noun} are left at the end of the {period}?",
    "What is the total amount that {name} has to pay for the {noun}?",
    "Find the number of {noun} that {name} will have after {num} {period}s have gone by.",
    "By how much does the first amount exceed the second one, in {unit}?",
    "What is the smallest number of {noun} for which this is possible?",
    "How long does it take until all of the {noun} have been moved to {place}?",
)
CLOSINGS = (
    "Explain each step of your reasoning and give the final answer as a whole number at the end of your response.",
    "Show all of your work, state every assumption that you make, and write your final answer on a line of its own.",
    "Please reason step by step, check your result at the end, and put your final answer within a box.",
    "",
    "",
)
SHORT = (
    "Who invented the {adjective} {noun} of {place}?",
    "What is {num} times {num} minus {num}?",
    "When did {name} leave {place}?",
    "Name the capital of {place}.",
    "Simplify {num}x + {num}x - {num}.",
)
UNITS = ("kilometres", "litres", "coins", "metres", "kilograms", "dollars", "bottles", "crowns")
PERIODS = ("day", "week", "month", "year", "season", "morning", "evening")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SYLLABLES = (
    "an ar ber bo ca cha con da de dor el en er fa fen gar gle ha hel in ing is ka ken la le lin lo ma men mi mon na "
    "ner no o on or pa per pi por ra re ri ro sa se sen si so sta ta te ter ti to tor tra tu u un va ven ver vi wa wen "
    "yo za"
).split()
LEAKS = (
    "verbatim",
    "other case",
    "other spacing",
    "2 %",
    "5 %",
    "10 %",
    "20 %",
    "embedded",
    "short",
    "short, other case",
)
RULES = {
    "default": LeakRule(),
    "word 8-gram": LeakRule(whole=False, containment=None, word_ngram=8),
    "word 13-gram": LeakRule(whole=False, containment=None, word_ngram=13),
    "Indel 75, approximate": LeakRule(whole=False, containment=None, indel=75.0, approximate=True),
}
RATES = {"2 %": 0.02, "5 %": 0.05, "10 %": 0.1, "20 %": 0.2}


class Writer:
    """Writes texts from the frames with words of its own making."""

    def __init__(self, seed: str) -> None:
        """Take the seed, from which everything is drawn."""
        self.rng = Random(seed)
        words = Random("words")
        made = ["".join(words.choices(SYLLABLES, k=words.choice((2, 2, 3, 3, 4)))) for _ in range(8000)]
        self.nouns, self.adjectives = made[:4000], made[4000:5500]
        self.names = [word.capitalize() for word in made[5500:7000]]
        self.places = [word.capitalize() for word in made[7000:]]

    def fill(self, frame: str) -> str:
        """Fill every gap of a frame anew."""
        rng = self.rng
        words = {
            "noun": lambda: rng.choice(self.nouns),
            "adjective": lambda: rng.choice(self.adjectives),
            "name": lambda: rng.choice(self.names),
            "place": lambda: rng.choice(self.places),
            "num": lambda: str(rng.randint(2, 999)),
            "unit": lambda: rng.choice(UNITS),
            "period": lambda: rng.choice(PERIODS),
            "day": lambda: rng.choice(DAYS),
        }
        pieces = frame.replace("{", "}").split("}")
        return "".join(words[piece]() if place % 2 else piece for place, piece in enumerate(pieces))

    def question(self) -> str:
        """Write a question of 60 to 120 words."""
        wanted = self.rng.randint(60, 120)
        task, closing = self.fill(self.rng.choice(TASKS)), self.rng.choice(CLOSINGS)
        sentences: list[str] = []
        num = len(task.split()) + len(closing.split())
        while num < wanted - 8:
            sentences.append(self.fill(self.rng.choice(FRAMES)))
            num += len(sentences[-1].split())
        return " ".join(filter(None, [*sentences, task, closing]))

    def short(self) -> str:
        """Write an item of fewer than eight words."""
        return self.fill(self.rng.choice(SHORT))

    def leak(self, kind: str, item: str) -> str:
        """Return an item as it leaks."""
        rng = self.rng
        if kind in ("other case", "short, other case"):
            return rng.choice((str.upper, str.lower, str.title))(item)
        if kind == "other spacing":
            return "".join(rng.choice(("  ", "\n", "\t", " \n ")) if char == " " else char for char in item)
        if kind == "embedded":
            return f"{self.fill(rng.choice(FRAMES))} {item} {self.question()}"
        words = item.split(" ")
        for place in rng.sample(range(len(words)), max(1, round(RATES[kind] * len(words)))) if kind in RATES else ():
            words[place] = rng.choice(self.nouns)
        return " ".join(words)


def corpus(num_questions: int, num_items: int, seed: str = "1") -> tuple[list[str], list[str], dict[int, str]]:
    """Return questions, items, and how each planted leak was planted, by its place."""
    writer = Writer(seed)
    num_short = num_items // 20
    items = [writer.question() for _ in range(num_items - num_short)] + [writer.short() for _ in range(num_short)]
    planted: dict[int, str] = {}
    questions = []
    for place in range(num_questions):
        if place % 50 == 7:
            kind = LEAKS[place // 50 % len(LEAKS)]
            some = items[-num_short:] if kind.startswith("short") else items[:-num_short]
            planted[place] = kind
            questions.append(writer.leak(kind, writer.rng.choice(some)))
        else:
            questions.append(writer.question())
    return questions, items, planted


def measure_rules(questions: list[str], items: list[str], planted: dict[int, str], repeats: int) -> None:
    """Print how fast each rule is, what it finds of what was planted, and how many others it accuses."""
    entries = [Item("items", place, item) for place, item in enumerate(items)]
    num_clean = len(questions) - len(planted)
    print(f"{'rule':24} {'questions/s':>12} {'found':>9} {'accused':>9} {'review':>8}  found by kind")
    for name, rule in RULES.items():
        seconds, found = [], []
        for _ in range(repeats):
            start = time.process_time()
            found = Contamination(entries, rule).findings(questions)
            seconds.append(time.process_time() - start)
        leaks = {place for place, one in enumerate(found) if one is not None and one.decision == "leak"}
        reviews = sum(one is not None and one.decision == "review" for one in found)
        right = len(leaks & planted.keys()) / max(1, len(planted))
        wrong = len(leaks - planted.keys()) / max(1, num_clean)
        kinds = {kind: [place for place, how in planted.items() if how == kind] for kind in LEAKS}
        told = ", ".join(
            f"{kind} {sum(p in leaks for p in some) / max(1, len(some)):.1%}" for kind, some in kinds.items()
        )
        speed = len(questions) / statistics.median(seconds)
        print(f"{name:24} {speed:12,.0f} {right:9.2%} {wrong:9.3%} {reviews:8,}  {told}")


def measure_indel(questions: list[str], items: list[str], repeats: int, seconds_each: float) -> None:
    """Print how much faster each threshold is than comparing all pairs, and whether the accusations are the same."""
    questions, items = [text.normalise(string) for string in questions], [text.normalise(item) for item in items]
    print(f"{'threshold':24} {'ours':>9} {'all pairs':>11} {'ratio':>8}  accusations")
    for threshold in (95.0, 90.0, 75.0):
        start = time.process_time()
        process.cdist(questions[:8], items, scorer=fuzz.ratio, score_cutoff=threshold)
        num = max(20, int(8 * seconds_each / (time.process_time() - start)))
        some = sorted(Random(1).sample(range(len(questions)), min(num, len(questions))))
        ours, pairs, theirs = [], set(), []
        expected: set[tuple[int, int]] = set()
        for _ in range(repeats):
            start = time.process_time()
            scores = process.cdist([questions[i] for i in some], items, scorer=fuzz.ratio, score_cutoff=threshold)
            theirs.append((time.process_time() - start) / len(some) * len(questions))
            expected = {(some[row], int(item)) for row, item in zip(*np.nonzero(scores), strict=True)}
            start = time.process_time()
            pairs = {(question, item) for question, item, _ in similar_pairs(questions, items, threshold)}
            ours.append(time.process_time() - start)
        chosen = set(some)
        same = {pair for pair in pairs if pair[0] in chosen} == expected
        mine, other = statistics.median(ours), statistics.median(theirs)
        verdict = f"identical ({len(expected):,} of {len(some):,} questions' pairs)" if same else "DIFFERENT"
        print(
            f"Indel {threshold:<18g} {mine:8.1f}s {other:10.0f}s {other / mine:7.1f}x  {verdict}, {len(pairs):,} in all"
        )


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--questions", type=int, default=100_000)
    parser.add_argument("--items", type=int, default=5_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=20.0, help="of comparing all pairs, for each threshold")
    parser.add_argument("--only", choices=("rules", "indel"))
    arguments = parser.parse_args()
    questions, items, planted = corpus(arguments.questions, arguments.items)
    print(f"{len(questions):,} questions, {len(items):,} items, {len(planted):,} planted leaks, one thread")
    if arguments.only != "indel":
        measure_rules(questions, items, planted, arguments.repeats)
    if arguments.only != "rules":
        measure_indel(questions, items, arguments.repeats, arguments.seconds)


if __name__ == "__main__":
    main()
