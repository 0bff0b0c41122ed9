"""Addresses leave the end of an abstract with the sentence that says nothing else, and keep what is there."""

import re
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.clean.links import kind, lift, lifted, normal
from tests.clean.real_texts import huggingface, needs_data, unwrapped

REPOSITORY = "https://github.com/lab/lift"
PAGE = "https://lab.example/lift"


@pytest.mark.parametrize(
    "sentence",
    [
        REPOSITORY,
        f"Code is available at {REPOSITORY}.",
        f"Our code, data and models will be made publicly available at {REPOSITORY} .",
        f"Code: {REPOSITORY}",
        f"(Code is available at: {REPOSITORY})",
        f"[Source code: {REPOSITORY}]",
        f"Github repo: {REPOSITORY}/",
        f"Please see our project page for more video results: {PAGE}.",
        f"More results on the project website: {PAGE}",
        f"To facilitate future research, we release all code at {REPOSITORY}.",
        "The code can be found at github.com/lab/lift.",
        "See www.lab.example/lift for videos.",
        f"Code is avaliable at {REPOSITORY}{{this https URL}}.",
        f"{PAGE}/{{Our code is available.}}",
        f"The code is at https: //github.com/lab/lift. A demo is at {PAGE}.",
        f"Code: {REPOSITORY}; data: {PAGE}",
        f"LiftBot is available at {REPOSITORY}.",
    ],
)
def test_a_sentence_that_only_says_where_goes_with_its_address(sentence: str) -> None:
    abstract, links = lifted(f"LiftBot lifts. It falls less often. {sentence}", "Robots That Ask")
    assert abstract == "LiftBot lifts. It falls less often."
    assert links


@pytest.mark.parametrize(
    "sentence",
    [
        f"We release a dataset of 500k lifts at {REPOSITORY}.",
        f"Our robots fall 40% less often, see {PAGE}.",
        f"We release 12 trained policies under a permissive licence at {REPOSITORY}.",
        f"The code at {REPOSITORY} outperforms every baseline.",
        f"We publish $x$ at {PAGE}.",
    ],
)
def test_a_sentence_that_says_more_stays_whole(sentence: str) -> None:
    text = f"Robots lift. {sentence}"
    abstract, links = lifted(text)
    assert abstract == text
    assert links


@pytest.mark.parametrize(
    ("text", "left", "count"),
    [
        (f"Robots lift boxes (code: {REPOSITORY}).", "Robots lift boxes.", 1),
        (f"We study robots ({PAGE})", "We study robots", 1),
        (f"Our policy is available at ({PAGE}).", f"Our policy is available at ({PAGE}).", 1),
        (f"Robots fall less{PAGE}.", "Robots fall less.", 1),
        (f"Robots fall less Project page: {PAGE}", "Robots fall less", 1),
        (f"Policies are listed on our Project page: {PAGE}", f"Policies are listed on our Project page: {PAGE}", 1),
        (f"Robots fall less.Code is available at {REPOSITORY}.", "Robots fall less.", 1),
        (
            f"Robots fall. Code: {REPOSITORY}. We lift 9 boxes, see {PAGE}.",
            f"Robots fall. We lift 9 boxes, see {PAGE}.",
            2,
        ),
        (f"See {PAGE}. But it is not the end.", f"See {PAGE}. But it is not the end.", 0),
        (f"Code is available at {REPOSITORY}.", f"Code is available at {REPOSITORY}.", 1),
        ("Robots lift e.g. https://lab.example/a", "Robots lift e.g. https://lab.example/a", 1),
        ("It builds on https://arxiv.org/abs/2503.00001v2.", "It builds on https://arxiv.org/abs/2503.00001v2.", 0),
        ("Published at https://doi.org/10.1000/x1.", "Published at https://doi.org/10.1000/x1.", 0),
        ("Code is at https://lab. example/lift.", "Code is at https://lab. example/lift.", 0),
        ("Mail lab@www.lab.example or robots.io/x.", "Mail lab@www.lab.example or robots.io/x.", 0),
        ("", "", 0),
        (f"Robots fall. The code is available here. {REPOSITORY}", "Robots fall.", 1),
        (f"Robots fall. Nobody falls here. {REPOSITORY}", "Robots fall. Nobody falls here.", 1),
        ("Robots fall. The code is available here.", "Robots fall. The code is available here.", 0),
        ("Nothing here.", "Nothing here.", 0),
    ],
)
def test_what_is_left(text: str, left: str, count: int) -> None:
    abstract, links = lifted(text)
    assert (abstract, len(links)) == (left, count)


@pytest.mark.parametrize(
    ("said", "links"),
    [
        (
            "Code: https://github.com/a/b, weights: https://huggingface.co/a/b, demo: https://huggingface.co/spaces/a/b.",
            [
                ("https://github.com/a/b", "code"),
                ("https://huggingface.co/a/b", "project"),
                ("https://huggingface.co/spaces/a/b", "demo"),
            ],
        ),
        (
            "Data (at https://data.example/a_(b)) and code at http://m.example/x, too.",
            [("https://data.example/a_(b)", "data"), ("http://m.example/x", "code")],
        ),
        (
            "The dataset and benchmark are at https://a.example and https://b.example.",
            [("https://a.example", "data"), ("https://b.example", "data")],
        ),
        ("See https://lab.example/x for demo videos.", [("https://lab.example/x", "demo")]),
        ("Code at https://lab.example/x (http://www.lab.example/x/).", [("https://lab.example/x", "code")]),
    ],
)
def test_each_address_has_the_kind_that_is_said_of_it(said: str, links: list[tuple[str, str]]) -> None:
    assert lifted(f"Robots lift. {said}").links == links


