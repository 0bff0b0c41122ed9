"""The command `paperboy report`: any days as one HTML file."""

from datetime import date
from pathlib import Path

import click

from orchestration.command import Day, the_settings


@click.command()
@click.argument("first", type=Day(), metavar="[FROM]", required=False)
@click.argument("last", type=Day(), metavar="[TO]", required=False)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Where to write it.")
def report(first: date | None, last: date | None, output: Path | None) -> None:
    """Write the report on quality of each day from FROM to TO as one HTML file that loads nothing.

    Without TO, up to yesterday; without FROM, the 30 days before. The file is home/reports/FROM_TO.html, if --output
    names no other.
    """
    from orchestration import resources
    from quality import suites
    from quality.report.words import summary

    settings = the_settings()
    suites.adopt(resources.expectations(settings))
    reports = resources.reports(settings)
    last = last or settings.yesterday()
    first = first or reports.first_of(last)
    if first > last:
        raise click.UsageError(f"FROM {first} is after TO {last}.")
    file = output or settings.reports / f"{first}_{last}.html"
    facts = reports.write(resources.warehouse(settings), first, last, file)
    click.echo(summary(facts))
    click.echo(file)
