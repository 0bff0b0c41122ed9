"""OAI-PMH answers: pages of records in the formats `arXivRaw` and `arXiv`, with their tokens and their errors.

A record keeps every element that it has, whatever arXiv adds or drops.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from assets.fetch.arxiv import ids, markup
from assets.fetch.arxiv.moments import moment
from assets.fetch.arxiv.names import people
from assets.fetch.source import Body, SourceError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

ROOT = "OAI-PMH"
FORMATS = ("arXivRaw", "arXiv")


class TokenExpired(SourceError):
    """The server no longer knows a resumption token; its slice begins anew."""


@dataclass(frozen=True)
class Version:
    """A version of a paper, and when it was submitted (UTC)."""

    number: int
    submitted: datetime


@dataclass(frozen=True)
class Record:
    """One record as the harvest gives it; one that is deleted has a header only.

    `fields` holds the text of each element of the metadata by its name, lists where an element has parts.
    """

    id: str
    datestamp: date
    deleted: bool
    versions: tuple[Version, ...]
    categories: tuple[str, ...]
    fields: Mapping[str, Any]
    element: "Element"


@dataclass(frozen=True)
class Page:
    """One answer. `token` asks for the next page and is empty at the end; `complete_size` is of all pages together."""

    responded_at: datetime | None
    records: list[Record]
    token: str
    complete_size: int | None


def page(body: Body) -> Page:
    """The records of an answer to `ListRecords` or `GetRecord`; none where no record matches.

    Raises `SourceError`; `TokenExpired` for a token that is no longer good.
    """
    root = markup.tree(body, ROOT)
    error = markup.child(root, "error")
    listed = next((found for found in root if markup.local(found) in ("ListRecords", "GetRecord")), None)
    if error is not None and error.get("code") != "noRecordsMatch":
        raise _refusal(body, error)
    if error is None and (listed is None or markup.child(listed, "record") is None):
        raise SourceError(f"{body.url}: a page without a record, which arXiv sends by mistake", transient=True)
    token = None if listed is None else markup.child(listed, "resumptionToken")
    size = None if token is None else token.get("completeListSize")
    try:
        return Page(
            moment(answered) if (answered := markup.text(root, "responseDate")) else None,
            [] if listed is None else [record(found) for found in markup.children(listed, "record")],
            "" if token is None else (token.text or "").strip(),
            int(size) if size else None,
        )
    except ValueError as wrong:
        raise SourceError(f"{body.url}: {wrong}") from wrong


def _refusal(body: Body, error: "Element") -> SourceError:
    code, told = error.get("code"), (error.text or "").strip()
    if code == "badResumptionToken":
        return TokenExpired(f"{body.url}: {code}: {told}", transient=True)
    return SourceError(f"{body.url}: {code}: {told}")


def record(element: "Element") -> Record:
    """One `<record>`; raises `ValueError` for one without an id or a date."""
    header = markup.child(element, "header")
    if header is None:
        raise ValueError("a record without a header")
    paper, _ = ids.split(markup.text(header, "identifier") or "")
    fields: dict[str, Any] = {"datestamp": markup.text(header, "datestamp"), "sets": markup.texts(header, "setSpec")}
    metadata = markup.child(element, "metadata")
    found = next((one for one in metadata if markup.local(one) in FORMATS), None) if metadata is not None else None
    deleted = header.get("status") == "deleted"
    if found is None and not deleted:
        raise ValueError(f"{paper}: neither deleted nor with metadata that is known")
    fields |= {} if found is None else dict(_fields(found))
    versions = tuple(_versions(fields))
    if found is not None and markup.local(found) == "arXivRaw" and not versions:
        raise ValueError(f"{paper}: a record without a version")
    categories = tuple((fields.get("categories") or "").split())
    stamped = date.fromisoformat((fields["datestamp"] or "")[:10])
    return Record(paper, stamped, deleted, versions, categories, fields, element)


def _fields(metadata: "Element") -> Iterator[tuple[str, Any]]:
    for element in metadata:
        match markup.local(element):
            case "version":
                continue
            case "authors" if len(element):
                yield "authors", [_author(author) for author in element]
            case name:
                yield name, (element.text or "").strip()
    versions = [{"version": one.get("version"), **_parts(one)} for one in markup.children(metadata, "version")]
    if versions:
        yield "versions", versions


def _author(element: "Element") -> dict[str, Any]:
    affiliations = markup.texts(element, "affiliation")
    return {**_parts(element), **({"affiliation": affiliations} if affiliations else {})}


def _parts(element: "Element") -> dict[str, str]:
    return {markup.local(part): (part.text or "").strip() for part in element}


def _versions(fields: Mapping[str, Any]) -> Iterator[Version]:
    for told in fields.get("versions", ()):
        yield Version(int((told["version"] or "").removeprefix("v")), moment(told.get("date", "")))


def row(found: Record) -> dict[str, Any]:
    """What a record says of its paper, by the columns of `RECORD`; its version is the newest that it names."""
    fields = found.fields
    return {
        "source_id": found.id,
        "version": max((version.number for version in found.versions), default=None),
        "title": fields.get("title"),
        "abstract": fields.get("abstract"),
        "authors": _authors(fields.get("authors")),
        "affiliations": _affiliations(fields.get("authors")),
        "categories": list(found.categories),
        "published": _published(found),
        "doi": fields.get("doi"),
        "note": fields.get("comments"),
        "licence": fields.get("license"),
        "record": json.dumps({"id": found.id, **fields}, ensure_ascii=False),
    }


def _published(found: Record) -> datetime | None:
    if found.versions:
        return min(found.versions, key=lambda version: version.number).submitted.replace(tzinfo=None)
    created = found.fields.get("created")
    return datetime.fromisoformat(created) if created else None


def _authors(told: str | list[dict[str, Any]] | None) -> list[str]:
    """One text in `arXivRaw`, parts of each name in `arXiv`."""
    if told is None or isinstance(told, str):
        return people(told or "")
    order = ("forenames", "keyname", "suffix")
    names = (" ".join(author[part] for part in order if author.get(part)) for author in told)
    return [name for name in names if name.strip(" :")]


def _affiliations(told: str | list[dict[str, Any]] | None) -> list[str]:
    """What each author's part tells; the one text of `arXivRaw` has some in parentheses, which are not parted."""
    if told is None or isinstance(told, str):
        return []
    return list(dict.fromkeys(name for author in told for name in author.get("affiliation", ())))
