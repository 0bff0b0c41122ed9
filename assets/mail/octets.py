"""A message as the octets that travel."""

import copy
import io
from email.generator import BytesGenerator
from email.message import EmailMessage
from email.policy import EmailPolicy, Policy
from functools import cache, lru_cache


def octets(message: EmailMessage, linesep: str) -> bytes:
    """All of the message but its Return-Path, with these ends of lines."""
    message = copy.copy(message)
    del message["Return-Path"]  # the server that delivers it writes its own (RFC 5321, 4.4)
    written = io.BytesIO()
    _Generator(written, mangle_from_=False, policy=_policy(linesep, international(message))).flatten(message)
    return written.getvalue()


def address(message: EmailMessage, header: str) -> str:
    """The first address in a header."""
    return str(message[header].addresses[0].addr_spec)


def international(message: EmailMessage) -> bool:
    """Whether it goes to, or comes from, an address beyond ASCII (RFC 6531)."""
    return not (address(message, "From") + address(message, "To")).isascii()


class _Generator(BytesGenerator):
    """Writes a text at once, not a line at a time, in which it would take as long as all else."""

    def _write_lines(self, lines: str) -> None:
        if "\r" in lines:
            lines = lines.replace("\r\n", "\n").replace("\r", "\n")
        self.write(lines.replace("\n", self._NL))  # type: ignore[attr-defined]


class _Policy(EmailPolicy):
    """Leaves a header as it is that fits into a line: the standard library takes it apart and puts it together."""

    def fold_binary(self, name: str, value: str) -> bytes:
        line = f"{name}: {value}"
        if line.isascii() and line.isprintable() and len(line) <= (self.max_line_length or 0):
            return f"{line}{self.linesep}".encode("ascii")
        return self._folded(name, value)

    @lru_cache(maxsize=64)  # noqa: B019 - there are four policies, for ever; most mails of a day have the same subject
    def _folded(self, name: str, value: str) -> bytes:
        return super().fold_binary(name, value)


@cache
def _policy(linesep: str, international: bool) -> Policy:
    return _Policy(linesep=linesep, utf8=international)
