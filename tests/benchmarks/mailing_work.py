"""`mailing_work.py bare|own|same|rendered NUMBER PORT LENGTH`: mails to so many readers, in a process of its own.

`bare` sends one fixed message of so many bytes by smtplib over one connection; `own` mails readers who all want
something else, `same` readers who say nothing; `rendered` composes the mails of `own` and sends none. Prints, as JSON,
the seconds by the clock and of the processor from when the readers are there, and the bytes of a mail.
"""

import json
import random
import smtplib
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import chain

import sqlalchemy as sa

from assets.mail.attempt import State
from assets.mail.compose import Composer
from assets.mail.database.tables import readers as table
from assets.mail.desk import Desk, day_material
from assets.mail.octets import octets
from assets.mail.plan import Planner
from assets.mail.readers.change import token
from assets.mail.readers.preferences import Named, Preferences, stored
from orchestration import resources
from orchestration.settings import current
from orchestration.warehouse import Warehouse

TOPICS = ("agents", "alignment", "diffusion-models", "reinforcement-learning", "robot-learning", "3d-vision")
WORDS = ("reasoning", "video", "language", "benchmark", "attention", "speech", "generation", "code", "training")
CATEGORIES = ("cs.CL", "cs.CV", "cs.LG", "cs.RO", "cs.AI")
SEED = 20261129
NEWEST = "SELECT max(day) AS day FROM digest"


def wanted(chance: random.Random) -> Preferences:
    """What one reader wants: hardly two the same."""
    return Preferences(
        size=chance.randint(15, 25),
        follow=Named(
            topics=tuple(chance.sample(TOPICS, 2)),
            keywords=tuple(chance.sample(WORDS, 3)),
            categories=tuple(chance.sample(CATEGORIES, 1)),
        ),
        mute=Named(keywords=(chance.choice(WORDS),)),
    )


def subscribed(desk: Desk, number: int, *, alike: bool) -> None:
    """So many confirmed readers in the database."""
    chance = random.Random(SEED)  # noqa: S311 - nothing here is secret
    now = datetime.now(UTC).replace(tzinfo=None)
    usual = {"name": "", "state": "confirmed", "origin": "operator", "asked_at": now, "updated_at": now}
    rows = [
        {"id": f"r{n:012x}", "address": f"reader{n}@lab.example", "key": f"reader{n}@lab.example", "token": token(),
         "preferences": "" if alike else stored(wanted(chance)), **usual}
        for n in range(number)
    ]  # fmt: skip
    with desk.outbox._engine.begin() as connection:
        connection.execute(sa.insert(table), rows)


def mailed(desk: Desk, warehouse: Warehouse, number: int) -> int:
    """Mail the newest day to all."""
    made = day_material(warehouse, warehouse.read(NEWEST)["day"].item())
    desk.mail(made, desk.pools(warehouse, made), confirmed=True)
    counts = desk.outbox.states(made.frame.day, made.frame.day)[made.frame.day]
    if counts != {State.SENT: number}:
        sys.exit(f"of {number} mails there are {counts}")
    return 0


def rendered(desk: Desk, warehouse: Warehouse) -> int:
    """All that is done for the mails of the newest day but sending them; how many bytes one has."""
    made = day_material(warehouse, warehouse.read(NEWEST)["day"].item())
    day, readers = made.frame.day, desk.readers.due([])
    plan = Planner(desk.outbox, day, desk.ranking.size, "UTC", "lab.example", confirmed=True).plan(
        readers, desk.pools(warehouse, made)
    )
    desk.outbox.enqueue(day, "hash", plan.mails, plan.materials)
    composer = Composer(desk.outbox, {reader.id: reader for reader in readers}.get, desk.sender, desk.url, made)
    length = 0
    for row in chain.from_iterable(desk.outbox._batches(day)):
        mail = composer.compose(row)
        length += len(octets(mail, "\r\n")) if mail else 0
    return length // len(readers)


def bare(number: int, port: int, length: int) -> int:
    """The floor: one fixed message, again and again."""
    line = b"The same line of a message that is made once, and sent again and again.\r\n"
    mail = b"Subject: Papers\r\n\r\n" + line * (length // len(line))
    with smtplib.SMTP("127.0.0.1", port) as smtp:
        for _ in range(number):
            smtp.sendmail("paperboy@lab.example", ["reader@lab.example"], mail)
    return len(mail)


def main(what: str, number: int, port: int, length: int) -> None:
    """Do it, and print the figures."""
    work: Callable[[], int]
    if what == "bare":
        work = lambda: bare(number, port, length)  # noqa: E731
    else:
        desk, warehouse = resources.desk(current()), resources.warehouse(current())
        subscribed(desk, number, alike=what == "same")
        work = (lambda: rendered(desk, warehouse)) if what == "rendered" else lambda: mailed(desk, warehouse, number)
    wall, cpu = time.perf_counter(), time.process_time()
    length = work()
    print(json.dumps({"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "length": length}))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:5]))
