"""What editions and pages of several days say alike, of figures and texts."""

from assets.mail.words import Words


def headline(title: str, others: int, words: Words) -> str:
    """The title of the first paper, and how many more there are."""
    return and_more(title, others, words) if others else title


def and_more(named: str, number: int, words: Words) -> str:
    """What is named and how many more there are: A, B, C and 2 more."""
    return words.ngettext("%(named)s and %(number)s more", "%(named)s and %(number)s more", number, named=named)


def shown_of_new(shown: int, works: int, words: Words) -> str:
    """20 of 31 new papers."""
    some = words.number(shown)
    return words.ngettext("%(shown)s of %(number)s new paper", "%(shown)s of %(number)s new papers", works, shown=some)


def shown_of(shown: int, works: int, words: Words) -> str:
    """20 of 187 papers; 1 paper, if that is all."""
    if works <= shown:
        return papers(works, words)
    some = words.number(shown)
    return words.ngettext("%(shown)s of %(number)s paper", "%(shown)s of %(number)s papers", works, shown=some)


def papers(number: int, words: Words) -> str:
    """187 papers."""
    return words.ngettext("%(number)s paper", "%(number)s papers", number)


def nothing(is_read: bool, words: Words) -> str:
    """That there are no papers; only what was read in full may claim that there is nothing new."""
    return words.gettext("No new papers.") if is_read else words.gettext("No papers yet.")


def ending(late: int, missed: int, words: Words) -> str:
    """What a reader would find only at the end: so many papers that came late, and of missed days; empty if none."""
    found = []
    if late:
        found.append(words.ngettext("%(number)s late arrival", "%(number)s late arrivals", late))
    if missed:
        found.append(words.ngettext("%(number)s paper of missed days", "%(number)s papers of missed days", missed))
    return words.gettext("At the end: %(found)s.", found=words.listed(found)) if found else ""
