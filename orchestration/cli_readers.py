"""The commands about readers: `paperboy readers list | add | show | set | remove | ...`."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orchestration.command import Subcommands, in_columns, the_settings

if TYPE_CHECKING:
    from assets.mail.readers.reader import Reader
    from assets.mail.readers.store import Readers

FREQUENCIES = ("daily", "weekdays", "weekly")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
KINDS = ("topics", "categories", "authors", "keywords")
STATES = ("pending", "confirmed", "unsubscribed", "unnamed", "suppressed")


class Wished(click.ParamType[tuple[str, str]]):
    """What is followed or muted, written KIND=NAME."""

    name = "kind=name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        kind, equals, name = value.partition("=")
        if kind not in KINDS or not equals:
            self.fail(f"{value!r} is not KIND=NAME with one of {', '.join(KINDS)}, as authors='Ada Lovelace'.")
        return kind, name


@click.group(cls=Subcommands)
def readers() -> None:
    """Who is mailed: those whom mail.recipients names, and those whom you add here."""


@readers.command("list")
@click.option("--state", type=click.Choice(STATES), help="Those in this state only.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
def list_(state: str | None, as_json: bool) -> None:
    """All readers by address: their state, who named them, since when."""
    from assets.mail.readers.reader import State

    found = _store().every(State(state) if state else None)
    if as_json:
        shown = ("id", "address", "name", "state", "origin", "asked_at", "updated_at")
        rows = [
            {column: getattr(one, column) for column in shown} | {"preferences": one.preferences.model_dump()}
            for one in found
        ]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2, default=str))
    elif not found:
        click.echo("No readers; paperboy readers add ADDRESS adds one.")
    else:
        lines = [(one.address, one.state, f"by {one.origin}", f"{one.updated_at:%Y-%m-%d}") for one in found]
        click.echo("\n".join(in_columns([("address", "state", "named", "since"), *lines])))


@readers.command()
@click.argument("address")
@click.option("--again", is_flag=True, help="Also if they unsubscribed or were erased: they asked for it since.")
def add(address: str, again: bool) -> None:
    """Make ADDRESS a reader, as "Ada Lovelace <ada@lab.example>" or the address alone, because its owner asked for it.

    The next edition goes there; the reader can unsubscribe.
    """
    found = _store().add(address, again=again)
    click.echo(f"{found.address} is {found.state}.")


@readers.command()
@click.argument("address")
def show(address: str) -> None:
    """A reader's state, what they want and like, and all that happened to them, with the times in UTC."""
    from orchestration import resources
    from orchestration.liked import in_words

    store = _store()
    found = store.find(address)
    click.echo(f"{found.mailbox}  {found.id}  {found.state}")
    _tell(found)
    for line in in_words(resources.likes(the_settings()).of(found)):
        click.echo(f"  {line}")
    for event in store.events(found.id):
        click.echo(f"  {event.at:%Y-%m-%d %H:%M}  {event.event} by {event.by}")


@readers.command("set")
@click.argument("address")
@click.option("--frequency", type=click.Choice(FREQUENCIES), help="How often.")
@click.option("--weekday", type=click.Choice(WEEKDAYS), help="The day of a weekly mail.")
@click.option("--hour", help="0 to 23, or made: as soon as it is made.")
@click.option("--time-zone", help="As Europe/Berlin, or lab: schedule.time_zone.")
@click.option("--size", help="How many papers at most, or lab: digest.size.")
@click.option("--language", help="In which Paperboy speaks to them, as de, or lab: mail.language.")
@click.option("--follow", type=Wished(), multiple=True, help="Its papers come nearer to the top; may be repeated.")
@click.option("--mute", type=Wished(), multiple=True, help="Its papers do not come; may be repeated.")
@click.option("--unfollow", type=Wished(), multiple=True, help="Not any more; may be repeated.")
@click.option("--unmute", type=Wished(), multiple=True, help="Not any more; may be repeated.")
@click.option("--reset", is_flag=True, help="Forget all that was chosen, before the other options.")
def set_(address: str, reset: bool, **options: Any) -> None:
    """Set what ADDRESS wants; what no option names stays as it is. In effect from the next mail on that is made.

    KIND is topics, authors, keywords or categories: --follow authors="Ada Lovelace" --mute topics=finance. Topics are
    those of paperboy taxonomy list.
    """
    from assets.mail.readers.preferences import NONE, checked
    from orchestration.preferred import SINGLE, changed, values
    from orchestration.resources import lab

    if not reset and not any(options.values()):
        raise click.UsageError("say what to set, as --frequency weekly; paperboy readers set --help lists all.")
    store, home = _store(), lab(the_settings())
    before = NONE if reset else store.find(address).preferences
    wanted = values({name: options[name] for name in SINGLE if options[name] is not None}, home)
    for way in ("follow", "mute"):
        wanted[way] = changed(before, way, options[way], options[f"un{way}"], home)
    _tell(store.set_preferences(address, checked({**dict(before), **wanted})))


