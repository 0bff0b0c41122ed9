"""The commands about what the gate let through and what it kept: `paperboy check` and `paperboy quarantine`."""

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orchestration.command import Day, Subcommands, in_columns, the_settings

if TYPE_CHECKING:
    from orchestration.checked import Checked, Failure
    from orchestration.quarantined import Row
    from orchestration.warehouse import Warehouse
    from quality.decisions import Decision

SHOWN_KEYS = 3
SHOWN_LENGTH = 60
"""Characters of a value in a list; `show` has the whole."""


class Table(click.ParamType[str]):
    """One of the tables that a step fills."""

    name = "table"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from quality.suites import SUITES

        if value not in SUITES:
            self.fail(f"{value!r} is not a table: {', '.join(SUITES)}.", param, ctx)
        return str(value)


@click.command()
@click.argument("what", nargs=-1, metavar="[TABLE] [FROM TO]")
@click.option("--json", "as_json", is_flag=True, help="A JSON object: checked, failures, not_judged.")
def check(what: Sequence[str], as_json: bool) -> None:
    """Put what is stored before the suites once more; writes nothing.

    Without TABLE all that have a suite, without FROM TO every day. A line for each expectation that fails
    on a day; what cannot be judged on stored rows alone is named. Exit code 1 if an ERROR fails.
    """
    from orchestration import resources
    from orchestration.checked import checked
    from quality import suites

    suites.adopt(resources.expectations(the_settings()))
    tables, first, last = _scope(what)
    deliver_incomplete = the_settings().fetch.deliver_incomplete
    warehouse = _warehouse()
    found = list(checked(warehouse, tables, first, last, deliver_incomplete=deliver_incomplete)) if warehouse else []
    click.echo(json.dumps(_as_json(found), indent=2, default=str) if as_json else "\n".join(_lines(found)))
    if any(part.broken for part in found):
        raise click.exceptions.Exit(1)


def _scope(what: Sequence[str]) -> tuple[Sequence[str], date, date]:
    """The tables and days that are meant."""
    from quality.suites import EVERY

    tables = [what[0]] if what and what[0] in EVERY else list(EVERY)
    days = list(what[1:] if what and what[0] in EVERY else what)
    if len(days) > 2:
        raise click.UsageError("check takes at most a table and two days: [TABLE] [FROM TO].")
    if days and not days[0][:1].isdigit():
        raise click.UsageError(f"{days[0]!r} is neither a day, as 2025-03-12, nor a table: {', '.join(EVERY)}.")
    first, last = _between(*(Day().convert(day, None, None) for day in days))
    return tables, first, last


def _between(first: date | None = None, last: date | None = None) -> tuple[date, date]:
    first, last = first or date.min, last or date.max
    if first > last:
        raise click.UsageError(f"FROM {first} is after TO {last}.")
    return first, last


def _lines(found: Sequence["Checked"]) -> list[str]:
    failures = [failure for part in found for failure in part.failures]
    table = [(f.table, str(f.day), f.severity, f.expectation, _told(f)) for f in failures]
    unjudged = [
        f"{part.table}: {name}" + ("" if len(days) == len(part.days) else f" on {len(days)} of {len(part.days)} days")
        for part in found
        for name, days in part.unjudged.items()
    ]
    days = {day for part in found for day in part.days}
    counts = ", ".join(f"{sum(f.severity == severity for f in failures)} {severity}" for severity in ("ERROR", "WARN"))
    return [
        *(in_columns(table) if table else ()),
        *(f"not judged, for its figures are not stored: {line}" for line in unjudged),
        f"{_of(len(found), 'table')}, {_of(len(days), 'day')}, {_of(sum(part.rows for part in found), 'row')}: "
        f"{counts} failed.",
    ]


def _told(failure: "Failure") -> str:
    keys = ", ".join(failure.keys[:SHOWN_KEYS])
    return f"{failure.observed}{f' ({keys})' if keys else ''}; expected: {failure.threshold}"


def _as_json(found: Sequence["Checked"]) -> dict[str, Any]:
    return {
        "checked": [{"table": part.table, "days": len(part.days), "rows": part.rows} for part in found],
        "failures": [vars(failure) for part in found for failure in part.failures],
        "not_judged": [
            {"table": part.table, "expectation": name, "days": days}
            for part in found
            for name, days in part.unjudged.items()
        ],
    }


@click.group(cls=Subcommands)
def quarantine() -> None:
    """Rows that broke an expectation and were kept out while the rest of their day was published."""


