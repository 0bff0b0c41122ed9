"""What `clean_papers` promises: one row of readable text for each fetched record, under one spelling of its ids."""

import polars as pl

from quality.expectations import Expectation, Figure, Suite
from quality.suites import promises as we

NOT_PROSE = (
    r"(?i:</?(?:html|!doctype|script|style|body|p|br|div|span|em|strong|ul|ol|li|table|tr|td|h[1-6]|jats:\w+)"
    r"(?:\s[^>]*)?/?>|<(?:html|!doctype|script|body)\b)|&(?:[a-z]+|#\w+);|[\x00-\x08\x7f]"
    r"|Ã[\x80-\xbf]|â€|\ufffd"
)
"""HTML, entities, control characters, and what is left of UTF-8 that was read as Latin-1."""

PAPER_ID = r"^(?:arxiv:(?:\d{2}(?:0[1-9]|1[0-2])\.\d{4,5}|[a-z-]+/\d{7})|(?!arxiv:)[^\s:]+:\S.*)\Z"
DOI = r"^10\.\d{4,9}/[^\s\"<>A-Z]+\Z"
LANGUAGES = (
    "ar bg ca cs da de el en es et eu fa fi fr he hi hr hu id it ja ko lt lv nl no pl pt ro ru sk sl sr sv th tr uk "
    "vi zh"
).split()
CATEGORY = (
    r"^(?:acc-phys|adap-org|alg-geom|ao-sci|astro-ph|atom-ph|bayes-an|chao-dyn|chem-ph|cmp-lg|comp-gas|cond-mat|cs|"
    r"dg-ga|econ|eess|funct-an|gr-qc|hep-ex|hep-lat|hep-ph|hep-th|math|math-ph|mtrl-th|nlin|nucl-ex|nucl-th|patt-sol|"
    r"physics|plasm-ph|q-alg|q-bio|q-fin|quant-ph|solv-int|stat|supr-con)(?:\.[A-Za-z]{2}|\.[a-z]+-[a-z]+)?$"
)
"""arXiv's archives, those of old times too, and the form of its subject classes."""

ARXIV = pl.col("paper_id").str.starts_with("arxiv:").fill_null(False)
OPEN_END = ~pl.col("abstract").str.contains(r"[.!?:;)\]}>\"'”’»。…/]\s*$")
KEPT = pl.col("abstract").str.len_chars() / pl.col("abstract_tex").str.len_chars()
JOINED = r";|\band\b|\n| & |,[^,]+,[^,]+,"
SPACED = (pl.col("words") > 0) & ~pl.col("abstract").str.contains(
    r"[\x{0e00}-\x{0e7f}\x{3040}-\x{30ff}\x{4e00}-\x{9fff}]"
)
"""Texts with words, but for those of scripts that write no blanks between them."""

SEVERAL = pl.col("abstract").is_not_null().sum() >= 2 * we.FEW

UNACCOUNTED = """
    WITH fetched AS (SELECT day, source, source_id FROM fetched_papers WHERE day IN (SELECT unnest($days))),
    made AS (SELECT DISTINCT day, source, source_id FROM batch WHERE day IN (SELECT unnest($days))),
    kept_out AS (SELECT day, key FROM quarantine WHERE asset = 'clean_papers'),
    missing AS (FROM fetched ANTI JOIN made USING (day, source, source_id)),
    apart AS (
        (SELECT *, 'is missing' AS what FROM missing ANTI JOIN kept_out
         ON kept_out.day = missing.day AND kept_out.key = missing.source || '/' || missing.source_id)
        UNION ALL (SELECT *, 'was not fetched' AS what FROM made ANTI JOIN fetched USING (day, source, source_id))
    )
    SELECT day, count(*) AS unaccounted,
           string_agg(format('{}/{} {}', source, source_id, what), '; ' ORDER BY source, source_id)
               FILTER (source_id IS NOT NULL) AS unaccounted_told
    FROM apart GROUP BY day
"""
UNSEEN = """
    WITH mine AS (SELECT day, unnest(categories) AS category FROM batch),
    known AS (
        SELECT DISTINCT unnest(categories) AS category FROM clean_papers
        WHERE day NOT IN (SELECT unnest($days)) AND len(categories) > 0
          AND day >= (SELECT min(day) - 120 FROM batch)
    ),
    counted AS (SELECT day, count(*) AS listed, count(*) FILTER (category NOT IN (FROM known)) AS unseen,
                       string_agg(DISTINCT category, ', ' ORDER BY category)
                           FILTER (category NOT IN (FROM known)) AS names
                FROM mine GROUP BY day)
    SELECT day, unseen / listed AS unseen_categories, names AS unseen_categories_told
    FROM counted WHERE (SELECT count(*) FROM known) >= 20
"""
"""The share of a day's categories that no paper of the last months had; where few are known yet, nothing is said."""

