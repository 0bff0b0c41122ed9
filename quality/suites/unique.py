"""What `unique_papers` promises: every cleaned record in one work, every work explained by its members."""

import polars as pl

from quality.expectations import Figure, Suite
from quality.suites import promises as we

MEMBERS = pl.col("members").list
PAPERS = MEMBERS.eval(pl.element().struct.field("paper_id"))
ALIKE = [
    pl.col("canonical").struct.field(name).cast(pl.String).fill_null("") for name in ("source", "source_id", "day")
]
NAMED = MEMBERS.eval(
    pl.concat_str(
        [pl.element().struct.field(name).cast(pl.String).fill_null("") for name in ("source", "source_id", "day")],
        separator="/",
    )
)

UNCLAIMED = """
    WITH claimed AS (SELECT unnest(members) AS member FROM batch),
    open AS (
        SELECT day, source, source_id, paper_id FROM clean_papers WHERE day IN (SELECT unnest($days))
        AND (source, source_id, day) NOT IN (SELECT (member.source, member.source_id, member.day) FROM claimed)
    ),
    stored AS (
        SELECT unnest(members) AS member FROM unique_papers
        WHERE day NOT IN (SELECT unnest($days)) AND (day, work_id) NOT IN (SELECT (day, work_id) FROM gone)
          AND list_has_any(list_transform(members, lambda m: m.paper_id), (SELECT list(paper_id) FROM open))
    )
    SELECT day, count(*) AS unclaimed,
           string_agg(source || '/' || source_id, ', ' ORDER BY source, source_id) AS unclaimed_told
    FROM open WHERE (source, source_id, day) NOT IN (SELECT (member.source, member.source_id, member.day) FROM stored)
    GROUP BY day
"""
SHARED = """
    WITH claims AS (SELECT day, work_id, unnest(members) AS member FROM batch),
    twice AS (SELECT member, min(day) AS day, string_agg(work_id, ' and ' ORDER BY work_id) AS works
              FROM claims GROUP BY member HAVING count(*) > 1)
    SELECT day, count(*) AS shared,
           string_agg(format('{}/{} in {}', member.source, member.source_id, works), '; ') AS shared_told
    FROM twice GROUP BY day
"""

UNKNOWN = """
    WITH claimed AS (SELECT day AS of_work, unnest(members) AS member FROM batch)
    SELECT of_work AS day, count(*) AS unknown_members,
           string_agg(member.source || '/' || member.source_id, ', ' ORDER BY member.source, member.source_id)
               AS unknown_members_told
    FROM claimed WHERE (member.source, member.source_id, member.day) NOT IN (
        SELECT (source, source_id, day) FROM clean_papers WHERE day IN (SELECT DISTINCT member.day FROM claimed)
    )
    GROUP BY of_work
"""
UNLIKE = """
    SELECT batch.day, count(*) AS unlike, string_agg(work_id, ', ' ORDER BY work_id) AS unlike_told
    FROM batch JOIN clean_papers AS theirs
      ON theirs.day = canonical.day AND theirs.source = canonical.source AND theirs.source_id = canonical.source_id
    WHERE batch.title IS DISTINCT FROM theirs.title OR batch.abstract IS DISTINCT FROM theirs.abstract
       OR (batch.votes IS NULL AND theirs.votes IS NOT NULL)
    GROUP BY batch.day
"""
"""Works whose text is not that of their canonical record, or that have lost its votes."""

MISTAKEN = """
    WITH claims AS (SELECT day, work_id, unnest(members) AS member FROM batch WHERE revision)
    SELECT claims.day, count(DISTINCT work_id) AS mistaken,
           string_agg(DISTINCT work_id, ', ' ORDER BY work_id) AS mistaken_told
    FROM claims JOIN clean_papers AS theirs
      ON theirs.day = member.day AND theirs.source = member.source AND theirs.source_id = member.source_id
    WHERE coalesce(announced, 'new') NOT IN ('replace', 'replace-cross') GROUP BY claims.day
"""
"""Works that are said to be new versions only, though a list names them as new."""

