-- Lines by a language model, where the operator has one; what was written is kept, and never asked for again.

CREATE TABLE written_lines (
    key VARCHAR NOT NULL,           -- SHA-256 of prompt, model, title and abstract
    line VARCHAR NOT NULL,
    model VARCHAR NOT NULL,
    written_at TIMESTAMP NOT NULL
);

ALTER TABLE digest ADD COLUMN line VARCHAR;     -- what the edition shows of it; null where it shows none
ALTER TABLE digest ADD COLUMN line_by VARCHAR;  -- the model that wrote it
