"""Readers of several languages in whole labs: what each is mailed over a real mail server, and what is stored of it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from email.message import EmailMessage
from pathlib import Path

import pytest

from assets.mail.preview import preview
from assets.mail.readers.preferences import Preferences
from orchestration.resources import desk, outbox, readers, warehouse
from tests.conftest import NewLab
from tests.lab import Lab
from tests.mail.conftest import Server
from tests.mail.test_digest import publish
from tests.mail.test_own_mails import ADA, BEN, DAY, VOTES, WEEKLY, prefer

CAL, DOT = "cal@reader.example", "dot@reader.example"
Start = Callable[[str], tuple[Lab, Server]]


@pytest.fixture
def harbour(new_lab: NewLab, serve: Callable[..., Server], tmp_path: Path) -> Iterator[Start]:
    """Start a lab of a language on a folder of lists, that mails over a server, and that server."""
    folder = tmp_path / "archive"
    folder.mkdir()
    with ExitStack() as running:

        def start(language: str) -> tuple[Lab, Server]:
            server = serve()
            made = new_lab(
                SOURCES="archive", ARCHIVE__FOLDER=str(folder), MAIL__CURRENT_DAYS="31", MAIL__RECIPIENTS="",
                WEB__URL="https://papers.lab.example", MAIL__TRANSPORT="smtp", MAIL__HOST="127.0.0.1",
                MAIL__PORT=str(server.port), MAIL__SECURITY="none", MAIL__LANGUAGE=language,
            )  # fmt: skip
            lab = running.enter_context(made)
            publish(lab, DAY, VOTES)
            return lab, server

        yield start


def bodies(mail: EmailMessage) -> tuple[str, str]:
    """The plain text, its lines joined, and the HTML."""
    plain, page = (mail.get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None
    assert page is not None
    return " ".join(plain.get_content().split()), str(page.get_content())


def test_each_reader_is_mailed_in_their_language(harbour: Start) -> None:
    lab, server = harbour("fr")
    prefer(lab, ADA, Preferences(language="de"))
    prefer(lab, BEN)
    prefer(lab, CAL, Preferences(language="en"))
    prefer(lab, DOT, WEEKLY.model_copy(update={"language": "es"}))
    assert lab.digest(DAY).success
    mails = {str(mail["To"]): mail for mail in server.accepted}
    assert {to: mail["Content-Language"] for to, mail in mails.items()} == {ADA: "de", BEN: "fr", CAL: "en", DOT: "es"}
    expected = {
        ADA: ("5 von 5 neuen Artikeln; 5 Einträge abgerufen.", "und noch 4", "Abbestellen: https://"),
        BEN: ("5 des 5 nouveaux articles ; 5 notices récupérées.", "et 4 autres", "Se désabonner : https://"),
        CAL: ("5 of 5 new papers; 5 records fetched.", "and 4 more", "Unsubscribe: https://"),
        DOT: ("5 de 5 artículos nuevos, en 1 día.", "y 4 más", "Darse de baja: https://"),
    }
    for to, (lead, more, leave) in expected.items():
        plain, page = bodies(mails[to])
        language = mails[to]["Content-Language"]
        assert lead in plain.replace("\u202f", " ").replace("\xa0", " ")
        assert leave in plain.replace("\xa0", " ")
        assert str(mails[to]["Subject"]).endswith(more)
        assert f'<html lang="{language}">' in page
        assert "On Harbours, Day" in plain
    assert len({row.edition for row in outbox(lab.settings).rows(DAY)}) == 1


def test_the_editions_page_is_in_the_labs_language_and_its_hash_in_none(harbour: Start) -> None:
    lab, _ = harbour("de")
    prefer(lab, ADA)
    assert lab.digest(DAY).success
    shelf = desk(lab.settings).shelf
    page, kept = shelf.page(DAY), shelf.kept(DAY)
    assert page is not None
    assert kept is not None
    assert '<html lang="de">' in page
    assert "Alle Ausgaben" in page
    assert "5 of 5 new papers" in kept.lead
    (row,) = outbox(lab.settings).rows(DAY)
    assert kept.content_hash == row.edition


def test_a_preview_is_in_the_language_in_which_the_mail_is_then(harbour: Start) -> None:
    lab, server = harbour("en")
    prefer(lab, ADA, Preferences(language="de"))
    assert lab.backfill(DAY, DAY)[0].success
    reader = readers(lab.settings).find(ADA)
    before = preview(desk(lab.settings), warehouse(lab.settings), DAY, reader).edition
    assert lab.digest(DAY).success
    after = preview(desk(lab.settings), warehouse(lab.settings), DAY, reader).edition
    assert before == after
    assert after is not None
    assert after.language == "de"
    assert [mail["Subject"] for mail in server.accepted] == [after.subject]