LOST_IDS = """
    WITH earlier AS (
        SELECT source, avg(CAST(paper_id LIKE 'arxiv:%' AS INT)) AS share FROM clean_papers
        WHERE day BETWEEN (SELECT min(day) - 28 FROM batch) AND (SELECT max(day) FROM batch)
          AND day NOT IN (SELECT unnest($days)) GROUP BY source HAVING count(*) >= 20
    ),
    mine AS (
        SELECT day, source, avg(CAST(paper_id LIKE 'arxiv:%' AS INT)) AS share FROM batch
        GROUP BY ALL HAVING count(*) >= 5
    )
    SELECT day, max(earlier.share - mine.share) AS lost_ids,
           string_agg(format('{}: {:.0f} % are of arXiv, {:.0f} % before',
                             source, 100 * mine.share, 100 * earlier.share), '; ' ORDER BY source) AS lost_ids_told
    FROM mine JOIN earlier USING (source) GROUP BY day
"""
"""By how much the share of a source's ids that are arXiv's has fallen since the weeks before."""

EMPTIED = """
    SELECT batch.day, count(*) AS emptied, string_agg(source || '/' || source_id, ', ' ORDER BY source, source_id)
        AS emptied_told
    FROM batch JOIN fetched_papers AS theirs USING (day, source, source_id)
    WHERE (batch.votes IS NULL AND theirs.votes IS NOT NULL)
       OR (batch.comments IS NULL AND theirs.comments IS NOT NULL)
       OR (batch.published IS NULL AND theirs.published IS NOT NULL)
       OR (batch.version IS NULL AND theirs.version IS NOT NULL)
    GROUP BY batch.day
"""
MISMATCHED = """
    WITH named AS (
        SELECT day, lower(abstract) AS text, regexp_extract_all(lower(title), '[a-z]{5,}') AS words FROM batch
    ),
    found AS (
        SELECT day, len(list_filter(words, lambda word: contains(text, word))) / len(words) AS share
        FROM named WHERE len(words) > 0 AND text IS NOT NULL
    )
    SELECT day, 1 - avg(share) AS mismatched FROM found GROUP BY day HAVING count(*) >= 10
"""
"""How many of the longer words of the titles their abstracts lack: a fifth usually, of others' abstracts two thirds."""


def _repeated(column: str, name: str, *, within: str = "") -> str:
    """The share of a day's rows of which at least three others have the same value: an id, a text, authors."""
    different, records = ("source_id", f"{within},") if within else ("paper_id", "")
    return f"""
        WITH groups AS (
            SELECT day, {records} {column} AS held, count(DISTINCT {different}) AS papers FROM batch
            WHERE {column} IS NOT NULL GROUP BY ALL
        )
        SELECT day, sum(CASE WHEN papers > 3 THEN papers ELSE 0 END) / sum(papers) AS {name},
               first(papers || ' times: ' || left(CAST(held AS VARCHAR), 60) ORDER BY papers DESC, held)
                   FILTER (papers > 3) AS {name}_told
        FROM groups GROUP BY day
    """  # noqa: S608 - the names are this module's own