@readers.command()
@click.argument("address")
@click.option("--add", "more", metavar="ID", multiple=True, help="A paper that they like; may be repeated.")
@click.option("--drop", "less", metavar="ID", multiple=True, help="Not any more; may be repeated.")
@click.option(
    "--library",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A BibTeX file, as Zotero exports it, in the place of the one before.",
)
@click.option("--forget-library", is_flag=True, help="Keep nothing of the library.")
def likes(
    address: str, more: tuple[str, ...], less: tuple[str, ...], library: Path | None, forget_library: bool
) -> None:
    """What ADDRESS likes, the newest first: papers like these come nearer to the top of their mails.

    ID is that of a paper that a day has listed, as 2503.14456. Readers tick papers themselves, by a link in each mail.
    """
    from assets.mail.bibtex import Library
    from assets.mail.phrases import papers
    from assets.mail.words import ENGLISH
    from orchestration import resources
    from orchestration.liked import left_out, like, read

    if library and forget_library:
        raise click.UsageError("--library gives a library and --forget-library takes it away; say one of them.")
    settings = the_settings()
    store, reader = resources.likes(settings), _store().find(address)
    given = read(library) if library else Library() if forget_library else None
    like(store, reader, resources.warehouse(settings), more, less, given)
    for line in left_out(given) if given else ():
        click.echo(line)
    liked = store.of(reader)
    for line in in_columns([(one.paper, one.title) for one in liked.papers[::-1]] or [("No paper is ticked.",)]):
        click.echo(line)
    if liked.shelf:
        click.echo(f"A library of {papers(len(liked.shelf), ENGLISH)}.")


@readers.command()
@click.argument("address")
def remove(address: str) -> None:
    """Unsubscribe ADDRESS. It stays on record, so that no list that names it makes it a reader again."""
    found = _store().remove(address)
    click.echo(f"{found.address} is {found.state}; what was due is not sent.")


@readers.command()
@click.argument("address")
@click.option("--confirm", is_flag=True, help="Yes, for good.")
def erase(address: str, confirm: bool) -> None:
    """Forget ADDRESS: all that stays is a hash that keeps it from being added, and what was done, without a name."""
    if not confirm:
        raise click.UsageError("this cannot be taken back; add --confirm if that is meant.")
    found = _store().erase(address)
    click.echo(f"{found.id} is erased; take the address out of mail.recipients, if it stands there.")


@readers.command()
@click.argument("address")
def rotate(address: str) -> None:
    """Give ADDRESS a new link to unsubscribe, for when a mail of theirs was passed on; the old ones end."""
    click.echo(f"{_store().rotate(address).address} has a new link; it is in the next mail.")


@readers.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True))
def import_(file: Path) -> None:
    """Add the readers of a CSV file with the column address, and name if you like; - reads standard input.

    All or none. Who is a reader stays one; who unsubscribed or was erased is left out and told. Where the file has the
    columns of preferences that export writes, those are set; an empty cell is what all get.
    """
    from orchestration.reader_lists import read
    from orchestration.resources import lab

    text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8-sig")
    done = _store().add_all(read(text, str(file), lab(the_settings())))
    click.echo(f"{done.added} added, {done.known} known before, {len(done.refused)} left out.")
    for why in done.refused:
        click.echo(f"left out: {why}", err=True)


@readers.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
def export(file: Path | None) -> None:
    """Write all readers as CSV, as import reads it: to FILE, which only you may read, or to standard output."""
    from orchestration.reader_lists import written

    text = written(_store().every())
    if file is None:
        click.echo(text, nl=False)
        return
    file.touch(mode=0o600)
    file.chmod(0o600)
    file.write_text(text, encoding="utf-8")
    click.echo(f"{file}: written.")


@readers.command()
def move() -> None:
    """Copy the database in the file of the home into that of mail.database, which is to be empty.

    Stop the web service and Dagster before; the file stays as it is.
    """
    from assets.mail.database.copied import copied
    from orchestration import resources

    settings = the_settings()
    source, target = settings.mail_file, resources.database(settings)
    if source == target or not source.exists():
        wrong = "mail.database names no other" if source == target else "there is no such file"
        raise click.UsageError(f"nothing to copy from {source}: {wrong}.")
    counts = copied(source, target, settings.lock_wait_seconds)
    click.echo(f"{counts['readers']} readers and {counts['outbox']} mails are copied, and all that belongs to them.")


def _tell(reader: "Reader") -> None:
    """What a reader wants, in words."""
    from orchestration.preferred import in_words
    from orchestration.resources import lab

    for line in in_words(reader.preferences, lab(the_settings())):
        click.echo(f"  {line}")


def _store() -> "Readers":
    from orchestration import resources

    return resources.readers(the_settings())
