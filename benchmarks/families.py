"""Whether a family's problems can be guessed, whether its traces repeat themselves, and how fast they are drawn.

    python -m benchmarks.families balance --family statutes     commonest answer, winner and provision of each cell
    python -m benchmarks.families shortcuts --family statutes   classifiers that see words or numbers and no rules
    python -m benchmarks.families prose --family statutes       how much the traces repeat themselves
    python -m benchmarks.families limits --family statutes      how far days and sums fall from their limits
    python -m benchmarks.families near --family statutes        near-duplicates, names and figures masked
    python -m benchmarks.families growth --family statutes      how the traces grow with the level
    python -m benchmarks.families speed --family statutes       rows a second of drawing and telling, without proofs
    ... --schemes deposit tax --levels 1 4 --rows 500           on fewer schemes and levels; rows of a cell
    ... --seed 13                                               other rows

A cell is one scheme at one level. `balance` and `shortcuts` draw `--rows` problems in each. `balance` prints the share
of the commonest answer to yes/no questions, of the commonest winner and of the commonest deciding provision (results
`winner` and `rule` of the scheme, whatever is asked), how many sets of rules it prints (which provisions, in which of
their versions), alone and with the order and the nesting in which they stand, and of whichever question it is largest,
the share of the commonest answer, a name counted by its place among those that it is asked to choose from. `shortcuts`
guesses the answer (of questions whose answers are few) and the winner from the prompt: a bag of words, 3-grams of
words, and boosted trees on the numbers and days in printed order. A problem and its twin are in one fold. What counts
is the accuracy above the majority of the scheme and level, in points. `prose` masks names and figures in 200 traces
drawn from 2,000: self-BLEU-4 (Y. Zhu et al., Texygen, 2018) of each against the others, and how many sentences, masked,
it takes to cover half of all sentences of the 2,000. `limits` takes the comparisons that the derivations claim (options
that are tried aside) and prints how many fall on the point, up to three days or 5 % off it, and further. `near` masks
names and figures in 2,000 prompts and prints how many of them repeat an earlier one of their scheme, by the rule of the
filter `near_dedup` at 90 and at 75. `growth` prints the Spearman correlation of the level with the number of steps of
the derivation and with the words of the trace, in 2,000 rows. `speed` is processor time of one process, so two cores do
twice that. `--traces` sets how many rows `prose`, `near` and `growth` draw.
"""

from __future__ import annotations

import argparse
import math
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from open_thoughts_gen import plugin
from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.drawing import page
from open_thoughts_gen.families.kit.family import SchemeFamily, schemes_of
from open_thoughts_gen.families.kit.kinds import Around, Kind
from open_thoughts_gen.families.kit.scheme import ProblemScheme
from open_thoughts_gen.plugin import Context, Problem
from open_thoughts_gen.publish.quality import NearRule, repeating
from open_thoughts_gen.sources.family import Family as FamilySource
from open_thoughts_gen.teachers.solver import Solver
from open_thoughts_gen.text.claimed import value_of
from open_thoughts_gen.types import Question, Request, Sample

SEED = 12
FOLDS, MAX_LABELS, MAX_NUMBERS = 5, 8, 48
NUM_TRACES, NUM_SAMPLED = 2000, 200
_MONTHS = "January February March April May June July August September October November December".split()
_NUMBER = re.compile(rf"(\d{{1,2}}) ({'|'.join(_MONTHS)})(?: (\d{{4}}))?|\d[\d,]*(?:\.\d+)?")
_CITE = re.compile(r"(?:§|\b(?:Section|Article|Art\.|Rule|Clause|Reg\.)) ?\d+(?:\.\d+)?(?:\(\w+\))*")
_NAME = re.compile(r"\b[A-Z][\w'’&-]*(?:(?: & | of | )[A-Z][\w'’&-]*)*")
_WORD = re.compile(r"[a-z]+|[A-Z]+|[^\w\s]")
_COMPARED = re.compile(r"(\S+) (?:>|<=) (\S+)")
_SENTENCE = re.compile(r"(?<=[.?!:])\s+")


