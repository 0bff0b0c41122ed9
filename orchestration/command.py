"""What every command of `paperboy` shares: days as arguments, the settings, and how trouble is told.

Every known trouble is one clear line on standard error; exit code 2 is bad usage or bad settings, 1 a run that failed.
"""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from orchestration.settings import Settings

DEBUG = "Print the runs' logs, and tracebacks."


class Day(click.ParamType[date]):
    """A day that is over, written YYYY-MM-DD."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            day = date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a day; write it as 2025-03-12.", param, ctx)
        settings = the_settings()
        if not settings.first_day <= day <= settings.yesterday():
            self.fail(
                f"{day} is not a day that can be made: the first is {settings.first_day} (first_day), "
                f"the last is yesterday, {settings.yesterday()} ({settings.schedule.time_zone}).",
                param,
                ctx,
            )
        return day


class Subcommands(click.Group):
    """A group whose commands take `--debug`, too."""

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        cmd.params.append(click.Option(["--debug"], is_flag=True, expose_value=False, callback=_debug, help=DEBUG))
        super().add_command(cmd, name)


class Commands(Subcommands):
    """A group whose commands end on one clear line instead of a traceback, unless `--debug`, before or after them."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            # Click itself ends quietly where a reader such as `head` has seen enough.
            raise
        except Exception as error:
            if ctx.params.get("debug"):
                raise
            raise _told(error) from error


class RunFailed(click.ClickException):
    """A run that began and failed; the instance knows of it."""


def _debug(ctx: click.Context, _: click.Parameter, given: bool) -> None:
    if given:
        ctx.find_root().params["debug"] = True


def _told(error: Exception) -> click.ClickException:
    from orchestration.settings import SettingsError

    if isinstance(error, SettingsError):
        return click.UsageError(str(error))
    known = type(error).__module__.startswith(("orchestration", "assets", "quality"))
    text = str(error) if known else f"{type(error).__name__}: {error} (paperboy --debug shows where)"
    return click.ClickException(text)


def in_columns(lines: Sequence[Sequence[str]]) -> list[str]:
    """Lines of cells as text, the cells of a column one below the other."""
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]


def the_settings() -> "Settings":
    """The settings of this process; what is wrong with them is bad usage."""
    from orchestration.settings import SettingsError, current

    try:
        return current()
    except SettingsError as error:
        raise click.UsageError(f"the settings cannot be used:\n{error}") from error
