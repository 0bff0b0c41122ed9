-- What was learned from the stored papers, all versions, and what it says of each work.

CREATE TABLE models (
    day DATE NOT NULL,              -- the last day of the papers that it was learned from; used for later days only
    name VARCHAR NOT NULL,          -- categories, prior, keywords
    version VARCHAR NOT NULL,       -- of the whole training: its day, and a hash of what it learned
    papers INTEGER NOT NULL,
    held_out INTEGER,               -- the newest of them, by which it was measured before it was trained on all
    measure VARCHAR NOT NULL,       -- what score, floor and the two scores below are
    score DOUBLE,                   -- from 0 to 1
    floor DOUBLE,                   -- what needs no model
    compared INTEGER,               -- held-out papers that the model in use was not trained from
    compared_score DOUBLE,          -- the new one's on these
    replaced_score DOUBLE,          -- and that of the one in use
    told VARCHAR NOT NULL,          -- further figures, or why it is off
    weights BLOB                    -- arrays in NumPy's npz, never a pickle; null where it is off
);

ALTER TABLE tagged_papers ADD COLUMN categories_from VARCHAR;  -- source, learned; null where there are none
ALTER TABLE tagged_papers ADD COLUMN prior DOUBLE;             -- ln(1 + votes) to come, beside the mean of its day
ALTER TABLE tagged_papers ADD COLUMN model VARCHAR;            -- the version in `models` that was used; null where none
