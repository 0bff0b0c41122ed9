"""An id is a string, always: 80 thousand real ones, of every style, come out of every layer as they went in."""

import gzip
import json
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from assets.clean.clean import clean
from assets.fetch.arxiv import ids
from assets.fetch.bodies import BodyStore
from assets.fetch.fetch import Feeds
from assets.fetch.round import Round
from assets.fetch.source import Body, Listing
from assets.mail.chat import Chat
from assets.mail.desk import Desk, day_edition
from assets.mail.outbox import Outbox
from assets.mail.rank import Ranking
from assets.mail.readers.likes import Likes
from assets.mail.readers.secret import Secret
from assets.mail.readers.store import Readers
from assets.mail.shelf import Shelf
from assets.mail.transport import MaildirTransport
from orchestration.status import quarantined
from orchestration.warehouse import Warehouse
from quality import entries, gate
from tests.lab import DATA
from tests.mail.outboxes import intents
from tests.orchestration.steps import MORNING, Steps
from tests.quality.batches import fetched_facts

CORPUS = DATA / "arxiv/corpus_80k.jsonl.gz"
DAY = date(2025, 3, 11)
EVERY = 4
"""Every fourth paper goes on through the costly steps; every one is fetched and cleaned."""


class CorpusSource:
    """Lists papers all on one day, every tenth in some version too."""

    name = "corpus"
    calendar = None

    def __init__(self, papers: Sequence[dict[str, Any]]) -> None:
        self._papers = papers

    @property
    def ids(self) -> list[str]:
        """What is listed."""
        return [paper["id"] for paper in self._listed()]

    def fetch(self, day: date) -> Listing:
        content = json.dumps(self._listed()).encode()
        return Listing([Body(content, "https://corpus.example/all", datetime.now(UTC))], expected=len(self.ids))

    def parse(self, day: date, bodies: Sequence[Body]) -> list[dict[str, Any]]:
        usual = {"day": day, "source": self.name, "votes": 1, "body": bodies[0].sha256}
        return [
            {
                **usual, "source_id": paper["id"], "title": paper["title"], "abstract": paper["abstract"],
                "authors": paper["authors"], "url": f"https://arxiv.org/abs/{paper['id']}",
                "record": json.dumps(paper),
            }
            for paper in json.loads(bodies[0].content)
        ]  # fmt: skip

    def newest_day(self, until: date) -> date | None:
        return DAY

    def _listed(self) -> list[dict[str, Any]]:
        again = [{**paper, "id": f"{paper['id']}v{place + 1}"} for place, paper in enumerate(self._papers[::10])]
        return [*self._papers, *again]


@pytest.fixture(scope="module")
def papers() -> list[dict[str, Any]]:
    if not CORPUS.exists():
        pytest.skip(f"the corpus is not here: {CORPUS}")
    return [
        {"id": paper["id"], "title": paper["title"], "abstract": paper["abstract"], "authors": paper["authors"]}
        for paper in map(json.loads, gzip.decompress(CORPUS.read_bytes()).splitlines())
    ]


@pytest.fixture(scope="module")
def everything(papers: list[dict[str, Any]]) -> CorpusSource:
    return CorpusSource(papers)


