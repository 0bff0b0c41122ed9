"""Chat channels over real HTTP: each edition once to each, whatever happens on the way, and no word of a URL."""

import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
import tenacity
from hypothesis import given
from hypothesis import strategies as st

from assets.mail.attempt import State, noted
from assets.mail.chat import LONGEST_PAUSE, PAPERS, Chat, said
from assets.mail.database.opened import Place, now
from assets.mail.database.tables import chat as posts
from tests.hook import HIDDEN, Hook, hooked
from tests.lab import CHECKOUT
from tests.mail.outboxes import Holder
from tests.mail.test_render import carrying, edition, paper
from tests.orchestration.test_doctor import closed_port

EDITION = carrying()
DAY = EDITION.day
PAGE = "https://papers.lab.example/editions/2026-11-20"


def written(path: Path, *urls: str) -> Chat:
    """A chat in which the edition is written down for each channel."""
    made = Chat(path / "outbox.sqlite", urls)
    made.enqueue(EDITION)
    return made


def states(made: Chat) -> list[State]:
    return [row.state for row in made.rows()]


def test_each_channel_gets_an_edition_once(tmp_path: Path, hook: Hook) -> None:
    with hooked() as other:
        made = written(tmp_path, hook.url, other.url)
        assert states(made) == [State.PENDING] * 2
        for _ in range(3):
            made.enqueue(EDITION)
            made.post(EDITION, PAGE)
        assert states(made) == [State.SENT] * 2
        assert hook.told == other.told
    (told,) = hook.told
    assert told["title"] == "Paperboy: Friday 20 November 2026 (incomplete)"
    lead, *papers, ending = told["message"].split("\n\n")
    assert lead == " ".join((*EDITION.alarms, EDITION.lead))
    assert papers == [
        f"{number}. Robots That Ask {number} Times\nhttps://papers.example/ask" for number in range(1, PAPERS + 1)
    ]
    assert ending == f"All of it: {PAGE}"


def test_what_was_written_down_for_a_day_stays(tmp_path: Path, hook: Hook) -> None:
    made = written(tmp_path, hook.url)
    made.enqueue(edition(paper()))
    assert [row.edition for row in made.rows()] == [EDITION.content_hash]


@pytest.mark.parametrize("answer", [400, 404, 429, 500, 503])
def test_what_was_refused_is_tried_again_after_a_pause(tmp_path: Path, hook: Hook, answer: int) -> None:
    hook.answers = [answer]
    made = written(tmp_path, hook.url)
    made.post(EDITION, PAGE)
    (row,) = made.rows()
    assert (row.state, row.attempts) == (State.RETRY, 1)
    assert row.reason.startswith("not confirmed: ")
    assert str(answer) in row.reason
    assert made.waiting(DAY, now()) == {}
    assert made.waiting(DAY, now() + timedelta(minutes=6)) == {DAY: row.updated_at}
    assert made.waiting(DAY + timedelta(1), now() + timedelta(days=1)) == {}
    made.post(EDITION, PAGE)
    assert states(made) == [State.SENT]
    assert len(hook.told) == 1
    assert made.waiting(DAY, now() + timedelta(days=1)) == {}


@pytest.mark.parametrize(
    "url", ["json://127.0.0.1:{port}/", "json://no-such-host.invalid/", "jsons://127.0.0.1:{hook}/"]
)
def test_a_service_that_is_not_there_is_tried_again(tmp_path: Path, hook: Hook, url: str) -> None:
    made = written(tmp_path, url.format(port=closed_port(), hook=hook.port))
    made.post(EDITION, PAGE)
    assert states(made) == [State.RETRY]


def test_a_gateway_that_lost_patience_leaves_a_doubt(tmp_path: Path, hook: Hook) -> None:
    hook.answers = [504]
    made = written(tmp_path, hook.url)
    made.post(EDITION, PAGE)
    assert states(made) == [State.UNKNOWN]


