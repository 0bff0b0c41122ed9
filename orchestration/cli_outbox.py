"""The commands about single mails and chat posts: `paperboy outbox list | resolve | retry`."""

import json
import re
from datetime import date
from typing import TYPE_CHECKING

import click

from orchestration.command import Day, Subcommands, in_columns, the_settings

if TYPE_CHECKING:
    from orchestration.settings import Settings

STATES = ("pending", "sending", "sent", "retry", "failed", "unknown", "cancelled")
CLOSED = ("sent", "cancelled")
CHANNEL = re.compile(r"chat-[0-9a-f]{8}")


@click.group(cls=Subcommands)
def outbox() -> None:
    """What became of each mail and chat post, and your word on those that are in doubt or were refused."""


@outbox.command("list")
@click.argument("day", type=Day(), required=False)
@click.option("--state", type=click.Choice(STATES), help="Those in this state only.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
def list_(day: date | None, state: str | None, as_json: bool) -> None:
    """The mails and chat posts of DAY; without DAY those of all days that are neither sent nor cancelled.

    A mail server's log names each by its Message-ID. Who was erased stands there by the id.
    """
    from orchestration import resources

    settings = the_settings()
    names = {reader.id: reader.address for reader in resources.readers(settings).every()}
    shown = (state,) if state else STATES if day else tuple(one for one in STATES if one not in CLOSED)
    rows = [row for row in resources.outbox(settings).rows(day) if row.state in shown]
    posts = [post for post in resources.chat(settings).rows(day) if post.state in shown]
    if as_json:
        found = [*({**vars(row), "address": names.get(row.reader)} for row in rows), *map(vars, posts)]
        click.echo(json.dumps(found, ensure_ascii=False, indent=2, default=str))
    elif not rows and not posts:
        click.echo("No mails." if day or state else "No open mails: each was sent, or cancelled.")
    else:
        heads = ("day", "reader", "state", "attempts", "Message-ID", "reason")
        lines = [
            (str(row.day), names.get(row.reader, row.reader), row.state, str(row.attempts), row.message_id, row.reason)
            for row in rows
        ]
        lines += [(str(post.day), post.channel, post.state, str(post.attempts), "", post.reason) for post in posts]
        click.echo("\n".join(in_columns([heads, *lines])))


@outbox.command()
@click.argument("day", type=Day())
@click.argument("address")
@click.option("--sent/--not-sent", default=None, help="What your mail server's log says of the Message-ID.")
def resolve(day: date, address: str, sent: bool | None) -> None:
    """Say whether a mail of DAY that is unknown was sent to ADDRESS, or a post to the channel of that name.

    One that was not is due again.
    """
    from orchestration import resources

    settings = the_settings()
    if sent is None:
        raise click.UsageError("say --sent or --not-sent: look for the Message-ID in your mail server's log.")
    if CHANNEL.fullmatch(address):
        found = resources.chat(settings).resolve(day, address, sent=sent)
    else:
        found = resources.outbox(settings).resolve(day, _id(settings, address), sent=sent)
    if not found:
        raise click.ClickException(f"no mail of {day} to {address} is unknown; paperboy outbox list {day}")
    click.echo("It is sent." if sent else f"It is due again; {_now(day)}")


@outbox.command()
@click.argument("day", type=Day())
@click.argument("address", required=False)
def retry(day: date, address: str | None) -> None:
    """Make due what was refused of DAY, to ADDRESS, to a channel or to all, once you have mended the cause."""
    from orchestration import resources

    settings = the_settings()
    posts, mails = resources.chat(settings), resources.outbox(settings)
    if not address:
        count = mails.again(day) + posts.again(day)
    elif CHANNEL.fullmatch(address):
        count = posts.again(day, address)
    else:
        count = mails.again(day, _id(settings, address))
    click.echo(f"{count} due again; {_now(day)}" if count else f"No mail of {day} has failed.")


def _id(settings: "Settings", named: str) -> str:
    """The id of the reader with an address, or the id itself."""
    from orchestration import resources

    return named if re.fullmatch(r"r[0-9a-f]{12}", named) else resources.readers(settings).find(named).id


def _now(day: date) -> str:
    return f"paperboy send {day} sends it now."
