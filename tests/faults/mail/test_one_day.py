"""All routes to the same day, for readers who want different things: each is mailed once, or at their hour, or not."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from assets.mail.readers.preferences import Frequency, Named, Preferences
from orchestration.resources import outbox, readers
from tests.conftest import NewLab
from tests.lab import Lab
from tests.orchestration.test_mail_policy import NEWEST, mailed, tick
from tests.orchestration.test_mails_that_wait import asked, made_again, passed

NOW = datetime.now(UTC)
AT_ONCE = {
    "daily": Preferences(),
    "follows": Preferences(follow=Named(keywords=("model", "learning")), size=3),
    "mutes": Preferences(mute=Named(keywords=("model",))),
    "weekly": Preferences(frequency=Frequency.WEEKLY, weekday=NOW.weekday()),
}
LATER = {"later": Preferences(hour=(NOW.hour + 3) % 24, time_zone="UTC")}
NOT_NOW = {"tomorrow": Preferences(frequency=Frequency.WEEKLY, weekday=(NOW.weekday() + 2) % 7)}


def addresses(*wanted: dict[str, Preferences]) -> Counter[str]:
    """Each of these readers, once."""
    return Counter(f"{name}@reader.example" for names in wanted for name in names)


def every_route(made: Lab) -> None:
    """The day's run, a duplicate tick, the UI, a backfill, the command, and the operator's word."""
    for _ in range(2):
        assert tick(made, NEWEST).success
    assert made.ui_run(NEWEST).success
    assert made.ui_run(NEWEST, ["deliveries"]).success
    assert [outcome.success for outcome in made.backfill(NEWEST - timedelta(days=1), NEWEST)] == [True]
    assert made.digest(NEWEST, newest=True).success
    assert made.send(NEWEST).success


def test_each_reader_is_mailed_once_whatever_they_want(new_lab: NewLab) -> None:
    with new_lab(MAIL__RECIPIENTS="daily@reader.example") as made:
        store, box = readers(made.settings), outbox(made.settings)
        for name, wanted in (AT_ONCE | LATER | NOT_NOW).items():
            store.add(f"{name}@reader.example")
            store.set_preferences(f"{name}@reader.example", wanted)
        every_route(made)
        assert mailed(made) == addresses(AT_ONCE)
        passed(box, 3 * 60 + 1)
        (request,) = asked(made)
        assert made_again(made, request).success
        assert mailed(made) == addresses(AT_ONCE, LATER)
        assert made.ui_run(NEWEST, ["deliveries"]).success
        assert made.send(NEWEST).success
        assert asked(made) == []
        assert mailed(made) == addresses(AT_ONCE, LATER)
        assert {row.state for row in box.rows()} == {"sent"}
        assert len({mail["Message-ID"] for mail in made.mails()}) == len(box.rows()) == 5
