"""XML from a stranger, read with care; what the elements mean does not belong here."""

from functools import cache
from typing import TYPE_CHECKING

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from assets.fetch.source import Body, SourceError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

ACCEPT = "application/xml, application/atom+xml, application/rss+xml, text/xml;q=0.9"


def tree(body: Body, *roots: str) -> "Element":
    """The root element of a body, which must bear one of these names.

    Raises `SourceError`: transient for what is cut off or is another page altogether, final for a document that
    defines entities, which nobody sends by mistake.
    """
    try:
        root = fromstring(body.content)
    except DefusedXmlException as error:
        raise SourceError(f"{body.url}: the XML defines entities, which is refused ({error})") from None
    except (ParseError, ValueError) as error:
        start = body.content[:60].decode("utf-8", "replace")
        raise SourceError(f"{body.url}: not XML ({error}); it begins {start!r}", transient=True) from None
    if local(root) not in roots:
        wanted = " or ".join(f"<{name}>" for name in roots)
        raise SourceError(f"{body.url}: {wanted} was expected, not <{local(root)}>", transient=True)
    return root


def local(element: "Element") -> str:
    """An element's name without its namespace; the captured answers disagree on namespaces, not on names."""
    return _local(element.tag)


@cache
def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def children(element: "Element", name: str) -> "list[Element]":
    """The children of this name."""
    return [one for one in element if _local(one.tag) == name]


def child(element: "Element", name: str) -> "Element | None":
    """The first child of this name."""
    for one in element:
        if _local(one.tag) == name:
            return one
    return None


def text(element: "Element", name: str) -> str | None:
    """The text of the first child of this name, without the space around it; None where there is nothing in it."""
    found = child(element, name)
    return (found.text or "").strip() or None if found is not None else None


def texts(element: "Element", name: str) -> list[str]:
    """The texts of all children of this name that have one."""
    return [found for one in children(element, name) if (found := (one.text or "").strip())]
