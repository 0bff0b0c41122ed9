"""The store of bodies: every answer of an upstream, untouched, compressed, under the SHA-256 of its content."""

import gzip
import os
from dataclasses import dataclass
from pathlib import Path

from assets.fetch.source import Body


@dataclass(frozen=True)
class BodyStore:
    """A folder of `ab/abcd….gz`; a body is there whole or not at all."""

    folder: Path

    def put(self, body: Body) -> Path:
        """Keep a body; one that is there already stays as it is."""
        path = self.folder / body.sha256[:2] / f"{body.sha256}.gz"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            # A name of its own until it is whole: a crash leaves no torn body under its address.
            part = path.with_suffix(f".{os.getpid()}.part")
            part.write_bytes(gzip.compress(body.content, compresslevel=1, mtime=0))
            part.replace(path)
        return path

    def get(self, sha256: str) -> bytes:
        """The content under an address; raises `FileNotFoundError` where there is none."""
        return gzip.decompress((self.folder / sha256[:2] / f"{sha256}.gz").read_bytes())
