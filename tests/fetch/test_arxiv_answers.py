"""Every recorded answer of arXiv's query API and harvest, parsed."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from assets.fetch.arxiv import markup, oai, query
from assets.fetch.arxiv.store import HarvestStore, Slice
from assets.fetch.source import SourceError
from tests.fetch.arxiv_lab import CALENDAR, RECORDED, body, recorded

# Of each answer of the query API: how many papers it says there are in all, and those that it holds.
QUERIES: dict[str, tuple[int, str]] = {
    "id_0000.0000_s0_m100_8b51d9633a68.xml": (0, ""),
    "id_0808.05394_1707.08567_s0_m100_42e5aa0ec3af.xml": (1, "1707.08567v1"),
    "id_0808.05394_s0_m100_7b0c7d0a7cdd.xml": (0, ""),
    "id_1605.08386_s0_m100_199195aa31ad.xml": (1, "1605.08386v1"),
    "id_1707.08567_s0_m100_6a1afebfc6a3.xml": (1, "1707.08567v1"),
    "id_2104.12255v1_s0_m100_6ae69987ffe1.xml": (1, "2104.12255v1"),
    "id_astro-ph_0601001_s0_m100_3150dca9dc76.xml": (1, "astro-ph/0601001v1"),
    "id_hep-ex_0406020v1_s0_m100_84b15d66c0ce.xml": (1, "hep-ex/0406020v1"),
    "id_list_1111.2011v2.xml": (1, "1111.2011v2"),
    "id_quant-ph_0201082v1_s0_m100_86989fe779ef.xml": (1, "quant-ph/0201082v1"),
    "q_testing_s0_m10_bc5a6c384fe9.xml": (
        214881,
        "2202.12139v1 2405.13786v1 2005.14124v2 2204.08348v3 2302.03287v3 1202.4527v1 2503.05378v2 "
        "1205.1866v1 2502.07719v2 1812.11470v1",
    ),
    "q_testing_s0_m10_df962dbeea2e.xml": (
        214881,
        "2202.12139v1 2405.13786v1 2005.14124v2 2204.08348v3 2302.03287v3 1202.4527v1 2503.05378v2 "
        "1205.1866v1 2502.07719v2 1812.11470v1",
    ),
    "q_testing_s0_m15_80c242b59d59.xml": (
        214881,
        "2202.12139v1 2405.13786v1 2005.14124v2 2204.08348v3 2302.03287v3 1202.4527v1 2503.05378v2 "
        "1205.1866v1 2502.07719v2 1812.11470v1 2403.16981v2 2004.03322v1 1912.09881v1 2406.19956v3 "
        "1912.04900v1",
    ),
    "q_testing_s10_m10_34e56e15aaac.xml": (
        214881,
        "2403.16981v2 2004.03322v1 1912.09881v1 2406.19956v3 1912.04900v1 2301.05651v1 1605.01097v1 "
        "2301.13615v1 2407.18756v1 2202.06271v1",
    ),
    "q_testing_s20_m10_348a237fecab.xml": (
        214881,
        "2008.01944v1 2005.06826v1 2306.03845v1 1908.03707v1 2109.07960v2 2409.05654v9 2104.11069v1 "
        "2106.13414v2 2007.10224v1 2602.15552v1",
    ),
    "q_testing_s30_m10_f2e39f0143dc.xml": (
        214881,
        "2101.12036v1 2504.04921v1 1809.08100v1 2509.24242v1 1904.08007v1 2312.06056v1 2412.16620v1 "
        "2501.07954v1 1509.08401v1 2501.09657v1",
    ),
    "q_testing_s40_m10_96dd32eb854c.xml": (
        214881,
        "1704.08347v1 2202.09076v1 2505.05162v2 2502.09460v1 2306.07400v2 2507.10541v2 2007.09895v2 "
        "1601.06222v1 1706.00679v3 2107.07364v1",
    ),
    "q_testing_s50_m10_7f488ab8598c.xml": (
        214881,
        "1709.03221v1 cs/0503050v1 2412.18843v1 2304.06414v1 2106.04735v3 1907.06632v1 2009.01554v1 "
        "2104.12832v1 2012.06822v2 2101.09077v1",
    ),
    "q_testing_s5_m10_c0e94a259d4a.xml": (
        214881,
        "1202.4527v1 2503.05378v2 1205.1866v1 2502.07719v2 1812.11470v1 2403.16981v2 2004.03322v1 "
        "1912.09881v1 2406.19956v3 1912.04900v1",
    ),
    "q_testing_s5_m15_bbcf6b23085b.xml": (
        214881,
        "1202.4527v1 2503.05378v2 1205.1866v1 2502.07719v2 1812.11470v1 2403.16981v2 2004.03322v1 "
        "1912.09881v1 2406.19956v3 1912.04900v1 2301.05651v1 1605.01097v1 2301.13615v1 2407.18756v1 "
        "2202.06271v1",
    ),
    "q_testing_s9_m15_0b78d4b4d476.xml": (
        214881,
        "1812.11470v1 2403.16981v2 2004.03322v1 1912.09881v1 2406.19956v3 1912.04900v1 2301.05651v1 "
        "1605.01097v1 2301.13615v1 2407.18756v1 2202.06271v1 2008.01944v1 2005.06826v1 2306.03845v1 "
        "1908.03707v1",
    ),
    "search_query_au_del_maestro.xml": (
        31,
        "1201.4869v1 cond-mat/0412498v1 cond-mat/0603029v1 1005.5383v1 1303.6954v2 1312.6177v1 1412.6529v2 "
        "cond-mat/0607501v2 cond-mat/0702661v2 0807.2873v1",
    ),
    "search_query_au_del_maestro_ANDNOT_ti_checkerboard_OR_ti_Pyrochlore.xml": (
        24,
        "1201.4869v1 cond-mat/0412498v1 1005.5383v1 1303.6954v2 1312.6177v1 1412.6529v2 cond-mat/0607501v2 "
        "0807.2873v1 1101.2206v3 1111.2011v2",
    ),
    "search_query_au_del_maestro_AND_ti_checkerboard.xml": (1, "cond-mat/0603029v1"),
    "search_query_au_del_maestro_AND_ti_quantum_criticality.xml": (2, "1111.2011v2 cond-mat/0607501v2"),
}
ERROR = "id_abc_s0_m100_b79c8dcf6bc3.xml"


@pytest.mark.parametrize("name", QUERIES)
def test_every_recorded_answer_to_a_query(name: str) -> None:
    answer = recorded("atom", name)
    total, expected = QUERIES[name]
    papers = query.papers(answer)
    assert [f"{paper['source_id']}v{paper['version']}" for paper in papers] == expected.split()
    assert markup.text(markup.tree(answer, "feed"), "totalResults") == str(total)
    for paper in papers:
        assert paper["title"] and paper["abstract"] and paper["authors"] and paper["published"].tzinfo is None
        assert all("." in category or "-" in category for category in paper["categories"])
        assert len(set(paper["categories"])) == len(paper["categories"]) > 0


def test_there_is_no_recorded_answer_without_a_test() -> None:
    recorded("atom", ERROR)
    assert {file.name for file in (RECORDED / "atom").glob("*.xml")} == {*QUERIES, ERROR}
    assert {file.name for file in (RECORDED / "oai").glob("*.xml")} == set(HARVESTED)


def test_an_error_is_a_feed_with_one_entry() -> None:
    with pytest.raises(SourceError, match="arXiv says: incorrect id format for abc") as error:
        query.papers(recorded("atom", ERROR))
    assert not error.value.transient


def test_what_is_joined_from_an_answer() -> None:
    (paper,) = query.papers(recorded("atom", "id_list_1111.2011v2.xml"))
    assert paper["categories"] == ["cond-mat.str-el", "cond-mat.stat-mech"]
    assert paper["doi"] == "10.1103/PhysRevB.85.115117"
    assert paper["note"]
    assert paper["version"] == 2


SUPER_KAMIOKANDE = [
    "Kamioka Observatory, Institute for Cosmic Ray Research, University of Tokyo",
    "Kavli Institute for the Physics and Mathematics of the Universe",
    "Department of Physics and Astronomy, University of California, Irvine",
    "Department of Physics, University of Toronto",
]


@pytest.mark.parametrize(
    ("name", "affiliations"),
    [
        ("id_astro-ph_0601001_s0_m100_3150dca9dc76.xml", ["Ohio State", "CfA", "Warsaw University Observatory"]),
        ("id_hep-ex_0406020v1_s0_m100_84b15d66c0ce.xml", ["for the ATLAS and CMS Collaborations"]),
        ("id_list_1111.2011v2.xml", []),
    ],
)
def test_affiliations_in_an_answer_to_a_query(name: str, affiliations: list[str]) -> None:
    (paper,) = query.papers(recorded("atom", name))
    assert paper["affiliations"] == affiliations


@pytest.mark.parametrize(
    ("name", "affiliations"),
    [
        ("sample_arxiv_record5.xml", ["on behalf of Planck Collaboration"]),
        ("sample_arxiv_record7.xml", ["Technion", "DESY", "U.Frankfurt"]),
        ("sample_arxiv_record8.xml", SUPER_KAMIOKANDE),
        ("sample_arxiv_record9.xml", []),
        ("live_arxivraw_2026-09.xml", []),
    ],
)
def test_affiliations_in_the_harvest(name: str, affiliations: list[str]) -> None:
    """Each once, in the order of the authors; none of the raw format, which tells them in the authors' one text."""
    rows = [oai.row(record) for record in oai.page(recorded("oai", name)).records]
    assert [row["affiliations"] for row in rows] == [affiliations] * len(rows)


