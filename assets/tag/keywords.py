"""Keywords in one vocabulary: the source's own, or else what a text itself names as its subject.

What belongs here: the spelling of keywords, and finding them in a text. Both depend on the paper, the taxonomy and
what was learned before the paper's day, so that a day made again has the keywords that it had.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from assets.tag.taxonomy import Taxonomy
from assets.tag.words import singular, words

MOST = 10
"""Keywords that are taken from a text."""

LONGEST = 5
"""Words of a phrase that may become a keyword by being repeated."""

REACH = 100
"""Characters before an acronym in brackets in which its name is looked for."""

WITH_ACRONYM, REPEATED, OF_TAXONOMY = 0.5, 0.3, 0.1
"""Rates of what no source has given as a keyword yet, by how it was found."""

LEAST_RATE = 0.15
"""The rate from which a phrase is a keyword, where rates were learned."""

_LETTERS = re.compile(r"[^\W_]+")
_PARTED = re.compile(r"[.,;:!?)\]]+(?:\s+|$)|\s[(\[]")
_IN_BRACKETS = re.compile(r"\s*\(([^()]*)\)\s*$")
_ACRONYM = re.compile(r"\(([A-Z][A-Za-z0-9-]{1,9})\)")
_TOKEN = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*|[.,;:!?()\[\]\"“”—]")
_IDLE = frozenset(
    "a about above across after all along also although among an and any are as at be because been before being "
    "between both but by can could did do does during each either especially et e.g even every few first for from "
    "further given had has have having here how however i i.e if in including instead into is it its itself just "
    "less many may might more moreover most much must named namely no nor not now of often on once one only onto or "
    "other our out over own per rather same second several she should since so some still such than that the their "
    "them then there thereby these they third this those though three through thus to too toward towards two under "
    "until up upon us using various very via was we well were what when where whereas whether which while who whom "
    "whose why will with within without would yet you your "
    "able achieve achieves achieving address addresses addressing aim aims allow allows applied apply approach "
    "approaches art based better called capable challenge challenges challenging code common compared comprehensive "
    "consistently crucial current currently demonstrate demonstrates demonstrating despite develop developed "
    "different diverse effective effectively effectiveness efficient enable enables enabling enhance enhances "
    "ensure ensuring evaluate evaluating existing experiment experiments explore extensive find findings focus "
    "framework framework's gap gains general generally good help high higher highlight highly identify impact "
    "important improve improved improvement improvements improves improving include includes introduce introduced "
    "introduces introducing investigate issue issues key large lead leading leads leverage leverages leveraging "
    "limitation limitations limited low lower main make makes making method methods model's need needs new novel "
    "number offer offers often outperform outperforming outperforms paper papers particularly perform performance "
    "performs potential poor present presented presents previous prior problem problems propose proposed proposes "
    "prove proves provide provides providing recent recently remain remains require required requires requiring "
    "result results reveal reveals robust set show showing shown shows significant significantly simple simply "
    "single small specific state-of-the-art strong study substantial substantially suggest superior support tackle "
    "task-specific technique techniques toward traditional typically unlike use used useful uses variety wide "
    "widely work works".split()
)
"""Words that begin, end or stand within no keyword: of grammar, and of how papers speak about themselves."""


@dataclass(frozen=True)
class Vocabulary:
    """How keywords are spelt: `spellings` by key, and the key that another stands for."""

    spellings: Mapping[str, str]
    synonyms: Mapping[str, str]

    @classmethod
    def of(cls, taxonomy: Taxonomy) -> "Vocabulary":
        """That of a taxonomy: its phrases are spelt as they stand there."""
        known = [phrase for topic in taxonomy.topics for phrase in topic.phrases]
        spellings = {key(phrase): phrase for phrase in reversed([*taxonomy.synonyms.values(), *known])}
        return cls(spellings, {key(short): key(long) for short, long in taxonomy.synonyms.items()})


@dataclass(frozen=True)
class Rates:
    """Of keywords that sources gave, by their keys: how often a text that holds one is given it by its source."""

    by_key: Mapping[str, float]

    @cached_property
    def beginnings(self) -> frozenset[str]:
        """The words that a longer key begins with."""
        every = (name.split() for name in self.by_key)
        return frozenset(" ".join(listed[:end]) for listed in every for end in range(1, len(listed)))


NO_RATES = Rates({})


def key(keyword: str) -> str:
    """What the spellings of a keyword share: words in small letters, the last in singular, nothing in brackets."""
    return singular(words(_IN_BRACKETS.sub("", keyword)))


def folded(keywords: Iterable[str], vocabulary: Vocabulary) -> list[str]:
    """Keywords each once, in their order, and in the vocabulary's spelling where it has one, else as they first stand.

    "Large Language Models (LLMs)" and "LLM" are one keyword: by the brackets, or by the taxonomy's synonyms.
    """
    return list(_by_key(keywords, vocabulary).values())


def extracted(
    title: str, abstract: str, phrases: Sequence[str], vocabulary: Vocabulary, rates: Rates = NO_RATES
) -> list[str]:
    """At most `MOST` keywords of a text, the most telling first; `phrases` of the taxonomy stand in it, best first.

    What the text itself gives an acronym to comes first ("low-rank adaptation (LoRA)"), then the phrases, none that
    stands within another; then what the text says at least twice in several words. Where `rates` were learned, which
    say of a keyword how often a text that holds it is given it, all are ranked by them.
    """
    text = f"{abstract} . {title}"  # titles have capitals that keywords have not
    return _ranked(text, phrases, vocabulary, rates) if rates.by_key else _in_turn(text, phrases, vocabulary)


def phrases_in(text: str, known: Rates) -> dict[str, str]:
    """The keys of the keywords that stand in a text, each with its phrase as it first stands."""
    found: dict[str, str] = {}
    for part in _PARTED.split(text):
        listed = [(word[0].lower(), *word.span()) for word in _LETTERS.finditer(part)]
        for start, (_, begin, _) in enumerate(listed):
            said = ""
            for word, _, end in listed[start : start + LONGEST]:
                said = f"{said} {word}".lstrip()
                if (name := singular(said)) in known.by_key:
                    found.setdefault(name, part[begin:end])
                if said not in known.beginnings:
                    break
    return found


def _ranked(text: str, phrases: Sequence[str], vocabulary: Vocabulary, rates: Rates) -> list[str]:
    """By rate; what nobody gave yet has that of its kind."""
    kinds = ((REPEATED, _repeated(text)), (OF_TAXONOMY, phrases), (WITH_ACRONYM, [*_with_acronyms(text)]))
    ranked: dict[str, tuple[float, str]] = {}
    for worth, listed in (*kinds, (0.0, list(phrases_in(text, rates).values()))):
        for name, keyword in _by_key(listed, vocabulary).items():
            before, _ = ranked.get(name, (0.0, ""))
            ranked[name] = (rates.by_key.get(name, max(worth, before)), keyword)
    found: dict[str, str] = {}
    for name, (rate, keyword) in sorted(ranked.items(), key=lambda item: -item[1][0]):
        if rate >= LEAST_RATE and not _within(name, found):
            found[name] = keyword
    return list(found.values())[:MOST]


def _in_turn(text: str, phrases: Sequence[str], vocabulary: Vocabulary) -> list[str]:
    known = _by_key([*_with_acronyms(text), *phrases], vocabulary)
    found = {name: keyword for name, keyword in known.items() if not _within(name, known)}
    for name, keyword in _by_key(_repeated(text), vocabulary).items():
        if not _within(name, found):
            found[name] = keyword
    return list(found.values())[:MOST]


def _within(name: str, names: Iterable[str]) -> bool:
    return any(name in other and f" {name} " in f" {other} " for other in names if other != name)


def _by_key(keywords: Iterable[str], vocabulary: Vocabulary) -> dict[str, str]:
    listed = list(keywords)
    said = {key(found[1]): key(long) for long in listed if (found := _IN_BRACKETS.search(long))}
    # An acronym may have two meanings: the paper's own counts if it is one that is known.
    known = {short: long for short, long in said.items() if long in vocabulary.spellings}
    synonyms = {**said, **vocabulary.synonyms, **known}
    by_key: dict[str, str] = {}
    for keyword in listed:
        if name := key(keyword):
            name = synonyms.get(name, name)
            by_key.setdefault(name, vocabulary.spellings.get(name) or " ".join(_IN_BRACKETS.sub("", keyword).split()))
    return by_key


def _with_acronyms(text: str) -> Iterator[str]:
    """What stands before each acronym in brackets, as far back as its letters say."""
    for found in _ACRONYM.finditer(text):
        listed = text[max(0, found.start() - REACH) : found.start()].split()
        letters = found[1].removesuffix("s").replace("-", "").upper()
        for start in range(len(listed) - 1, -1, -1):
            name = " ".join(listed[start:])
            if "".join(word[0] for word in re.split(r"[\s-]+", name) if word).upper() == letters:
                yield name
                break


def _repeated(text: str) -> list[str]:
    """Phrases of several words that are said twice and more, as they first stand, those that say most first."""
    runs = [[(singular(text[slice(*place)].lower()), place) for place in run] for run in _runs(text)]
    pairs = Counter((left[0], right[0]) for run in runs for left, right in pairwise(run))
    chains = [chain for run in runs for chain in _chains(run, pairs)]
    times = Counter(_said(chain) for chain in chains)
    told: dict[tuple[str, ...], str] = {}
    for chain in chains:
        # A chain that is said once in this length is said twice in its parts.
        for part in [chain] if times[_said(chain)] > 1 else pairwise(chain):
            told.setdefault(_said(part), text[part[0][1][0] : part[-1][1][1]])
    return [told[name] for name in sorted(told, key=lambda name: -len(name) * max(times[name], 2))]


Place = tuple[int, int]
Word = tuple[str, Place]
"""A word in singular, and where it stands."""


def _said(part: Sequence[Word]) -> tuple[str, ...]:
    return tuple(word for word, _ in part)


def _chains(run: Sequence[Word], pairs: Mapping[tuple[str, str], int]) -> Iterator[Sequence[Word]]:
    """The longest parts of a run in which each two neighbours are said twice and more."""
    start = 0
    for end in range(1, len(run) + 1):
        if end == len(run) or pairs[run[end - 1][0], run[end][0]] < 2:
            if 2 <= end - start <= LONGEST:
                yield run[start:end]
            start = end


def _runs(text: str) -> Iterator[list[Place]]:
    """The places of words that stand together without an idle one or the end of a sentence between them."""
    run: list[Place] = []
    for found in _TOKEN.finditer(text):
        word = found[0].lower()
        if word in _IDLE or word.isdigit() or not word[0].isalnum():
            yield run
            run = []
        else:
            run.append(found.span())
    yield run
