"""What the command prints of a day, in words and in a table."""

import os
import sys
from collections.abc import Iterator, Sequence
from datetime import date

import click
import polars as pl

from orchestration import resources
from orchestration.command import in_columns
from orchestration.settings import Settings
from orchestration.status import STEPS, DayStatus, quarantined, statuses

SHOWN_KEYS = 3


def report(settings: Settings, day: date, before: dict[str, int]) -> None:
    """A run in a few lines, as somebody who sees it for the first time needs it."""
    (found,) = statuses(resources.warehouse(settings), resources.outbox(settings), day, day)
    rows = found.rows
    click.echo(
        f"{day:%A} {day}: {found.state}{f' ({found.reason})' if found.reason else ''}\n"
        f"  papers      {rows['fetched_papers']} fetched, {rows['clean_papers']} cleaned, "
        f"{rows['unique_papers']} unique, {rows['digest']} in the digest\n"
        f"  quarantine  {_quarantine_line(settings, day)}\n"
        f"  mail        {mail_line(settings, day, before)}\n"
        f"  look at it  {_command()} preview {day}; the UI: make dev, then http://127.0.0.1:3000\n"
        f"  go live     copy paperboy.example.toml to paperboy.toml, set sources and [mail]; then {_command()} doctor"
    )


def _command() -> str:
    """This command as it was called, so that what is printed can be typed."""
    called = os.path.relpath(sys.argv[0])
    return "paperboy" if called.startswith("..") else called


def mails(settings: Settings, day: date) -> dict[str, int]:
    """How many mails of a day are in each state."""
    return {str(state): count for state, count in resources.outbox(settings).states(day, day).get(day, {}).items()}


def mail_line(settings: Settings, day: date, before: dict[str, int]) -> str:
    """What became of the day's mails, beside those that there were `before`."""
    now = mails(settings, day)
    if not now:
        return f"none: not the current day, or nothing in it; paperboy send {day} --confirm mails a past day"
    where = settings.home / "maildir" if settings.mail.transport == "maildir" else settings.mail.host
    counted = ", ".join(f"{count} {state}" for state, count in now.items())
    return f"{counted}, to {where}" if now != before else f"nothing new: {counted} before, to {where}"


def _quarantine_line(settings: Settings, day: date) -> str:
    rows = quarantined(resources.warehouse(settings), day)
    shown = ", ".join(f"{key} ({expectation})" for key, expectation in rows[:SHOWN_KEYS])
    more = f" and {len(rows) - SHOWN_KEYS} more" if len(rows) > SHOWN_KEYS else ""
    return f"{len(rows)}: {shown}{more}" if rows else "nothing"


def table(found: Sequence[DayStatus]) -> list[str]:
    """The lines of a table of days, and below it a reason a line."""
    heads: tuple[str, ...] = ("day", "state", "fetched", "clean", "unique", "tagged", "digest", "quarantine", "mails")
    lines = [heads]
    for row in found:
        counts = [str(row.rows.get(step, "-")) for step in STEPS]
        mails = ", ".join(f"{count} {state}" for state, count in row.mails.items()) or "-"
        lines.append((row.day.isoformat(), row.state, *counts, str(row.quarantined), mails))
    return [*in_columns(lines), *(f"{row.day}: {row.reason.splitlines()[0]}" for row in found if row.reason)]


def models(rows: pl.DataFrame) -> Iterator[str]:
    """A line for each part of a training: how well it does, or why it is off."""
    for row in rows.sort("name").iter_rows(named=True):
        if row["weights"] is None:
            yield f"{row['name']:<11} off: {row['told']}"
        else:
            figures = f"{row['measure']} {row['score']:.3f}, without it {row['floor']:.3f}"
            yield f"{row['name']:<11} {figures}; {row['papers']:,} papers; {row['told']}"
