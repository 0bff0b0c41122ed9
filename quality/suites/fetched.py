"""What `fetched_papers` promises: the lists came whole, are of their day, and have the shape that the parser knows."""

from datetime import date

import polars as pl

from quality.expectations import Figure, Suite
from quality.suites import promises as we

ARXIV_BEGAN = date(1991, 8, 14)
ANNOUNCED = ("new", "cross", "replace", "replace-cross")
ID = (
    r"^(?!(?:1[5-9]|[2-8]\d)(?:0[1-9]|1[0-2])\.(?:\d{1,4}|\d{6,})(?:v\d+)?\Z)"
    r"(?!(?:0[7-9]|1[0-4])(?:0[1-9]|1[0-2])\.(?:\d{1,3}|\d{5,})(?:v\d+)?\Z)"
    r"(?!\d+(?:\.\d+)?[eE][+-]?\d+\Z)(?!(?i:nan|none|null)\Z)\S{1,200}\Z"
)
"""No blanks, and not what is left of an arXiv id that went through a number: 2503.0819, 2.50e3, nan."""

MARKUP = (
    r"(?i)</?(?:p|br|div|span|html|body|head|script|style|a|b|i|em|strong|ul|ol|li|table|tr|td|h[1-6]|jats:\w+)"
    r"(?:\s+[a-z-]+=[^>]*)?\s*/?>|&(?:[a-z]+|#x?[0-9a-f]+);|Ã[\x{80}-\x{bf}]|â€|\x{fffd}"
    r"|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
)
"""Tags, entities, control characters, and what is left of UTF-8 that was read as Latin-1."""

DOI = r"10\.\d{4,9}/[^\s\"<>]+"

PAGES = (50, 100, 200, 500, 1000, 2000)
"""Sizes at which upstreams cut a list into pages."""

OUTDATED = 120
"""Days after which nothing is listed as new."""

AGAIN = 0.8
"""The share of a list from which on it is an earlier day's, if the source listed so much of it on that day."""

EMPTY_WEEKDAY = (pl.col("rows") == 0) & (pl.col("day").dt.weekday() <= 5)
NEWLY_LISTED = pl.col("announced").fill_null("new") == "new"
AGE = (pl.col("day").cast(pl.Datetime("us")) - pl.col("published")).dt.total_hours() / 24
VOTES = pl.col("votes").drop_nulls()
TITLE_LENGTH = pl.col("title").str.len_chars().median()
MARKED_UP = pl.concat_str("title", "abstract", ignore_nulls=True).str.contains(MARKUP).mean()

REPEATED = """
    WITH ids AS (SELECT DISTINCT day, source, source_id FROM batch WHERE source_id IS NOT NULL),
    lists AS (
        SELECT * FROM ids
        UNION SELECT day, source, source_id FROM fetched_papers
        WHERE day BETWEEN (SELECT min(day) - 60 FROM ids) AND (SELECT max(day) FROM ids)
          AND day NOT IN (SELECT day FROM ids)
    ),
    sizes AS (SELECT day, source, count(*) AS listed FROM ids GROUP BY ALL),
    shared AS (
        SELECT ids.day, ids.source, lists.day AS earlier, count(*) AS again
        FROM ids JOIN lists ON lists.source = ids.source AND lists.source_id = ids.source_id
         AND lists.day < ids.day AND lists.day >= ids.day - 60
        GROUP BY ALL HAVING count(*) >= 3
    ),
    shares AS (SELECT *, again / listed AS share FROM shared JOIN sizes USING (day, source))
    SELECT day, max(share) AS repeated,
           first(format('{} has {:.0f} % of what it listed on {}', source, 100 * share, earlier)
                 ORDER BY share DESC, source, earlier DESC) AS repeated_told
    FROM shares GROUP BY day
"""
"""How much of a list the same source had listed on one earlier day, if that is three papers at least."""

MOVED_DATES = """
    WITH papers AS (
        SELECT day, source, announced, published FROM batch
        UNION ALL SELECT day, source, announced, published FROM fetched_papers
        WHERE day BETWEEN (SELECT min(day) - 84 FROM batch) AND (SELECT max(day) FROM batch)
          AND day NOT IN (SELECT unnest($days))
    ),
    lists AS (
        SELECT day, source, min(date_diff('day', published::DATE, day)) AS newest FROM papers
        WHERE published IS NOT NULL AND coalesce(announced, 'new') = 'new' GROUP BY ALL HAVING count(*) >= 10
    ),
    compared AS (
        SELECT mine.day, mine.source, mine.newest, mode(earlier.newest) AS usual, list(earlier.newest) AS before
        FROM lists AS mine JOIN lists AS earlier ON earlier.source = mine.source
         AND mine.day - earlier.day BETWEEN 7 AND 84 AND (mine.day - earlier.day) % 7 = 0
        WHERE mine.day IN (SELECT unnest($days)) GROUP BY ALL
    )
    SELECT day, count(*) AS moved_dates,
           string_agg(format('the newest paper of {} is {} days old, on such a weekday usually {}',
                             source, newest, usual), '; ' ORDER BY source) AS moved_dates_told
    FROM compared
    WHERE newest <> usual AND len(before) >= 6
      AND len(list_filter(before, lambda days: days = usual)) >= 0.8 * len(before)
    GROUP BY day
"""
"""Lists whose newest paper is older or younger than on nearly all such weekdays: a source keeps its hours."""