@dataclass(frozen=True, slots=True)
class Row:
    """One problem: its question, its cell, and what its scheme says of it."""

    question: Question
    cell: tuple[str, int]
    results: dict[str, Any]
    structure: tuple[tuple[str, str], ...]
    names: Sequence[str]

    @property
    def label(self) -> str | None:
        """The answer of a question that few answers are possible to; a name is replaced by its part in the case."""
        reference = self.question.reference or ""
        parts: dict[str, str] = {str(name): role for role, name in self.question.meta["spec"].get("cast", {}).items()}
        name, comma, rest = reference.partition(", ")
        if name in parts:
            return parts[name]
        return reference if len(reference) <= 3 and reference.isalpha() and not (comma and rest) else None

    @property
    def place(self) -> str:
        """The answer, a name of the case by its place among those that could be the answer."""
        reference, names = self.question.reference or "", self.names
        return f"name {names.index(reference) + 1}" if reference in names else reference


def rows_of(args: argparse.Namespace, cell: tuple[str, int], *, twins: float = 0.0) -> Iterator[Row]:
    """Yield questions of a cell with what their scheme says of them."""
    family, settings = args.family, {"schemes": [cell[0]], "levels": [cell[1]]}
    seed = Random(f"{args.seed}/{settings}").getrandbits(32)  # or cells would share draws, which no folds keep apart
    source = FamilySource(family=family, settings=settings, twins=twins).fresh(Context(seed=seed))
    home = schemes_of(loaded(family).home)
    for question in islice(source.questions(), args.rows):
        assert isinstance(question, Question)
        scheme = home[question.meta["spec"]["scheme"]]
        case = ProblemCase.of(question.meta["spec"], scheme.known_forms)
        yield Row(question, cell, scheme.assess(case.facts), structure_of(scheme, case), names_in(scheme.kind_of(case)))


def names_in(kind: Kind) -> Sequence[str]:
    """Return the names that a kind of question chooses from; none for one that chooses from no names."""
    while isinstance(kind, Around):
        kind = kind.inner
    return tuple(getattr(kind, "names", ()))


def structure_of(scheme: ProblemScheme, case: ProblemCase) -> tuple[tuple[str, str], ...]:
    """Return the rules of a case in printed order: each provision in its version, with its place in its section."""
    labels = page(scheme, case, "prompt").labels
    versions = getattr(scheme, "provisions", lambda facts: {key: key for key in labels})(case.facts)
    return tuple((versions.get(key, key), re.sub(r"^\D*\d+", "", label)) for key, label in labels.items())


def loaded(family: str) -> type[SchemeFamily]:
    """Return a family that is written with the kit."""
    known = plugin.load("family", family)
    if not issubclass(known, SchemeFamily):
        raise SystemExit(f"{family} is not written with the kit")
    return known


def cells(args: argparse.Namespace) -> Iterator[tuple[str, int]]:
    """Yield the schemes and levels that are asked for."""
    for scheme in args.schemes or schemes_of(loaded(args.family).home):
        for level in args.levels:
            yield scheme, level


def balance(args: argparse.Namespace) -> None:
    """Print the shares of the commonest answer, winner and provision of each cell."""
    heads = "  ".join(f"{head:>18}" for head in ("yes/no", "winner", "provision"))
    print(f"{'scheme':14} level   {heads}   sets of rules   with their order   commonest answer of a question")
    for scheme, level in cells(args):
        rows = list(rows_of(args, (scheme, level)))
        answers = [row.question.reference for row in rows if row.question.reference in ("Yes", "No")]
        winners = [row.results["winner"] for row in rows if row.results.get("winner") is not None]
        rules = [row.results["rule"] for row in rows if row.results.get("rule") is not None]
        shown = "  ".join(f"{share(values):>18}" for values in (answers, winners, rules))
        sets = {frozenset(version for version, _ in row.structure) for row in rows}
        orders = len({row.structure for row in rows})
        print(f"{scheme:14} {level:5}   {shown}   {len(sets):13}   {orders:16}   {commonest(rows)}", flush=True)


def commonest(rows: Sequence[Row]) -> str:
    """Return the question of a cell whose commonest answer has the largest share of its rows, and that answer."""
    answers = defaultdict[str, list[str]](list)
    for row in rows:
        answers[row.question.meta["spec"]["asks"]].append(row.place)
    shares = {ask: Counter(given).most_common(1)[0][1] / len(given) for ask, given in answers.items()}
    worst = max(shares, key=lambda ask: shares[ask])
    return f"{worst}: {share(answers[worst])} of {len(answers[worst])}"


