"""Searching: how well known works and the seed query are found, how long a query takes, and an append of 1,000 works.

Works beyond the corpus are mixed of the texts of two of its works each, so that words are as frequent as they are.
"""

import gzip
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random
from statistics import mean, quantiles
from tempfile import TemporaryDirectory
from typing import Any

import bm25s
import duckdb
import polars as pl

from assets.search import index
from assets.search.find import find
from assets.search.query import COMMON, parse
from assets.search.works import WORK
from tests.benchmarks.table import at_least, at_most
from tests.lab import DATA

CORPUS = DATA / "arxiv/corpus_80k.jsonl.gz"
PAGE = DATA / "papers_page.jsonl.gz"
KEYWORDS = DATA / "labels/keywords_categories.jsonl.gz"

SEED_QUERY, FIRST = "input-output pairs", 105
TITLES, DROPPED, SHORTEST_TITLE, RANKS = 2_000, 2, 4, 20
EVALUATION, DEVELOPMENT = 20261129, 1
QUERIES, PEER_QUERIES = 300, 30
A_DAY, NEW, APPENDS, MILLION = 1_000, 1_000, 5, 1_000_000
MRR, P50_MS, APPEND_SECONDS = 0.95, 15, 0.1
Paper = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """How long queries of a kind took, in milliseconds of processor and of wall clock."""

    cpu: Sequence[float]
    wall: Sequence[float]

    @property
    def told(self) -> str:
        """Their median and 99th percentile."""
        cpu, wall = (quantiles(times, n=100) for times in (self.cpu, self.wall))
        return f"p50 {cpu[49]:7.1f}  p99 {cpu[98]:7.1f} ms of processor; wall {wall[49]:7.1f} and {wall[98]:7.1f}"

    @property
    def p50(self) -> float:
        """Milliseconds of processor of the median query."""
        return quantiles(self.cpu, n=100)[49]


def report() -> Iterator[str]:
    """The tables."""
    if not CORPUS.exists():
        yield f"search: the corpus is not here: {CORPUS}"
        return
    papers, page = _read(CORPUS), _read(PAGE)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "search.sqlite"
        yield from _small(file, papers, page)
        yield from _large(file, papers)


def _small(file: Path, papers: Sequence[Paper], page: Sequence[Paper]) -> Iterator[str]:
    works = [_work(number, paper) for number, paper in enumerate(papers)]
    listed = [_work(f"page{number}", paper) for number, paper in enumerate(page)]
    days = _days([*works, *listed])
    _fill(file, days)
    yield f"search: {len(works) + len(listed):,} works, {file.stat().st_size / 1e6:.0f} MB"
    known = _known(papers, EVALUATION)
    asked, found = _asked(lambda typed: _ids(file, typed), [typed for _, typed in known])
    rank = _mrr([number for number, _ in known], found)
    yield f"  {len(known):,} random titles without two words: MRR {rank:.3f} ({at_least(rank, MRR)})"
    wrong = _with_a_wrong_word(papers, known[:QUERIES])
    some, found = _asked(lambda typed: _ids(file, typed), [typed for _, typed in wrong])
    rank_of_some = _mrr([number for number, _ in wrong], found)
    yield f"  {len(wrong):,} of them with a word of another title, so that no work has all: MRR {rank_of_some:.3f}"
    first = find(file, parse(SEED_QUERY), FIRST).hits
    from_page = sum(hit.work_id.startswith("page") for hit in first)
    yield f"  {SEED_QUERY!r}: {from_page} of the page's {len(page)} in the first {FIRST}; {_of_all(page)} have them"
    yield f"  these titles    {asked.told} ({at_most(asked.p50, P50_MS, ' ms')})"
    yield f"  with wrong word {some.told}"
    for name, times in _keywords(file):
        yield f"  {name:<15} {times.told} ({at_most(times.p50, P50_MS, ' ms')})"
    yield from _peers(file, [*works, *listed], known)
    yield _append(file, days)


