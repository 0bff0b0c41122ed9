"""What `paperboy preview` writes: an edition, or one reader's mail, as HTML and as text."""

from collections.abc import Iterator
from datetime import date

from assets.mail import render
from assets.mail.desk import day_material
from assets.mail.edition import Edition
from assets.mail.preview import preview
from assets.mail.readers.reader import key, parsed
from assets.mail.readers.store import UnknownReader
from assets.mail.selection import Selection
from orchestration import resources
from orchestration.settings import Settings


def for_all(settings: Settings, day: date) -> Iterator[str]:
    """The files that hold a day's edition, a line each."""
    return _files(settings, str(day), day_material(resources.warehouse(settings), day).whole_in(settings.mail.language))


def for_one(settings: Settings, day: date, address: str) -> Iterator[str]:
    """What is to be said of the mail of a day to an address, and the files that hold it. Raises `UnknownReader`."""
    try:
        reader = resources.readers(settings).find(address)
    except UnknownReader:
        if key(parsed(address)[1]) not in {key(parsed(named)[1]) for named in settings.mail.recipients}:
            raise
        yield "a reader from the first mail on, who gets what all get:"
        yield from for_all(settings, day)
        return
    found = preview(resources.desk(settings), resources.warehouse(settings), day, reader)
    yield from found.told
    if found.edition:
        yield from _files(settings, f"{day}-{reader.id}", found.edition, found.links)


def _files(
    settings: Settings, name: str, edition: Edition | Selection, links: render.Links = render.NO_LINKS
) -> Iterator[str]:
    folder = settings.home / "previews"
    folder.mkdir(parents=True, exist_ok=True)
    for ending, content in (("html", render.html(edition, links)), ("txt", render.text(edition, links))):
        file = folder / f"{name}.{ending}"
        file.write_text(content, encoding="utf-8")
        yield str(file)