def share(values: Sequence[object]) -> str:
    """Return the share of the commonest of these values, in per cent."""
    if not values:
        return "-"
    value, count = Counter(values).most_common(1)[0]
    return f"{100 * count / len(values):.0f} % {str(value)[:12]}"


def numbers_of(prompt: str) -> list[float]:
    """Return the numbers and days of a text in printed order, a day by its ordinal; the year is the one before."""
    values: list[float] = []
    year = 2030
    for match in _NUMBER.finditer(prompt):
        if match[1]:
            year = int(match[3] or year)
            day = min(int(match[1]), 28)
            values.append(date(year, _MONTHS.index(match[2]) + 1, day).toordinal() + int(match[1]) - day)
        else:
            values.append(float(match.group().replace(",", "").rstrip(".")))
    return (values + [-1.0] * MAX_NUMBERS)[:MAX_NUMBERS]


Guess = Callable[[Sequence[str], NDArray[np.str_], NDArray[np.int_]], NDArray[np.str_]]


def by_words(sizes: tuple[int, int], min_df: int) -> Guess:
    """Return a guesser that sees which words, or runs of words, stand in a prompt."""

    def guess(prompts: Sequence[str], labels: NDArray[np.str_], groups: NDArray[np.int_]) -> NDArray[np.str_]:
        masked = [re.sub(r"\d[\d,.]*", "0", prompt) for prompt in prompts]
        features = CountVectorizer(binary=True, ngram_range=sizes, min_df=min_df, max_features=20_000).fit_transform(
            masked
        )
        return guessed(lambda: LogisticRegression(max_iter=200, C=0.1, solver="liblinear"), features, labels, groups)

    return guess


def by_numbers(prompts: Sequence[str], labels: NDArray[np.str_], groups: NDArray[np.int_]) -> NDArray[np.str_]:
    """Guess from the numbers and their differences alone."""
    plain = np.array([numbers_of(prompt) for prompt in prompts])
    features = np.hstack([plain, np.diff(plain, axis=1)])
    with threadpool_limits(1):  # on a machine that others load, threads that wait for each other cost far more
        return guessed(lambda: HistGradientBoostingClassifier(max_iter=60), features, labels, groups)


def guessed(
    model: Callable[[], Any],
    features: Any,  # noqa: ANN401  (a sparse or a dense matrix)
    labels: NDArray[np.str_],
    groups: NDArray[np.int_],
) -> NDArray[np.str_]:
    """Return what a model guesses of each row from the rows of the other folds."""
    guesses = np.empty_like(labels)
    for train, test in GroupKFold(FOLDS).split(features, labels, groups):
        if len(set(labels[train])) == 1:
            guesses[test] = labels[train][0]
            continue
        if len(set(labels[train])) == 2 or not isinstance(model(), LogisticRegression):
            guesses[test] = model().fit(features[train], labels[train]).predict(features[test])
        else:
            guesses[test] = one_against_rest(model, features, labels, train, test)
    return guesses


def one_against_rest(
    model: Callable[[], Any],
    features: Any,  # noqa: ANN401
    labels: NDArray[np.str_],
    train: NDArray[np.int_],
    test: NDArray[np.int_],
) -> NDArray[np.str_]:
    """Return the label whose own two-way model is surest of it."""
    known = sorted(set(labels[train]))
    scores = [model().fit(features[train], labels[train] == label).decision_function(features[test]) for label in known]
    surest: NDArray[np.str_] = np.array(known)[np.argmax(scores, axis=0)]
    return surest


GUESSERS: dict[str, Guess] = {
    "words": by_words((1, 1), 3),
    "3-grams": by_words((3, 3), 5),
    "numbers": by_numbers,
}


