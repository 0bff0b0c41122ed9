"""The commands about texts, `paperboy clean-text` and `paperboy tag-text`, and about what texts are tagged by."""

import re
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import click

from orchestration.command import Subcommands, the_settings

TEXTS = click.Path(exists=True, dir_okay=False, allow_dash=True)


@click.command("clean-text")
@click.argument("file", type=TEXTS, default="-")
@click.option("--title", is_flag=True, help="The texts are titles: addresses in them stay.")
def clean_text(file: str, title: bool) -> None:
    """Show what cleaning makes of a text, for a report of one that comes out wrong.

    FILE, or standard input, holds abstracts as a source gives them, with a blank line between two. Of each: the text
    before (-) and after (+), the links lifted out of it with their kinds, its language.
    """
    from orchestration.cleaned import comparison

    texts = _texts(file)
    click.echo(f"paperboy {version('paperboy')}")
    for text in texts:
        click.echo()
        for line in comparison(text, title=title):
            click.echo(line)


@click.command("tag-text")
@click.argument("file", type=TEXTS, default="-")
@click.option(
    "--category", "categories", multiple=True, help="An arXiv category of the papers, as cs.LG; may be repeated."
)
def tag_text(file: str, categories: Sequence[str]) -> None:
    """Show which topics a paper earns, by which phrases.

    FILE, or standard input, holds papers with a blank line between two: the title in the first line, the abstract in
    those below. The texts are cleaned as a source's are. Of each: the topics with their scores, and the phrases that
    earned them with the place where they stand; what scores too little or comes after too many; last the keywords that
    the text yields.
    """
    from orchestration import resources
    from orchestration.topics import explained

    taxonomy = resources.taxonomy(the_settings())
    for number, text in enumerate(_texts(file)):
        title, _, abstract = text.strip().partition("\n")
        click.echo("\n" * (number > 0) + "\n".join(explained(title, abstract, categories, taxonomy)))


@click.group(cls=Subcommands)
def taxonomy() -> None:
    """The topics that papers are sorted under."""


@taxonomy.command("check")
@click.argument("file", type=click.Path(path_type=Path), required=False)
def check_taxonomy(file: Path | None) -> None:
    """Read the taxonomy in FILE, or the one of the settings, and say what is wrong with it."""
    from assets.tag.taxonomy import DEFAULT, load

    path = file or the_settings().taxonomy or DEFAULT
    topics = load(path).topics
    areas = len({topic.area for topic in topics})
    phrases = sum(len(topic.phrases) for topic in topics)
    counted = ((areas, "area"), (len(topics), "topic"), (phrases, "phrase"))
    click.echo(f"{path}: " + ", ".join(f"{number:,} {noun}{'s' * (number != 1)}" for number, noun in counted))


@taxonomy.command("list")
def list_topics() -> None:
    """List the topics by area, each with its key and its meaning."""
    from orchestration import resources
    from orchestration.topics import overview

    click.echo("\n".join(overview(resources.taxonomy(the_settings()))))


@taxonomy.command("suggest")
@click.option("--limit", type=click.IntRange(min=1), default=30, show_default=True, help="At most so many phrases.")
def suggest_phrases(limit: int) -> None:
    """Suggest phrases that stored papers are about and the taxonomy does not know, with the topic they go with.

    A phrase goes with a topic that its papers earn by other phrases more often than chance would have it. Last, the
    phrases by topic, as they may be added to the taxonomy.
    """
    from assets.tag import suggest
    from orchestration import resources
    from orchestration.topics import suggested

    settings = the_settings()
    known = resources.taxonomy(settings)
    found = suggest.suggestions(suggest.stored(resources.warehouse(settings)), known)
    click.echo("\n".join(suggested(found[:limit], known)))


def _texts(file: str) -> list[str]:
    """The texts of a file, which a blank line parts."""
    name = "standard input" if file == "-" else file
    try:
        with click.open_file(file, "rb") as opened:
            texts = [text for text in re.split(r"\n\s*\n", opened.read().decode()) if text.strip()]
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{name} is not UTF-8: look at byte {error.start}.") from error
    if not texts:
        raise click.ClickException(f"{name} holds no text.")
    return texts