@pytest.fixture(scope="module")
def fetched(everything: CorpusSource, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """All of it in `fetched_papers`, with what is written beside."""
    home = tmp_path_factory.mktemp("fetched")
    warehouse = Warehouse(path=str(home / "warehouse.duckdb"))
    made = Round.of(warehouse, Feeds([everything], BodyStore(home / "bodies")), [DAY], [])
    tables = {"fetched_papers": made.rows, "fetch_ledger": made.ledger, "field_shares": made.shares}
    warehouse.publish("fetched_papers", [DAY], tables, {"popularity": made.snapshots})
    return warehouse


def bare(name: str) -> str:
    """The id as cleaning spells it: without version and subject class."""
    return "arxiv:" + re.sub(r"^([a-z-]+)\.[A-Za-z-]+/", r"\1/", ids.split(name)[0].lower())


def test_the_corpus_has_every_style(everything: CorpusSource) -> None:
    named = everything.ids
    assert len(set(named)) == len(named) == 79_727 + 7_973
    styles = {"old": r".*/\d{7}", "four": r"\d{4}\.\d{4}", "five": r"\d{4}\.\d{5}", "version": r".*v\d+", "zero": ".*0"}
    counts = {
        style: sum(re.fullmatch(pattern, name) is not None for name in named) for style, pattern in styles.items()
    }
    assert counts["old"] > 7_000
    assert counts["four"] > 17_000
    assert counts["five"] > 54_000
    assert counts["version"] == 7_973
    assert counts["zero"] > 8_000


def test_fetched(fetched: Warehouse, everything: CorpusSource) -> None:
    """From the table as rows, as Arrow and as Polars; from the record's JSON; from the store and the snapshots."""
    query = "SELECT source_id, record FROM fetched_papers ORDER BY position"
    with fetched.connect() as connection:
        rows = connection.execute(query).fetchall()
        arrow = connection.sql(query).to_arrow_table()
        kind = connection.sql(query).types[0]
    assert kind == duckdb.sqltypes.VARCHAR
    assert [name for name, _ in rows] == everything.ids
    assert arrow["source_id"].to_pylist() == everything.ids
    assert fetched.read(query)["source_id"].to_list() == everything.ids
    assert [json.loads(record)["id"] for _, record in rows] == everything.ids
    snapshots = fetched.read("SELECT source_id FROM popularity")["source_id"].to_list()
    assert sorted(snapshots) == sorted(everything.ids)
    shares = fetched.read("SELECT present, rows FROM field_shares WHERE field = 'id'").rows()
    assert shares == [(len(rows), len(rows))]


def test_cleaned(fetched: Warehouse, everything: CorpusSource, tmp_path: Path) -> None:
    warehouse = Warehouse(path=str(tmp_path / "warehouse.duckdb"))
    records = clean(fetched.rows("fetched_papers", [DAY]))
    warehouse.publish("clean_papers", [DAY], {"clean_papers": records})
    found = warehouse.read("SELECT source_id, paper_id, version FROM clean_papers")
    told = [(name, bare(name), ids.split(name)[1]) for name in everything.ids]
    assert sorted(found.rows(), key=repr) == sorted(told, key=repr)


def test_quarantined(fetched: Warehouse, everything: CorpusSource) -> None:
    """Ids that end in zeros, in the key and in the JSON of the row."""
    some = everything.ids[::EVERY]
    zeros = [name for name in some if name.endswith("00")]
    assert len(zeros) > 100
    untitled = pl.when(pl.col("source_id").str.ends_with("00")).then(None).otherwise(pl.col("title")).alias("title")
    rows = fetched.rows("fetched_papers", [DAY]).filter(pl.col("source_id").is_in(some)).with_columns(untitled)
    verdict = gate.judge("fetched_papers", [DAY], rows, None, fetched_facts({DAY: rows.height}))
    assert not verdict.blocked
    fetched.publish("fetched_papers", [DAY], {"quarantine": entries.quarantine(verdict, [DAY], "run")})
    records = fetched.read("SELECT row FROM quarantine WHERE expectation = 'title_present'")["row"].to_list()
    assert sorted(json.loads(record)["source_id"] for record in records) == sorted(zeros)
    shown = json.loads(json.dumps(quarantined(fetched, DAY)))
    untold = [key for key, expectation in shown if expectation == "title_present"]
    assert untold == sorted(f"corpus/{name}" for name in zeros)


def test_from_works_to_editions(papers: list[dict[str, Any]], tmp_path: Path) -> None:
    some = CorpusSource(papers[::EVERY])
    warehouse = Warehouse(path=str(tmp_path / "warehouse.duckdb"))
    steps = Steps(warehouse, Feeds([some], BodyStore(tmp_path / "bodies")), ranking=Ranking(len(some.ids)))
    steps.run([DAY])
    again = Round.of(warehouse, steps.feeds.stored(), [DAY], [])
    assert again.rows["source_id"].to_list() == some.ids
    assert again.facts.select("forgotten", "vanished_lists").row(0) == (0, 0), "what is stored is known again"
    members = "SELECT unnest(members, recursive := true) FROM unique_papers"
    found = warehouse.read(members).select("source_id", "paper_id").rows()
    assert sorted(found) == sorted((name, bare(name)) for name in some.ids)
    works = warehouse.read("SELECT work_id FROM unique_papers")["work_id"].to_list()
    assert set(works) <= {bare(name) for name in some.ids}
    assert len(works) > 0.97 * len(papers[::EVERY])
    for table in ("tagged_papers", "digest"):
        assert sorted(warehouse.rows(table, [DAY])["work_id"]) == sorted(works)
    assert sorted(paper.work_id for paper in day_edition(warehouse, DAY).papers) == sorted(works)
    outbox = Outbox(tmp_path / "outbox.sqlite")
    outbox.enqueue(DAY, "hash", intents("reader@lab.example", day=DAY))
    readers = Readers(tmp_path / "outbox.sqlite", Secret(tmp_path / "mail.key"))
    transport, shelf = MaildirTransport(tmp_path / "maildir"), Shelf(tmp_path / "editions")
    desk = Desk(
        outbox,
        readers,
        Likes(tmp_path / "outbox.sqlite"),
        transport,
        "a@lab.example",
        [],
        steps.ranking,
        4,
        MORNING,
        shelf,
        Chat(tmp_path / "outbox.sqlite"),
    )
    desk.settle(warehouse)
    assert sorted(warehouse.read("SELECT work_id FROM editions")["work_id"]) == sorted(works)