CLEAN = Suite(
    key=("source", "source_id"),
    upstream="fetched_papers",
    derived=(
        we.ODD_LINKS,
        pl.when(ARXIV).then(pl.col("categories").list.eval(~pl.element().str.contains(CATEGORY)).list.sum())
        .fill_null(0).cast(pl.Int32).alias("odd_categories"),
        pl.col("authors").list.eval(pl.element().str.contains(JOINED)).list.sum().fill_null(0).cast(pl.Int32)
        .alias("joined_authors"),
        pl.col("affiliations").list.eval(pl.element().str.contains(f";|{NOT_PROSE}")).list.sum().fill_null(0)
        .cast(pl.Int32).alias("odd_affiliations"),
        (pl.col("abstract") == pl.col("title")).fill_null(False).cast(pl.Int32).alias("same_texts"),
        pl.when(SPACED).then(pl.col("abstract").str.len_chars() / pl.col("words")).alias("word_length"),
    ),
    measures=(
        pl.when(SEVERAL).then(OPEN_END.mean()).alias("open_ends"),
        pl.when(SEVERAL).then(pl.col("withdrawn").mean()).alias("withdrawn_share"),
    ),
    queries={
        "unaccounted": UNACCOUNTED,
        "unseen_categories": UNSEEN,
        "lost_ids": LOST_IDS,
        "emptied": EMPTIED,
        "mismatched": MISMATCHED,
        "same_ids": _repeated("paper_id", "same_ids", within="source"),
        "same_titles": _repeated("title", "same_titles"),
        "same_abstracts": _repeated("abstract", "same_abstracts"),
        "same_authors": _repeated("authors", "same_authors"),
    },
    usual=(
        Figure("text_kept", KEPT.median(), "text", "size"),
        Figure("open_ends", OPEN_END.mean(), "text", "share"),
        Figure("english", (pl.col("language") == "en").fill_null(False).mean(), "language", "share"),
        Figure("with_links", (pl.col("links").list.len() > 0).mean(), "content", "share"),
        Figure("with_categories", (pl.col("categories").list.len() > 0).fill_null(False).mean(), "content", "share"),
        Figure("withdrawn", pl.col("withdrawn").mean(), "content", "share"),
    ),
    expectations=(
        we.shape(),
        we.same("every_record_cleaned", "rows", "upstream_rows",
                "Cleaning makes one row of each fetched record, neither more nor fewer."),
        we.none_of("no_record_lost", "unaccounted",
                   "Each fetched record is here or in quarantine, by its own id, and nothing else is: another record "
                   "in the place of one would be a lost paper. A fault of the cleaning; report it."),
        we.present("paper_id", "The normalised id is what identity rests on."),
        we.matches("paper_id_format", "paper_id", PAPER_ID,
                   "An id is arXiv's, or the source's with its name before it: another is a paper that no other list "
                   "can be matched with. Look at the record's own id.", tolerance=0.1),
        we.unique(("source", "source_id"), "One row a record."),
        we.matches("doi_format", "doi", DOI,
                   "A DOI in its plain form, in lower case: two spellings would be two works.", tolerance=0.1),
        we.present("title", "A paper that has no title after cleaning cannot be shown.", 0.1),
        we.present("abstract", "A paper without an abstract can be neither tagged nor summarised.", 0.1),
        Expectation("title_length", "ExpectColumnValueLengthsToBeBetween",
                    {"column": "title", "min_value": 3, "max_value": 500},
                    "Shorter is a broken title; longer is an abstract in its place.", tolerance=0.1),
        Expectation("abstract_length", "ExpectColumnValueLengthsToBeBetween",
                    {"column": "abstract", "min_value": 40, "max_value": 10_000},
                    "Shorter is a cut abstract; longer is a whole paper. Look at the source's text.",
                    severity="WARN"),
        Expectation("text_is_prose", "ExpectColumnValuesToNotMatchRegex",
                    {"column": "title", "regex": NOT_PROSE},
                    "Markup, broken encoding or control characters in a title: an error page, or a cleaning rule that "
                    "is missing.", tolerance=0.1),
        Expectation("abstract_is_prose", "ExpectColumnValuesToNotMatchRegex",
                    {"column": "abstract", "regex": NOT_PROSE},
                    "Markup, broken encoding or control characters in an abstract: a cleaning rule is missing. "
                    "paperboy clean-text shows what becomes of a text.", severity="WARN"),
        we.between("abstract_is_not_the_title", "same_texts", None, 0,
                   "The title stands in the place of the abstract, or the abstract in that of the title: another "
                   "field was read.", tolerance=0.1),
        we.between("words_have_a_length", "word_length", None, 20,
                   "The words of an abstract are too long to be words: its blanks are lost, or it is a table.",
                   severity="WARN"),
        we.between("authors_present", "authors_count", 1, None,
                   "A paper has authors who have names: else nobody is credited, and identity compares nothing.",
                   tolerance=0.1),
        we.matches("title_has_letters", "title_key", r"\S",
                   "A title has letters, in any script: identity compares them.", tolerance=0.1),
        we.present("title_tex", "What has a title has it as the source wrote it, too.", 0.1),
        Expectation("author_keys_complete", "ExpectColumnPairValuesToBeEqual",
                    {"column_A": "author_keys_count", "column_B": "author_count"},
                    "Every author has a form for comparing: identity compares them in order."),
        we.none_of("authors_one_each", "joined_authors",
                   "Several authors stand in one name, joined by a semicolon, a comma or and: the source writes them "
                   "otherwise, and identity cannot compare them. Teach the parser to part them.",
                   severity="WARN", of="row"),
        we.none_of("affiliations_one_each", "odd_affiliations",
                   "An affiliation is the name of one institution: several stand in one, or markup does. Readers are "
                   "shown them. Look at what the source gives.", severity="WARN", of="row"),
        we.between("words_range", "words", 1, 3_000,
                   "An abstract has words, and fewer than a paper: look at the source's text.", severity="WARN"),
        we.one_of("language_known", "language", LANGUAGES,
                  "A language is told by its two letters, and is one in which papers are written."),
        we.none_of("categories_known", "odd_categories",
                   "A paper of arXiv is in one of its archives: other words mean that another field was read, or that "
                   "arXiv has a new archive, which belongs into quality/suites/clean.py.",
                   severity="WARN", of="row"),
        we.between("links_sound", "odd_links", None, 0,
                   "A link leads to the web, and is code, data, demo or project.", tolerance=0.1),
        we.matches("url_is_web", "url", we.WEB, "A paper's page is on the web: anything else is a broken record.",
                   tolerance=0.1),
        we.between("abstracts_end", "open_ends", None, 0.4,
                   "Many abstracts end in the middle of a sentence: they are cut. Compare some with the source's own "
                   "page.", severity="WARN", of="day"),
        we.none_of("nothing_emptied", "emptied",
                   "Votes, comments, dates and versions that were fetched are there after cleaning. A fault of the "
                   "cleaning; report it."),
        we.between("ids_of_a_kind", "lost_ids", None, 0.5,
                   "A source that gave arXiv's ids gives others: its papers would be taken for new ones, and each be "
                   "mailed again. Look at the record's own id, and teach the parser.", of="day"),
        we.between("ids_differ", "same_ids", None, 0.2,
                   "Several records of a source have one id: they would become one paper. Look at the parser.",
                   of="day"),
        we.between("titles_differ", "same_titles", None, 0.2,
                   "Several papers have one title: an error page, or the same field read for all.", of="day"),
        we.between("abstracts_differ", "same_abstracts", None, 0.2,
                   "Several papers have one abstract: an error page, or the same field read for all.", of="day"),
        we.between("authors_differ", "same_authors", None, 0.2,
                   "Several papers have the same authors: those of one were read for all.",
                   severity="WARN", of="day"),
        we.between("abstracts_of_their_titles", "mismatched", None, 0.55,
                   "Most words of the titles are not in their abstracts: texts have come to stand beside others' "
                   "titles. Compare some with the source's own page.", severity="WARN", of="day"),
        we.between("few_withdrawn", "withdrawn_share", None, 0.5,
                   "Most papers of a day are not withdrawn at once: another field was read, and all would stand last.",
                   of="day"),
        we.between("categories_seen_before", "unseen_categories", None, 0.1,
                   "Many of the day's categories are of no paper before: invented, or a source that is new.",
                   severity="WARN", of="day"),
        we.usual("text_as_usual", "text",
                 "Cleaning leaves far less or more of the abstracts than before, or many end in the middle: they are "
                 "cut, or a rule eats them. paperboy clean-text shows what becomes of a text."),
        we.usual("language_as_usual", "language",
                 "Another share of the abstracts is in English than before: another list was read, or the text is "
                 "broken. Look at some of them."),
        we.usual("content_as_usual", "content",
                 "Links, categories or withdrawals are far more or less frequent than before: a field moved, "
                 "or the join with arXiv does not answer."),
    ),
)  # fmt: skip
