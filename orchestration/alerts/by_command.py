"""The operator is told at the end of `paperboy digest` too: who runs it from cron has no daemon and no sensors."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from orchestration import resources, runs
from orchestration.alerts.announce import Occasion
from orchestration.command import RunFailed
from orchestration.settings import Settings


@contextmanager
def telling(settings: Settings) -> Iterator[None]:
    """Tell the operator what is untold once the block has ended, well or not.

    What it raises goes on. An alert that fails is a line on standard error, and nothing else.
    """
    trouble = ""
    try:
        yield
    except RunFailed:
        raise
    except Exception as error:
        trouble = error.message if isinstance(error, click.ClickException) else f"{type(error).__name__}: {error}"
        raise
    finally:
        _tell(settings, trouble)


def _tell(settings: Settings, trouble: str) -> None:
    alarm = resources.alarm(settings)
    if not alarm.on:
        return
    try:
        with runs.instance(settings) as instance:
            undelivered = alarm.announce(instance, Occasion(daily=True, command=True, trouble=trouble))
    except Exception as error:  # noqa: BLE001 - whatever it is, the digest must not fail by it
        click.echo(f"the operator was not told: {type(error).__name__}: {error}", err=True)
        return
    for sending in undelivered:
        click.echo(f"alert {sending.state} to {sending.address}: {sending.subject}: {sending.reason}", err=True)
