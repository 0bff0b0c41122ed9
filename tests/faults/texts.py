"""What can go wrong with the titles and abstracts of a list."""

import html
from collections.abc import Callable
from typing import Any

from tests.faults.harm import Given, Harm, Papers
from tests.faults.lists import in_papers

TEXTS = ("title", "summary")

ERROR_PAGE = (
    "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><center>nginx</center></body></html>"
)
GERMAN = (
    "Wir stellen ein neues Verfahren vor, das ohne zusätzliche Daten auskommt.",
    "Bisherige Ansätze brauchen dafür sehr viel Zeit und Speicher.",
    "Die Ergebnisse zeigen, dass unser Modell deutlich besser abschneidet als alle anderen.",
    "Der Quelltext und die Daten werden nach der Begutachtung veröffentlicht.",
    "Dabei wird jedes Bild zunächst in kleine Stücke zerlegt und dann einzeln betrachtet.",
    "Auf mehreren bekannten Aufgaben erreichen wir damit die besten bisher gemessenen Werte.",
    "Außerdem untersuchen wir, woran das Verfahren scheitert und was sich daraus lernen lässt.",
    "Sprachmodelle machen noch immer Fehler, die ein Mensch niemals machen würde.",
    "Unsere Arbeit beschreibt zum ersten Mal, wie sich diese Fehler vermeiden lassen.",
    "Eine ausführliche Auswertung findet sich im Anhang der vorliegenden Arbeit.",
)


def rewritten(rewrite: Callable[[str, Given], str], *fields: str, share: float = 1.0) -> Harm:
    """Texts as they are rewritten; titles and abstracts, where no field is named."""

    def change(paper: dict[str, Any], given: Given) -> None:
        for field in fields or TEXTS:
            paper[field] = rewrite(paper[field], given)

    return in_papers(change, share)


def as_html(text: str, given: Given) -> str:
    """As a page shows it."""
    return f'<div class="abstract"><p>{html.escape(text)}</p><br/></div>'


def emphasised(text: str, given: Given) -> str:
    """With markup in it."""
    return f"<b>{text}</b>"


def entities(text: str, given: Given) -> str:
    """Escaped for a page, and once more."""
    return html.escape(html.escape(text.replace(" - ", " — ")))


def mojibake(text: str, given: Given) -> str:
    """UTF-8 read as Latin-1, with the quotes and dashes that a text has in print."""
    return text.replace("'", "’").replace("-", "–").encode().decode("cp1252", "replace")


def letters_lost(text: str, given: Given) -> str:
    """Every tenth letter is one that the decoder did not know."""
    return "".join("\N{REPLACEMENT CHARACTER}" if place % 10 == 7 else letter for place, letter in enumerate(text))


def control_characters(text: str, given: Given) -> str:
    """A bell and a null between the words."""
    return text.replace(" ", "\x00 \x07", 3)


def without_blanks(text: str, given: Given) -> str:
    """All words in one."""
    return "".join(text.split())


def cut_at(length: int) -> Callable[[str, Given], str]:
    """No more than so many characters."""
    return lambda text, given: text[:length]


def german(text: str, given: Given) -> str:
    """A German abstract."""
    return " ".join(given.dice.sample(GERMAN, len(GERMAN)))


def chinese(text: str, given: Given) -> str:
    """A Chinese abstract."""
    return (
        "".join(
            given.dice.sample(
                "我们提出了一种新的方法来解决这个问题实验结果表明该模型优于现有所有并且不需要额外数据", 40
            )
        )
        * 6
    )


def error_page(text: str, given: Given) -> str:
    """What a gateway says in trouble."""
    return ERROR_PAGE


def nested(text: str) -> dict[str, str]:
    """A text with its language."""
    return {"text": text, "language": "en"}


def one_as_other(source: str, target: str) -> Harm:
    """One text in the place of the other too."""

    def change(paper: dict[str, Any], given: Given) -> None:
        paper[target] = paper[source]

    return in_papers(change)


def of_the_first(field: str) -> Harm:
    """The text of the first paper in all."""

    def harm(given: Given) -> Papers:
        papers = given.papers
        for item in papers:
            item["paper"][field] = papers[0]["paper"][field]
        return papers

    return harm


def swapped(given: Given) -> Papers:
    """Each paper with the abstract of the next."""
    papers = given.papers
    texts = [item["paper"]["summary"] for item in papers]
    for item, text in zip(papers, [*texts[1:], texts[0]], strict=True):
        item["paper"]["summary"] = text
    return papers
