"""`paperboy audit`: the gaps of a month's ids, what arXiv says of them, and what was missing is harvested."""

from datetime import date
from pathlib import Path

from orchestration import resources
from orchestration.audit import audited
from orchestration.settings import Settings, load
from tests.fetch.arxiv_lab import paper
from tests.replay_arxiv import Arxiv, arxiv

DAY = date(2025, 3, 12)


def settings(home: Path, server: Arxiv) -> Settings:
    variables = {
        "HOME": str(home), "SOURCES": "arxiv", "ARXIV__CATEGORIES": "cs.CL", "ARXIV__FEED_URL": f"{server.url}/atom",
        "ARXIV__OAI_URL": f"{server.url}/oai", "ARXIV__QUERY_URL": f"{server.url}/api/query",
        "ARXIV__SECONDS_BETWEEN_REQUESTS": "0", "HTTP__BACKOFF_SECONDS": "0",
    }  # fmt: skip
    return load({f"PAPERBOY_{name}": value for name, value in variables.items()}, file=home / "no-such.toml")


def listed(made: Settings) -> list[str]:
    (source,) = resources.feeds(made).sources
    return [row["source_id"] for row in source.parse(DAY, source.fetch(DAY).bodies)]


def test_nothing_harvested_is_said(tmp_path: Path) -> None:
    with arxiv() as server:
        assert list(audited(settings(tmp_path, server), DAY, ask=False)) == [
            "no id of 2025-03 was harvested yet; past days of arXiv are what is harvested"
        ]
        assert server.asked == []


def test_a_paper_that_the_harvest_missed_is_found_and_harvested(tmp_path: Path) -> None:
    papers = [paper(number, DAY, categories=("cs.CL" if number != 3 else "math.AG",)) for number in range(1, 6)]
    lost = papers[1]
    with arxiv([one for one in papers if one is not lost]) as server:
        made = settings(tmp_path, server)
        assert listed(made) == ["2503.00001", "2503.00004", "2503.00005"]
        server.papers = papers
        assert list(audited(made, DAY, ask=False)) == [
            "2503.00001 to 2503.00005: 3 seen, 2 never seen: 2503.00002, 2503.00003"
        ]
        assert list(audited(made, DAY, ask=True)) == [
            "2503.00001 to 2503.00005: 3 seen, 2 never seen, 1 of these in the chosen categories",
            "  2503.00002 was missing, and is harvested now; paperboy refetch its days: 2025-03-12",
        ]
        assert listed(made) == ["2503.00001", "2503.00002", "2503.00004", "2503.00005"]
        (line,) = audited(made, DAY, ask=True)
        assert line == "2503.00001 to 2503.00005: 4 seen, 1 never seen, 0 of these in the chosen categories"


def test_a_month_with_many_gaps_names_the_first(tmp_path: Path) -> None:
    with arxiv([paper(1, DAY), paper(100, DAY)]) as server:
        made = settings(tmp_path, server)
        listed(made)
        (line,) = audited(made, DAY, ask=False)
    assert line.endswith("2503.00020, 2503.00021 and 78 more")
