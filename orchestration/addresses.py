"""What the settings take for an address of the web service, and for its proxies."""

import re
from ipaddress import ip_network
from urllib.parse import urlsplit

MOST_OF_URL = 200


def public_url(url: str) -> str:
    """Where readers find the service; what is sent to them must not be read on the way. Raises `ValueError`."""
    parts = urlsplit(url)
    local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if not (parts.scheme == "https" or (local and parts.scheme == "http")) or parts.query or parts.fragment:
        raise ValueError(f"{url!r} is not an https URL; write one like 'https://papers.lab.example'")
    if not parts.hostname or not url.isascii() or len(url) > MOST_OF_URL or re.search(r"[\s<>@\"]", url):
        raise ValueError(f"{url!r} is not the address of a web site, of at most {MOST_OF_URL} characters of ASCII")
    return url.rstrip("/")


def network(text: str) -> str:
    """One address, or a network of them. Raises `ValueError`."""
    try:
        ip_network(text)
    except ValueError:
        raise ValueError(f"{text!r} is not an IP address, or a network like '10.0.0.0/8'") from None
    return text
