"""What `tagged_papers` promises: each work with the topics that its text earned, all of the taxonomy."""

import polars as pl

from quality.expectations import Figure, Suite
from quality.suites import promises as we

TOPICS = pl.col("topics").list
SOUND = (
    pl.element().struct.field("field").is_in(["title", "abstract"])
    & (pl.element().struct.field("score") > 0)
    & (pl.element().struct.field("phrase").str.len_chars() > 0)
    & (pl.element().struct.field("label").str.len_chars() > 0)
    & (pl.element().struct.field("area").str.len_chars() > 0)
)

HAS = pl.col("categories").list.len().fill_null(0) > 0
FROM = pl.col("categories_from")
UNACCOUNTED = (HAS != FROM.is_not_null()) | ((FROM == "learned").fill_null(False) & pl.col("model").is_null())
"""Works whose categories come from nowhere, or from a model that is not named."""

LEADING = TOPICS.first().struct.field("topic").drop_nulls().unique_counts().max() / pl.len()
"""The share of the works that have the same best topic."""

UNTAGGED = """
    WITH works AS (SELECT day, work_id FROM unique_papers WHERE day IN (SELECT unnest($days))),
    made AS (SELECT DISTINCT day, work_id FROM batch),
    apart AS (
        (SELECT *, 'is missing' AS what FROM works ANTI JOIN made USING (day, work_id))
        UNION ALL (SELECT *, 'is no work of the day' AS what FROM made ANTI JOIN works USING (day, work_id))
    )
    SELECT day, count(*) AS untagged,
           string_agg(work_id || ' ' || what, '; ' ORDER BY work_id) AS untagged_told
    FROM apart GROUP BY day
"""

TAGGED = Suite(
    key=("work_id",),
    upstream="unique_papers",
    derived=(
        TOPICS.eval(~SOUND.fill_null(False)).list.sum().fill_null(0).cast(pl.Int32).alias("odd_topics"),
        UNACCOUNTED.fill_null(True).cast(pl.Int32).alias("unaccounted"),
        (~pl.col("prior").is_finite()).fill_null(False).cast(pl.Int32).alias("odd_prior"),
    ),
    measures=(
        (TOPICS.len() > 0).mean().alias("with_topics"),
        pl.when(pl.len() >= 2 * we.FEW).then(LEADING).alias("leading"),
    ),
    queries={"untagged": UNTAGGED},
    usual=(
        Figure("with_topics", (TOPICS.len() > 0).mean(), "topics", "share"),
        Figure("topics_a_work", TOPICS.len().mean(), "topics", "size"),
    ),
    expectations=(
        we.shape(),
        we.same("every_work_tagged", "rows", "upstream_rows", "Tagging makes one row of each work."),
        we.none_of("no_work_lost", "untagged",
                   "Each work of the day is here under its own id, and nothing else is. Report it."),
        we.unique(("work_id",), "One row a work."),
        we.between("topics_earned", "odd_topics", None, 0,
                   "A topic has a label, an area, a score, and the phrase of the title or abstract that earned it."),
        we.one_of("keywords_from_somewhere", "keywords_from", ["source", "text"],
                  "Keywords are the source's, or taken from the text. Report it."),
        we.one_of("categories_from_somewhere", "categories_from", ["source", "learned"],
                  "Categories are the source's, or learned. Report it."),
        we.none_of("categories_accounted_for", "unaccounted",
                   "A work with categories says where they are from, one with none does not; what is learned names its "
                   "model. Report it.", of="row"),
        we.between("prior_range", "prior", -12, 12,
                   "A prior is the logarithm of votes beside the mean of its day: beyond this it is broken. Report "
                   "it."),
        we.none_of("prior_finite", "odd_prior", "A prior is a number, or null: the ranking adds it up. Report it.",
                   of="row"),
        we.none_of("topics_of_the_taxonomy", "unknown_topics",
                   "Each topic is one of the taxonomy's, under its label and area there; another would have no section "
                   "in the mail. Report it."),
        we.between("works_with_topics", "with_topics", 0.5, None,
                   "Most works should match the taxonomy; fewer means that it, or the text, has drifted.",
                   severity="WARN", of="day"),
        we.between("topics_differ", "leading", None, 0.75,
                   "No topic leads three works of four: its phrases stand in every text, or tagging puts all under "
                   "one. See paperboy tag-text.",
                   severity="WARN", of="day"),
        we.usual("topics_as_usual", "topics",
                 "Works earn far more or fewer topics than before: the taxonomy was changed, or the text is broken."),
    ),
)  # fmt: skip
