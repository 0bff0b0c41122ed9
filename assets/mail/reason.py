"""Why a paper has its place, and why this reader gets it: stored in English, said in the reader's words.

The English is what `rank` and `personal` write, and what digests and frozen mails of any age hold. What is not known
here stays as it was written.
"""

import re

from assets.mail.words import ENGLISH, N_, Words

SAYINGS = (N_("new"), N_("no votes yet"), N_("code available"), N_("data available"), N_("withdrawn"))
"""Reasons without figures."""

_COUNTED = re.compile(r"(\d+) (vote|comment)s?")
_RISING = re.compile(r"(\d+) of them in the last day")
_FOLLOWED = re.compile(r"you follow (.+?)(?:, (\d+)% to your taste)?")
_LIKED = re.compile(r"(\d+)% to your taste")


def reason_in(because: str, why: str, words: Words) -> str:
    """Both in one line: `because` as `personal` writes it, or empty; `why` as `rank` does."""
    if words is ENGLISH:
        return ", ".join(filter(None, (because, why)))
    return ", ".join(filter(None, (*_because(because, words), *_why(why, words))))


def _why(why: str, words: Words) -> list[str]:
    return [_one(reason, words) for reason in why.split(", ")]


def _one(reason: str, words: Words) -> str:
    if reason in SAYINGS:
        return words.gettext(reason)
    if counted := _COUNTED.fullmatch(reason):
        number = int(counted[1])
        if counted[2] == "vote":
            return words.ngettext("%(number)s vote", "%(number)s votes", number)
        return words.ngettext("%(number)s comment", "%(number)s comments", number)
    if rising := _RISING.fullmatch(reason):
        number = int(rising[1])
        return words.ngettext("%(number)s of them in the last day", "%(number)s of them in the last day", number)
    return reason


def _because(because: str, words: Words) -> list[str]:
    if liked := _LIKED.fullmatch(because):
        return [_to_taste(liked[1], words)]
    if followed := _FOLLOWED.fullmatch(because):
        names, liked_share = followed.groups()
        told = words.gettext("you follow %(names)s", names=names)
        return [told, *([_to_taste(liked_share, words)] if liked_share else [])]
    return [because]


def _to_taste(per_cent: str, words: Words) -> str:
    return words.gettext("%(share)s to your taste", share=words.share(int(per_cent) / 100))
