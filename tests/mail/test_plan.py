"""Who gets which papers: over a real outbox, with readers as the store makes them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import sqlalchemy as sa

from assets.mail.attempt import State
from assets.mail.carried import LATE, NEW
from assets.mail.database import tables
from assets.mail.database.opened import transaction
from assets.mail.edition import Counts, Edition, Entry, Paper
from assets.mail.intents import Mail
from assets.mail.labels import Labels
from assets.mail.material import Combined, Material
from assets.mail.outbox import Outbox
from assets.mail.period import Period
from assets.mail.plan import Plan, Planner
from assets.mail.pool import Pool, shared
from assets.mail.readers.preferences import Frequency, Named, Preferences
from assets.mail.readers.reader import Reader
from assets.mail.readers.secret import Secret
from assets.mail.readers.store import Readers
from assets.mail.taste import Shares
from tests.mail.test_rank import TAGS

TODAY = datetime.now(UTC).date()
DAY = TODAY - timedelta(days=1)
BEFORE = DAY - timedelta(days=1)
WEEKLY = Preferences(frequency=Frequency.WEEKLY, weekday=TODAY.weekday())
TAGGED = pl.Schema({**TAGS, "keywords": pl.List(pl.String), "categories": pl.List(pl.String)})


def entry(work: str, day: date = DAY, arrival: str = NEW) -> Entry:
    paper = Paper(0, work, f"On {work}", "", ("Ada Lovelace",), (), (), "", "1 vote", withdrawn=False)
    return Entry(paper, "Sea", arrival, day)


def edition(*entries: Entry) -> Material[Edition]:
    return Material(Edition(DAY, "fresh", (), Counts(9, 9, 0)), entries)


def pool(first: date, *entries: Entry) -> Pool:
    """A pool in which each paper has half a point less than the one before, and one keyword: its id."""
    days = {first + timedelta(days=number): "fresh" for number in range((DAY - first).days + 1)}
    frame = Combined(Period(first, DAY, decays=False), (), 9, days) if first < DAY else edition().frame
    ids = [one.paper.work_id for one in entries]
    papers = pl.DataFrame({"work_id": ids, "title": ids, "abstract": ids, "authors": [["Ada Lovelace"]] * len(ids)})
    tags = pl.DataFrame([(DAY, work, [], None, [work], []) for work in ids], schema=TAGGED, orient="row")
    names = {work: work for work in ids} | {f"old {work}": work for work in ids}
    scores = [0.5 * (len(ids) - number) for number in range(len(ids))]
    return Pool(Material(frame, entries), scores, names, Labels(papers, tags))


@dataclass(frozen=True)
class Fixed:
    """Pools that no table is behind."""

    edition: Pool
    every: Pool | None = None
    shares: Mapping[str, Mapping[str, float]] = field(default_factory=dict)  # by reader and paper

    def shared(self) -> Pool:
        return self.edition

    def since(self, first: date) -> Pool:
        assert self.every is not None, "nobody wants more than the edition"
        return self.every

    def tastes(self, pool: Pool, readers: Sequence[str]) -> Iterator[tuple[str, Shares]]:
        for reader in readers:
            yield reader, np.array([self.shares[reader].get(entry.paper.work_id, 0) for entry in pool.material.entries])


@pytest.fixture
def readers(tmp_path: Path) -> Readers:
    return Readers(tmp_path / "mail.sqlite", Secret(tmp_path / "key"))


@pytest.fixture
def box(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "mail.sqlite")


def reader(readers: Readers, name: str, preferences: Preferences = Preferences()) -> Reader:  # noqa: B008
    readers.add(f"{name}@reader.example")
    return readers.set_preferences(f"{name}@reader.example", preferences)


def planned(
    box: Outbox, readers: Sequence[Reader], made: Material[Edition], every: Pool | None = None, confirmed: bool = False
) -> dict[str, Mail]:
    """The mails of the day, written down; by the reader."""
    plan = plan_of(box, readers, made, every, confirmed)
    box.enqueue(DAY, "hash", plan.mails, plan.materials)
    return {mail.reader: mail for mail in plan.mails}


def plan_of(
    box: Outbox, readers: Sequence[Reader], made: Material[Edition], every: Pool | None = None, confirmed: bool = False
) -> Plan:
    return Planner(box, DAY, 3, "UTC", "lab.example", confirmed).plan(readers, Fixed(shared(made, {}), every))


def had(box: Outbox, one: Reader, day: date, *works: str) -> None:
    """A mail of a day that the reader got the morning after."""
    due_at = datetime.combine(day + timedelta(days=1), datetime.min.time()) + timedelta(hours=7)
    box.enqueue(day, "hash", [Mail(one.id, f"<{day}{one.id}>", [(work, "") for work in works], day, due_at)])


def works(mail: Mail) -> list[str]:
    return [work for work, _ in mail.works]


def test_who_says_nothing_gets_the_edition_at_once(box: Outbox, readers: Readers) -> None:
    ada, made = reader(readers, "ada"), edition(entry("a"), entry("b"), entry("c", BEFORE, LATE))
    (mail,) = planned(box, [ada], made).values()
    assert (mail.works, mail.first_day) == ([("a", ""), ("b", ""), ("c", "")], DAY)
    assert abs(mail.due_at - datetime.now(UTC).replace(tzinfo=None)) < timedelta(minutes=1)
    kept = box.material(DAY, DAY)
    assert kept is not None
    assert kept.of(mail.works) == made.whole


def test_whoever_has_a_mail_of_the_day_gets_no_other(box: Outbox, readers: Readers) -> None:
    ada = reader(readers, "ada")
    assert planned(box, [ada], edition(entry("a")))
    assert planned(box, [ada], edition(entry("a"), entry("b"))) == {}


def test_nobody_gets_a_paper_twice_under_any_of_its_ids(box: Outbox, readers: Readers) -> None:
    ada = reader(readers, "ada", Preferences(size=9))
    had(box, ada, BEFORE, "b", "old c")
    every = pool(DAY, entry("a"), entry("b"), entry("c"))
    assert works(planned(box, [ada], edition(), every)[ada.id]) == ["a"]


def test_without_a_paper_that_is_new_to_a_reader_nothing_is_mailed(box: Outbox, readers: Readers) -> None:
    ada, ben = reader(readers, "ada"), reader(readers, "ben", Preferences(mute=Named(authors=("Ada Lovelace",))))
    had(box, ada, BEFORE, "a")
    assert planned(box, [ada, ben], edition(entry("a")), pool(DAY, entry("a"))) == {}
    assert planned(box, [reader(readers, "cyd")], edition()) == {}


def test_follows_come_first_and_mutes_not_at_all(box: Outbox, readers: Readers) -> None:
    wanted = Preferences(follow=Named(keywords=("d",)), mute=Named(keywords=("b",)), size=3)
    ada = reader(readers, "ada", wanted)
    every = pool(DAY, *(entry(work) for work in "abcde"), entry("f", BEFORE, LATE))
    mail = planned(box, [ada], edition(entry("a")), every)[ada.id]
    assert mail.works == [("a", ""), ("d", "you follow d"), ("c", ""), ("f", "")]
    kept = box.material(DAY, DAY)
    assert kept is not None
    assert [paper.why for paper in kept.of(mail.works).papers][1] == "you follow d, 1 vote"


def test_what_is_to_a_reader_s_taste_comes_nearer_to_the_top_and_says_so(box: Outbox, readers: Readers) -> None:
    ada, ben = reader(readers, "ada", Preferences(follow=Named(keywords=("c",)))), reader(readers, "ben")
    every = pool(DAY, *(entry(work) for work in "abcde"), entry("f", BEFORE, LATE), entry("g", BEFORE, LATE))
    shares = {ada.id: {"d": 0.9, "c": 0.43, "a": 0.1, "g": 0.9}}
    planner = Planner(box, DAY, 3, "UTC", "lab.example", liking={ada.id})
    plan = planner.plan([ada, ben], Fixed(shared(edition(entry("a")), {}), every, shares))
    mails = {mail.reader: mail.works for mail in plan.mails}
    late = [("f", ""), ("g", "90% to your taste")]
    assert mails[ada.id] == [("c", "you follow c, 43% to your taste"), ("d", "90% to your taste"), ("a", ""), *late]
    assert mails[ben.id] == [("a", "")], "who likes nothing gets the edition"


def test_who_likes_something_is_mailed_no_paper_that_they_mute_or_had(box: Outbox, readers: Readers) -> None:
    ada = reader(readers, "ada", Preferences(mute=Named(keywords=("b",))))
    had(box, ada, BEFORE, "c")
    planner = Planner(box, DAY, 3, "UTC", "lab.example", liking={ada.id})
    every = pool(DAY, *(entry(work) for work in "abc"))
    (mail,) = planner.plan([ada], Fixed(shared(edition(), {}), every, {ada.id: {"b": 1, "c": 1}})).mails
    assert mail.works == [("a", "")]


def test_a_size_cuts_or_asks_for_more(box: Outbox, readers: Readers) -> None:
    few, many = reader(readers, "few", Preferences(size=1)), reader(readers, "many", Preferences(size=9))
    made = edition(*(entry(work) for work in "abc"))
    assert works(planned(box, [few], made)[few.id]) == ["a"]
    assert works(planned(box, [many], made, pool(DAY, *(entry(w) for w in "abcde")))[many.id]) == list("abcde")


def test_what_mails_are_made_of_holds_what_is_in_any_and_no_more(box: Outbox, readers: Readers) -> None:
    everyone = [reader(readers, "ada"), reader(readers, "ben", Preferences(follow=Named(keywords=("d",))))]
    plan = plan_of(box, everyone, edition(entry("a"), entry("b")), pool(DAY, *(entry(work) for work in "abcde")))
    assert sorted(one.paper.work_id for one in plan.materials[DAY].entries) == ["a", "b", "d"]


def test_a_mail_that_waits_for_its_hour_is_not_sent_before(box: Outbox, readers: Readers) -> None:
    ada = reader(readers, "ada", Preferences(hour=(datetime.now(UTC).hour + 2) % 24))
    mail = planned(box, [ada], edition(entry("a")))[ada.id]
    assert timedelta(minutes=59) < mail.due_at - datetime.now(UTC).replace(tzinfo=None) <= timedelta(hours=2)
    assert box.waiting(DAY, datetime.now(UTC).replace(tzinfo=None) + timedelta(hours=2, minutes=1)) != {}
    assert box.waiting(DAY, datetime.now(UTC).replace(tzinfo=None) + timedelta(minutes=50)) == {}


def test_a_weekly_mail_tells_of_seven_days_once(box: Outbox, readers: Readers) -> None:
    ada, first = reader(readers, "ada", WEEKLY), DAY - timedelta(days=6)
    every = pool(first, entry("a"), entry("b", first))
    mail = planned(box, [ada], edition(), every)[ada.id]
    assert (works(mail), mail.first_day) == (["a", "b"], first)
    kept = box.material(DAY, first)
    assert kept is not None
    assert kept.of(mail.works).papers[1].why.endswith(": 1 vote")
    assert box.rows(DAY)[0].first_day == first


def test_a_weekly_mail_leaves_on_its_day_only(box: Outbox, readers: Readers) -> None:
    tomorrow = replace_weekday(WEEKLY, 1)
    assert planned(box, [reader(readers, "ada", tomorrow)], edition(entry("a"))) == {}


def test_a_mail_that_is_tried_again_on_the_day_of_the_next_one_takes_not_its_place(
    box: Outbox, readers: Readers
) -> None:
    ada, week_ago = reader(readers, "ada", WEEKLY), DAY - timedelta(days=7)
    had(box, ada, week_ago, "x")
    box._states.move(sa.true(), (State.PENDING,), State.FAILED, "554 no")
    assert box.again(week_ago) == 1
    every = pool(DAY - timedelta(days=6), entry("a"))
    assert planned(box, [ada], edition(), every).keys() == {ada.id}


def test_who_chooses_another_day_of_the_week_is_mailed_on_that_day_and_not_before(
    box: Outbox, readers: Readers
) -> None:
    ada = reader(readers, "ada", replace_weekday(WEEKLY, -1))
    had(box, ada, DAY - timedelta(days=4), "x")
    every = pool(DAY - timedelta(days=6), entry("a"))
    assert planned(box, [ada], edition(), every) == {}, "chosen today, and yesterday was the day"
    long_since = replace(ada, updated_at=ada.updated_at - timedelta(days=9))
    assert planned(box, [long_since], edition(), every).keys() == {ada.id}, "nothing ran yesterday"


def test_following_something_delays_no_weekly_mail_and_another_rhythm_repeats_none(
    box: Outbox, readers: Readers
) -> None:
    yesterday = replace_weekday(WEEKLY, -1)
    ada = reader(readers, "ada", yesterday)
    had(box, ada, DAY - timedelta(days=8), "x")
    with transaction(box._engine) as connection:
        connection.execute(sa.update(tables.readers).values(updated_at=ada.updated_at - timedelta(days=9)))
    readers.rotate(ada.address)
    followed = readers.set_preferences(ada.address, yesterday.model_copy(update={"follow": Named(keywords=("a",))}))
    every = pool(DAY - timedelta(days=7), entry("a"))
    assert plan_of(box, [followed], edition(), every).mails, "yesterday nothing ran"
    for other in ({"time_zone": "Etc/UTC"}, {"weekday": (TODAY.weekday() - 2) % 7}, {"frequency": Frequency.DAILY}):
        readers.set_preferences(ada.address, yesterday.model_copy(update=other))
        again = readers.set_preferences(ada.address, yesterday)
        assert not plan_of(box, [again], edition(), every).mails, f"chosen today, by {other}"


def test_who_was_mailed_less_often_misses_nothing(box: Outbox, readers: Readers) -> None:
    """A weekly reader wants the daily mail, and others were mailed in the meantime."""
    ada, ben = reader(readers, "ada"), reader(readers, "ben")
    three, two = DAY - timedelta(days=3), DAY - timedelta(days=2)
    had(box, ada, three, "x")
    had(box, ben, two, "y")
    every = pool(two, entry("a"), entry("y", two))
    found = planned(box, [ada, ben], edition(entry("a")), every)
    assert (works(found[ada.id]), found[ada.id].first_day) == (["a", "y"], two)
    assert (works(found[ben.id]), found[ben.id].first_day) == (["a"], DAY)


def test_a_day_that_the_operator_names_goes_to_all_but_weekly_readers_at_once(box: Outbox, readers: Readers) -> None:
    later = reader(readers, "later", Preferences(hour=(datetime.now(UTC).hour + 2) % 24))
    weekly = reader(readers, "weekly", WEEKLY)
    weekdays = reader(readers, "weekdays", Preferences(frequency=Frequency.WEEKDAYS))
    found = planned(box, [later, weekly, weekdays], edition(entry("a")), confirmed=True)
    assert found.keys() == {later.id, weekdays.id}
    assert all(mail.due_at <= datetime.now(UTC).replace(tzinfo=None) for mail in found.values())


def replace_weekday(preferences: Preferences, days: int) -> Preferences:
    return preferences.model_copy(update={"weekday": (preferences.weekday + days) % 7})


def test_frozen_papers_stay_as_they_were(box: Outbox, readers: Readers) -> None:
    ada, ben = reader(readers, "ada"), reader(readers, "ben")
    planned(box, [ada], edition(entry("a")))
    other = replace(entry("a"), paper=replace(entry("a").paper, title="Another"))
    planned(box, [ben], edition(other, entry("b")))
    kept = box.material(DAY, DAY)
    assert kept is not None
    assert [one.paper.title for one in kept.entries] == ["On a", "On b"]