FETCHED = Suite(
    key=("source", "source_id"),
    derived=(
        (pl.col("published").dt.date() - pl.col("day")).dt.total_days().alias("published_days_ahead"),
        (pl.col("published").dt.date() - ARXIV_BEGAN).dt.total_days().alias("published_days_since_arxiv"),
        pl.min_horizontal("comments", "stars").alias("least_figure"),
        pl.col("authors").list.eval(pl.element().str.strip_chars().str.len_chars().fill_null(0) < 2).list.sum()
        .fill_null(0).alias("nameless_authors"),
        pl.col("links").list.eval(~pl.element().str.contains(r"^\s*https?://")).list.sum().fill_null(0).cast(pl.Int32)
        .alias("odd_addresses"),
    ),
    measures=(
        AGE.filter(NEWLY_LISTED).median().alias("median_age"),
        ((VOTES.len() >= 2 * we.FEW) & (VOTES.n_unique() == 1)).cast(pl.Int32).alias("frozen_votes"),
        pl.col("source").filter(pl.len().over("day", "source").is_in(PAGES)).n_unique().alias("cut_lists"),
        MARKED_UP.alias("marked_up"),
        pl.when(pl.len() >= 2 * we.FEW).then(TITLE_LENGTH).alias("title_letters"),
    ),
    figures=(
        EMPTY_WEEKDAY.cast(pl.Int32).alias("empty_weekday"),
        # What is older is told by an expectation of its own, and once.
        pl.when(pl.col("median_age") > OUTDATED).then(0.0).otherwise("median_age").alias("days_old"),
        pl.when(pl.col("repeated") > AGAIN).then(0.0).otherwise("repeated").alias("mixed_in"),
        pl.col("^repeated_told$").alias("mixed_in_told"),
    ),
    queries={"repeated": REPEATED, "moved_dates": MOVED_DATES},
    usual=(
        Figure("title_length", TITLE_LENGTH, "text", "size"),
        Figure("abstract_length", pl.col("abstract").str.len_chars().median(), "text", "size"),
        Figure("marked_up", MARKED_UP, "text", "share"),
        Figure("votes", pl.col("votes").median(), "votes", "count"),
        Figure("with_votes", pl.col("votes").is_not_null().mean(), "values", "share"),
        Figure("with_dates", pl.col("published").is_not_null().mean(), "values", "share"),
        Figure("without_votes", (VOTES == 0).mean(), "votes", "share"),
        Figure("authors", pl.col("authors").list.len().median(), "authors", "count"),
        Figure("single_author", (pl.col("authors").list.len() <= 1).mean(), "authors", "share"),
    ),
    expectations=(
        we.shape(),
        we.present("source_id", "Without an id a paper cannot be told from another; look at the stored body.", 0.1),
        we.unique(("source", "source_id"), "A list names a paper once; a doubled page or a merged body does not."),
        we.matches("source_id_format", "source_id", ID,
                   "An id that was read as a number loses its last zeros and names another paper: look at the parser.",
                   tolerance=0.02),
        we.present("title", "A list whose titles vanish has changed its shape: the parser must learn it.", 0.1),
        we.present("abstract", "A list whose abstracts vanish has changed its shape.", 0.1),
        we.between("authors_present", "authors_count", 1, None,
                   "A paper has authors; a list without them has changed its shape.", tolerance=0.1),
        we.none_of("authors_named", "nameless_authors",
                   "An author without a name, or with a letter for one: the source writes names in another field now, "
                   "or lost them.",
                   severity="WARN", of="row"),
        we.between("votes_range", "votes", 0, 100_000,
                   "Votes are counts: others mean that another field was read.", tolerance=0.1),
        we.between("figures_range", "least_figure", 0, None,
                   "Comments and stars are counts: others mean that another field was read.", tolerance=0.1),
        we.between("version_range", "version", 1, 1_000,
                   "A version counts from 1: others mean that another field was read.", tolerance=0.1),
        we.between("published_by_the_day", "published_days_ahead", None, 1,
                   "A paper is published before it is listed, or a day later by another clock: the list is of another "
                   "day, or another date was read.", tolerance=0.1),
        we.between("published_since_arxiv", "published_days_since_arxiv", 0, None,
                   "Nothing was published before arXiv began, in August 1991: a date that was not understood, often "
                   "1970.", tolerance=0.1),
        we.one_of("announced_known", "announced", ANNOUNCED,
                  "arXiv has four words for why a list names a paper; with another, new versions would be taken for "
                  "new papers. Look at the feed, and teach the parser.", tolerance=0.1),
        we.matches("url_is_web", "url", we.WEB, "A paper's page is on the web: anything else is a broken record.",
                   tolerance=0.1),
        we.none_of("links_are_web", "odd_addresses",
                   "A link of a paper leads to the web: cleaning leaves out any other, so that no reader follows it. "
                   "Look at what the source gives.", severity="WARN", of="row"),
        we.matches("body_is_kept", "body", we.HASH,
                   "Each record names the stored body that it was read from; without it nothing can be parsed again."),
        we.matches("doi_readable", "doi", DOI,
                   "What the source gives as a DOI is none: another field was read, and identity loses a link.",
                   severity="WARN"),
        we.same("complete", "rows", "expected",
                "Every record that the ledger counts must reach the table: a shortfall is lost papers."),
        we.none_of("lists_still_there", "vanished_lists",
                   "A source listed papers for the day at an earlier fetch and lists none now: it forgot, or a file is "
                   "gone. What was fetched stays; find the list again."),
        we.none_of("no_shortfall", "shortfall",
                   "A list came in part, or none came at all: papers are missing. Nothing is published; the schedule "
                   "asks again for a week, after that paperboy refetch does. Where a part came, "
                   "fetch.deliver_incomplete = true publishes it, and says so."),
        we.between("not_an_earlier_list", "repeated", None, AGAIN,
                   "The list is that of an earlier day: the source, or a cache before it, gave it again. The schedule "
                   "asks again for a week; after that paperboy refetch does.", of="day"),
        we.between("no_earlier_list_within", "mixed_in", None, 0.25,
                   "A quarter of the list and more is what the source listed on one earlier day: two lists in one, or "
                   "pages of two days. Compare it with the source's own page.", severity="WARN", of="day"),
        we.none_of("every_source_answered", "sources_missing",
                   "A source failed, is late or came in part. What the others list is published, and the edition says "
                   "which is missing; the next daily runs ask it again.", severity="WARN"),
        we.none_of("records_still_listed", "forgotten",
                   "A list no longer names records that it named before. They stay; look at the source.",
                   severity="WARN"),
        we.none_of("lists_not_cut", "cut_lists",
                   "A list has exactly as many papers as a page: what follows may be missing. Compare it with the "
                   "source's own page.", severity="WARN"),
        we.between("papers_are_new", "days_old", None, 10,
                   "Half of what is listed as new was published more than ten days before: an old list under a new "
                   "date. Compare it with the source's own page.", severity="WARN", of="day"),
        we.between("papers_of_these_months", "median_age", None, OUTDATED,
                   "Half of what is listed as new was published months before: the list is of another year, or "
                   "another date was read. The schedule asks again for a week.", of="day"),
        we.none_of("dates_in_step", "moved_dates",
                   "The newest paper is older or younger than on nearly all such weekdays: the list is of the day "
                   "before or after, or dates are read in another zone. Compare it with the source's own page.",
                   severity="WARN"),
        we.none_of("votes_differ", "frozen_votes",
                   "All papers of the day have the same number of votes: they are not counted any more, or another "
                   "field was read. The ranking rests on them.", severity="WARN"),
        we.between("titles_are_whole", "title_letters", 22, None,
                   "Half of the titles are shorter than a title: they are cut, or another field was read. Compare "
                   "some with the source's own page.", severity="WARN", of="day"),
        we.between("text_is_plain", "marked_up", None, 0.2,
                   "Many texts hold HTML, entities or characters of a wrong encoding: the source writes them "
                   "otherwise. Cleaning repairs what it knows; see clean_papers.", severity="WARN", of="day"),
        we.none_of("fields_as_before", "fields_changed",
                   "The records of a source have lost or gained a field: look whether the parser should know. "
                   "field_shares has its share over time.", severity="WARN"),
        we.none_of("weekday_has_papers", "empty_weekday",
                   "No source lists a paper on a weekday: a holiday, or a list that was missed. Look at the source.",
                   severity="WARN"),
        we.between("rows_plausible", "times_usual", None, 10,
                   "A source lists ten times as many papers as on such a weekday before: pages of other days, or of "
                   "the whole archive. Look at the source's own page.", of="day"),
        we.usual("rows_as_usual", "rows",
                 "Far fewer or more papers than on such a weekday before: a holiday, a source that is silent, or a "
                 "list that is not whole. Look at the source's own page."),
        we.usual("fields_as_usual", "present",
                 "A field of a source's records is filled far more or less often than before: see what of it is used. "
                 "Told once, on the day that it begins; field_shares has its share over time."),
        we.usual("values_as_usual", "values",
                 "Votes or dates could be read of far fewer or more papers than before, whatever their field holds: "
                 "they are written otherwise now. The parser must learn it."),
        we.usual("text_as_usual", "text",
                 "Titles or abstracts are of another length than before, or hold more markup: they are cut, or "
                 "another field was read. Compare some with the source's own page."),
        we.usual("votes_as_usual", "votes",
                 "Votes are far from what they were on such a weekday: the list was fetched at another hour, or they "
                 "are counted otherwise. The ranking rests on them."),
        we.usual("authors_as_usual", "authors",
                 "Papers have far fewer or more authors than before: names are joined, cut or lost. Compare some with "
                 "the source's own page."),
    ),
)  # fmt: skip
