"""What `popularity` promises: counts of known papers, each as it was seen at a time, for ever.

A fetch appends to it, and nothing is judged anew: a row that breaks an ERROR is left out, and stops nothing. Where
many do, the same figures block the day in `fetched_papers`.
"""

import polars as pl

from quality.expectations import Suite
from quality.suites import promises as we
from quality.suites.fetched import ID

EACH = 1.0
"""Every row may be left out: a snapshot is of no use to the others."""

UNKNOWN = """
    WITH standing AS (
        SELECT day, source, source_id FROM batch SEMI JOIN popularity USING (source, source_id, seen_at)
        -- Invented papers go when their day is made from real sources.
        WHERE source <> 'sample'
    ),
    known AS (
        SELECT source, source_id FROM fetched_papers SEMI JOIN standing USING (source, source_id)
        UNION SELECT json_extract_string(row, '$.source'), json_extract_string(row, '$.source_id')
        FROM quarantine WHERE asset = 'fetched_papers'
    )
    SELECT day, count(DISTINCT (source, source_id)) AS unknown_papers,
           string_agg(DISTINCT source || '/' || source_id, ', ' ORDER BY source || '/' || source_id)
               AS unknown_papers_told
    FROM standing ANTI JOIN known USING (source, source_id) GROUP BY day
"""
AHEAD = """
    SELECT day, count(*) AS ahead FROM batch WHERE epoch_us(seen_at) > epoch_us(now()) + 60000000 GROUP BY day
"""

POPULARITY = Suite(
    key=("source", "source_id"),
    beside="fetched_papers",
    dated_by="seen_at",
    derived=(
        pl.min_horizontal("comments", "stars").alias("least_figure"),
        pl.all_horizontal(pl.col("votes", "comments", "stars").is_null()).cast(pl.Int32).alias("empty"),
        pl.col("seen_at").dt.epoch("us").alias("seen"),
    ),
    queries={"unknown_papers": UNKNOWN, "ahead": AHEAD},
    expectations=(
        we.shape(),
        we.unique(("source", "source_id", "seen"),
                  "A fetch sees a paper's figures once. Look for a list that names it twice.", EACH),
        we.present("seen_at", "Figures are of a time: the ranking takes those known at an edition's. Report it.", EACH),
        we.matches("source_named", "source", r"^\S+\Z", "A source is called as in the settings. Report it.",
                   tolerance=EACH),
        we.matches("source_id_format", "source_id", ID,
                   "An id that was read as a number names another paper, which would get these votes: look at the "
                   "parser.", tolerance=EACH),
        we.between("votes_range", "votes", 0, 100_000,
                   "Votes are counts: others mean that another field was read. See fetched_papers.", tolerance=EACH),
        we.between("figures_range", "least_figure", 0, None,
                   "Comments and stars are counts: others mean that another field was read. See fetched_papers.",
                   tolerance=EACH),
        we.between("figures_present", "empty", None, 0,
                   "A row without any figure says nothing, and hides the one before it. Report it.", tolerance=EACH),
        we.none_of("not_seen_ahead", "ahead",
                   "Figures are written when they are seen, not later: a clock is, or was, fast, and no edition takes "
                   "them before that time. Set it.", severity="WARN"),
        we.none_of("papers_known", "unknown_papers",
                   "Figures are of papers in fetched_papers or in quarantine. A list that came in part shows papers "
                   "before they are published; if they do not come within a week, paperboy refetch gets them.",
                   severity="WARN"),
    ),
)  # fmt: skip