def test_no_answer_leaves_a_doubt_that_the_operator_resolves(tmp_path: Path, hook: Hook) -> None:
    hook.answers = [0]
    made = written(tmp_path, hook.url)
    made.post(EDITION, PAGE)
    made.post(EDITION, PAGE)
    (row,) = made.rows()
    assert (row.state, len(hook.told)) == (State.UNKNOWN, 1)
    assert made.waiting(DAY, now() + timedelta(days=1)) == {}
    assert made.troubles(DAY) == [f"the post of {DAY} to {row.channel} is unknown: {row.reason}"]
    assert not made.resolve(DAY, "chat-00000000", sent=False)
    assert made.resolve(DAY, row.channel, sent=False)
    made.post(EDITION, PAGE)
    assert (states(made), len(hook.told)) == ([State.SENT], 2)
    assert made.troubles(DAY) == []


def test_one_channel_that_fails_holds_no_other_up(tmp_path: Path, hook: Hook) -> None:
    with ExitStack() as running:
        others = [running.enter_context(hooked()) for _ in range(3)]
        hook.answers = [500]
        made = written(tmp_path, *(other.url for other in others), hook.url, "nowhere://hunter2")
        made.post(EDITION, PAGE)
        assert [len(other.told) for other in others] == [1, 1, 1]
    assert sorted(states(made)) == sorted([State.SENT] * 3 + [State.RETRY, State.FAILED])


def test_what_failed_is_due_when_the_operator_says_so(tmp_path: Path, hook: Hook) -> None:
    made = written(tmp_path, "nowhere://hunter2")
    made.post(EDITION, PAGE)
    (row,) = made.rows()
    assert (row.state, row.reason) == (State.FAILED, "apprise cannot read the URL: paperboy doctor says which")
    assert (made.again(DAY, "chat-00000000"), made.again(DAY, row.channel), made.again(DAY)) == (0, 1, 0)
    assert states(made) == [State.RETRY]


def test_a_channel_that_the_settings_drop_gets_nothing(tmp_path: Path, hook: Hook) -> None:
    written(tmp_path, hook.url)
    without = Chat(tmp_path / "outbox.sqlite")
    without.post(EDITION, PAGE)
    assert (states(without), hook.told) == ([State.CANCELLED], [])


def test_what_waits_of_a_past_edition_is_given_up(tmp_path: Path, hook: Hook) -> None:
    made = written(tmp_path, hook.url)
    assert made.give_up(DAY + timedelta(1), now() - timedelta(days=1)) == 0, "touched a moment ago"
    assert made.give_up(DAY, now() + timedelta(1)) == 0
    assert made.give_up(DAY + timedelta(1), now() + timedelta(1)) == 1
    assert [(row.state, row.reason) for row in made.rows()] == [(State.FAILED, "given up, for the edition is past. ")]


@pytest.mark.parametrize(("attempts", "minutes"), [(0, 5), (1, 10), (3, 40), (6, 240), (50, 240)])
def test_pauses_grow(tmp_path: Path, hook: Hook, attempts: int, minutes: int) -> None:
    hook.answers = [500]
    made = written(tmp_path, hook.url)
    with made._engine.begin() as connection:
        connection.execute(sa.update(posts).values(attempts=attempts))
    before = now()
    made.post(EDITION, PAGE)
    assert before + timedelta(minutes=minutes) <= made.rows()[0].due_at <= now() + timedelta(minutes=minutes)
    assert timedelta(minutes=minutes) <= LONGEST_PAUSE


@pytest.mark.parametrize("for_good", [False, True], ids=["for a while", "for good"])
def test_what_became_of_a_post_is_noted_once_a_database_that_is_held_is_free(
    new_place: Callable[[], Place], hook: Hook, monkeypatch: pytest.MonkeyPatch, for_good: bool
) -> None:
    """What is scaled: a transaction waits a tenth of a second for another one, an outcome a second or two."""
    monkeypatch.setattr("assets.mail.database.opened.BUSY_SECONDS", 0.1)
    monkeypatch.setattr(noted.retry, "stop", tenacity.stop_after_delay(1.2))
    place = new_place()
    made, holder = Chat(place, [hook.url]), Holder(place, 30 if for_good else 0.7)
    made.enqueue(EDITION)
    hook.before_answer = holder.hold
    if for_good:
        with pytest.raises(sa.exc.OperationalError, match=r"locked|lock timeout"):
            made.post(EDITION, PAGE)
    else:
        made.post(EDITION, PAGE)
    holder.free()
    made.post(EDITION, PAGE)
    assert (states(made), len(hook.told)) == ([State.UNKNOWN if for_good else State.SENT], 1)


