-- Text in two forms, links by kind, and identity: blocking keys, edges, the operator's decisions.

ALTER TABLE clean_papers ADD COLUMN title_tex VARCHAR;        -- the source's text, only unwrapped
ALTER TABLE clean_papers ADD COLUMN abstract_tex VARCHAR;
ALTER TABLE clean_papers ADD COLUMN author_keys VARCHAR[];    -- of each author, in order: family name and initial, for comparing
ALTER TABLE clean_papers ADD COLUMN language VARCHAR;         -- ISO 639-1, of the abstract; null where it cannot be told
ALTER TABLE clean_papers ADD COLUMN words INTEGER;            -- of the abstract
ALTER TABLE clean_papers ADD COLUMN author_count INTEGER;

-- An address and what is there: code, data, demo or project.
ALTER TABLE clean_papers ALTER COLUMN links TYPE STRUCT(url VARCHAR, kind VARCHAR)[]
    USING list_transform(links, lambda url: {'url': url, 'kind': 'project'});
ALTER TABLE unique_papers ALTER COLUMN links TYPE STRUCT(url VARCHAR, kind VARCHAR)[]
    USING list_transform(links, lambda url: {'url': url, 'kind': 'project'});
ALTER TABLE digest ALTER COLUMN links TYPE STRUCT(url VARCHAR, kind VARCHAR)[]
    USING list_transform(links, lambda url: {'url': url, 'kind': 'project'});

ALTER TABLE unique_papers ADD COLUMN canonical STRUCT(source VARCHAR, source_id VARCHAR, day DATE);  -- whose text it is

-- The blocking keys of every record: two records that share one are compared. No index: a join of a day's keys
-- scans the table in a fraction of a second, and an index would make inserts many times slower.
CREATE TABLE blocks (
    day DATE NOT NULL,
    source VARCHAR NOT NULL,
    source_id VARCHAR NOT NULL,
    paper_id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,          -- doi, title, band, authors
    key UBIGINT NOT NULL            -- a hash of our own, which changes with the algorithm only
);

-- By which algorithm the blocking keys of a day were made.
CREATE TABLE fingerprints (
    day DATE NOT NULL,
    algorithm INTEGER NOT NULL,
    records INTEGER NOT NULL
);

-- Which papers are the same work, each pair both ways round.
CREATE TABLE edges (
    paper_id VARCHAR NOT NULL,
    other_id VARCHAR NOT NULL,
    strong BOOLEAN NOT NULL,        -- says it alone; weak ones must agree with one another
    score DOUBLE NOT NULL,          -- from 0 to 1
    reason VARCHAR NOT NULL
);

-- The operator's decisions as they were last applied, each pair both ways round.
CREATE TABLE decisions (
    paper_id VARCHAR NOT NULL,
    other_id VARCHAR NOT NULL,
    same BOOLEAN NOT NULL,
    why VARCHAR NOT NULL
);
