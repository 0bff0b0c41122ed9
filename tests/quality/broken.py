"""How each expectation of a suite is broken, from a good batch of its table."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

import polars as pl

from tests.quality.batches import EXPECTED, MONDAY, TOPIC, TUESDAY, Batch, batch


def fewer(good: Batch) -> Batch:
    """The batch with a row less than it should have."""
    return replace(good, frame=good.frame.slice(1))


def nothing(good: Batch) -> Batch:
    """A day without rows of which none were expected."""
    none = pl.lit(0, pl.Int64).alias(EXPECTED.get(good.asset, "misfits"))
    return replace(good, frame=good.frame.clear(), facts=good.facts.with_columns(none))


def fact(name: str) -> Callable[[Batch], Batch]:
    """Breaks a promise about a figure that must be 0."""
    return figure(name, 1)


def figure(name: str, value: float) -> Callable[[Batch], Batch]:
    """Breaks a promise about a figure that the step or the stored tables give."""
    return lambda good: replace(good, facts=good.facts.with_columns(pl.lit(value).alias(name)))


def more_upstream(good: Batch) -> Batch:
    """The batch with a row more than the table before it."""
    assert good.upstream_rows is not None
    return replace(good, upstream_rows=good.upstream_rows.with_columns(pl.col("rows") - 1))


def again(good: Batch) -> Batch:
    """The batch with one row in the place of another."""
    return replace(good, frame=pl.concat([good.frame.slice(1), good.frame.tail(1)]))


def setting(column: str, value: object, rows: int) -> Callable[[Batch], Batch]:
    """Breaks a promise in the first rows of a batch: one row more than is tolerated."""
    return lambda good: good.set(column, value, range(rows))


def each(column: str, value: pl.Expr) -> Callable[[Batch], Batch]:
    """Breaks a promise by another value in every row."""
    return lambda good: replace(
        good, frame=good.frame.with_columns(value.cast(good.frame.schema[column]).alias(column))
    )


def empty_handed(good: Batch) -> Batch:
    """A ledger whose first source failed."""
    failed = good.set("state", "failed", [0]).set("fetched", 0, [0])
    return failed.set("reason", "the source answered 503", [0])


def again_and_again(count: int) -> Callable[[Batch], Batch]:
    """A batch of so many rows, whole."""
    return lambda good: batch(good.asset, *good.days, rows=count)


ELSEWHERE = {"url": "ftp://papers.example.org/1", "kind": "code"}
NEVER_EARNED = {**TOPIC, "phrase": ""}
LONG_TITLE = "The title of a paper that is long enough to be an abstract."
MEMBER = {"source": "sample", "source_id": "x", "paper_id": "sample:x", "version": 1, "day": MONDAY, "url": None}

BROKEN: Mapping[tuple[str, str], Callable[[Batch], Batch]] = {
    ("fetched_papers", "columns_and_types"): fact("misfits"),
    ("fetched_papers", "source_id_present"): setting("source_id", None, 3),
    ("fetched_papers", "source_id_unique"): again,
    ("fetched_papers", "source_id_format"): lambda good: good.set("source_id", "2503.0819", [3]).set(
        "source_id", "2503.082", [4]
    ),
    ("fetched_papers", "title_present"): setting("title", None, 3),
    ("fetched_papers", "abstract_present"): setting("abstract", None, 3),
    ("fetched_papers", "authors_present"): setting("authors", [], 3),
    ("fetched_papers", "authors_named"): setting("authors", ["Ada Example", " "], 1),
    ("fetched_papers", "votes_range"): setting("votes", -1, 3),
    ("fetched_papers", "figures_range"): setting("comments", -1, 3),
    ("fetched_papers", "version_range"): setting("version", 0, 3),
    ("fetched_papers", "published_by_the_day"): setting("published", datetime(2025, 3, 12), 3),
    ("fetched_papers", "published_since_arxiv"): setting("published", datetime(1970, 1, 1), 3),
    ("fetched_papers", "announced_known"): setting("announced", "updated", 3),
    ("fetched_papers", "url_is_web"): setting("url", "/papers/2503.1", 3),
    ("fetched_papers", "links_are_web"): setting("links", ["ftp://papers.example.org/1"], 1),
    ("fetched_papers", "body_is_kept"): setting("body", "", 1),
    ("fetched_papers", "doi_readable"): setting("doi", "see the publisher", 1),
    ("fetched_papers", "complete"): fewer,
    ("fetched_papers", "lists_still_there"): fact("vanished_lists"),
    ("fetched_papers", "no_shortfall"): fact("shortfall"),
    ("fetched_papers", "not_an_earlier_list"): figure("repeated", 0.9),
    ("fetched_papers", "no_earlier_list_within"): figure("repeated", 0.5),
    ("fetched_papers", "titles_are_whole"): each("title", pl.col("title").str.head(20)),
    ("fetched_papers", "every_source_answered"): fact("sources_missing"),
    ("fetched_papers", "records_still_listed"): fact("forgotten"),
    ("fetched_papers", "lists_not_cut"): again_and_again(50),
    ("fetched_papers", "papers_are_new"): each("published", pl.lit(datetime(2025, 2, 1))),
    ("fetched_papers", "papers_of_these_months"): each("published", pl.lit(datetime(2024, 3, 1))),
    ("fetched_papers", "dates_in_step"): fact("moved_dates"),
    ("fetched_papers", "values_as_usual"): fact("values_drifted"),
    ("fetched_papers", "votes_differ"): each("votes", pl.lit(0)),
    ("fetched_papers", "text_is_plain"): setting("abstract", "<p>An abstract</p>", 5),
    ("fetched_papers", "fields_as_before"): fact("fields_changed"),
    ("fetched_papers", "weekday_has_papers"): nothing,
    ("fetched_papers", "rows_plausible"): figure("times_usual", 10.5),
    ("fetched_papers", "rows_as_usual"): fact("rows_drifted"),
    ("fetched_papers", "fields_as_usual"): fact("present_drifted"),
    ("fetched_papers", "text_as_usual"): fact("text_drifted"),
    ("fetched_papers", "votes_as_usual"): fact("votes_drifted"),
    ("fetched_papers", "authors_as_usual"): fact("authors_drifted"),
    ("clean_papers", "columns_and_types"): fact("misfits"),
    ("clean_papers", "every_record_cleaned"): fewer,
    ("clean_papers", "no_record_lost"): fact("unaccounted"),
    ("clean_papers", "paper_id_present"): setting("paper_id", None, 1),
    ("clean_papers", "paper_id_format"): setting("paper_id", "arxiv:2503.1", 3),
    ("clean_papers", "source_id_unique"): again,
    ("clean_papers", "doi_format"): setting("doi", "https://doi.org/10.1000/ABC", 3),
    ("clean_papers", "title_present"): setting("title", None, 3),
    ("clean_papers", "abstract_present"): setting("abstract", None, 3),
    ("clean_papers", "title_length"): setting("title", "ab", 3),
    ("clean_papers", "abstract_length"): setting("abstract", "Too short.", 1),
    ("clean_papers", "text_is_prose"): setting("title", "<html><head>502 Bad Gateway", 3),
    ("clean_papers", "abstract_is_prose"): setting(
        "abstract", "An abstract with an entity: &eacute; is left in it.", 1
    ),
    ("clean_papers", "abstract_is_not_the_title"): lambda good: good.set("abstract", LONG_TITLE, range(3)).set(
        "title", LONG_TITLE, range(3)
    ),
    ("clean_papers", "words_have_a_length"): setting("words", 2, 1),
    ("clean_papers", "authors_present"): lambda good: good.set("authors", [], range(3)),
    ("clean_papers", "title_has_letters"): setting("title_key", "", 3),
    ("clean_papers", "nothing_emptied"): fact("emptied"),
    ("clean_papers", "ids_of_a_kind"): figure("lost_ids", 0.6),
    ("clean_papers", "ids_differ"): figure("same_ids", 0.3),
    ("clean_papers", "titles_differ"): figure("same_titles", 0.3),
    ("clean_papers", "abstracts_differ"): figure("same_abstracts", 0.3),
    ("clean_papers", "authors_differ"): figure("same_authors", 0.3),
    ("clean_papers", "abstracts_of_their_titles"): figure("mismatched", 0.6),
    ("clean_papers", "few_withdrawn"): each("withdrawn", pl.lit(True)),
    ("clean_papers", "title_tex_present"): setting("title_tex", None, 3),
    ("clean_papers", "author_keys_complete"): setting("author_keys", ["example a"], 1),
    ("clean_papers", "authors_one_each"): setting("authors", ["Ada Example; Bo Example", "Cy Example"], 1),
    ("clean_papers", "affiliations_one_each"): setting("affiliations", ["Example University; Sample College"], 1),
    ("clean_papers", "words_range"): setting("words", 0, 1),
    ("clean_papers", "language_known"): setting("language", "tlh", 1),
    ("clean_papers", "categories_known"): setting("categories", ["machine learning"], 1),
    ("clean_papers", "links_sound"): setting("links", [ELSEWHERE], 3),
    ("clean_papers", "url_is_web"): setting("url", "papers.example.org/1", 3),
    ("clean_papers", "abstracts_end"): setting("abstract", "This abstract is long enough, but it ends in the mid", 9),
    ("clean_papers", "categories_seen_before"): figure("unseen_categories", 0.2),
    ("clean_papers", "text_as_usual"): fact("text_drifted"),
    ("clean_papers", "language_as_usual"): fact("language_drifted"),
    ("clean_papers", "content_as_usual"): fact("content_drifted"),
    ("unique_papers", "columns_and_types"): fact("misfits"),
    ("unique_papers", "work_id_present"): setting("work_id", None, 1),
    ("unique_papers", "work_id_unique"): again,
    ("unique_papers", "work_has_members"): lambda good: good.set("members", None, [0]).set("canonical", None, [0]),
    ("unique_papers", "named_after_a_member"): setting("work_id", "arxiv:2502.99999", 1),
    ("unique_papers", "text_of_a_member"): setting(
        "canonical", {"source": "sample", "source_id": "another", "day": MONDAY}, 1
    ),
    ("unique_papers", "every_link_has_a_reason"): lambda good: good.set(
        "members", [*good.frame["members"][0].to_list(), MEMBER], [0]
    ),
    ("unique_papers", "title_present"): setting("title", None, 1),
    ("unique_papers", "version_range"): setting("version", 0, 3),
    ("unique_papers", "links_sound"): setting("links", [{**ELSEWHERE, "url": "https://x.example", "kind": "page"}], 3),
    ("unique_papers", "url_is_web"): setting("url", "javascript:alert(1)", 3),
    ("unique_papers", "no_more_works_than_records"): more_upstream,
    ("unique_papers", "every_record_has_a_work"): fact("unclaimed"),
    ("unique_papers", "no_record_in_two_works"): fact("shared"),
    ("unique_papers", "members_are_records"): fact("unknown_members"),
    ("unique_papers", "text_of_the_canonical_record"): fact("unlike"),
    ("unique_papers", "revisions_are_announced"): fact("mistaken"),
    ("unique_papers", "works_stay_apart"): lambda good: (
        good.set("members", [{**MEMBER, "paper_id": good.frame["work_id"][0]}] * 11, [0])
        .set("canonical", {"source": "sample", "source_id": "x", "day": MONDAY}, [0])
        .set("reasons", ["same id"] * 10, [0])
    ),
    ("unique_papers", "duplicates_as_usual"): fact("duplicates_drifted"),
    ("tagged_papers", "columns_and_types"): fact("misfits"),
    ("tagged_papers", "every_work_tagged"): fewer,
    ("tagged_papers", "no_work_lost"): fact("untagged"),
    ("tagged_papers", "work_id_unique"): again,
    ("tagged_papers", "topics_earned"): setting("topics", [NEVER_EARNED], 1),
    ("tagged_papers", "keywords_from_somewhere"): setting("keywords_from", "hearsay", 1),
    ("tagged_papers", "topics_of_the_taxonomy"): fact("unknown_topics"),
    ("tagged_papers", "works_with_topics"): setting("topics", [], 11),
    ("tagged_papers", "topics_differ"): setting("topics", [TOPIC], 12),
    ("tagged_papers", "topics_as_usual"): fact("topics_drifted"),
    ("tagged_papers", "categories_from_somewhere"): setting("categories_from", "hearsay", 1),
    ("tagged_papers", "categories_accounted_for"): setting("categories_from", None, 1),
    ("tagged_papers", "prior_range"): setting("prior", 12.5, 1),
    ("tagged_papers", "prior_finite"): setting("prior", float("nan"), 1),
    ("digest", "columns_and_types"): fact("misfits"),
    ("digest", "work_id_present"): setting("work_id", None, 1),
    ("digest", "work_id_unique"): lambda good: good.set("work_id", good.frame["work_id"][1], [0]),
    ("digest", "place_unique"): setting("place", 2, 1),
    ("digest", "places_without_gap"): lambda good: good.set("place", 21, [19]),
    ("digest", "edition_full"): figure("edition_size", 21),
    ("digest", "works_exist"): fact("unknown_works"),
    ("digest", "best_first"): lambda good: good.set("score", 2.5, [19]).set("score_votes", 2.0, [19]),
    ("digest", "summary_present"): setting("summary", None, 3),
    ("digest", "parts_in_range"): lambda good: good.set("score", -0.1, [19]).set("score_votes", -0.6, [19]),
    ("digest", "score_is_its_parts"): setting("score_votes", 1.1, 1),
    ("digest", "title_present"): setting("title", None, 3),
    ("digest", "why_given"): setting("why", "", 1),
    ("digest", "line_marked"): setting("line", "A model wrote this.", 1),
    ("digest", "lines_written"): fact("unwritten_lines"),
    ("digest", "arrival_known"): setting("arrival", "early", 1),
    ("digest", "listed_by_the_day"): setting("listed_on", TUESDAY, 1),
    ("digest", "links_sound"): setting("links", [ELSEWHERE], 3),
    ("digest", "links_are_web"): setting("url", "javascript:alert(1)", 3),
    ("deliveries", "columns_and_types"): fact("misfits"),
    ("deliveries", "reader_unique"): setting("reader", "r000000000001", 1),
    ("deliveries", "reader_format"): setting("reader", "reader0@lab.example", 1),
    ("deliveries", "message_id_unique"): setting("message_id", "<1@lab.example>", 1),
    ("deliveries", "message_id_format"): setting("message_id", "0@lab.example", 1),
    ("deliveries", "edition_is_frozen"): setting("edition", "", 1),
    ("deliveries", "papers_range"): setting("papers", 0, 1),
    ("deliveries", "state_sent"): setting("state", "unknown", 1),
    ("deliveries", "mailed_what_stands"): fact("beyond_stored"),
    ("models", "columns_and_types"): fact("misfits"),
    ("models", "name_unique"): setting("name", "part 1", 1),
    ("models", "measured_before_use"): setting("held_out", None, 1),
    ("models", "score_range"): setting("score", 1.2, 1),
    ("models", "better_than_none"): setting("floor", 0.69, 1),
    ("models", "no_worse_than_before"): setting("compared_score", 0.54, 1),
    ("models", "told"): setting("told", " ", 1),
    ("fetch_ledger", "columns_and_types"): fact("misfits"),
    ("fetch_ledger", "every_day_entered"): lambda good: replace(good, frame=good.frame.clear()),
    ("fetch_ledger", "source_unique"): again,
    ("fetch_ledger", "source_named"): setting("source", "a source", 1),
    ("fetch_ledger", "state_known"): setting("state", "new", 1),
    ("fetch_ledger", "expected_range"): setting("expected", -1, 1),
    ("fetch_ledger", "fetched_range"): lambda good: good.set("fetched", -1, [0]).set("expected", None, [0]),
    ("fetch_ledger", "attempts_range"): lambda good: empty_handed(good).set("attempts", -1, [0]),
    ("fetch_ledger", "came_when_asked"): setting("attempts", 0, 1),
    ("fetch_ledger", "seconds_range"): setting("seconds", -0.1, 1),
    ("fetch_ledger", "shortfall_is_said"): setting("fetched", 19, 1),
    ("fetch_ledger", "state_fits"): lambda good: empty_handed(good).set("fetched", 20, [0]),
    ("fetch_ledger", "gaps_explained"): lambda good: empty_handed(good).set("reason", " ", [0]),
    ("fetch_ledger", "recorded_after_its_day"): setting("recorded_at", datetime(2025, 3, 9, 7), 1),
    ("fetch_ledger", "not_recorded_ahead"): fact("ahead"),
    ("fetch_ledger", "records_stand"): fact("lost"),
    ("fetch_ledger", "of_a_run"): fact("of_no_run"),
    ("popularity", "columns_and_types"): fact("misfits"),
    ("popularity", "seen_unique"): again,
    ("popularity", "seen_at_present"): setting("seen_at", None, 1),
    ("popularity", "source_named"): setting("source", "", 1),
    ("popularity", "source_id_format"): setting("source_id", "2503.0819", 1),
    ("popularity", "votes_range"): setting("votes", -1, 1),
    ("popularity", "figures_range"): setting("stars", -1, 1),
    ("popularity", "figures_present"): lambda good: (
        good.set("votes", None, [0]).set("comments", None, [0]).set("stars", None, [0])
    ),
    ("popularity", "not_seen_ahead"): fact("ahead"),
    ("popularity", "papers_known"): fact("unknown_papers"),
}
"""For each expectation of each suite, what makes a good batch break it and no other."""