def shortcuts(args: argparse.Namespace) -> None:
    """Print how far each guesser is above the majority of the scheme and level, by scheme and pooled."""
    rows = [row for cell in cells(args) for row in rows_of(args, cell, twins=0.3)]
    print(f"{'rows of':14} target    rows   majority   " + "   ".join(f"{name:>9}" for name in GUESSERS))
    schemes = sorted({row.cell[0] for row in rows})
    for name in [*schemes, "all"] if len(schemes) > 1 else schemes:
        chosen = [row for row in rows if name in ("all", row.cell[0])]
        for target in ("answer", "winner"):
            print_shortcuts(name, target, chosen)


def two_outcomes(labelled: Sequence[tuple[Row, str]]) -> Iterator[tuple[Row, str]]:
    """Yield the rows whose scheme has two labels that are no letters of options; they are named the same everywhere."""
    labels = defaultdict[str, set[str]](set)
    for row, label in labelled:
        labels[row.cell[0]] |= {label} if label in ("Yes", "No") or len(label) > 3 else set()
    yes_no = {row.cell[0]: labels[row.cell[0]] & {"Yes", "No"} or labels[row.cell[0]] for row, _ in labelled}
    for row, label in labelled:
        known = sorted(yes_no[row.cell[0]])
        if len(known) <= 2 and label in known:
            yield row, str(known.index(label))


def print_shortcuts(name: str, target: str, rows: Sequence[Row]) -> None:
    """Print one line: the accuracy of each guesser above the majority, in points."""
    pairs = [(row, row.label if target == "answer" else row.results.get("winner")) for row in rows]
    labelled = [(row, str(label)) for row, label in pairs if label is not None]
    if name == "all":  # only what has two outcomes, or thousands of models would have to be fitted
        labelled = list(two_outcomes(labelled))
    counts = Counter(label for _, label in labelled)
    labelled = [(row, label) for row, label in labelled if counts[label] >= FOLDS]
    if len(labelled) < 50:
        return
    by_cell = defaultdict[object, Counter[str]](Counter)
    for row, label in labelled:
        by_cell[row.cell, row.question.meta["spec"]["asks"] if target == "answer" else ""][label] += 1
    majority = sum(counter.most_common(1)[0][1] for counter in by_cell.values()) / len(labelled)
    prompts = [row.question.prompt for row, _ in labelled]
    labels = np.array([label for _, label in labelled])
    keys = [str(row.question.meta.get("pair", row.question.id)) for row, _ in labelled]
    groups = np.array([sorted(set(keys)).index(key) for key in keys]) if len(keys) < 3000 else indices(keys)
    gains = [float(np.mean(guess(prompts, labels, groups) == labels)) - majority for guess in GUESSERS.values()]
    shown = "   ".join(f"{100 * gain:+9.1f}" for gain in gains)
    print(f"{name:14} {target:7} {len(labelled):6}   {100 * majority:6.1f} %   {shown}", flush=True)


def limits(args: argparse.Namespace) -> None:
    """Print how far the days and the numbers of each scheme fall from what they are compared with."""
    print(f"{'scheme':14} {'days':>7}  on it  to 3 d  more   {'numbers':>7}  on it  to 5 %  more   rows with one on it")
    family = loaded(args.family)()
    for scheme in args.schemes or schemes_of(family.home):
        rows = [row for level in args.levels for row in rows_of(args, (scheme, level))]
        found = [list(gaps_of(family, row)) for row in rows]
        parts = [distances([gap for gaps in found for kind, gap in gaps if kind == name]) for name in ("day", "number")]
        num_on = sum(any(not gap for _, gap in gaps) for gaps in found)
        print(f"{scheme:14} {parts[0]}   {parts[1]}   {100 * num_on / len(rows):.0f} %", flush=True)


def gaps_of(family: SchemeFamily, row: Row) -> Iterator[tuple[str, float]]:
    """Yield how far each compared day (in days, by 3) and number (as a part of its limit, by 5 %) falls from it."""
    derivation = family.derive(Problem(row.question.prompt, row.question.meta["spec"]))
    claims = dict.fromkeys(claim for step in derivation.steps if step.kind != "trial" for claim in step.claims)
    for match in filter(None, map(_COMPARED.fullmatch, claims)):
        if match[1].count("-") == 2:
            yield "day", abs((date.fromisoformat(match[1]) - date.fromisoformat(match[2])).days) / 3
        else:
            one, other = (value_of(side, {}) for side in match.groups())
            yield "number", float(abs(one - other) / max(abs(one), abs(other), 1)) / 0.05