UNIQUE = Suite(
    key=("work_id",),
    upstream="clean_papers",
    derived=(
        we.ODD_LINKS,
        (~pl.col("work_id").is_in(PAPERS)).fill_null(False).cast(pl.Int32).alias("misnamed"),
        (~pl.concat_str(*ALIKE, separator="/").is_in(NAMED)).fill_null(False).cast(pl.Int32).alias("foreign_text"),
        (MEMBERS.len().cast(pl.Int32) - 1 - pl.col("reasons").list.len().fill_null(0).cast(pl.Int32))
        .alias("unreasoned"),
    ),
    measures=(MEMBERS.len().max().alias("largest_work"),),
    figures=(
        (pl.col("rows") - pl.col("upstream_rows")).alias("surplus"),
        pl.when(pl.col("upstream_rows") >= 2 * we.FEW).then(pl.col("largest_work") / pl.col("upstream_rows"))
        .alias("lumped"),
    ),
    queries={
        "unclaimed": UNCLAIMED, "shared": SHARED, "unknown_members": UNKNOWN, "unlike": UNLIKE, "mistaken": MISTAKEN,
    },
    usual=(
        Figure("several_records", (MEMBERS.len() > 1).mean(), "duplicates", "share"),
        Figure("several_papers", (PAPERS.list.n_unique() > 1).mean(), "duplicates", "share"),
    ),
    expectations=(
        we.shape(),
        we.present("work_id", "A work is named by one of its members' ids."),
        we.unique(("work_id",), "One row a work: the same work twice would be mailed twice."),
        we.between("work_has_members", "members_count", 1, None, "A work is made of the records that name it."),
        we.none_of("named_after_a_member", "misnamed",
                   "A work is named after one of its own records; else no later list finds it. Report it.", of="row"),
        we.none_of("text_of_a_member", "foreign_text",
                   "A work's text is that of the canonical record, which is one of its members. Report it.", of="row"),
        we.none_of("every_link_has_a_reason", "unreasoned",
                   "Each record that joins a work says why: paperboy why shows it. Without a reason nobody can judge "
                   "the decision. Report it.", severity="WARN", of="row"),
        we.present("title", "The canonical record must have a title."),
        we.between("version_range", "version", 1, 1_000, "A version counts from 1.", tolerance=0.1),
        we.between("links_sound", "odd_links", None, 0,
                   "A link leads to the web, and is code, data, demo or project.", tolerance=0.1),
        we.matches("url_is_web", "url", we.WEB, "A paper's page is on the web: anything else is a broken record.",
                   tolerance=0.1),
        we.none_of("no_more_works_than_records", "surplus",
                   "Deduplication never makes papers: more works than records means that a record counts twice."),
        we.none_of("every_record_has_a_work", "unclaimed",
                   "Each clean record is a member of a work, of this day or another: one that is not is a lost paper. "
                   "Report it."),
        we.none_of("no_record_in_two_works", "shared",
                   "A record belongs to one work: in two it would be mailed twice. Report it."),
        we.none_of("members_are_records", "unknown_members",
                   "Each member is a clean record of its day: another would be a paper that nobody listed. Report it."),
        we.none_of("text_of_the_canonical_record", "unlike",
                   "A work has the title, the abstract and the votes of its canonical record. Report it."),
        we.none_of("revisions_are_announced", "mistaken",
                   "Only what every list announces as a new version is one: the digest leaves it out. Report it."),
        we.between("works_stay_apart", "lumped", None, 0.5,
                   "One work holds as many records as half of the day's: different papers were merged. paperboy why "
                   "shows the reasons.", of="day"),
        we.usual("duplicates_as_usual", "duplicates",
                 "Far more or fewer works have several records than before: a source lists what another listed, or "
                 "different works are merged. paperboy why shows the reasons of one."),
    ),
)  # fmt: skip
