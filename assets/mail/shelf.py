"""The editions that were mailed, as files that a browser and a feed can be given.

The web service reads these and never the warehouse: DuckDB excludes every other process while a writer is open, so a
page would wait for a run, or a run for a page. What was mailed also stays what it was, whatever the tables become.
"""

import json
import os
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from assets.mail import render
from assets.mail.edition import Edition

HOME = render.Links(home="../")
"""Where an edition's page leads; relative, so that it is right below any address."""


@dataclass(frozen=True)
class Kept:
    """What is said of an edition beside its page; `papers` are titles with their addresses, empty where not of the web.

    `kept_at` is UTC.
    """

    day: date
    subject: str
    lead: str
    content_hash: str
    kept_at: datetime
    papers: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Shelf:
    """The folder of the editions: `DAY.html` is the page, `DAY.json` what is said of it, written last.

    Whoever publishes the folder publishes no reader: nothing in it is of one.
    """

    folder: Path

    def put(self, edition: Edition, mailed: Collection[str], shown: Edition | None = None) -> None:
        """Keep an edition, unless what is kept of its day is one of those that were `mailed`, by their hashes.

        The page shows `shown`, if that is given: the same in another language.
        """
        before = self.kept(edition.day)
        if before and before.content_hash in mailed:
            return
        papers = tuple((paper.title, paper.url if render.is_web_url(paper.url) else "") for paper in edition.papers)
        kept = Kept(edition.day, edition.subject, edition.lead, edition.content_hash, datetime.now(UTC), papers)
        self.write(f"{edition.day}.html", render.html(shown or edition, HOME))
        self.write(f"{edition.day}.json", json.dumps(asdict(kept), default=str, ensure_ascii=False))

    def write(self, name: str, content: str) -> None:
        """Write a file of the folder, whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = self.folder / f".{name}.draft"
        with draft.open("w", encoding="utf-8") as written:
            written.write(content)
            written.flush()
            os.fsync(written.fileno())
        draft.replace(self.folder / name)

    def days(self) -> list[date]:
        """The days whose editions are kept, the newest first. Raises `OSError` if the folder cannot be read."""
        if not self.folder.exists():
            return []
        return sorted((date.fromisoformat(file.stem) for file in self.folder.glob("????-??-??.json")), reverse=True)

    def kept(self, day: date) -> Kept | None:
        """What is said of a day's edition, if it is kept."""
        if (written := self._read(day, "json")) is None:
            return None
        values = json.loads(written)
        values |= {"day": day, "kept_at": datetime.fromisoformat(values["kept_at"])}
        return Kept(**values | {"papers": tuple((title, url) for title, url in values["papers"])})

    def newest(self, most: int) -> list[Kept]:
        """What is said of so many of the newest editions, the newest first."""
        return [kept for day in self.days()[:most] if (kept := self.kept(day))]

    def page(self, day: date) -> str | None:
        """A day's edition as an HTML page, if it is kept."""
        return self._read(day, "html") if self._file(day, "json").exists() else None

    def _file(self, day: date, ending: str) -> Path:
        return self.folder / f"{day}.{ending}"

    def _read(self, day: date, ending: str) -> str | None:
        try:
            return self._file(day, ending).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
