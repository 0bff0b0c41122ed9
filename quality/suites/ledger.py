"""What `fetch_ledger` promises: of each source and day what was expected and what came, and no shortfall unsaid."""

import polars as pl

from quality.expectations import Suite
from quality.suites import promises as we

STATES = ("fresh", "quiet", "waiting", "incomplete", "failed")
FETCHED, STATE = pl.col("fetched"), pl.col("state")
GAP = STATE.is_in(("waiting", "incomplete", "failed"))

LOST = """
    WITH standing AS (SELECT * FROM batch SEMI JOIN fetch_ledger USING (day, source, recorded_at)),
    published AS (
        SELECT standing.* FROM standing JOIN partitions ON partitions.day = standing.day
        WHERE partitions.asset = 'fetched_papers' AND partitions.outcome = 'published'
    ),
    records AS (
        SELECT day, source FROM fetched_papers WHERE day IN (SELECT day FROM published)
        UNION ALL SELECT day, json_extract_string(row, '$.source') AS source FROM quarantine
        WHERE asset = 'fetched_papers' AND day IN (SELECT day FROM published) GROUP BY day, key, row
    ),
    counted AS (SELECT day, source, count(*) AS rows FROM records GROUP BY ALL),
    compared AS (SELECT * REPLACE (coalesce(rows, 0) AS rows) FROM published LEFT JOIN counted USING (day, source))
    SELECT day, sum(fetched - rows)::BIGINT AS lost,
           string_agg(format('{} {} of {}', source, rows, fetched), '; ' ORDER BY source) AS lost_told
    FROM compared WHERE fetched > rows GROUP BY day
"""
"""A batch's tables are not written yet: what the others must say of a row is asked once it stands beside them."""

OF_NO_RUN = """
    SELECT day, count(*) AS of_no_run FROM batch SEMI JOIN fetch_ledger USING (day, source, recorded_at)
    WHERE day NOT IN (SELECT day FROM partitions WHERE asset = 'fetched_papers') GROUP BY day
"""
AHEAD = """
    SELECT day, count(*) AS ahead FROM batch WHERE epoch_us(recorded_at) > epoch_us(now()) + 60000000 GROUP BY day
"""

LEDGER = Suite(
    key=("source",),
    beside="fetched_papers",
    derived=(
        pl.when(~GAP).then(pl.col("expected") - FETCHED).alias("unsaid"),
        ((STATE == "fresh") & (FETCHED == 0) | STATE.is_in(("quiet", "waiting", "failed")) & (FETCHED > 0))
        .cast(pl.Int32).alias("misstated"),
        (GAP & ~pl.col("reason").str.contains(r"\S")).cast(pl.Int32).alias("unexplained"),
        ((pl.col("attempts") < 1) & (STATE != "failed")).cast(pl.Int32).alias("never_asked"),
        (pl.col("recorded_at").dt.date() - pl.col("day")).dt.total_days().alias("days_since"),
    ),
    queries={"lost": LOST, "of_no_run": OF_NO_RUN, "ahead": AHEAD},
    expectations=(
        we.shape(),
        we.between("every_day_entered", "rows", 1, None,
                   "Of a day that was published the ledger says what each source gave. Without it nobody can tell "
                   "whether papers are missing; make the day again.", of="day"),
        we.unique(("source",), "A source has one row a day, that of the last fetch. Report it."),
        we.matches("source_named", "source", r"^\S+\Z", "A source is called as in the settings. Report it."),
        we.one_of("state_known", "state", STATES,
                  "Whether a day is whole is read off these states; another would count as whole. Report it."),
        we.between("expected_range", "expected", 0, None,
                   "What upstream says that a list holds is a count: else another field was read."),
        we.between("fetched_range", "fetched", 0, None, "What was fetched is a count. Report it."),
        we.between("attempts_range", "attempts", 0, None, "How often a source was asked is a count. Report it."),
        we.none_of("came_when_asked", "never_asked", "A list that came was asked for, once at least. Report it.",
                   of="row"),
        we.between("seconds_range", "seconds", 0, None, "A fetch takes time. Report it."),
        we.none_of("shortfall_is_said", "unsaid",
                   "A list of which less came than upstream says is not called whole: a shortfall is red, never a "
                   "shorter digest. Report it.", of="row"),
        we.none_of("state_fits", "misstated",
                   "A fresh list has papers; one that is quiet, waited for or failed has none. Report it.", of="row"),
        we.none_of("gaps_explained", "unexplained",
                   "Where a list is missing or not whole, the ledger says why: mail, report and alerts quote it. "
                   "Report it.", of="row"),
        we.between("recorded_after_its_day", "days_since", 0, None,
                   "A day is fetched when it is over: the clock was wrong, or days are cut in another time zone than "
                   "schedule.time_zone. Set the clock, and make the day again."),
        we.none_of("not_recorded_ahead", "ahead",
                   "A fetch is recorded when it is made, not later: a clock is, or was, fast. Set it, and make the "
                   "day again.", severity="WARN"),
        we.none_of("records_stand", "lost",
                   "What the ledger counts of a published day stands in fetched_papers or in quarantine: rows were "
                   "lost. paperboy refetch gets them back; another program may have written into the file."),
        we.none_of("of_a_run", "of_no_run",
                   "The ledger speaks of days that a run made or tried to make: another program has written into the "
                   "file, or a migration lost a day."),
    ),
)  # fmt: skip
