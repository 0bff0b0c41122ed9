"""Every source that the settings can name, a line each, with how it is built from them."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from assets.fetch.archive import ArchiveSource
from assets.fetch.huggingface import HuggingFaceSource
from assets.fetch.sample import SampleSource
from assets.fetch.source import Source

if TYPE_CHECKING:
    from orchestration.settings import Settings

SOURCES: dict[str, Callable[["Settings"], Source]] = {
    "sample": lambda settings: SampleSource(),
    "huggingface": lambda settings: HuggingFaceSource(**settings.huggingface.model_dump()),
    "archive": lambda settings: ArchiveSource(settings.archive.needed_folder),
}
