"""The mail that asks whoever an address belongs to whether they asked for the digest.

It holds nothing that was typed into the form: whoever asks for somebody else cannot write to them by it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage

from assets.mail.message import mailbox, message
from assets.mail.readers.reader import Reader, State
from assets.mail.render import environment
from assets.mail.web.signed import Signer


@dataclass(frozen=True)
class Letters:
    """Mails from the `sender`, with links to the web service at `url`."""

    sender: str
    url: str
    signer: Signer

    def compose(self, reader: Reader, identity: str) -> EmailMessage:
        """The mail to a reader who asked: with the link that confirms, or that they are a reader already."""
        known = reader.state is State.CONFIRMED
        unsubscribe = f"{self.url}/unsubscribe/{reader.token}"
        link = unsubscribe if known else f"{self.url}/confirm/{self.signer.link(reader)}"
        preferences = f"{self.url}/preferences/{reader.token}"
        values = {
            "known": known,
            "link": link,
            "preferences": preferences,
            "hours": self.signer.confirm_hours,
            "url": f"{self.url}/",
        }
        return message(
            sender=self.sender,
            recipient=reader.address,
            subject="You are a reader already" if known else "Confirm that you want the paper digest",
            text=_ENVIRONMENT.get_template("letter.txt").render(values),
            html=_ENVIRONMENT.get_template("letter.html").render(values),
            message_id=f"<{identity}@{mailbox(self.sender).domain}>",
            date=datetime.now(UTC),
            unsubscribe=unsubscribe if known else "",
        )


_ENVIRONMENT = environment("assets.mail.web")
