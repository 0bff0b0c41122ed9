"""What `digest` promises: a whole edition in order of its scores, of works that exist, with links that are safe."""

import polars as pl

from quality.expectations import Suite
from quality.suites import promises as we

ARRIVALS = ("new", "late", "missed")
PARTS = pl.sum_horizontal(f"score_{part}" for part in ("votes", "velocity", "comments", "prior", "code", "variety"))
BELOW_ZERO = pl.sum_horizontal(pl.col(f"score_{part}") < 0 for part in ("votes", "velocity", "comments", "code"))
SCORE, ARRIVAL, WITHDRAWN = (pl.col(name).sort_by("place") for name in ("score", "arrival", "withdrawn"))
RISING = (SCORE.diff() > 1e-9) & (ARRIVAL == ARRIVAL.shift()) & (WITHDRAWN == WITHDRAWN.shift())

UNKNOWN = """
    WITH shown AS (
        SELECT day, work_id, coalesce(listed_on, day) AS listed_on FROM batch
        WHERE day NOT IN (SELECT day FROM editions)
    )
    SELECT day, count(*) AS unknown_works, string_agg(work_id, ', ' ORDER BY work_id) AS unknown_works_told
    FROM shown ANTI JOIN unique_papers AS works ON works.work_id = shown.work_id AND works.day = shown.listed_on
    GROUP BY day
"""
"""An edition that was mailed keeps its rows, whatever becomes of their works."""

DIGEST = Suite(
    key=("work_id",),
    upstream="unique_papers",
    derived=(
        we.ODD_LINKS,
        (pl.col("score") - PARTS).abs().alias("score_gap"),
        pl.sum_horizontal(BELOW_ZERO, pl.col("score_variety") > 0).cast(pl.Int32).alias("odd_parts"),
        (pl.col("listed_on") - pl.col("day")).dt.total_days().alias("listed_days_later"),
        (pl.col("line").is_null() != pl.col("line_by").is_null()).cast(pl.Int32).alias("unmarked_line"),
    ),
    measures=(
        pl.col("place").max().alias("last_place"),
        RISING.sum().alias("out_of_order"),
    ),
    figures=(pl.col("last_place").fill_null(0),),
    queries={"unknown_works": UNKNOWN},
    expectations=(
        we.shape(),
        we.present("work_id", "A line of the mail is about a work."),
        we.unique(("work_id",), "A reader gets a paper once."),
        we.unique(("place",), "Places are 1 to n, each once."),
        we.same("places_without_gap", "last_place", "rows", "Places are 1 to n: the last is the number of papers."),
        we.same("edition_full", "rows", "edition_size",
                "The edition holds the best works, as many as it has room for."),
        we.none_of("works_exist", "unknown_works",
                   "Each line is about a work of the day on which it was listed. Report it."),
        we.none_of("best_first", "out_of_order",
                   "Within what is new, late or missed the higher score stands first, and what is withdrawn last."),
        we.between("parts_in_range", "odd_parts", None, 0,
                   "Votes, comments and code never cost points, and likeness to others above never earns any."),
        we.between("score_is_its_parts", "score_gap", None, 1e-6,
                   "The score is the sum of the parts that the reader is shown; else the formula is not what is said."),
        we.present("title", "A paper without a title cannot be shown.", 0.1),
        we.present("summary", "Every paper of an edition has two sentences of its abstract under its title.", 0.1),
        we.matches("why_given", "why", r"\S", "Every line says why it is where it is."),
        we.between("line_marked", "unmarked_line", None, 0,
                   "A line by a language model names the model; else it would pass for the paper's own words."),
        we.none_of("lines_written", "unwritten_lines",
                   "The model of [summary] wrote a line for each paper that is to have one. The edition goes without "
                   "those it did not write; made again before it is mailed, it asks for them again.", severity="WARN"),
        we.one_of("arrival_known", "arrival", ARRIVALS, "A work is new, late or missed: the mail has a part for each."),
        we.between("listed_by_the_day", "listed_days_later", None, 0,
                   "An edition shows what was listed on its day or before it."),
        we.between("links_sound", "odd_links", None, 0,
                   "A mail links only to the web, and says to what: code, data, demo or project.", tolerance=0.1),
        we.matches("links_are_web", "url", r"^https?://\S+\Z",
                   "A mail links only to the web; anything else is an attack or a broken record.", tolerance=0.1),
    ),
)  # fmt: skip
