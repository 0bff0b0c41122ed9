"""The commands about mails that came back: `paperboy bounces read | list`."""

import json

import click

from orchestration.command import Subcommands, in_columns, the_settings


@click.group(cls=Subcommands)
def bounces() -> None:
    """Mails that came back to bounces.address because they could not be delivered."""


@bounces.command()
def read() -> None:
    """Read now what came back, as happens every hour of itself, and say what was found.

    What is not recognised stays unread; nothing is removed.
    """
    from orchestration import resources

    returned = resources.returned(the_settings())
    if returned is None:
        raise click.UsageError("bounces.address names no mailbox, so no mail comes back; see docs/bounces.md.")
    click.echo(str(returned.read()))


@bounces.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
def list_(as_json: bool) -> None:
    """Each mail that came back: of which day, whose, the status (RFC 3463), for good or not, when that was read.

    Who was erased stands there by the id.
    """
    from orchestration import resources

    settings = the_settings()
    names = {reader.id: reader.address for reader in resources.readers(settings).every()}
    rows = resources.bounces(settings).rows()
    if as_json:
        found = [{**vars(row), "address": names.get(row.reader)} for row in rows]
        click.echo(json.dumps(found, ensure_ascii=False, indent=2, default=str))
    elif not rows:
        click.echo("No mail came back.")
    else:
        lines = [
            (
                str(row.day),
                names.get(row.reader, row.reader),
                row.status,
                "yes" if row.hard else "no",
                f"{row.at:%Y-%m-%d %H:%M}",
            )
            for row in rows
        ]
        click.echo("\n".join(in_columns([("day", "reader", "status", "for good", "read"), *lines])))
