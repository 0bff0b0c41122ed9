-- A decision is about the value that was seen, and the last one on a row holds.

ALTER TABLE quarantine_decisions ADD COLUMN value VARCHAR;    -- as in quarantine; null where nothing was there

CREATE VIEW decided AS
    SELECT asset, day, key, expectation, value, decision, why, decided_at FROM quarantine_decisions
    QUALIFY row_number() OVER (PARTITION BY asset, day, key, expectation, value ORDER BY decided_at DESC) = 1;

-- What waits for the operator: dropped rows are settled.
CREATE VIEW open_quarantine AS
    SELECT asset, day, key, expectation, value, row, run_id, recorded_at FROM quarantine WHERE NOT EXISTS (
        FROM decided
        WHERE decided.asset = quarantine.asset AND decided.day = quarantine.day AND decided.key = quarantine.key
          AND decided.expectation = quarantine.expectation AND decided.value IS NOT DISTINCT FROM quarantine.value
          AND decided.decision = 'dropped'
    );

-- When something was last decided that changes what a day holds: a row is released, or no longer.
CREATE VIEW redecided AS
    SELECT asset, day, max(decided_at) AS decided_at FROM (
        SELECT asset, day, max(decided_at) AS decided_at FROM quarantine_decisions
        GROUP BY asset, day, key, expectation, value HAVING bool_or(decision = 'released')
    ) GROUP BY asset, day;
