"""What `deliveries` promises: one mail a reader and day, each of them sent, of the edition that stands in `digest`."""

from quality.expectations import Expectation, Suite
from quality.suites import promises as we

BEYOND = """
    WITH digests AS (SELECT day, count(*) AS papers FROM digest WHERE day IN (SELECT unnest($days)) GROUP BY day)
    SELECT batch.day, count(*) AS beyond_digest,
           format('{} papers mailed, {} in the digest', max(batch.papers), coalesce(max(digests.papers), 0))
               AS beyond_digest_told
    FROM batch LEFT JOIN digests ON digests.day = batch.day
    WHERE batch.papers > coalesce(digests.papers, 0) GROUP BY batch.day
"""

DELIVERIES = Suite(
    key=("reader", "state", "reason"),
    queries={"beyond_digest": BEYOND},
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
                    "is unknown outbox resolve, then paperboy send DAY --confirm: nothing is sent twice."),
        we.none_of("mailed_what_stands", "beyond_digest",
                   "No mail holds more papers than the day's digest has: the digest was made anew after it was mailed. "
                   "Report it.", severity="WARN"),
    ),
)  # fmt: skip
