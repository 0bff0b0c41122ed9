"""The commands about the ranking: `paperboy explain` and `paperboy top`."""

from datetime import date
from pathlib import Path

import click

from orchestration.command import Day, the_settings

OUT = click.Path(dir_okay=False, writable=True, path_type=Path)


@click.command()
@click.argument("day", type=Day())
@click.argument("paper", metavar="ID")
def explain(day: date, paper: str) -> None:
    """Recompute the place of a paper in the digest of DAY, part by part.

    An ID is an arXiv id in any spelling, or source:id.
    """
    from orchestration.ranked import explained

    for line in explained(the_settings(), day, paper):
        click.echo(line)


@click.command()
@click.argument("span", type=click.Choice(["day", "week", "month", "trending"]))
@click.argument("day", type=Day(), required=False)
@click.option("--days", type=click.IntRange(1, 366), default=7, show_default=True, help="How far back a trend reaches.")
@click.option("--size", type=click.IntRange(1, 1000), help="How many papers; by default as many as an edition holds.")
@click.option(
    "--for", "profile", type=click.Path(path_type=Path), metavar="FILE", help="As the reader of this profile wants it."
)
@click.option("--html", type=OUT, metavar="FILE", help="Write it as a page that looks like the digest.")
@click.option("--text", type=OUT, metavar="FILE", help="Write the same as plain text.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
def top(
    span: str, day: date | None, days: int, size: int | None, profile: Path | None,
    html: Path | None, text: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """The best papers of DAY, of its week or month, or those that trend: by the formula of the daily edition.

    Without DAY, of yesterday. What was known on the morning after the last day counts, and nothing later. A page says
    of which days nothing was read, or only a part; it mails nothing.
    """
    from assets.mail import render
    from assets.mail.period import Period
    from orchestration import ranked

    if as_json and (html or text):
        raise click.UsageError("--json prints, --html and --text write a file: choose.")

    settings = the_settings()
    day = day or settings.yesterday()
    days = 1 if span == "day" else days
    period = {"week": Period.week, "month": Period.month}.get(span, lambda last: Period.trailing(last, days))(day)
    size = size or settings.digest.size
    if html or text:
        page = ranked.page(settings, period, size, profile)
        for file, rendered in ((html, render.html), (text, render.text)):
            if file:
                file.write_text(rendered(page), encoding="utf-8")
                click.echo(file)
        return
    for line in ranked.top(settings, period, size, profile, as_json=as_json):
        click.echo(line)