@quarantine.command("list")
@click.argument("first", type=Day(), metavar="[FROM]", required=False)
@click.argument("last", type=Day(), metavar="[TO]", required=False)
@click.option("--table", type=Table(), help="Of this table only.")
@click.option("--all", "everything", is_flag=True, help="What is settled, too: rows dropped, or released and taken.")
@click.option("--json", "as_json", is_flag=True, help="A JSON list, an object a row and expectation.")
def list_(first: date | None, last: date | None, table: str | None, everything: bool, as_json: bool) -> None:
    """The rows in quarantine, a line for each expectation that a row broke. Without FROM TO, of every day."""
    rows = [row for row in _rows(*_between(first, last), table=table) if everything or not row.settled]
    if as_json:
        click.echo(json.dumps([_row_as_json(row) for row in rows], indent=2, default=str))
        return
    if rows:
        heads = ("day", "table", "key", "expectation", "value", "state")
        cells = [(str(row.day), row.table, row.key, row.expectation, _short(row.value), row.state) for row in rows]
        for line in in_columns([heads, *cells]):
            click.echo(line)
    click.echo(f"{_of(len({(row.table, row.day, row.key) for row in rows}), 'row')}.")


@quarantine.command()
@click.argument("key")
@click.option("--day", type=Day(), help="Of this day only.")
@click.option("--table", type=Table(), help="Of this table only.")
def show(key: str, day: date | None, table: str | None) -> None:
    """All that is known of a row: what it broke and why that is expected, what was decided, the row itself."""
    from orchestration import resources
    from quality import suites

    suites.adopt(resources.expectations(the_settings()))
    rows = _rows(*_between(day, day), table=table, key=key)
    if not rows:
        raise click.ClickException(f"no row {key} is or was in quarantine; paperboy quarantine list --all shows all.")
    for row in rows:
        why = next(
            (e.why for e in suites.of(row.table).expectations if e.name == row.expectation), "no longer expected"
        )
        click.echo(f"{row.table} {row.day} {row.key}: {row.state}")
        click.echo(f"  broke     {row.expectation}: {why}")
        click.echo(f"  value     {'nothing' if row.value is None else row.value}")
        if row.decision:
            click.echo(f"  decided   {row.decision} at {row.decided_at:%Y-%m-%d %H:%M} UTC: {row.why}")
        if row.record:
            click.echo(f"  found by  run {row.run_id} at {row.recorded_at:%Y-%m-%d %H:%M} UTC")
            click.echo(json.dumps(json.loads(row.record), indent=2, ensure_ascii=False))


def _deciding(command: Any) -> Any:
    """The arguments of a decision."""
    for option in (
        click.option("--why", required=True, help="The reason, kept with the decision."),
        click.option("--expectation", help="From this expectation only; else from all that the row broke."),
        click.option("--table", type=Table(), help="In this table only."),
        click.option("--day", type=Day(), required=True, help="The row's day."),
        click.argument("key"),
    ):
        command = option(command)
    return command


@quarantine.command()
@_deciding
def release(key: str, day: date, table: str | None, expectation: str | None, why: str) -> None:
    """Let the next run of its day take a row in spite of the expectation; what follows from it is made again.

    The decision is about the value that was seen, and holds for every later run; with another value the row is
    judged anew.
    """
    rows = _decide("released", key, day, table, expectation, why)
    _say_what_follows(rows, f"the next daily run takes {'it' if len(rows) == 1 else 'them'}, or now:")


@quarantine.command()
@_deciding
def drop(key: str, day: date, table: str | None, expectation: str | None, why: str) -> None:
    """Settle a row: it stays out, is listed no more, and counts no more against what is tolerated.

    A row that was released before goes again with the next run of its day.
    """
    rows = _decide("dropped", key, day, table, expectation, why)
    _say_what_follows([row for row in rows if not row.inside], "the next daily run takes it out, or now:")


def _decide(
    decision: "Decision", key: str, day: date, table: str | None, expectation: str | None, why: str
) -> list["Row"]:
    from orchestration.quarantined import NotDecided, decide

    if not why.strip():
        raise click.UsageError("--why is empty: say in a few words what makes the row right or wrong.")
    if (warehouse := _warehouse()) is None:
        raise NotDecided("nothing is stored yet.")
    rows = decide(warehouse, _rows(day, day, table=table, key=key), decision, why.strip(), expectation)
    for row in rows:
        click.echo(f"{decision}  {row.table} {row.day} {row.key}  {row.expectation}: {_short(row.value)}")
    return rows


def _say_what_follows(rows: Sequence["Row"], told: str) -> None:
    from orchestration.quarantined import taken_by

    for command in sorted({taken_by(row) for row in rows}):
        click.echo(f"{told} {command}")


def _warehouse() -> "Warehouse | None":
    """The warehouse, if there is one: asking makes none."""
    from orchestration import resources

    found = resources.warehouse(the_settings())
    return found if Path(found.path).exists() else None


def _rows(first: date, last: date, *, table: str | None = None, key: str | None = None) -> list["Row"]:
    from orchestration.quarantined import rows
    from quality.suites import SUITES

    warehouse = _warehouse()
    tables = [table] if table else list(SUITES)
    return rows(warehouse, first, last, tables=tables, key=key) if warehouse else []


def _row_as_json(row: "Row") -> dict[str, Any]:
    return {**vars(row), "state": row.state, "record": json.loads(row.record) if row.record else None}


def _of(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _short(value: str | None) -> str:
    text = " ".join((value if value is not None else "nothing").split())
    return text if len(text) <= SHOWN_LENGTH else f"{text[:SHOWN_LENGTH]} …"
