-- Identity reads single records out of millions. Keys name their record by a number, so that a scan of them reads
-- nothing else; what identity reads of a record is one text of its own, which is not unpacked for the others.

DROP TABLE blocks;
CREATE TABLE blocks (
    day DATE NOT NULL,
    number UBIGINT NOT NULL,        -- of the record, in `profiles`
    kind VARCHAR NOT NULL,          -- doi, title, band, authors
    key UBIGINT NOT NULL            -- a hash of our own, which changes with the algorithm only
);

CREATE TABLE profiles (
    number UBIGINT NOT NULL,        -- another each time its day is made
    day DATE NOT NULL,
    source VARCHAR NOT NULL,
    source_id VARCHAR USING COMPRESSION uncompressed NOT NULL,
    paper_id VARCHAR USING COMPRESSION uncompressed NOT NULL,
    said VARCHAR USING COMPRESSION uncompressed NOT NULL   -- the record as JSON
);

-- Hashes of the row, and of what later steps read of it: whether a work changed is seen without reading it.
ALTER TABLE unique_papers ADD COLUMN whole UBIGINT;
ALTER TABLE unique_papers ADD COLUMN as_read UBIGINT;

DELETE FROM fingerprints;           -- so that the next run makes keys and profiles of all stored days
