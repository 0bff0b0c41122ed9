"""The kinds of faults that the gate must catch, as data: each is tried on real days by `tests/faults/trials.py`."""

from datetime import timedelta
from itertools import chain

import polars as pl

from tests.faults import frames as f
from tests.faults import lists as l
from tests.faults import texts as t
from tests.faults.harm import Fault, at_least

DAY, MONTH, YEAR = timedelta(days=1), timedelta(days=31), timedelta(days=366)
FETCHED, CLEAN, UNIQUE, TAGGED, DIGEST, DELIVERIES = (
    "fetched_papers", "clean_papers", "unique_papers", "tagged_papers", "digest", "deliveries",
)  # fmt: skip
BY_CHANCE = "a list has no total, and its length varies by a factor of three by itself; see the kind with a total"
NO_COUNT = "nothing says how many authors a paper has, and the mean of a day varies by more than one by itself"
NEW_PAPERS = "the papers are new each day, so their votes may well be those"
LEFT_OUT = "the parser leaves out keywords that it cannot read, and their share varies by itself between none and all"


def _body(name: str, severity: str, harm: object, **more: object) -> Fault:
    return Fault(name, FETCHED, severity, harm=harm, **more)  # type: ignore[arg-type]


def _text(name: str, severity: str, harm: object, **more: object) -> Fault:
    return Fault(name, CLEAN, severity, harm=harm, **more)  # type: ignore[arg-type]


BLANK: dict[str, object] = {"id": None, "title": None, "summary": "", "authors": []}


def _blanked(field: str, blank: object) -> list[Fault]:
    """Blanked in 1, 5, 30 and 100 % of the papers: a row or two go to quarantine, more block the day."""
    shares = {0.01: "WARN", 0.05: "WARN", 0.3: "ERROR", 1.0: "ERROR"}
    return [
        _body(f"{field} blank in {share:.0%}", severity, l.put(field, blank, share), shows=at_least(10))
        for share, severity in shares.items()
    ]


FIELDS = [
    *(_body(f"{field} dropped", "ERROR", l.dropped(field)) for field in ("id", "title", "summary", "authors")),
    *(_body(f"{field} dropped", "WARN", l.dropped(field), shows=l.has(field))
      for field in ("upvotes", "publishedAt", "ai_summary", "ai_keywords")),
    _body("numComments dropped", "WARN", l.outer("numComments", ...)),
    _body("title renamed", "ERROR", l.renamed("title", "name")),
    _body("summary renamed", "ERROR", l.renamed("summary", "abstract")),
    _body("authors renamed", "ERROR", l.renamed("authors", "creators")),
    _body("upvotes renamed", "WARN", l.renamed("upvotes", "likes")),
    _body("paper renamed", "ERROR", l.of_papers(lambda papers: [{"article": item["paper"]} for item in papers])),
    *chain.from_iterable(_blanked(field, blank) for field, blank in BLANK.items()),
    *(_body(f"{field} blank in {share:.0%}", "WARN", l.put(field, None, share), shows=l.has(field))
      for field in ("upvotes", "publishedAt", "ai_summary", "ai_keywords") for share in (0.5, 1.0)),
    _body("authors without names", "ERROR", l.turned("authors", lambda found: [{"name": " "} for _ in found])),
    _body("authors null", "ERROR", l.put("authors", None)),
    _body("title nested", "ERROR", l.turned("title", t.nested)),
    _body("summary as a list", "ERROR", l.turned("summary", lambda text: [text])),
    _body("authors as a string", "ERROR", l.turned("authors", lambda found: l.joined(found)[0]["name"])),
    _body("upvotes as strings", "WARN", l.turned("upvotes", str)),
    _body("publishedAt as a number", "WARN", l.put("publishedAt", 1_741_000_000)),
    _body("keywords as a string", "WARN", l.turned("ai_keywords", ", ".join), shows=l.has("ai_keywords"),
          missed=LEFT_OUT),
]  # fmt: skip

BODIES = [
    _body("an empty body", "ERROR", l.instead(b"")),
    _body("a page of HTML", "ERROR", l.instead(t.ERROR_PAGE.encode())),
    _body("an error as JSON", "ERROR", l.instead(b'{"error": "rate limited"}')),
    _body("JSON that breaks off", "ERROR", l.cut_short),
    _body("an entry that is null", "ERROR", l.of_papers(lambda papers: [*papers, None])),  # type: ignore[list-item]
    _body("silent on a weekday", "ERROR", l.instead(b"[]")),
]

