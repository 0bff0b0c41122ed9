"""Chat channels in whole runs: as the mails go, and never in the mails' way."""

import json
from dataclasses import replace

import sqlalchemy as sa

from assets.mail.attempt import State
from assets.mail.database.opened import now
from assets.mail.database.tables import chat as posts
from assets.mail.readers.preferences import Preferences
from orchestration.resources import chat, readers, warehouse
from tests.conftest import NewLab
from tests.hook import HIDDEN, Hook
from tests.lab import Lab
from tests.mail.test_chat import EDITION
from tests.orchestration.terminal import NewTerminal
from tests.orchestration.test_doctor import closed_port, findings
from tests.orchestration.test_mail_policy import NEWEST, PAST
from tests.orchestration.test_mails_that_wait import ADA, asked, made_again


def due(made: Lab) -> None:
    """Let the pauses pass."""
    with chat(made.settings)._engine.begin() as connection:
        connection.execute(sa.update(posts).values(due_at=now()))


def test_an_edition_is_posted_when_it_is_mailed_and_never_again(new_lab: NewLab, hook: Hook) -> None:
    with new_lab(MAIL__CHAT=hook.url, MAIL__RECIPIENTS=ADA) as made:
        made.backfill(PAST, PAST)
        assert hook.told == []
        for _ in range(2):
            assert made.digest(NEWEST, newest=True).success
        made.ui_run(NEWEST)
        made.backfill(NEWEST, NEWEST)
        assert (len(hook.told), len(made.mails())) == (1, 1)
        assert made.send(PAST).success
        assert (len(hook.told), len(made.mails())) == (2, 2)
        assert asked(made) == []


def test_a_channel_that_is_down_holds_no_mail_up_and_is_tried_again(new_lab: NewLab, hook: Hook) -> None:
    hook.answers = [503, 503]
    with new_lab(MAIL__CHAT=hook.url, MAIL__RECIPIENTS=ADA) as made:
        assert made.digest(NEWEST, newest=True).success
        assert (len(hook.told), len(made.mails())) == (0, 1)
        assert made.status(NEWEST).mailed
        assert asked(made) == [], "a minute later"
        for arrived in (0, 1):
            due(made)
            (request,) = asked(made)
            assert request.partition_key == str(NEWEST)
            assert made_again(made, request).success
            assert (len(hook.told), len(made.mails())) == (arrived, 1)
        due(made)
        assert asked(made) == []


def test_what_was_only_posted_is_frozen_too(new_lab: NewLab, hook: Hook) -> None:
    with new_lab(MAIL__CHAT=hook.url, MAIL__RECIPIENTS="") as made:
        assert made.digest(NEWEST, newest=True).success
        assert len(hook.told) == 1
        digest = made.rows("digest", NEWEST)
        assert digest > 0
        assert warehouse(made.settings).rows("editions", [NEWEST]).height == digest


def test_the_command_tells_of_posts_and_takes_the_operators_word(terminal: NewTerminal, hook: Hook) -> None:
    with_chat = terminal(MAIL__CHAT=f"{hook.url}, json://127.0.0.1:{closed_port()}/{HIDDEN}")
    verdict, told = findings(with_chat("doctor"))["chat"]
    assert (verdict, told.partition(", last")[2]) == ("ok", " posted never")
    hook.answers = [0]
    made, edition = chat(with_chat.settings), replace(EDITION, day=with_chat.settings.yesterday())
    made.enqueue(edition)
    made.post(edition, "")
    refused, doubtful = sorted(made.rows(), key=lambda row: row.state)
    assert (refused.state, doubtful.state) == (State.RETRY, State.UNKNOWN)
    verdict, told = findings(with_chat("doctor"))["chat"]
    assert verdict == "FAIL"
    assert f"the post of {refused.day} to {refused.channel} is retry: not confirmed" in told
    listed = with_chat("outbox", "list")
    assert refused.channel in listed.stdout
    assert {row["channel"] for row in json.loads(with_chat("outbox", "list", "--json").stdout)} == set(made.channels)
    day = str(doubtful.day)
    assert "due" not in with_chat("outbox", "resolve", day, doubtful.channel, "--sent").stdout
    assert with_chat("outbox", "resolve", day, doubtful.channel, "--sent").exit_code == 1
    assert "No mail" in with_chat("outbox", "retry", day, refused.channel).stdout
    assert HIDDEN not in listed.output + told


def test_nothing_is_posted_of_a_day_whose_mails_could_not_be_written_down(new_lab: NewLab, hook: Hook) -> None:
    """Else the post alone would be sent later, and the day stand there as if it had been mailed."""
    with new_lab(MAIL__CHAT=hook.url, MAIL__RECIPIENTS="") as made:
        readers(made.settings).add(ADA)
        readers(made.settings).set_preferences(ADA, Preferences(size=99))
        assert made.digest(PAST).success
        with warehouse(made.settings).connect() as connection:
            connection.execute("ALTER TABLE popularity RENAME TO away")
        assert not made.send(PAST).success
        assert chat(made.settings).rows() == []
        with warehouse(made.settings).connect() as connection:
            connection.execute("ALTER TABLE away RENAME TO popularity")
        assert made.send(PAST).success
        assert (len(hook.told), len(made.mails())) == (1, 1)
