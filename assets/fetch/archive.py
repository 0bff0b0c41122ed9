"""A folder of recorded bodies of the daily papers' API, `DATE.json` or `DATE.json.gz`, read as if just fetched."""

import gzip
import zlib
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from assets.fetch.huggingface import rows
from assets.fetch.source import Body, Listing, SourceError

ENDINGS = (".json", ".json.gz")


class ArchiveSource:
    """A day without a file is a day without a list: what was not recorded cannot be told from what was not there."""

    name = "archive"
    calendar = None

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def fetch(self, day: date) -> Listing:
        folder = self._existing()
        files = [file for ending in ENDINGS if (file := folder / f"{day}{ending}").exists()]
        if len(files) > 1:
            raise SourceError(f"{self.name}: {files[0]} and {files[1].name} both hold {day}; keep one")
        return Listing([Body(_read(file), file.as_uri(), datetime.now(UTC)) for file in files])

    def parse(self, day: date, bodies: Sequence[Body]) -> list[dict[str, Any]]:
        return rows(self.name, day, bodies)

    def newest_day(self, until: date) -> date | None:
        folder = self._existing()
        days = (_day(file) for ending in ENDINGS for file in folder.glob(f"*{ending}"))
        return max((day for day in days if day and day <= until), default=None)

    def _existing(self) -> Path:
        if not self._folder.is_dir():
            raise SourceError(f"{self.name}: there is no folder {self._folder}; set archive.folder")
        return self._folder


def _day(file: Path) -> date | None:
    try:
        return date.fromisoformat(file.name.split(".")[0])
    except ValueError:
        return None


def _read(file: Path) -> bytes:
    try:
        content = file.read_bytes()
        return gzip.decompress(content) if file.suffix == ".gz" else content
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(f"{file}: cannot be read ({error}); record it again") from error
