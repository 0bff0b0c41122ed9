"""A taxonomy file is read, or refused in words that say what to do."""

from pathlib import Path

import pytest

from assets.tag.taxonomy import DEFAULT, Taxonomy, TaxonomyError, Topic, load
from assets.tag.words import words


def test_the_packaged_taxonomy_is_valid() -> None:
    topics = load(DEFAULT).topics
    assert 35 <= len(topics) <= 50
    assert len({topic.label for topic in topics}) == len(topics)
    assert all(len(topic.phrases) >= 5 for topic in topics)


def test_a_file_is_read_in_its_order(tmp_path: Path) -> None:
    path = tmp_path / "topics.toml"
    path.write_text(
        '[[topic]]\nkey = "b"\nlabel = "B"\nphrases = ["Beta-test"]\n'
        '[[topic]]\nkey = "a"\nlabel = "A"\nweight = 0.5\nphrases = ["alpha"]\n'
    )
    assert load(path) == Taxonomy((Topic("b", "B", ("Beta-test",)), Topic("a", "A", ("alpha",), 0.5)))


TOPIC = '[[topic]]\nkey = "a"\nlabel = "A"\n'


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[[topic", "is not valid TOML"),
        ("", r"has no topics; add a \[\[topic\]\]"),
        ('topics = "x"\n', "does not know 'topics'"),
        ("topic = [1]\n", "topic 1 is not a table"),
        ('[[topic]]\nlabel = "A"\nphrases = ["x"]\n', "topic 1: key is missing"),
        ('[[topic]]\nkey = "a b"\nlabel = "A"\nphrases = ["x"]\n', "the key holds spaces"),
        ('[[topic]]\nkey = "a"\nphrases = ["x"]\n', r"topic 1 \(a\): label is missing"),
        (TOPIC, "phrases is missing or empty"),
        (TOPIC + "phrases = []\n", "phrases is missing or empty"),
        (TOPIC + 'phrases = "x"\n', "phrases is missing or empty"),
        (TOPIC + 'phrases = ["x", "--"]\n', "the phrase '--' holds no word"),
        (TOPIC + "phrases = [1]\n", "the phrase 1 holds no word"),
        (TOPIC + 'phrases = ["x"]\nweight = 0\n', "the weight 0 is not a number above 0"),
        (TOPIC + 'phrases = ["x"]\nweight = true\n', "the weight True is not a number"),
        (TOPIC + 'phrases = ["x"]\ncolour = "red"\n', "does not know 'colour'"),
        (TOPIC + 'phrases = ["x"]\n' + TOPIC + 'phrases = ["y"]\n', "the key 'a' stands twice"),
        (
            TOPIC + 'phrases = ["fine-tuning"]\n[[topic]]\nkey = "b"\nlabel = "B"\nphrases = ["Fine Tuning"]\n',
            "topic 'b': the phrase 'Fine Tuning' already earns 'a'",
        ),
    ],
)
def test_a_mistake_is_named_with_its_file(tmp_path: Path, content: str, says: str) -> None:
    path = tmp_path / "topics.toml"
    path.write_text(content)
    with pytest.raises(TaxonomyError, match=says) as caught:
        load(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TaxonomyError, match=r"none\.toml: cannot be read .*check the path"):
        load(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Vision-Language  Models!", "vision language models"),
        ("a_b", "a b"),
        ("«中文» Ünïcode", "中文 ünïcode"),
        ("--", ""),
    ],
)
def test_words(text: str, read: str) -> None:
    assert words(text) == read
