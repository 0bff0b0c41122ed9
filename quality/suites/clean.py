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

CLEAN = Suite(
    key=("source", "source_id"),
    upstream="fetched_papers",
    derived=(
        we.ODD_LINKS,
        pl.when(ARXIV).then(pl.col("categories").list.eval(~pl.element().str.contains(CATEGORY)).list.sum())
        .fill_null(0).cast(pl.Int32).alias("odd_categories"),
        pl.col("authors").list.eval(pl.element().str.contains(JOINED)).list.sum().fill_null(0).cast(pl.Int32)
        .alias("joined_authors"),
    ),
    measures=(pl.when(SEVERAL).then(OPEN_END.mean()).alias("open_ends"),),
    queries={"unaccounted": UNACCOUNTED, "unseen_categories": UNSEEN},
    usual=(
        Figure("text_kept", KEPT.median(), "text", "size"),
        Figure("open_ends", OPEN_END.mean(), "text", "share"),
        Figure("english", (pl.col("language") == "en").mean(), "language", "share"),
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
        we.present("title_tex", "What has a title has it as the source wrote it, too.", 0.1),
        Expectation("author_keys_complete", "ExpectColumnPairValuesToBeEqual",
                    {"column_A": "author_keys_count", "column_B": "author_count"},
                    "Every author has a form for comparing: identity compares them in order."),
        we.none_of("authors_one_each", "joined_authors",
                   "Several authors stand in one name, joined by a semicolon, a comma or and: the source writes them "
                   "otherwise, and identity cannot compare them. Teach the parser to part them.",
                   severity="WARN", of="row"),
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
