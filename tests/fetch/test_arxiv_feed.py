"""Announcements written by arXiv's specification of its feeds."""

import json
from datetime import date
from typing import Any

import pytest

from assets.fetch.arxiv import feed
from assets.fetch.source import SourceError
from tests.fetch.arxiv_lab import body

RSS = """<?xml version='1.0' encoding='UTF-8'?>
<rss xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/"
     xmlns:atom="http://www.w3.org/2005/Atom" version="2.0">
  <channel>
    <title>math.OC updates on arXiv.org</title>
    <link>http://rss.arxiv.org/rss/math.OC</link>
    <atom:link href="http://rss.arxiv.org/rss/math.OC" rel="self" type="application/rss+xml"/>
    <lastBuildDate>Tue, 11 Mar 2025 04:00:11 +0000</lastBuildDate>
    <pubDate>Tue, 11 Mar 2025 00:00:00 -0400</pubDate>
    <skipDays><day>Saturday</day><day>Sunday</day></skipDays>
    <item>
      <title>On an Invented Problem &amp; Its $\\varepsilon$-Limit</title>
      <link>https://arxiv.org/abs/2503.01230</link>
      <description>arXiv:2503.01230v3 Announce Type: replace-cross
Abstract: We invent a problem.
  We do not solve it.</description>
      <guid isPermaLink="false">oai:arXiv.org:2503.01230v3</guid>
      <category>math.AP</category>
      <category>math.OC</category>
      <pubDate>Tue, 11 Mar 2025 00:00:00 -0400</pubDate>
      <arxiv:announce_type>replace-cross</arxiv:announce_type>
      <dc:rights>http://creativecommons.org/licenses/by/4.0/</dc:rights>
      <arxiv:DOI>10.1234/example.257</arxiv:DOI>
      <arxiv:journal_reference>Journal of Invented Results 11 (2025)</arxiv:journal_reference>
      <dc:creator>Ada Example, Ben Example</dc:creator>
    </item>
  </channel>
</rss>
"""
ATOM = """<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/"
      xmlns="http://www.w3.org/2005/Atom">
  <id>http://rss.arxiv.org/atom/math.OC</id>
  <title>math.OC updates on arXiv.org</title>
  <updated>2025-03-11T04:00:11.941605+00:00</updated>
  <entry>
    <id>oai:arXiv.org:2503.01230v3</id>
    <title>On an Invented Problem &amp; Its $\\varepsilon$-Limit</title>
    <updated>2025-03-11T04:00:11.942190+00:00</updated>
    <link href="https://arxiv.org/abs/2503.01230" rel="alternate" type="text/html"/>
    <summary>arXiv:2503.01230v3 Announce Type: replace-cross
Abstract: We invent a problem.
  We do not solve it.</summary>
    <category term="math.AP"/>
    <category term="math.OC"/>
    <published>2025-03-11T00:00:00-04:00</published>
    <arxiv:announce_type>replace-cross</arxiv:announce_type>
    <dc:rights>http://creativecommons.org/licenses/by/4.0/</dc:rights>
    <arxiv:journal_reference>Journal of Invented Results 11 (2025)</arxiv:journal_reference>
    <arxiv:DOI>10.1234/example.257</arxiv:DOI>
    <dc:creator>Ada Example, Ben Example</dc:creator>
  </entry>
</feed>
"""


@pytest.mark.parametrize("written", [RSS, ATOM], ids=["rss", "atom"])
def test_a_feed_by_the_specification(written: str) -> None:
    told = feed.announcement(body(written))
    assert told.day == date(2025, 3, 11)
    (row,) = told.rows
    assert {key: value for key, value in row.items() if key != "record"} == {
        "source_id": "2503.01230",
        "version": 3,
        "announced": "replace-cross",
        "title": "On an Invented Problem & Its $\\varepsilon$-Limit",
        "abstract": "We invent a problem.\n  We do not solve it.",
        "authors": ["Ada Example", "Ben Example"],
        "categories": ["math.AP", "math.OC"],
        "doi": "10.1234/example.257",
        "licence": "http://creativecommons.org/licenses/by/4.0/",
    }
    record = json.loads(row["record"])
    assert record["journal_reference"] == "Journal of Invented Results 11 (2025)"
    assert record["category"] == ["math.AP", "math.OC"]


@pytest.mark.parametrize("written", [RSS, ATOM], ids=["rss", "atom"])
def test_an_empty_feed_says_its_day_all_the_same(written: str) -> None:
    start, end = ("<item>", "</item>") if "<item>" in written else ("<entry>", "</entry>")
    empty = written[: written.index(start)] + written[written.index(end) + len(end) :]
    assert feed.announcement(body(empty)) == feed.Announcement(date(2025, 3, 11), [])


@pytest.mark.parametrize(
    ("kinds", "best"),
    [
        (("cross", "new"), "new"),
        (("new", "replace"), "new"),
        (("replace-cross", "replace", "cross"), "cross"),
        (("replace-cross", "replace"), "replace"),
    ],
)
def test_an_id_on_several_lists_is_told_once(kinds: tuple[str, ...], best: str) -> None:
    rows: list[dict[str, Any]] = [{"source_id": "2503.01230", "announced": kind} for kind in kinds]
    other = {"source_id": "2503.00010", "announced": "replace"}
    assert feed.once([rows[0], other, *rows[1:]]) == [{"source_id": "2503.01230", "announced": best}, other]


BOMB = '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;">]><rss>&b;</rss>'


@pytest.mark.parametrize(
    ("content", "told", "transient"),
    [
        (RSS[: len(RSS) // 2], "not XML", True),
        ("", "not XML", True),
        ("<!DOCTYPE html><html><body>Down</body></html>", "<rss> or <feed> was expected, not <html>", True),
        ("<!DOCTYPE html><p>Down<br></body>", "not XML", True),
        (BOMB, "entities", False),
        (RSS.replace("replace-cross</arxiv", "sideways</arxiv"), "2503.01230: 'sideways'", False),
        (RSS.replace("oai:arXiv.org:2503.01230v3", "oai:arXiv.org:2503"), "not an arXiv id", False),
        (ATOM.replace("2025-03-11T00", "the 11th of March"), "the 11th of March", False),
    ],
)
def test_what_is_not_a_feed(content: str, told: str, transient: bool) -> None:
    with pytest.raises(SourceError, match=told) as error:
        feed.announcement(body(content))
    assert error.value.transient is transient
    assert "https://arxiv.example/answer" in str(error.value)