# Of each answer of the harvest: its ids with datestamp, versions, and how many authors each has.
HARVESTED: dict[str, list[tuple[str, str, list[int], int]]] = {
    "arxiv-physics-hep-ex.xml": [
        ("1706.05371", "2017-12-14", [], 13),
        ("1706.09418", "2017-12-14", [], 5),
        ("1707.00874", "2017-12-14", [], 3),
    ],
    "arxiv-physics-hep-th.xml": [
        ("1412.8323", "2017-12-14", [], 1),
        ("1507.07790", "2017-12-14", [], 2),
        ("1607.01710", "2017-12-14", [], 5),
    ],
    "arxiv-single.xml": [("1401.2122", "2018-01-25", [], 1)],
    "arxiv_smoke_record.xml": [("1512.07978", "2015-12-29", [], 1)],
    "live_arxivraw_2026-09.xml": [
        ("2609.12871", "2026-09-14", [1], 3),
        ("2303.15533", "2026-09-24", [1], 2),
        ("2609.12825", "2026-09-24", [1, 2], 3),
        ("1706.03762", "2023-08-03", [1, 7], 8),
        ("2609.28194", "2026-09-24", [1], 4),
    ],
    "sample_arxiv_record.xml": [("1601.03238", "2016-01-14", [], 5)],
    "sample_arxiv_record0.xml": [("1601.03238", "2016-01-14", [], 5)],
    "sample_arxiv_record1.xml": [("1512.07978", "2015-12-29", [], 1)],
    "sample_arxiv_record10.xml": [("1606.04259", "2016-06-15", [], 1)],
    "sample_arxiv_record2.xml": [("1603.00997", "2016-03-04", [], 1)],
    "sample_arxiv_record3.xml": [("1603.01251", "2016-03-04", [], 2)],
    "sample_arxiv_record4.xml": [("1603.05976", "2016-03-22", [], 65)],
    "sample_arxiv_record5.xml": [("1604.05585", "2016-04-20", [], 5)],
    "sample_arxiv_record6.xml": [("1606.06775", "2016-06-23", [], 3)],
    "sample_arxiv_record7.xml": [("1606.07066", "2016-06-24", [], 3)],
    "sample_arxiv_record8.xml": [("1606.07538", "2016-06-27", [], 7)],
    "sample_arxiv_record9.xml": [("1607.00786", "2016-07-05", [], 2)],
}