def distances(gaps: Sequence[float]) -> str:
    """Return how many there are, and the shares of those on the point, near it, and further off."""
    shares = (sum(low < gap <= high for gap in gaps) for low, high in ((-1, 0), (0, 1), (1, math.inf)))
    return f"{len(gaps):7}  " + "  ".join(f"{100 * num / max(len(gaps), 1):3.0f} %" for num in shares)


def indices(keys: Sequence[str]) -> NDArray[np.int_]:
    """Return the same number for the same key."""
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    return np.array([numbers[key] for key in keys])


def masked(text: str, cast: dict[str, Any]) -> str:
    """Return a text without its names, figures and citations; a capital at a sentence's start is a name of the cast."""
    for name in sorted((value for value in cast.values() if isinstance(value, str) and value), key=len, reverse=True):
        text = re.sub(rf"\b{re.escape(name)}\b", "N", text)
    text = _NUMBER.sub("0", _CITE.sub("CITE", text))
    return re.sub(r"(?<![.?!:\n] )(?<![.?!:\n])(?<!^)" + _NAME.pattern, "N", text)


def self_bleu(texts: Sequence[Sequence[str]]) -> float:
    """Return the mean BLEU-4 of each text against all the others."""
    grams = [[Counter(zip(*(text[i:] for i in range(n)), strict=False)) for n in range(1, 5)] for text in texts]
    best: list[dict[tuple[str, ...], list[int]]] = [{} for _ in range(4)]  # the two largest counts of each n-gram
    for counters in grams:
        for counts, largest in zip(counters, best, strict=True):
            for gram, count in counts.items():
                largest[gram] = sorted([*largest.get(gram, [0, 0]), count])[-2:]
    lengths = [len(text) for text in texts]
    return float(np.mean([bleu(index, grams, best, lengths) for index in range(len(texts))]))


def bleu(
    index: int,
    grams: Sequence[Sequence[Counter[tuple[str, ...]]]],
    best: Sequence[dict[tuple[str, ...], list[int]]],
    lengths: Sequence[int],
) -> float:
    """Return the BLEU-4 of one text against the others."""
    total = 0.0
    for counts, largest in zip(grams[index], best, strict=True):
        matched = sum(min(n, largest[g][0] if largest[g][1] == n else largest[g][1]) for g, n in counts.items())
        total += math.log(max(matched, 1e-9) / max(counts.total(), 1))
    closest = min((abs(n - lengths[index]), n) for i, n in enumerate(lengths) if i != index)[1]
    return math.exp(total / 4) * min(1.0, math.exp(1 - closest / lengths[index]))


def pooled(args: argparse.Namespace, *, twins: float) -> Iterator[Question]:
    """Yield questions of a family without end, its schemes and levels as a recipe mixes them."""
    settings = {key: value for key, value in (("schemes", args.schemes), ("levels", args.levels)) if value}
    source = FamilySource(family=args.family, settings=settings, twins=twins).fresh(Context(seed=args.seed))
    return (question for question in source.questions() if isinstance(question, Question))


def near(args: argparse.Namespace) -> None:
    """Print the share of prompts that repeat an earlier one of their scheme at 90 and at 75, by scheme and of all."""
    questions = list(islice(pooled(args, twins=0.0), args.traces))
    texts = [masked(question.prompt, question.meta["spec"].get("cast", {})) for question in questions]
    totals = [0, 0, 0]
    print(f"{'prompts of':14}    num     at 90     at 75")
    for name, places in places_by_scheme(questions).items():
        counts = totals if name == "all" else [len(places), *num_repeats([texts[place] for place in sorted(places)])]
        totals = [total + count for total, count in zip(totals, counts, strict=True)]
        shown = "   ".join(f"{100 * count / len(places):5.1f} %" for count in counts[1:])
        print(f"{name:14} {len(places):6}   {shown}", flush=True)