def _large(file: Path, papers: Sequence[Paper]) -> Iterator[str]:
    file.unlink()
    days = _days([_mixed(papers, number) for number in range(MILLION)])
    started = time.process_time()
    _fill(file, days)
    seconds = time.process_time() - started
    yield f"search: {MILLION:,} works, {file.stat().st_size / 1e6:.0f} MB, made in {seconds:.0f} s of processor"
    known = _known(papers, EVALUATION)[:QUERIES]
    asked, found = _asked(lambda typed: _ids(file, typed), [typed for _, typed in known])
    yield f"  titles          {asked.told} ({at_most(asked.p50, P50_MS, ' ms')})"
    yield f"  of these, among works mixed of their own words: MRR {_mrr([number for number, _ in known], found):.3f}"
    for name, times in _keywords(file):
        yield f"  {name:<15} {times.told} ({at_most(times.p50, P50_MS, ' ms')})"
    yield _append(file, days)


def _keywords(file: Path) -> Iterator[tuple[str, Asked]]:
    """The keywords that papers of Hugging Face have: what people look for, of one to four words."""
    rows = _read(KEYWORDS)
    keywords = sorted({word for row in rows for word in row["ai_keywords"] or ()})
    drawn = Random(EVALUATION).sample(keywords, QUERIES)  # noqa: S311 - a sample
    yield "keywords", _asked(lambda typed: _ids(file, typed), drawn)[0]
    yield "the seed query", _asked(lambda typed: _ids(file, typed), [SEED_QUERY] * QUERIES)[0]


def _peers(file: Path, works: Sequence[Paper], known: Sequence[tuple[int, str]]) -> Iterator[str]:
    """The same titles, asked of a scan by DuckDB and of bm25s, in the same run."""
    typed = [words for _, words in known[:PEER_QUERIES]]
    ours, _ = _asked(lambda words: _ids(file, words), typed)
    texts = pl.DataFrame({"text": [f"{work['title']} {work['abstract']}".lower() for work in works]})
    with closing(duckdb.connect()) as connection:
        connection.execute("SET threads = 1")
        connection.register("texts", texts.to_arrow())
        connection.execute("CREATE TABLE works AS SELECT * FROM texts")
        scan, _ = _asked(lambda words: _scanned(connection, words), typed)
    yield f"  {'DuckDB scan':<15} {scan.told}; {scan.p50 / ours.p50:.0f} times ours"
    retriever = bm25s.BM25()
    retriever.index(bm25s.tokenize(texts["text"].to_list(), show_progress=False), show_progress=False)
    peer, found = _asked(lambda words: _by_bm25s(retriever, words), [words for _, words in known])
    rank = _mrr([number for number, _ in known], found)
    yield f"  {'bm25s':<15} {peer.told}; ours takes {ours.p50 / peer.p50:.0f} times as long; MRR {rank:.3f}"


def _scanned(connection: duckdb.DuckDBPyConnection, typed: str) -> list[str]:
    words = [word for word in typed.lower().split() if word not in COMMON]
    every = "SELECT rowid FROM works WHERE list_bool_and(list_transform($words, lambda word: contains(text, word)))"
    return [str(row) for (row,) in connection.execute(f"{every} LIMIT {RANKS}", {"words": words}).fetchall()]


def _by_bm25s(retriever: Any, typed: str) -> list[str]:
    tokens = bm25s.tokenize([typed.lower()], show_progress=False)
    places, _ = retriever.retrieve(tokens, k=RANKS, show_progress=False)
    return [str(place) for place in places[0]]


def _append(file: Path, days: dict[date, list[Paper]]) -> str:
    """A day of 1,000 works more, a few times; the works are those of the first day under other ids."""
    (first, works), seconds = next(iter(days.items())), []
    for number in range(APPENDS):
        day = first - timedelta(days=number + 1)
        days[day] = [{**work, "day": str(day), "work_id": f"new:{number}:{work['work_id']}"} for work in works[:NEW]]
        started = time.process_time()
        _fill(file, days)
        seconds.append(time.process_time() - started)
    each = ", ".join(f"{second:.2f}" for second in seconds)
    return (
        f"  {NEW:,} works more: {each} s of processor ({at_most(sorted(seconds)[APPENDS // 2], APPEND_SECONDS, ' s')})"
    )


