"""The judgement of all cases: nothing is lost, nothing is sent twice, and every doubt has its cause."""

from collections import Counter
from collections.abc import Collection, Sequence

from assets.mail.attempt import State
from assets.mail.outbox import Outbox
from tests.mail.outboxes import DAY, key

READERS = tuple(f"{name}@lab.example" for name in ("ada", "bob", "cyd", "dan", "eve"))
FIRST, MIDDLE, LAST = READERS[0], READERS[2], READERS[4]
POSITIONS = (FIRST, MIDDLE, LAST)


def judged(
    box: Outbox,
    accepted: Sequence[str],
    *,
    doubtful: Collection[str] = (),
    left: Collection[str] = (),
    refused: Collection[str] = (),
) -> None:
    """Fail with all that is wrong with the outbox of a batch to `READERS`, once everything was run again.

    `accepted` are the Message-IDs that the server took, in their order. `doubtful` are the readers at whose mail the
    fault fell after its end was begun, `left` those who unsubscribed before that, `refused` those whom the server
    answered 5xx. To all others the mail was sent, once.
    """
    due = {State.UNKNOWN: doubtful, State.CANCELLED: left, State.FAILED: refused}
    expected = dict.fromkeys(READERS, State.SENT) | {name: state for state, names in due.items() for name in names}
    rows, taken = box.rows(), Counter(accepted)
    wrong = [f"{row.reader} is {row.state}, not {expected.get(row.reader)} ({row.reason})" for row in rows
             if row.state != expected.get(row.reader)]  # fmt: skip
    if Counter((row.day, row.reader) for row in rows) != Counter((DAY, reader) for reader in READERS):
        wrong.append(f"the rows are not one a reader: {[(str(row.day), row.reader) for row in rows]}")
    wrong += [f"{name} was accepted {count} times" for name, count in taken.items() if count > 1]
    wrong += [f"{name} was accepted and is nobody's" for name in taken if name not in map(key, READERS)]
    for row in rows:
        if row.state is State.SENT and not taken[row.message_id]:
            wrong.append(f"{row.reader} is sent and was not accepted")
        if row.state not in (State.SENT, State.UNKNOWN) and taken[row.message_id]:
            wrong.append(f"{row.reader} is {row.state} and was accepted")
        if bool(row.reason) == (row.state is State.SENT):
            wrong.append(f"{row.reader} is {row.state} because of {row.reason!r}")
    assert not wrong, "\n".join(wrong)