def num_repeats(texts: Sequence[str]) -> list[int]:
    """Return how many texts are equal to an earlier one or near it, at 90 and at 75."""
    first = {text: index for index, text in reversed([*enumerate(texts)])}
    copies = {index for index, text in enumerate(texts) if first[text] < index}
    samples = [Sample(Question(text)) for text in texts]
    return [len(copies | repeating(samples, NearRule(least, numbers_guard=False))) for least in (90.0, 75.0)]


def growth(args: argparse.Namespace) -> None:
    """Print how the level correlates with the number of steps and with the words of the trace, by scheme and of all."""
    questions = list(islice(pooled(args, twins=0.0), args.traces))
    family, traces = loaded(args.family)(), Solver().traces(Request(question) for question in questions)
    table = np.array(
        [
            (spec["level"], len(family.derive(Problem(question.prompt, spec)).steps), len(trace.reasoning.split()))
            for question, trace in zip(questions, traces, strict=True)
            for spec in [question.meta["spec"]]
        ]
    )
    print(f"{'traces of':14}    num    steps    words")
    for name, places in places_by_scheme(questions).items():
        levels, *lengths = table[sorted(places)].T
        shown = "   ".join(f"{spearmanr(levels, length).statistic:6.2f}" for length in lengths)
        print(f"{name:14} {len(places):6}   {shown}")


def places_by_scheme(questions: Sequence[Question]) -> dict[str, set[int]]:
    """Return the places of the questions of each scheme, and of all."""
    places = defaultdict[str, set[int]](set)
    for index, question in enumerate(questions):
        places[question.meta["spec"]["scheme"]].add(index)
    return {**dict(sorted(places.items())), "all": set(range(len(questions)))}


def prose(args: argparse.Namespace) -> None:
    """Print self-BLEU-4, and how many masked sentences cover half of all."""
    questions = list(islice(pooled(args, twins=0.2), args.traces))
    traces = [trace.reasoning for trace in Solver().traces(Request(question) for question in questions)]
    texts = [masked(trace, q.meta["spec"].get("cast", {})) for trace, q in zip(traces, questions, strict=True)]
    sample = Random(SEED).sample(texts, min(NUM_SAMPLED, len(texts)))
    sentences = Counter(sentence for text in texts for sentence in _SENTENCE.split(text) if sentence.strip())
    covered, num = 0, 0
    for num, (_, count) in enumerate(sentences.most_common(), start=1):  # noqa: B007
        covered += count
        if 2 * covered >= sentences.total():
            break
    words = sorted(len(trace.split()) for trace in traces)
    print(f"self-BLEU-4 of {len(sample)} masked traces: {self_bleu([_WORD.findall(text) for text in sample]):.3f}")
    print(f"{num:,} of {len(sentences):,} masked sentences cover half of the {sentences.total():,} in {len(texts):,}")
    print(f"words in a trace: median {words[len(words) // 2]}, from {words[0]} to {words[-1]}")


def speed(args: argparse.Namespace) -> None:
    """Print rows a second of drawing and telling, in processor time of one process, and of two."""
    rows = pooled(args, twins=0.2)
    list(islice(rows, 50))  # words are loaded and schemes imported
    start = time.process_time()
    questions = list(islice(rows, args.rows))
    drawn = time.process_time()
    list(Solver().traces(Request(question) for question in questions))
    told = time.process_time()
    rate = len(questions) / (told - start)
    num = len(questions)
    print(f"drawing and deriving {1000 * (drawn - start) / num:.1f} ms, telling {1000 * (told - drawn) / num:.1f} ms")
    print(f"{rate:.0f} rows a second of processor time, {2 * rate:.0f} on two cores")


def main() -> None:
    """Run one of the measurements."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    measurements = {measure.__name__: measure for measure in (balance, shortcuts, prose, limits, near, growth, speed)}
    parser.add_argument("what", choices=measurements)
    parser.add_argument("--family", default="statutes")
    parser.add_argument("--schemes", nargs="+", default=[])
    parser.add_argument("--levels", nargs="+", type=int, default=[1, 2, 3, 4])
    parser.add_argument("--rows", type=int, default=500, help="rows of a cell, or of the measurement of speed")
    parser.add_argument("--traces", type=int, default=NUM_TRACES)
    parser.add_argument("--seed", type=int, default=SEED)
    args = parser.parse_args()
    measurements[args.what](args)


if __name__ == "__main__":
    main()