@pytest.mark.parametrize(
    ("url", "said", "expected"),
    [
        ("https://github.com/a/b", "Project page", "code"),
        ("https://www.GitHub.com/a", "", "code"),
        ("https://github.com/", "", "project"),
        ("https://notgithub.com/a", "", "project"),
        ("https://code.lab.example/a", "", "code"),
        ("https://lab.example/papers/code/", "", "code"),
        ("https://lab.example/codebook", "", "project"),
        ("https://lab.example/?next=/code", "", "project"),
        ("https://lab.github.io/a", "Code and data", "code"),
        ("https://lab.github.io/a", "Code and videos on our project page", "project"),
        ("https://lab.example/a", "Audio samples", "demo"),
        ("https://huggingface.co/datasets/a/b", "Code", "data"),
        ("https://huggingface.co/spaces/a/b", "Code", "demo"),
        ("https://huggingface.co/a/b", "Checkpoints", "project"),
        ("https://youtu.be/x", "Code", "demo"),
        ("https://zenodo.org/records/1", "", "data"),
        ("https://doi.org/10.5281/zenodo.1", "The code", "code"),
        ("https://kaggle.com/competitions/a", "", "data"),
        ("https://kaggle.com/code/a", "", "code"),
    ],
)
def test_the_kind_is_the_hosts_else_that_of_the_words(url: str, said: str, expected: str) -> None:
    assert kind(url, said) == expected


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("github.com/a/b", "https://github.com/a/b"),
        ("http://lab.example", "http://lab.example"),
        ("https: //lab.example/x", "https://lab.example/x"),
        ("https://lab", None),
        ("javascript:alert(1)//https://lab.example", None),
        ("https://export.arxiv.org/abs/2503.00001", None),
        ("https://dx.doi.org/10.1000/x", None),
    ],
)
def test_normal(written: str, url: str | None) -> None:
    assert normal(written) == url


def papers(*rows: dict[str, Any]) -> pl.DataFrame:
    schema = pl.Schema({"title": pl.String(), "abstract": pl.String(), "links": pl.List(pl.String())})
    return pl.DataFrame([dict.fromkeys(schema) | row for row in rows], schema=schema)


def test_the_sources_own_links_come_first_and_no_address_twice() -> None:
    own = [PAGE, "javascript:alert(1)", None, "", " www.lab.example/lift/ ", "https://arxiv.org/abs/2503.00001"]
    text = f"Robots lift. Code is at {REPOSITORY}.git, {REPOSITORY} and http://lab.example/lift#video."
    frame = lift(papers({"links": own, "abstract": text}))
    assert frame["links"].to_list() == [
        [{"url": PAGE, "kind": "project"}, {"url": f"{REPOSITORY}.git", "kind": "code"}]
    ]
    assert frame["abstract"].to_list() == ["Robots lift."]


def test_papers_without_text_or_links_have_none() -> None:
    frame = lift(papers({}, {"abstract": ""}, {"abstract": "Robots lift."}))
    assert frame["links"].to_list() == [[], [], []]
    assert frame["abstract"].to_list() == [None, "", "Robots lift."]
    assert lift(papers()).schema["links"] == frame.schema["links"]


PIECES = st.sampled_from(
    [
        *["Robots", "lift", "9", "boxes.", "Code", "is", "available", "at", "The", "data", "(", ")", "e.g.", ":", "."],
        *[
            REPOSITORY,
            PAGE,
            "www.lab.example",
            "https://arxiv.org/abs/1",
            "https://",
            "Project page:",
            "and",
            "$x$",
            ",",
        ],
        *[" ", " ", " ", " ", "see", "(https://a.example)", "less.Code is at", "!", "?", "{here}"],
    ]
)
TEXTS = st.lists(PIECES, max_size=30).map(lambda pieces: " ".join("".join(pieces).split()))


@given(TEXTS | st.lists(PIECES, max_size=30).map(" ".join))
def test_lifting_again_lifts_no_more_and_nothing_is_added(text: str) -> None:
    abstract, links = lifted(text)
    assert lifted(abstract).abstract == abstract
    assert bool(abstract) == bool(text)
    rest = iter(re.sub(r"\s", "", text))
    assert all(letter in rest for letter in re.sub(r"\s", "", abstract.rstrip(".")))
    assert all(re.sub("^https://", "", url) in text.replace(" ", "") for url, _ in links)


@given(st.text())
def test_any_text_can_be_lifted(text: str) -> None:
    lifted(text, text)


@needs_data
def test_real_abstracts_seldom_end_in_an_address() -> None:
    ending = re.compile(r"https?://\S+\Z")
    pairs = unwrapped(huggingface()).drop_nulls().rows()
    left = [lifted(abstract, title).abstract for title, abstract in pairs]
    before = sum(bool(ending.search(abstract)) for _, abstract in pairs)
    after = sum(bool(ending.search(abstract)) for abstract in left)
    assert before > 0.2 * len(pairs)
    assert after < 0.2 * before
    assert all(len(rest) > 0.5 * len(abstract) for rest, (_, abstract) in zip(left, pairs, strict=True))
