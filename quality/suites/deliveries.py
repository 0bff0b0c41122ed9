"""What `deliveries` promises: one mail a reader and day, each of them sent, of the edition that stands in `digest`."""

from quality.expectations import Expectation, Suite
from quality.suites import promises as we

BEYOND = """
    -- A reader may get more than the digest shows, and one who is mailed less often papers of earlier days.
    WITH days AS (SELECT unnest($days) AS day),
    stored AS (
        SELECT days.day, (SELECT count(*) FROM digest WHERE digest.day = days.day)
            + (SELECT count(*) FROM unique_papers AS works WHERE works.day BETWEEN days.day - 31 AND days.day) AS papers
        FROM days
    )
    SELECT batch.day, count(*) AS beyond_stored,
           format('{} papers mailed, {} stored', max(batch.papers), max(stored.papers)) AS beyond_stored_told
    FROM batch JOIN stored ON stored.day = batch.day WHERE batch.papers > stored.papers GROUP BY batch.day
"""

DELIVERIES = Suite(
    key=("reader", "state", "reason"),
    queries={"beyond_stored": BEYOND},
    expectations=(
        we.shape(),
        we.unique(("reader",), "One mail a reader and day."),
        we.matches("reader_format", "reader", r"^r[0-9a-f]{12}\Z", "A reader is named by an id, never by an address."),
        we.unique(("message_id",), "Every mail has an identity of its own: one that is sent twice is seen to be."),
        we.matches("message_id_format", "message_id", r"^<[^<>\s@]+@[^<>\s@]+>\Z",
                   "A Message-ID that mail servers understand; others invent one, and replies lose their thread."),
        we.matches("edition_is_frozen", "edition", we.HASH, "A mail is of an edition that was frozen, by its hash."),
        we.between("papers_range", "papers", 1, None, "An edition without papers is not mailed."),
        Expectation("state_sent", "ExpectColumnValuesToBeInSet",
                    {"column": "state", "value_set": ["sent", "cancelled"]},
                    "A mail was not accepted, or nobody knows whether it was. Mend what the reason names: what waits "
                    "is then sent of itself. Of what paperboy outbox list shows as failed say outbox retry, of what "
                    "is unknown outbox resolve, then paperboy send DAY: nothing is sent twice."),
        we.none_of("mailed_what_stands", "beyond_stored",
                   "No mail holds more papers than the tables have of its days: what was mailed is gone. Report it.",
                   severity="WARN"),
    ),
)  # fmt: skip
