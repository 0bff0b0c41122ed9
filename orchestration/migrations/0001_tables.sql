-- One table a step, a row belongs to one day; no keys or indexes: a publish deletes and inserts whole days,
-- and a primary key makes that five to ten times slower. Uniqueness is the gate's job.

CREATE TABLE fetched_papers (
    day DATE NOT NULL,              -- the day the source listed the paper
    source VARCHAR NOT NULL,        -- the source's name in the settings
    source_id VARCHAR,              -- the id as the source writes it
    position INTEGER NOT NULL,      -- the place in the source's list, from 0
    version INTEGER,
    title VARCHAR,
    abstract VARCHAR,
    authors VARCHAR[],
    categories VARCHAR[],
    keywords VARCHAR[],
    published TIMESTAMP,            -- UTC
    votes INTEGER,
    comments INTEGER,
    doi VARCHAR,
    note VARCHAR,                   -- the authors' comment, where a withdrawal is announced
    links VARCHAR[],                -- code, project page
    url VARCHAR,                    -- the page of the paper at the source
    body VARCHAR NOT NULL,          -- SHA-256 of the stored body that held the record
    record VARCHAR NOT NULL         -- the record as the source sent it
);

CREATE TABLE clean_papers (
    day DATE NOT NULL,
    source VARCHAR NOT NULL,
    source_id VARCHAR NOT NULL,
    paper_id VARCHAR NOT NULL,      -- normalised, without version: arxiv:2503.08638
    version INTEGER,
    doi VARCHAR,
    title VARCHAR NOT NULL,
    abstract VARCHAR,
    title_key VARCHAR NOT NULL,     -- letters and digits of the title only: equal keys, same title
    authors VARCHAR[],
    categories VARCHAR[],
    keywords VARCHAR[],
    published TIMESTAMP,
    votes INTEGER,
    comments INTEGER,
    note VARCHAR,
    links VARCHAR[],
    url VARCHAR,
    withdrawn BOOLEAN NOT NULL
);

CREATE TABLE unique_papers (
    day DATE NOT NULL,              -- the first day that any source listed the work
    work_id VARCHAR NOT NULL,
    title VARCHAR NOT NULL,         -- this and the next nine: of the canonical record, as of that first day
    abstract VARCHAR,
    authors VARCHAR[],
    categories VARCHAR[],
    keywords VARCHAR[],
    published TIMESTAMP,
    votes INTEGER,
    comments INTEGER,
    links VARCHAR[],
    url VARCHAR,
    withdrawn_on DATE,              -- the first day that a record of it said so
    version INTEGER,                -- the latest seen on any day
    members STRUCT(source VARCHAR, source_id VARCHAR, paper_id VARCHAR, version INTEGER, day DATE, url VARCHAR)[],
    reasons VARCHAR[]               -- why the members are one work, a line a link
);

CREATE TABLE tagged_papers (
    day DATE NOT NULL,
    work_id VARCHAR NOT NULL,
    topics STRUCT(topic VARCHAR, label VARCHAR, phrase VARCHAR, field VARCHAR, score DOUBLE)[],  -- best first
    keywords VARCHAR[],
    categories VARCHAR[]
);

CREATE TABLE digest (
    day DATE NOT NULL,
    place INTEGER NOT NULL,         -- from 1
    work_id VARCHAR NOT NULL,
    topic VARCHAR NOT NULL,         -- the section's label
    score DOUBLE NOT NULL,          -- the sum of the three parts
    score_votes DOUBLE NOT NULL,
    score_comments DOUBLE NOT NULL,
    score_code DOUBLE NOT NULL,
    why VARCHAR NOT NULL,           -- the reason for the place, in words
    title VARCHAR NOT NULL,
    summary VARCHAR,                -- the abstract's first two sentences, verbatim
    authors VARCHAR[],
    topics VARCHAR[],               -- labels, best first
    links VARCHAR[],
    url VARCHAR,
    votes INTEGER,
    withdrawn BOOLEAN NOT NULL
);

CREATE TABLE deliveries (
    day DATE NOT NULL,
    recipient VARCHAR NOT NULL,
    state VARCHAR NOT NULL,         -- of the outbox: sent
    message_id VARCHAR NOT NULL,
    edition VARCHAR NOT NULL,       -- SHA-256 of the frozen edition
    papers INTEGER NOT NULL,
    reason VARCHAR NOT NULL         -- why it is not sent, where it is not
);

-- What each step did last for a day; the rows of a rejected day are those of its last good publish.
CREATE TABLE partitions (
    asset VARCHAR NOT NULL,
    day DATE NOT NULL,
    outcome VARCHAR NOT NULL,       -- published, rejected or failed
    rows INTEGER NOT NULL,
    reason VARCHAR NOT NULL,
    run_id VARCHAR NOT NULL,
    recorded_at TIMESTAMP NOT NULL
);

CREATE TABLE fetch_ledger (
    source VARCHAR NOT NULL,
    day DATE NOT NULL,
    state VARCHAR NOT NULL,         -- fresh, quiet or failed
    expected INTEGER,               -- as upstream says; unknown where it does not
    fetched INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    seconds DOUBLE NOT NULL,
    reason VARCHAR NOT NULL,
    recorded_at TIMESTAMP NOT NULL
);

-- Appended whenever a fetch sees other figures than the last snapshot; never overwritten.
CREATE TABLE popularity (
    source VARCHAR NOT NULL,
    source_id VARCHAR NOT NULL,
    seen_at TIMESTAMP NOT NULL,
    votes INTEGER,
    comments INTEGER
);

CREATE TABLE quarantine (
    asset VARCHAR NOT NULL,
    day DATE NOT NULL,
    key VARCHAR NOT NULL,
    expectation VARCHAR NOT NULL,
    value VARCHAR,
    row VARCHAR NOT NULL,           -- the whole row as JSON
    run_id VARCHAR NOT NULL,
    recorded_at TIMESTAMP NOT NULL
);

CREATE TABLE quality_results (
    asset VARCHAR NOT NULL,
    day DATE NOT NULL,
    expectation VARCHAR NOT NULL,
    severity VARCHAR NOT NULL,
    passed BOOLEAN NOT NULL,
    observed VARCHAR,
    threshold VARCHAR NOT NULL,
    rows INTEGER NOT NULL,
    unexpected INTEGER NOT NULL,
    seconds DOUBLE NOT NULL,        -- of the validation that judged it, over all its days
    run_id VARCHAR NOT NULL,
    recorded_at TIMESTAMP NOT NULL
);
