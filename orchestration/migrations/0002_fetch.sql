-- Late arrivals, announcements, stars, and how the fields of a source's records come and go.

ALTER TABLE fetched_papers ADD COLUMN announced VARCHAR;   -- arXiv's word: new, cross, replace, replace-cross
ALTER TABLE fetched_papers ADD COLUMN stars INTEGER;       -- of the code's repository
ALTER TABLE fetched_papers ADD COLUMN licence VARCHAR;
ALTER TABLE fetched_papers ADD COLUMN seen_at TIMESTAMP;   -- when the record was first fetched, UTC

ALTER TABLE clean_papers ADD COLUMN announced VARCHAR;
ALTER TABLE clean_papers ADD COLUMN licence VARCHAR;

ALTER TABLE unique_papers ADD COLUMN revision BOOLEAN;     -- all that its first day lists are new versions of it

ALTER TABLE popularity ADD COLUMN stars INTEGER;

ALTER TABLE digest ADD COLUMN listed_on DATE;              -- the day that the work belongs to
ALTER TABLE digest ADD COLUMN arrival VARCHAR;             -- new; late: its day was mailed without it; missed: its day was not mailed

-- What the edition that was mailed for a day held, frozen when its mails were written down.
CREATE TABLE editions (
    day DATE NOT NULL,              -- of the edition
    work_id VARCHAR NOT NULL,
    listed_on DATE NOT NULL,
    arrival VARCHAR NOT NULL,
    frozen_at TIMESTAMP NOT NULL
);

-- In how many of a list's records each field held something: how an upstream drifts.
CREATE TABLE field_shares (
    source VARCHAR NOT NULL,
    day DATE NOT NULL,
    field VARCHAR NOT NULL,         -- its path in the record: paper.ai_summary
    present INTEGER NOT NULL,
    rows INTEGER NOT NULL
);
