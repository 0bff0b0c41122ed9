"""What each table promises, as data: a suite a table, an expectation a row, a module a table."""

from collections.abc import Mapping

from quality.expectations import Suite
from quality.suites.clean import CLEAN
from quality.suites.deliveries import DELIVERIES
from quality.suites.digest import DIGEST
from quality.suites.fetched import FETCHED
from quality.suites.tagged import TAGGED
from quality.suites.unique import UNIQUE

SUITES: Mapping[str, Suite] = {
    "fetched_papers": FETCHED,
    "clean_papers": CLEAN,
    "unique_papers": UNIQUE,
    "tagged_papers": TAGGED,
    "digest": DIGEST,
    "deliveries": DELIVERIES,
}
