"""The command `paperboy`: thin over the jobs, on the same instance as the UI.

Commands import what they need when they run, so that `--help` answers at once.
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from orchestration.cli_bounces import bounces
from orchestration.cli_outbox import outbox
from orchestration.cli_quality import check, quarantine
from orchestration.cli_ranking import explain, top
from orchestration.cli_readers import readers
from orchestration.cli_search import search, similar
from orchestration.cli_serve import serve
from orchestration.cli_texts import clean_text, tag_text, taxonomy
from orchestration.command import DEBUG, Commands, Day, RunFailed, the_settings
from orchestration.report_command import report

if TYPE_CHECKING:
    import dagster as dg

    from orchestration.runs import Outcome
    from orchestration.settings import Settings

DEFAULT_STATUS_DAYS = 14


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help=DEBUG)
@click.version_option(package_name="paperboy")
def main(debug: bool) -> None:
    """The daily paper digest that a research group runs itself."""
    if not debug:
        # Dagster announces on every start which of its stable-enough features it still calls beta.
        warnings.filterwarnings("ignore", module="dagster")


for command in (
    check, quarantine, report, readers, outbox, bounces, serve, explain, top, search, similar,
    clean_text, tag_text, taxonomy,
):  # fmt: skip
    main.add_command(command)


@main.command()
@click.argument("day", type=Day(), required=False)
@click.pass_context
def digest(context: click.Context, day: date | None) -> None:
    """Make the digest of DAY; without DAY, of the latest day that has papers.

    The latest day is mailed, once. A past day is made and not mailed: see `paperboy send`.
    """
    from orchestration import runs, shown
    from orchestration.alerts.by_command import telling

    settings = the_settings()
    with telling(settings):
        newest = None if day else _newest_day(settings)
        day = day or newest
        assert day is not None  # noqa: S101 - _newest_day raises where there is none
        before = shown.mails(settings, day)
        _run_or_fail(settings, "daily_digest", day, runs.edition_config(newest=newest), context)
    shown.report(settings, day, before)


@main.command()
@click.argument("first", type=Day(), metavar="FROM")
@click.argument("last", type=Day(), metavar="TO")
@click.pass_context
def backfill(context: click.Context, first: date, last: date) -> None:
    """Make every day from FROM to TO, both included; mails nothing.

    The days are made in windows; where a window fails, its bad days are made again alone, so that only they fail.
    """
    _make(context, first, last, from_store=False)


@main.command()
@click.argument("first", type=Day(), metavar="FROM")
@click.argument("last", type=Day(), metavar="TO")
@click.option("--from-store", is_flag=True, help="Parse the stored bodies again; no source is asked.")
@click.pass_context
def refetch(context: click.Context, first: date, last: date, from_store: bool) -> None:
    """Fetch every day from FROM to TO again, and make what follows from it; mails nothing.

    What is stored stays: a record that its list no longer names is kept, and figures keep their first values.
    """
    _make(context, first, last, from_store=from_store)


def _make(context: click.Context, first: date, last: date, *, from_store: bool) -> None:
    from orchestration import runs

    if first > last:
        raise click.UsageError(f"FROM {first} is after TO {last}.")
    settings = the_settings()
    days = runs.days_between(first, last)
    defs, debug = _defs(), context.parent is not None and context.parent.params["debug"]
    failures = []
    with runs.instance(settings) as instance, _progress(len(days)) as advance:
        for outcome in runs.backfill(defs, instance, days, advance, from_store=from_store, debug=debug):
            if not outcome.success:
                failures.append(outcome)
                click.echo(f"failed  {outcome.days[0]}  {outcome.reason.splitlines()[0]}", err=True)
    click.echo(f"{len(days) - len(failures)} of {len(days)} days made, {len(failures)} failed; nothing was mailed.")
    if failures:
        raise click.exceptions.Exit(1)


@main.command()
@click.argument("first", type=Day(), metavar="[FROM]", required=False)
@click.argument("last", type=Day(), metavar="[TO]", required=False)
@click.option("--json", "as_json", is_flag=True, help="A JSON list, an object a day.")
def status(first: date | None, last: date | None, as_json: bool) -> None:
    """What became of each day from FROM to TO: its state, its rows in each table, whether it was mailed.

    Without TO, up to yesterday; without FROM, the two weeks before.
    """
    import json

    from orchestration import resources, shown
    from orchestration.status import statuses

    settings = the_settings()
    last = last or settings.yesterday()
    first = first or max(settings.first_day, last - timedelta(days=DEFAULT_STATUS_DAYS - 1))
    if first > last:
        raise click.UsageError(f"FROM {first} is after TO {last}.")
    found = statuses(resources.warehouse(settings), resources.outbox(settings), first, last)
    if as_json:
        click.echo(
            json.dumps([{**vars(row), "day": row.day.isoformat(), "mailed": row.mailed} for row in found], indent=2)
        )
        return
    for line in shown.table(found):
        click.echo(line)


@main.command()
@click.argument("day", type=Day())
@click.option("--for", "address", metavar="ADDRESS", help="As this reader gets it, and when, or why not.")
def preview(day: date, address: str | None) -> None:
    """Write the HTML and the text of DAY's edition as files; mails nothing.

    With --for, what was written down for that reader or, before that, what they would get now.
    """
    from orchestration import previewed

    settings = the_settings()
    _must_be_made(settings, day)
    for line in previewed.for_one(settings, day, address) if address else previewed.for_all(settings, day):
        click.echo(line)


@main.command()
@click.argument("day", type=Day())
@click.option("--confirm", is_flag=True, help="Mail it to every reader who has not got it, also a past day.")
@click.pass_context
def send(context: click.Context, day: date, confirm: bool) -> None:
    """Send what was written down of DAY and is due, as after `paperboy outbox retry`, and mail nobody else.

    With --confirm, mail the edition of a past DAY to every reader who has not got it; the only way to do so.
    """
    from orchestration import resources, runs, shown

    settings = the_settings()
    _must_be_made(settings, day)
    before = shown.mails(settings, day)
    if not (confirm or before or resources.chat(settings).rows(day)):
        raise click.UsageError(f"nothing was written down of {day}; to mail it to every reader, add --confirm.")
    _run_or_fail(settings, "send", day, runs.send_config(day, again=not confirm), context)
    click.echo(f"{day}  {shown.mail_line(settings, day, before)}")


@main.command()
@click.pass_context
def learn(context: click.Context) -> None:
    """Learn from all stored papers up to yesterday, for the days after: categories, a prior of votes, keywords.

    What has too few papers stays off, and its line says why. A training that the gate rejects is not used.
    """
    from orchestration import resources, shown

    settings = the_settings()
    day = settings.yesterday()
    _run_or_fail(settings, "learn", day, {}, context)
    for line in shown.models(resources.warehouse(settings).rows("models", [day])):
        click.echo(line)


@main.command()
@click.argument("month", type=click.DateTime(["%Y-%m"]), metavar="MONTH")
@click.option("--ask", is_flag=True, help="Ask arXiv which of the unseen ids belong to the chosen categories.")
def audit(month: datetime, ask: bool) -> None:
    """Look for gaps in what was harvested from arXiv of MONTH, written 2025-03: ids never seen.

    arXiv numbers its papers one by one, over all archives; most unseen ids belong to archives that are not harvested.
    --ask finds out, at a request for each hundred ids, and harvests what is missing.
    """
    from orchestration.audit import audited

    for line in audited(the_settings(), month.date(), ask=ask):
        click.echo(line)


@main.command()
@click.argument("paper", metavar="ID")
@click.argument("other", metavar="ID")
def why(paper: str, other: str) -> None:
    """Why two papers are one work, or what keeps them apart.

    An ID is an arXiv id in any spelling, or source:id. What you know better goes into a file: dedupe.decisions.
    """
    from assets.clean.ids import named
    from assets.dedupe.why import why as explained
    from orchestration import resources

    settings = the_settings()
    decisions = resources.decisions(settings)
    for line in explained(resources.warehouse(settings), named(paper), named(other), decisions):
        click.echo(line)


@main.command()
def doctor() -> None:
    """Check settings, paths, the warehouse, the sources and the mail, a line each."""
    from orchestration.doctor import checks

    trouble = False
    for name, looked in checks(the_settings()):
        try:
            line = f"ok    {name:<12} {looked()}"
        except Exception as error:  # noqa: BLE001 - whatever a check runs into is its finding
            trouble = True
            line = f"FAIL  {name:<12} {' '.join(str(error).split())}"
        click.echo(line)
    if trouble:
        raise click.exceptions.Exit(1)


def _defs() -> "dg.Definitions":
    from orchestration.definitions import defs

    return defs


def _newest_day(settings: "Settings") -> date:
    """The newest day of all sources that answer; one that does not stops nothing, and is told."""
    from assets.fetch.source import SourceError
    from orchestration import resources

    sources, until = resources.feeds(settings).sources, settings.yesterday()
    days, failures = [], []
    for source in sources:
        try:
            days.append(source.newest_day(until))
        except SourceError as error:
            failures.append(str(error))
    if len(failures) == len(sources):
        raise click.ClickException("\n".join(failures))
    for failure in failures:
        click.echo(f"going on without: {failure}", err=True)
    newest = max((day for day in days if day), default=None)
    if newest is None or newest < settings.first_day:
        raise click.ClickException(
            f"no source lists a paper between {settings.first_day} and {until}: {', '.join(settings.sources)}. "
            "Run paperboy doctor."
        )
    return newest


def _run_or_fail(settings: "Settings", job: str, day: date, config: dict[str, Any], context: click.Context) -> None:
    from orchestration import runs

    debug = context.parent is not None and context.parent.params["debug"]
    with _busy(f"{job} {day} ...", shown=not debug), runs.instance(settings) as instance:
        outcome = runs.run_day(_defs(), instance, job, day, config=config, debug=debug)
    if not outcome.success:
        raise RunFailed(f"{job} {day} failed at {outcome.step}.\n{outcome.reason}")


@contextmanager
def _busy(text: str, *, shown: bool) -> Iterator[None]:
    """A spinner on standard error where a terminal is attached."""
    from rich.console import Console

    console = Console(stderr=True)
    if not (shown and console.is_terminal):
        yield
        return
    with console.status(text):
        yield


@contextmanager
def _progress(days: int) -> Iterator[Callable[["Outcome"], None]]:
    """A bar on standard error where a terminal is attached; a window that failed counts once its days are made."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("backfill", total=days)

        def advance(outcome: "Outcome") -> None:
            if outcome.success or len(outcome.days) == 1:
                bar.advance(task, len(outcome.days))

        yield advance


def _must_be_made(settings: "Settings", day: date) -> None:
    from orchestration import resources
    from orchestration.status import statuses

    (found,) = statuses(resources.warehouse(settings), resources.outbox(settings), day, day)
    if not found.rows.get("digest") and found.state not in ("fresh", "quiet"):
        raise click.ClickException(f"{day} has no digest ({found.state}); run paperboy digest {day} first.")
