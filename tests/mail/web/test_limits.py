"""How often the service may be used: nobody can have somebody else mailed again and again, from wherever they ask."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from assets.mail.web.limits import TooMany
from orchestration import web
from tests.mail.conftest import Server
from tests.mail.web.site import ADA, BEN, EVE, Site, ago

both = pytest.mark.usefixtures("place")  # databases

PROXY = {"WEB__TRUSTED_PROXIES": "127.0.0.1"}


def from_(address: str) -> dict[str, str]:
    return {"X-Forwarded-For": address}


@both
def test_an_address_is_mailed_a_few_times_a_day_whoever_asks(start: Callable[..., Site], relay: Server) -> None:
    site = start(**PROXY)
    answers = []
    for number in range(12):
        answers.append(site.subscribe(ADA if number % 2 else ADA.upper(), from_(f"198.51.100.{number}")))
        site.work()
    assert len(relay.accepted) == 3
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1, "the answer must not tell"
    assert len(site.made.asked.rows()) == 12, "nor the time that it takes: the same is written"
    site.subscribe(BEN, from_("198.51.100.99"))
    site.work()
    assert len(relay.accepted) == 4


@both
def test_the_limits_are_remembered_over_a_restart_and_for_a_day(start: Callable[..., Site], relay: Server) -> None:
    site = start(WEB__MAILS_PER_ADDRESS="1")
    site.subscribe(ADA)
    site.made = web.service(site.settings)
    site.made.asked.ask(ADA, "127.0.0.1")
    site.work()
    assert len(relay.accepted) == 1
    site.sql(f"UPDATE web_uses SET at = {ago(hours=23)}")  # noqa: S608 - of ours
    site.made.asked.ask(ADA, "127.0.0.1")
    site.work()
    assert len(relay.accepted) == 1
    site.sql(f"UPDATE web_uses SET at = {ago(hours=25)}")  # noqa: S608 - of ours
    site.made.asked.ask(ADA, "127.0.0.1")
    site.work()
    assert len(relay.accepted) == 2
    assert len(site.sql("SELECT * FROM web_uses")) == 3, "what is older than a day is removed"


@both
def test_a_visitor_may_ask_a_few_times_and_another_still_may(start: Callable[..., Site]) -> None:
    site = start(WEB__ASKS_PER_VISITOR="2", **PROXY)
    answers = [site.subscribe(f"reader{number}@reader.example", from_("198.51.100.1")) for number in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    assert 86_000 < int(answers[-1].headers["Retry-After"]) <= 86_400
    assert site.subscribe(ADA, from_("198.51.100.2")).status_code == 200


@both
def test_all_together_may_ask_so_often(start: Callable[..., Site]) -> None:
    site = start(WEB__ASKS_PER_DAY="2", **PROXY)
    visitors = {ADA: "198.51.100.1", BEN: "198.51.100.2", EVE: "198.51.100.3"}
    answers = [site.subscribe(address, from_(visitor)) for address, visitor in visitors.items()]
    assert [answer.status_code for answer in answers] == [200, 200, 429]


@both
def test_who_asks_many_times_at_once_is_counted_each_time(start: Callable[..., Site]) -> None:
    site = start(WEB__ASKS_PER_VISITOR="3", WEB__MAILS_PER_ADDRESS="2")

    def ask(_: int) -> bool:
        try:
            site.made.asked.ask(ADA, "127.0.0.1")
        except TooMany:
            return False
        return True

    with ThreadPoolExecutor(8) as at_once:
        assert sum(at_once.map(ask, range(16))) == 3
    assert Counter(row.state for row in site.made.asked.rows()) == {"pending": 2, "cancelled": 1}


@pytest.mark.parametrize(
    ("trusted", "forwarded", "answers"),
    [
        ("", ["198.51.100.1", "198.51.100.2"], [200, 429]),  # nobody is trusted, so both are the one on loopback
        ("10.0.0.0/8", ["198.51.100.1", "198.51.100.2"], [200, 429]),
        ("127.0.0.0/8", ["198.51.100.1", "198.51.100.2"], [200, 200]),
        ("127.0.0.1", ["1.1.1.1, 198.51.100.1", "2.2.2.2, 198.51.100.1"], [200, 429]),  # what a visitor made up
        ("127.0.0.1", ["2001:db8:1:2::3", "2001:db8:1:2:9:9:9:9"], [200, 429]),  # one household
        ("127.0.0.1", ["2001:db8:1:2::3", "2001:db8:1:3::3"], [200, 200]),
        ("127.0.0.1", ["' OR 1=1 --", "<script>"], [200, 429]),
    ],
)
def test_who_asks_is_told_by_a_trusted_proxy_only(
    start: Callable[..., Site], trusted: str, forwarded: list[str], answers: list[int]
) -> None:
    site = start(WEB__ASKS_PER_VISITOR="1", WEB__TRUSTED_PROXIES=trusted)
    asked = [site.subscribe(f"reader{place}@reader.example", from_(one)) for place, one in enumerate(forwarded)]
    assert [answer.status_code for answer in asked] == answers


@both
def test_neither_addresses_nor_visitors_can_be_read_off_the_limits(site: Site) -> None:
    site.subscribe(ADA)
    names = str(site.sql("SELECT name FROM web_uses"))
    assert ADA not in names
    assert "127.0.0.1" not in names