def _asked(ask: Callable[[str], list[str]], queries: Sequence[str]) -> tuple[Asked, list[list[str]]]:
    cpu, wall, found = [], [], []
    for typed in queries:
        begun, started = time.process_time(), time.perf_counter()
        found.append(ask(typed))
        cpu.append(1000 * (time.process_time() - begun))
        wall.append(1000 * (time.perf_counter() - started))
    return Asked(cpu, wall), found


def _ids(file: Path, typed: str) -> list[str]:
    return [hit.work_id for hit in find(file, parse(typed), RANKS).hits]


def _known(papers: Sequence[Paper], seed: int) -> list[tuple[int, str]]:
    """Random titles of at least four words, each without two of them, with the number of its paper."""
    random = Random(seed)  # noqa: S311 - it draws a sample
    long = [number for number, paper in enumerate(papers) if len(paper["title"].split()) >= SHORTEST_TITLE]
    known = []
    for number in random.sample(long, TITLES):
        words = papers[number]["title"].split()
        for _ in range(DROPPED):
            words.pop(random.randrange(len(words)))
        known.append((number, " ".join(words)))
    return [(number, typed) for number, typed in known if any(letter.isalnum() for letter in typed)]


def _with_a_wrong_word(papers: Sequence[Paper], known: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
    random = Random(EVALUATION)  # noqa: S311 - it draws a sample
    others = [word for paper in random.sample(papers, len(known)) for word in paper["title"].split() if len(word) > 3]
    return [(number, f"{typed} {random.choice(others)}") for number, typed in known]


def _mrr(wanted: Sequence[int], found: Sequence[list[str]]) -> float:
    """The mean of one over the place at which each wanted work was found; 0 where it was not."""
    places = [
        ids.index(str(number)) + 1 if str(number) in ids else None for number, ids in zip(wanted, found, strict=True)
    ]
    return mean(1 / place if place else 0 for place in places)


def _of_all(page: Sequence[Paper]) -> int:
    """How many of the page's papers have the words of the seed query at all, in any form."""
    texts = [f"{paper['title']} {paper['abstract']}".lower() for paper in page]
    return sum(all(word in text for word in ("input", "output", "pair")) for text in texts)


def _read(file: Path) -> list[Paper]:
    return [json.loads(line) for line in gzip.open(file, "rt", encoding="utf-8")]


def _work(name: int | str, paper: Paper) -> Paper:
    return {
        "work_id": str(name),
        "title": paper["title"],
        "abstract": paper["abstract"],
        "authors": "; ".join(paper.get("authors", ())),
        "tags": "",
        "categories": f" {' '.join(paper.get('categories', ()))} ".lower(),
        "url": "",
        "withdrawn": False,
    }


def _mixed(papers: Sequence[Paper], number: int) -> Paper:
    """The corpus once, and then papers with half the words of one of it and half of another."""
    paper = papers[number % len(papers)]
    if number < len(papers):
        return _work(number, paper)
    random = Random(number)  # noqa: S311 - it makes texts, not secrets
    other = random.choice(papers)
    return _work(number, {**paper, **{key: _half(paper[key], other[key], random) for key in ("title", "abstract")}})


def _half(text: str, other: str, random: Random) -> str:
    theirs = other.split() or ["nothing"]
    return " ".join(word if random.random() < 0.5 else random.choice(theirs) for word in text.split())


def _days(works: Sequence[Paper]) -> dict[date, list[Paper]]:
    first = date(1995, 1, 1)
    dated: dict[date, list[Paper]] = {}
    for place, work in enumerate(works):
        day = first + timedelta(days=place // A_DAY)
        dated.setdefault(day, []).append({"day": str(day), **work})
    return dated


def _fill(file: Path, days: dict[date, list[Paper]]) -> None:
    index.update(file, dict.fromkeys(days, "1"), lambda asked: _frame(days, asked))


def _frame(days: dict[date, list[Paper]], asked: Sequence[date]) -> pl.DataFrame:
    return pl.DataFrame([work for day in asked for work in days[day]], schema=WORK)
