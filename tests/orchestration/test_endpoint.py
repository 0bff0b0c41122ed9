"""One chat completion over real HTTP: what is sent, what is taken, and what is said where nothing can be."""

import time
from collections.abc import Iterator

import pytest

from assets.mail.line import messages
from assets.mail.writer import NoAnswer
from orchestration.endpoint import MAX_BYTES, Endpoint
from orchestration.settings import SettingsError
from tests.chat import GOOD, REFUSED, Chat, chatting, completion
from tests.orchestration.test_doctor import closed_port
from tests.replay import Fault

KEY = "hunter2-canary"
ASKED = messages("Robots That Ask", "We let robots ask.")


@pytest.fixture
def chat() -> Iterator[Chat]:
    with chatting() as started:
        yield started


def endpoint(url: str, key: str = KEY, timeout_seconds: float = 20) -> Endpoint:
    return Endpoint(
        f"{url}/v1",
        "parrot-1",
        lambda: key,
        timeout_seconds=timeout_seconds,
        connect_seconds=5,
        user_agent="paperboy/0",
    )


def refused(chat: Chat, said: object, seconds: float = 60, timeout_seconds: float = 20) -> NoAnswer:
    """The error with which an answer ends."""
    chat.script = lambda number: said
    with pytest.raises(NoAnswer) as error:
        endpoint(chat.url, timeout_seconds=timeout_seconds).answer(ASKED, seconds)
    assert KEY not in str(error.value)
    assert error.value.__cause__ is None, "what the server said is not told on"
    return error.value


def test_the_model_is_asked_for_one_completion_with_the_key(chat: Chat) -> None:
    assert endpoint(chat.url).answer(ASKED, 60) == GOOD
    assert chat.asked == [{"model": "parrot-1", "messages": list(ASKED)}]
    assert chat.headers[0]["Authorization"] == f"Bearer {KEY}"
    assert chat.headers[0]["User-Agent"] == "paperboy/0"


def test_without_a_key_none_is_sent_whatever_a_netrc_says(
    chat: Chat, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    assert endpoint(chat.url, key="").answer(ASKED, 60) == GOOD
    assert "Authorization" not in chat.headers[0]


@pytest.mark.parametrize(
    ("said", "told", "final"),
    [
        (REFUSED, "answered 401 Unauthorized", True),
        (Fault.NOT_FOUND, "answered 404 Not Found", True),
        (Fault.REDIRECT_AWAY, "answered 302 Found", True),
        (Fault.RATE_LIMITED, "answered 429 Too Many Requests", True),
        (Fault.RETRY_ABSURD, "answered 429 Too Many Requests and asks to wait 86400 s", True),
        (Fault.BROKEN, "answered 500 Internal Server Error", False),
        (Fault.RESET, "no whole answer from", False),
        (Fault.TRUNCATED, "no whole answer from", False),
        (Fault.TRUNCATED_GZIP, "no whole answer from", False),
        (Fault.GZIP_BOMB, f"longer than {MAX_BYTES} bytes", False),
        (Fault.HTML, "no chat completion", False),
        (Fault.MALFORMED, "no chat completion", False),
        (Fault.EMPTY, "no chat completion", False),
        (b"[" * 100_000, "no chat completion", False),
        (b'{"choices": []}', "no chat completion", False),
        (b'{"choices": [{"message": null}]}', "no chat completion", False),
        (completion(None), "had no text", False),
        (completion("Robots ask before", "length"), "cut off", False),
    ],
)
def test_what_is_no_answer_is_told(chat: Chat, said: object, told: str, final: bool) -> None:
    error = refused(chat, said)
    assert told in str(error)
    assert error.final == final
    assert len(chat.asked) == 1


@pytest.mark.parametrize("said", [Fault.SLOW, Fault.NEVER_ENDS, Fault.HEAD_NEVER_ENDS])
def test_no_answer_takes_longer_than_it_may(chat: Chat, said: Fault) -> None:
    for seconds, timeout in ((60, 0.5), (0.5, 60)):
        begun = time.monotonic()
        assert "no answer within" in str(refused(chat, said, seconds, timeout))
        assert time.monotonic() - begun < 10


def test_one_that_is_not_there_is_told() -> None:
    url = f"http://127.0.0.1:{closed_port()}"
    with pytest.raises(NoAnswer, match="Connection refused") as error:
        endpoint(url).answer(ASKED, 60)
    assert not error.value.final


def test_asked_to_wait_it_waits_and_asks_once_more(chat: Chat) -> None:
    chat.script = lambda number: GOOD if number else Fault.RETRY_SECONDS
    begun = time.monotonic()
    assert endpoint(chat.url).answer(ASKED, 60) == GOOD
    assert time.monotonic() - begun >= 1
    error = refused(chat, Fault.RETRY_SECONDS)
    assert error.final
    assert len(chat.asked) == 4


def test_it_does_not_wait_longer_than_the_day_allows(chat: Chat) -> None:
    error = refused(chat, Fault.RETRY_SECONDS, seconds=0.5)
    assert error.final
    assert "asks to wait 1 s" in str(error)
    assert len(chat.asked) == 1


def test_a_key_that_cannot_be_read_is_told_and_nothing_is_asked(chat: Chat) -> None:
    def key() -> str:
        raise SettingsError("summary.key_file /run/key: No such file or directory")

    broken = Endpoint(chat.url, "m", key, timeout_seconds=5, connect_seconds=5, user_agent="paperboy/0")
    with pytest.raises(NoAnswer, match="/run/key: No such file") as error:
        broken.answer(ASKED, 60)
    assert error.value.final
    assert chat.asked == []