DYING = """
import os, sys
from pathlib import Path
from assets.mail import chat, webhook
from tests.mail.test_chat import EDITION, PAGE

told, before = webhook.post, sys.argv[3] == "before"
def post(url, said):
    if not before:
        told(url, said)
    os.kill(os.getpid(), 9)
webhook.post = post
chat.Chat(Path(sys.argv[1]), [sys.argv[2]]).post(EDITION, PAGE)
"""


@pytest.mark.parametrize(("when", "arrived"), [("before", 0), ("after", 1)])
def test_a_sender_that_is_killed_leaves_a_doubt_and_no_second_post(
    tmp_path: Path, hook: Hook, when: str, arrived: int
) -> None:
    made = written(tmp_path, hook.url)
    arguments = [sys.executable, "-c", DYING, str(tmp_path / "outbox.sqlite"), hook.url, when]
    assert subprocess.run(arguments, cwd=CHECKOUT, check=False).returncode == -signal.SIGKILL
    assert states(made) == [State.SENDING]
    for _ in range(2):
        made.post(EDITION, PAGE)
    assert (states(made), len(hook.told)) == ([State.UNKNOWN], arrived)


def test_four_at_once_post_once(tmp_path: Path, hook: Hook) -> None:
    written(tmp_path, hook.url)
    box = [Chat(tmp_path / "outbox.sqlite", [hook.url]) for _ in range(4)]
    threads = [threading.Thread(target=made.post, args=(EDITION, PAGE)) for made in box]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (states(box[0]), len(hook.told)) == ([State.SENT], 1)


def test_no_url_stands_in_the_database_a_reason_or_a_log(
    tmp_path: Path, hook: Hook, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("urllib3").setLevel(logging.INFO)
    hook.answers = [404, 0]
    made = written(tmp_path, hook.url, f"nowhere://{HIDDEN}", f"json://127.0.0.1:{closed_port()}/{HIDDEN}")
    for _ in range(3):
        made.post(EDITION, PAGE)
    assert len(set(states(made))) == 3
    stored = b"".join(file.read_bytes() for file in tmp_path.glob("outbox.sqlite*"))
    assert HIDDEN.encode() not in stored
    said_aloud = "".join(capfd.readouterr())
    assert HIDDEN not in caplog.text + said_aloud + str(made.rows()) + str(made.troubles(DAY)) + repr(made)


@pytest.mark.parametrize(
    ("title", "heard"),
    [
        ("Attention, @everyone!", "Attention, @\u200beveryone!"),
        ("<!channel> <@U123> <#C1>", "<\u200b!channel> <\u200b@\u200bU123> <\u200b#C1>"),
        ("p < 0.05 at a@ b", "p < 0.05 at a@ b"),
    ],
)
def test_a_stranger_s_title_calls_nobody(title: str, heard: str) -> None:
    _, text = said(edition(paper(title=title)), "", 250, 2000)
    assert f"1. {heard}\n" in text


def test_an_address_that_is_none_of_the_web_is_left_out() -> None:
    _, text = said(edition(paper(url="javascript:alert(1)")), "", 250, 2000)
    assert text.endswith("1. Robots That Ask Before They Lift")


@given(st.integers(0, 3000), st.sampled_from([0, 100, 250]), st.sampled_from(["", PAGE]))
def test_a_post_finds_room(room: int, title_room: int, page: str) -> None:
    title, text = said(EDITION, page, title_room, room)
    assert title == "Paperboy: Friday 20 November 2026 (incomplete)"
    least = len(page) + 20
    if room >= least + len(title):
        assert len(text) + (len(title) + 2 if title_room == 0 else 0) <= room
        assert page in text


def test_a_service_that_takes_little_gets_little(tmp_path: Path, hook: Hook) -> None:
    title, text = said(edition(paper(title="x" * 5000)), PAGE, 0, 280)
    assert len(title) + len(text) <= 280
    assert text.endswith(PAGE)