@pytest.mark.parametrize("name", HARVESTED)
def test_every_recorded_answer_of_the_harvest(name: str, tmp_path: Path) -> None:
    answer = recorded("oai", name)
    page = oai.page(answer)
    rows = [oai.row(record) for record in page.records]
    assert [
        (record.id, record.datestamp.isoformat(), [version.number for version in record.versions], len(row["authors"]))
        for record, row in zip(page.records, rows, strict=True)
    ] == HARVESTED[name]
    assert (page.responded_at is None) is (name == "live_arxivraw_2026-09.xml"), "whose envelope is not arXiv's"
    assert not page.token
    for record, row in zip(page.records, rows, strict=True):
        assert not record.deleted
        assert row["title"] and row["abstract"] and row["categories"] and row["published"]
        assert row["licence"].startswith("http")
        kept = json.loads(row["record"])
        assert {"datestamp", "sets", "title", "authors", "categories", "abstract", "license"} <= kept.keys()


def test_a_record_of_the_raw_format_has_its_versions_and_when_each_was_submitted() -> None:
    records = {record.id: record for record in oai.page(recorded("oai", "live_arxivraw_2026-09.xml")).records}
    versions = records["2609.12825"].versions
    assert versions == (
        oai.Version(1, datetime(2026, 9, 11, 13, 21, 59, tzinfo=UTC)),
        oai.Version(2, datetime(2026, 9, 23, 11, 1, 12, tzinfo=UTC)),
    )
    row = oai.row(records["2609.12825"])
    assert (row["version"], row["published"]) == (2, datetime(2026, 9, 11, 13, 21, 59))
    assert oai.row(records["2609.12871"])["note"] == 'Paper accompanying the dataset "7V-Scanario"'
    with_affiliations = oai.row(records["2609.28194"])
    assert len(with_affiliations["authors"]) == 4
    assert not any("(" in name for name in with_affiliations["authors"])
    assert "(1)" in json.loads(with_affiliations["record"])["authors"], "the record keeps what the column leaves out"