IDS = [
    _body("ids as floats", "ERROR", l.turned("id", float)),
    _body("ids through a number", "ERROR", l.turned("id", l.as_number), shows=at_least(30)),
    _body("ids truncated", "ERROR", l.turned("id", lambda text: text[:-1])),
    _body("ids without the dot", "ERROR", l.turned("id", lambda text: text.replace(".", ""))),
    _body("ids of another kind", "ERROR", l.turned("id", lambda text: f"65f{text.replace('.', '')}e0a1b2c3")),
    _body("ids of yesterday's papers", "ERROR", l.ids_of_neighbours),
    _body("one id for all", "ERROR", l.put("id", "2503.00001")),
]

ROWS = [
    _body("doubled", "ERROR", l.of_papers(lambda papers: [*papers, *papers])),
    _body("one paper repeated", "ERROR", l.one_repeated),
    _body("halved", "WARN", l.of_papers(lambda papers: papers[: len(papers) // 2]), missed=BY_CHANCE),
    _body("halved, the total told", "ERROR", l.half_of_a_total),
    _body("a single paper", "WARN", l.of_papers(lambda papers: papers[:1]), shows=at_least(10)),
    _body("truncated at 50", "WARN", l.cut_at_page(50)),
    _body("tenfold", "WARN", l.tenfold),
    _body("yesterday's list again", "ERROR", l.an_earlier(1)),
    _body("last week's list again", "ERROR", l.an_earlier(7)),
    _body("last month's list again", "ERROR", l.an_earlier(31)),
    _body("half of yesterday's list", "WARN", l.half_of_yesterday),
    _body("tomorrow's list", "WARN", l.a_later(1)),
    _body("next month's list", "ERROR", l.a_later(31)),
    _body("last year's list", "ERROR", l.an_earlier(366), shows=lambda given: given.spans(366, 0)),
]

DATES = [
    _body("dates a day late", "WARN", l.moved("publishedAt", DAY)),
    _body("dates a day early", "WARN", l.moved("publishedAt", -DAY)),
    _body("dates a month late", "ERROR", l.moved("publishedAt", MONTH)),
    _body("dates a month early", "WARN", l.moved("publishedAt", -MONTH)),
    _body("dates a year late", "ERROR", l.moved("publishedAt", YEAR)),
    _body("dates a year early", "ERROR", l.moved("publishedAt", -YEAR)),
    _body("dates of 1970", "ERROR", l.put("publishedAt", "1970-01-01T00:00:00.000Z")),
    _body("one date of 2099", "WARN", l.put("publishedAt", "2099-12-31T00:00:00.000Z", 0.01), shows=at_least(10)),
    _body("dates that are none", "WARN", l.put("publishedAt", "yesterday")),
]

AUTHORS = [
    _body("authors joined", "WARN", l.turned("authors", l.joined)),
    _body("an author a letter", "WARN", l.turned("authors", l.letters)),
    _body("first author missing", "WARN", l.turned("authors", lambda found: found[1:]), missed=NO_COUNT),
    _body("last author missing", "WARN", l.turned("authors", lambda found: found[:-1]), missed=NO_COUNT),
    _body("authors cut at one", "WARN", l.turned("authors", lambda found: found[:1])),
    _body("authors of the first paper", "WARN", l.authors_of_the_first),
]

FIGURES = [
    _body("votes negative", "ERROR", l.turned("upvotes", lambda votes: -1 - votes)),
    _body("votes frozen at 0", "WARN", l.put("upvotes", 0)),
    _body("votes frozen at 7", "WARN", l.put("upvotes", 7)),
    _body("votes of yesterday's papers", "WARN", l.votes_of_yesterday, missed=NEW_PAPERS),
    _body("votes times 1000", "WARN", l.turned("upvotes", lambda votes: 1000 * votes)),
    _body("comments negative", "ERROR", l.outer("numComments", -1)),
    _body("stars negative", "ERROR", l.put("githubStars", -5)),
]

TEXTS = [
    _text("HTML as abstract", "WARN", t.rewritten(t.as_html, "summary")),
    _text("HTML as title", "WARN", t.rewritten(t.emphasised, "title")),
    _text("an error page as title", "ERROR", t.rewritten(t.error_page, "title", share=0.3)),
    _text("an error page as abstract", "ERROR", t.rewritten(t.error_page, "summary")),
    _text("entities", "WARN", t.rewritten(t.entities)),
    _text("mojibake", "WARN", t.rewritten(t.mojibake)),
    _text("letters lost", "WARN", t.rewritten(t.letters_lost)),
    _text("control characters", "WARN", t.rewritten(t.control_characters)),
    _text("blanks lost", "WARN", t.rewritten(t.without_blanks, "summary")),
    _text("abstracts cut at 200", "WARN", t.rewritten(t.cut_at(200), "summary")),
    _text("abstracts cut at 1000", "WARN", t.rewritten(t.cut_at(1000), "summary")),
    _text("titles cut at 20", "WARN", t.rewritten(t.cut_at(20), "title")),
    _text("title as abstract", "ERROR", t.one_as_other("title", "summary")),
    _text("abstract as title", "ERROR", t.one_as_other("summary", "title")),
    _text("one title for all", "ERROR", t.of_the_first("title")),
    _text("one abstract for all", "ERROR", t.of_the_first("summary")),
    _text("abstracts swapped", "WARN", t.swapped),
    _text("German abstracts", "WARN", t.rewritten(t.german, "summary")),
    _text("Chinese abstracts", "WARN", t.rewritten(t.chinese, "summary")),
    _text("titles of one word", "WARN", t.rewritten(lambda text, given: text.split()[0], "title")),
    _text("abstracts thrice", "WARN", t.rewritten(lambda text, given: " ".join([text] * 3), "summary")),
    _text("code on ftp", "WARN", l.put("githubRepo", "ftp://example.org/code")),
    _text("code as JavaScript", "WARN", l.put("githubRepo", "javascript:alert(1)")),
]

FETCHING = [
    Fault("DOI garbage", FETCHED, "WARN", spoil=f.put("doi", "see the publisher's page")),
    Fault("categories invented", FETCHED, "WARN", spoil=f.put("categories", ["cs.ZZ", "Machine Learning!"])),
    Fault("addresses on another scheme", FETCHED, "ERROR", spoil=f.put("url", "javascript:alert(1)")),
    Fault("a record lost on the way", FETCHED, "ERROR", spoil=f.lost(1)),
    Fault("announced as never before", FETCHED, "ERROR", spoil=f.put("announced", "resubmitted")),
    Fault("rows of another day", FETCHED, "ERROR", spoil=f.another_day),
]

CLEANING = [
    Fault("cleaning loses a record", CLEAN, "ERROR", spoil=f.lost(1)),
    Fault("cleaning loses half", CLEAN, "ERROR", spoil=f.lost(0.5)),
    Fault("cleaning repeats a record", CLEAN, "ERROR", spoil=f.twice(1)),
    Fault("author keys lost", CLEAN, "ERROR", spoil=f.put("author_keys", [])),
    Fault("title_tex lost", CLEAN, "ERROR", spoil=f.put("title_tex", None)),
    Fault("abstracts lost", CLEAN, "ERROR", spoil=f.put("abstract", None)),
    Fault("authors lost", CLEAN, "ERROR", spoil=f.put("authors", [])),
    Fault("a paper_id lost", CLEAN, "ERROR", spoil=f.put("paper_id", None, 1)),
    Fault("one paper_id for all", CLEAN, "ERROR", spoil=f.worked("paper_id", pl.col("paper_id").first())),
    Fault("title keys empty", CLEAN, "ERROR", spoil=f.put("title_key", "")),
    Fault("everything withdrawn", CLEAN, "ERROR", spoil=f.put("withdrawn", True)),
    Fault("languages lost", CLEAN, "WARN", spoil=f.put("language", None)),
    Fault("votes lost in cleaning", CLEAN, "ERROR", spoil=f.put("votes", None)),
    Fault("dates lost in cleaning", CLEAN, "ERROR", spoil=f.put("published", None)),
    Fault("words miscounted", CLEAN, "WARN", spoil=f.put("words", 0)),
    Fault("a column retyped", CLEAN, "ERROR", spoil=f.retyped("version", pl.String())),
    Fault("a column missing", CLEAN, "ERROR", spoil=f.without("note")),
]

UNIFYING = [
    Fault("all in one work", UNIQUE, "ERROR", spoil=f.all_in_one),
    Fault("a work lost", UNIQUE, "ERROR", spoil=f.lost(1)),
    Fault("a work twice", UNIQUE, "ERROR", spoil=f.twice(1)),
    Fault("works without members", UNIQUE, "ERROR", spoil=f.members(lambda listed: [])),
    Fault("a member of no record", UNIQUE, "ERROR", spoil=f.members(f.misplaced_member)),
    Fault("a record in two works", UNIQUE, "ERROR", spoil=f.one_more("work_id", "arxiv:9912.99999")),
    Fault("a work_id lost", UNIQUE, "ERROR", spoil=f.put("work_id", None, 1)),
    Fault("abstracts of works lost", UNIQUE, "ERROR", spoil=f.put("abstract", None)),
    Fault("votes of works lost", UNIQUE, "ERROR", spoil=f.put("votes", None)),
    Fault("every work a revision", UNIQUE, "ERROR", spoil=f.put("revision", True)),
]

TAGGING = [
    Fault("a topic of no taxonomy", TAGGED, "ERROR", spoil=f.topic(topic="astrology", label="Astrology")),
    Fault("nothing tagged", TAGGED, "WARN", spoil=f.put("topics", [])),
    Fault("tagging loses a work", TAGGED, "ERROR", spoil=f.lost(1)),
    Fault("tagging loses all", TAGGED, "ERROR", spoil=f.all_lost),
    Fault("a work tagged twice", TAGGED, "ERROR", spoil=f.twice(1)),
    Fault("another work tagged", TAGGED, "ERROR", spoil=f.put("work_id", "arxiv:9912.99999", 1)),
    Fault("one topic for all", TAGGED, "WARN", spoil=f.topic()),
    Fault("topics scored below zero", TAGGED, "ERROR", spoil=f.topic(score=-1.0)),
    Fault("topics without a phrase", TAGGED, "ERROR", spoil=f.topic(phrase="")),
]

RANKING = [
    Fault("a place twice", DIGEST, "ERROR", spoil=f.put("place", 2, 1)),
    Fault("a place left out", DIGEST, "ERROR", spoil=f.worked("place", pl.col("place") + 1)),
    Fault("a negative score", DIGEST, "ERROR", spoil=f.put("score", -0.5, 1)),
    Fault("a JavaScript page", DIGEST, "WARN", spoil=f.put("url", "javascript:alert(1)", 1), shows=at_least(10)),
    Fault("JavaScript pages", DIGEST, "ERROR", spoil=f.put("url", "javascript:alert(1)")),
    Fault("JavaScript links", DIGEST, "ERROR", spoil=f.links("javascript:alert(1)")),
    Fault("a title missing", DIGEST, "WARN", spoil=f.put("title", None, 1), shows=at_least(10)),
    Fault("fewer than it has room for", DIGEST, "ERROR", spoil=f.lost(1)),
    Fault("a paper too many", DIGEST, "ERROR", spoil=f.one_more("place", 99)),
    Fault("a work that nobody knows", DIGEST, "ERROR", spoil=f.put("work_id", "arxiv:9912.99999", 1)),
    Fault("the worst first", DIGEST, "ERROR", spoil=f.turned_round),
    Fault("a score that is no sum", DIGEST, "ERROR", spoil=f.worked("score", pl.col("score") + 1)),
    Fault("places without a reason", DIGEST, "ERROR", spoil=f.put("why", "")),
    Fault("summaries lost", DIGEST, "ERROR", spoil=f.put("summary", None)),
]

MAILING = [
    Fault("a reader twice", DELIVERIES, "ERROR", spoil=f.twice(1)),
    Fault("a mail in the queue", DELIVERIES, "ERROR", spoil=f.put("state", "pending", 1)),
    Fault("a state that nobody knows", DELIVERIES, "ERROR", spoil=f.put("state", "delivered", 1)),
    Fault("a reader without an id", DELIVERIES, "ERROR", spoil=f.put("reader", "reader", 1)),
    Fault("a mail without papers", DELIVERIES, "ERROR", spoil=f.put("papers", 0, 1)),
    Fault("an edition that is no hash", DELIVERIES, "ERROR", spoil=f.put("edition", "today's", 1)),
]

FAULTS = [*FIELDS, *BODIES, *IDS, *ROWS, *DATES, *AUTHORS, *FIGURES, *TEXTS,
          *FETCHING, *CLEANING, *UNIFYING, *TAGGING, *RANKING, *MAILING]  # fmt: skip
