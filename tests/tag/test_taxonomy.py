"""A taxonomy file is read, or refused in words that say what to do."""

from pathlib import Path

import pytest

from assets.tag.taxonomy import DEFAULT, Taxonomy, TaxonomyError, Topic, load

AREA = '[[area]]\nkey = "x"\nlabel = "X"\n'
TOPIC = AREA + '[[topic]]\nkey = "a"\narea = "x"\nlabel = "A"\nmeaning = "Of a."\n'
OTHER = '[[topic]]\nkey = "b"\narea = "x"\nlabel = "B"\nmeaning = "Of b."\n'


def test_the_packaged_taxonomy_is_valid() -> None:
    topics = load(DEFAULT).topics
    assert 60 <= len(topics) <= 120
    assert len({topic.area for topic in topics}) < len(topics) / 4
    assert all(len(topic.phrases) >= 10 for topic in topics)


def test_a_file_is_read_in_its_order(tmp_path: Path) -> None:
    path = tmp_path / "topics.toml"
    path.write_text(
        f'{AREA}{OTHER}phrases = ["Beta-test"]\nexclude = ["beta test drive"]\ncategories = ["cs.LG", "quant-ph"]\n'
        '[[topic]]\nkey = "a"\narea = "x"\nlabel = "A"\nmeaning = "Of a."\nweight = 0.5\nphrases = ["alpha"]\n'
    )
    assert load(path) == Taxonomy(
        (
            Topic("b", "X", "B", "Of b.", ("Beta-test",), ("beta test drive",), ("cs.LG", "quant-ph")),
            Topic("a", "X", "A", "Of a.", ("alpha",), weight=0.5),
        )
    )


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[[topic", "is not valid TOML"),
        ("", r"has no area; add a \[\[area\]\] table with key and label"),
        (AREA, r"has no topic; add a \[\[topic\]\]"),
        ('topics = "x"\n', "does not know 'topics'"),
        ("area = [1]\n", "area 1 is not a table"),
        (AREA + AREA + "[[topic]]\n", "the area 'x' stands twice"),
        ('[[area]]\nkey = "x"\nlabel = "X"\nmeaning = "M"\n', r"area 1 \(x\): does not know 'meaning'"),
        ("topic = [1]\n" + AREA, "topic 1 is not a table"),
        (AREA + '[[topic]]\nlabel = "A"\nphrases = ["x"]\n', "topic 1: key is missing"),
        (AREA + '[[topic]]\nkey = "a b"\nlabel = "A"\nphrases = ["x"]\n', "the key holds spaces"),
        (AREA + '[[topic]]\nkey = "a"\nphrases = ["x"]\n', r"topic 1 \(a\): area is missing"),
        (AREA + '[[topic]]\nkey = "a"\narea = "x"\nphrases = ["x"]\n', r"topic 1 \(a\): label is missing"),
        (AREA + '[[topic]]\nkey = "a"\narea = "x"\nlabel = "A"\nphrases = ["x"]\n', "meaning is missing"),
        (AREA + '[[topic]]\nkey = "a"\narea = "y"\n', "knows no area 'y'; use one of x"),
        (TOPIC + 'phrases = ["x"]\n[[area]]\nkey = "y"\nlabel = "Y"\n', "the area 'Y' has no topic"),
        (TOPIC, "phrases is missing or empty"),
        (TOPIC + "phrases = []\n", "phrases is missing or empty"),
        (TOPIC + 'phrases = "x"\n', "phrases is not a list"),
        (TOPIC + 'phrases = ["x", "--"]\n', "the phrase '--' of phrases holds no word"),
        (TOPIC + "phrases = [1]\n", "the phrase 1 of phrases holds no word"),
        (TOPIC + 'phrases = ["x"]\nweight = 0\n', "the weight 0 is not a number above 0"),
        (TOPIC + 'phrases = ["x"]\nweight = true\n', "the weight True is not a number"),
        (TOPIC + 'phrases = ["x"]\ncolour = "red"\n', "does not know 'colour'"),
        (TOPIC + 'phrases = ["x"]\ncategories = ["CS LG"]\n', "'CS LG' is no category of arXiv"),
        (TOPIC + 'phrases = ["x"]\n' + TOPIC.removeprefix(AREA) + 'phrases = ["y"]\n', "the topic 'a' stands twice"),
        (
            TOPIC + 'phrases = ["x"]\n' + OTHER.replace('"B"', '"A"') + 'phrases = ["y"]\n',
            "the label 'A' stands twice",
        ),
        (
            TOPIC + 'phrases = ["fine-tuning"]\n' + OTHER + 'phrases = ["Fine Tuning"]\n',
            "topic 'b': the phrase 'Fine Tuning' already earns 'a'",
        ),
        (
            TOPIC + 'phrases = ["case study"]\n' + OTHER + 'phrases = ["case studies"]\n',
            "topic 'b': the phrase 'case studies' already earns 'a'",
        ),
        (
            TOPIC + 'phrases = ["law"]\nexclude = ["scaling law"]\n' + OTHER + 'phrases = ["scaling law"]\n',
            "topic 'a': the excluded 'scaling law' earns 'b'",
        ),
        ('synonyms = ["LLM"]\n' + TOPIC + 'phrases = ["x"]\n', r"synonyms is not a table; write \[synonyms\]"),
        (TOPIC + 'phrases = ["x"]\n[synonyms]\nLLM = 1\n', "synonyms: LLM is missing or empty"),
        (
            TOPIC + 'phrases = ["x"]\n[synonyms]\nMLLM = "LLM"\nLLM = "large language model"\n',
            "synonyms: 'MLLM' stands for 'LLM', itself a synonym",
        ),
        (TOPIC + 'phrases = ["law"]\nexclude = ["flaw"]\n', "the excluded 'flaw' holds none of the topic's phrases"),
    ],
)
def test_a_mistake_is_named_with_its_file(tmp_path: Path, content: str, says: str) -> None:
    path = tmp_path / "topics.toml"
    path.write_text(content)
    with pytest.raises(TaxonomyError, match=says) as caught:
        load(path)
    assert str(path) in str(caught.value)


def test_synonyms_stand_beside_the_topics(tmp_path: Path) -> None:
    path = tmp_path / "topics.toml"
    path.write_text(TOPIC + 'phrases = ["x"]\n[synonyms]\nLLM = "large language model"\n')
    assert load(path).synonyms == {"LLM": "large language model"}


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TaxonomyError, match=r"none\.toml: cannot be read .*check the path"):
        load(tmp_path / "none.toml")
