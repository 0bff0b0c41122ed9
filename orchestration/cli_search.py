"""The command `paperboy search`."""

import os
from collections.abc import Sequence

import click

from orchestration.command import the_settings

DEFAULT_LIMIT = 10
ALIKE = 5


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("query", nargs=-1, required=True)
@click.option("--limit", type=click.IntRange(min=1), default=DEFAULT_LIMIT, show_default=True, help="At most so many.")
@click.option("--newest", is_flag=True, help="The newest first, instead of the best.")
@click.option("--json", "as_json", is_flag=True, help="A JSON object, with the places of what was found in each text.")
def search(query: Sequence[str], limit: int, newest: bool, as_json: bool) -> None:
    """Find works by their title, abstract, authors and tags.

    QUERY is words, all of which are to stand in a work; where too few works have them all, those with some follow.
    "A phrase" in quotes, a beginning* of a word, -word for what is not wanted; author:NAME and tag:NAME; cat:cs.LG, or
    cat:cs for all of an archive; after:2025-03-01 for that day and later ones, before:2025-04-01 for earlier ones.
    """
    import json

    from assets.search.find import find
    from assets.search.query import QueryError, parse
    from orchestration import found

    file = the_settings().search_file
    try:
        asked = parse(" ".join(query))
    except QueryError as error:
        raise click.UsageError(str(error)) from error
    answer = find(file, asked, limit, newest=newest)
    if as_json:
        click.echo(json.dumps(found.as_json(answer), ensure_ascii=False, indent=2))
        return
    for line in found.lines(answer):
        # Click itself leaves out what is bold where standard output is no terminal.
        click.echo(line, color=False if os.environ.get("NO_COLOR") else None)


@click.command()
@click.argument("paper", metavar="ID")
@click.option("--limit", type=click.IntRange(min=1), default=ALIKE, show_default=True, help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="A JSON array.")
def similar(paper: str, limit: int, as_json: bool) -> None:
    """List the works that are most like a paper, by the words that tell it from the others.

    An ID is an arXiv id in any spelling, or source:id.
    """
    import json

    from assets.clean.ids import named
    from assets.search.similar import similar as alike
    from orchestration import found

    hits = alike(the_settings().search_file, named(paper), limit)
    if as_json:
        click.echo(json.dumps([found.values(hit) for hit in hits], ensure_ascii=False, indent=2))
        return
    for line in found.paragraphs(hits):
        click.echo(line, color=False if os.environ.get("NO_COLOR") else None)