ENVELOPE = '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><responseDate>2025-03-11T08:00:00Z</responseDate>{}</OAI-PMH>'
DELETED = (
    '<ListRecords><record><header status="deleted"><identifier>oai:arXiv.org:2503.00020</identifier>'
    "<datestamp>2025-03-10</datestamp><setSpec>cs</setSpec></header></record>"
    '<resumptionToken cursor="0" completeListSize="7">verb%3DListRecords%26skip%3D1</resumptionToken></ListRecords>'
)

RAW = (
    "<ListRecords><record><header><identifier>oai:arXiv.org:2503.00020</identifier><datestamp>2025-03-10</datestamp>"
    '</header><metadata><arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/"><id>2503.00020</id>{}'
    "<title>An Invented Title</title></arXivRaw></metadata></record></ListRecords>"
)


def test_a_deleted_record_and_the_token_of_the_next_page() -> None:
    page = oai.page(body(ENVELOPE.format(DELETED)))
    assert page.responded_at == datetime(2025, 3, 11, 8, tzinfo=UTC)
    assert (page.token, page.complete_size) == ("verb%3DListRecords%26skip%3D1", 7)
    (record,) = page.records
    assert (record.id, record.deleted, record.versions, record.categories) == ("2503.00020", True, (), ())


def test_no_records_are_no_error() -> None:
    page = oai.page(body(ENVELOPE.format('<error code="noRecordsMatch">none</error>')))
    assert (page.records, page.token) == ([], "")


@pytest.mark.parametrize(
    ("inside", "told", "transient"),
    [
        ('<error code="badArgument">until date too late</error>', "badArgument: until date too late", False),
        ("<ListRecords></ListRecords>", "a page without a record", True),
        ("", "a page without a record", True),
        (DELETED.replace(' status="deleted"', ""), "2503.00020: neither deleted nor with metadata", False),
        (DELETED.replace("2503.00020", "2503"), "not an arXiv id", False),
        (RAW.format(""), "2503.00020: a record without a version", False),
        (RAW.format('<version version="v1"/>'), "Invalid", False),
        (RAW.format('<version version="first"><date>Tue, 11 Mar 2025 08:00:00 GMT</date></version>'), "invalid", False),
        (DELETED.replace("<datestamp>2025-03-10", "<datestamp>"), "isoformat", False),
    ],
)
def test_what_is_no_page_of_records(inside: str, told: str, transient: bool) -> None:
    with pytest.raises(SourceError, match=told) as error:
        oai.page(body(ENVELOPE.format(inside)))
    assert error.value.transient is transient


def test_an_expired_token_is_told_apart() -> None:
    with pytest.raises(oai.TokenExpired):
        oai.page(body(ENVELOPE.format('<error code="badResumptionToken">expired</error>')))


def test_a_stored_record_says_what_the_page_said(tmp_path: Path) -> None:
    store = HarvestStore(tmp_path / "harvest.sqlite", CALENDAR)
    page = oai.page(recorded("oai", "live_arxivraw_2026-09.xml"))
    begun = Slice("cs", date(2026, 9, 1), None, datetime(2026, 9, 28, tzinfo=UTC))
    store.begin(begun)
    store.add(begun, page, "0" * 64)
    kept = {record.id: (oai.row(record), version) for record, version in store.announced(date(2026, 9, 14))}
    told = {record.id: oai.row(record) for record in page.records}
    assert kept == {paper: (told[paper], 1) for paper in ("2609.12825", "2609.12871")}
