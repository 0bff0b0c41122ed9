"""The audit of a warehouse: every row that stands was let through by the gate, in the run that wrote it.

What is asked is in the tables of the record alone, so it can be asked of any warehouse, whatever made it.
"""

from orchestration.checked import checked
from orchestration.warehouse import Warehouse
from quality.suites import SUITES

AUDIT = """
    WITH standing AS (SELECT day, count(*) AS rows FROM {table} GROUP BY day),
    stated AS (FROM partitions WHERE asset = $table),
    written AS (
        FROM outcomes WHERE asset = $table AND outcome = 'published'
        QUALIFY row_number() OVER (PARTITION BY day ORDER BY recorded_at DESC) = 1
    ),
    -- The expectations of one validation share its seconds.
    passed AS (
        SELECT day, run_id, max(rows) AS judged FROM quality_results WHERE asset = $table
        GROUP BY day, run_id, seconds HAVING bool_and(passed OR severity = 'WARN')
    ),
    kept AS (
        SELECT day, run_id, count(DISTINCT (key, row)) AS rows FROM quarantine WHERE asset = $table GROUP BY day, run_id
    )
    SELECT standing.day, CASE
        WHEN stated.day IS NULL THEN 'no run put them there'
        WHEN stated.rows <> standing.rows THEN 'its record says ' || stated.rows
        WHEN written.day IS NULL THEN 'no run published them'
        WHEN NOT EXISTS (FROM passed WHERE day = standing.day AND run_id = written.run_id)
            THEN 'no validation of their run let them pass'
        WHEN stated.outcome = 'published'
            AND NOT EXISTS (FROM passed WHERE day = standing.day AND run_id = stated.run_id)
            THEN 'no validation of the run that amended them let it pass'
        WHEN stated.run_id = written.run_id AND NOT EXISTS (
            FROM passed LEFT JOIN kept USING (day, run_id)
            WHERE day = standing.day AND run_id = written.run_id AND judged = written.rows + coalesce(kept.rows, 0)
        ) THEN 'the validation of their run judged another number'
    END AS trouble, standing.rows
    FROM standing LEFT JOIN stated USING (day) LEFT JOIN written USING (day)
    WHERE trouble IS NOT NULL ORDER BY standing.day
"""


def unaudited(warehouse: Warehouse) -> list[str]:
    """What stands in one of the six tables without an audit that passed, a line a table and day."""
    with warehouse.kept_open():
        return [
            f"{table} {day}: {rows} rows stand, and {trouble}"
            for table in SUITES
            for day, trouble, rows in warehouse.read(AUDIT.format(table=table), {"table": table}).iter_rows()
        ]


def unworthy(warehouse: Warehouse) -> list[str]:
    """The rows that stand and break an ERROR of their suite, by the code of `paperboy check`."""
    of_rows = {(table, e.name) for table, suite in SUITES.items() for e in suite.expectations if e.of == "row"}
    with warehouse.kept_open():
        days = warehouse.read("SELECT min(day) AS first, max(day) AS last FROM partitions").row(0)
        return [
            f"{failure.table} {failure.day}: {failure.expectation}, {failure.observed}"
            for part in checked(warehouse, tuple(SUITES), *days, deliver_incomplete=False)
            for failure in part.failures
            if failure.severity == "ERROR" and (failure.table, failure.expectation) in of_rows
        ]
