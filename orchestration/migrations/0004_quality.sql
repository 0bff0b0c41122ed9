-- What became of every attempt at a day, the figures that drift is measured by, and the operator's word on rows.

-- Every outcome that `partitions` ever held; appended, never overwritten.
CREATE TABLE outcomes (
    asset VARCHAR NOT NULL,
    day DATE NOT NULL,
    outcome VARCHAR NOT NULL,       -- published, rejected or failed
    rows INTEGER NOT NULL,          -- that stood in the table afterwards
    reason VARCHAR NOT NULL,
    run_id VARCHAR NOT NULL,
    recorded_at TIMESTAMP NOT NULL
);
INSERT INTO outcomes SELECT * FROM partitions;

-- An incident: attempts at a day of a table that failed one after the other, until one that was published.
CREATE VIEW incidents AS
    WITH numbered AS (
        SELECT *, count(*) FILTER (outcome = 'published') OVER (
            PARTITION BY asset, day ORDER BY recorded_at ROWS UNBOUNDED PRECEDING
        ) AS number
        FROM outcomes
    ),
    opened AS (
        SELECT asset, day, number, min(recorded_at) AS opened_at, max(recorded_at) AS last_at,
               count(*)::INTEGER AS attempts, arg_max(outcome, recorded_at) AS outcome,
               arg_min(reason, recorded_at) AS first_reason, arg_max(reason, recorded_at) AS reason,
               arg_max(run_id, recorded_at) AS run_id
        FROM numbered WHERE outcome <> 'published' GROUP BY asset, day, number
    ),
    ended AS (
        SELECT asset, day, number - 1 AS number, recorded_at AS ended_at, run_id AS ended_by
        FROM numbered WHERE outcome = 'published'
    )
    SELECT * FROM opened LEFT JOIN ended USING (asset, day, number);

-- One number a figure and published day: rows, lengths, shares. What is judged against its own past is here.
CREATE TABLE day_figures (
    asset VARCHAR NOT NULL,
    day DATE NOT NULL,
    figure VARCHAR NOT NULL,        -- rows, abstract_length, present.ai_summary, ...
    value DOUBLE NOT NULL
);

-- What the operator decided about rows in quarantine; kept, whatever becomes of the day.
CREATE TABLE quarantine_decisions (
    asset VARCHAR NOT NULL,
    day DATE NOT NULL,
    key VARCHAR NOT NULL,
    expectation VARCHAR NOT NULL,
    decision VARCHAR NOT NULL,      -- released: the next run of its day takes the row; dropped: it stays out, and is settled
    why VARCHAR NOT NULL,
    decided_at TIMESTAMP NOT NULL
);
