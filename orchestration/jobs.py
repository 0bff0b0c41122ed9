"""The jobs: everything for a day, everything but the mail for many, the mail of a past day, learning, the report."""

import dagster as dg

EVERYTHING = dg.AssetSelection.assets(
    "fetched_papers", "clean_papers", "unique_papers", "tagged_papers", "digest", "deliveries", "search_index"
)
MAIL = dg.AssetSelection.assets("deliveries")

daily_digest = dg.define_asset_job(
    "daily_digest", EVERYTHING, description="A day from its feeds to the readers' mailboxes."
)
backfill = dg.define_asset_job("backfill", EVERYTHING - MAIL, description="Any past days, but for the mail.")
send = dg.define_asset_job(
    "send", MAIL, description="The mail of one past day; its config must name the day in confirmed_day."
)
learn = dg.define_asset_job(
    "learn",
    dg.AssetSelection.assets("models"),
    # What makes papers goes first, where runs stand in the queue.
    tags={"dagster/priority": "-1"},
    description="What the stored papers up to a day teach, for the days after it.",
)
report = dg.define_asset_job(
    "report",
    dg.AssetSelection.assets("quality_report"),
    # What makes papers goes first, where runs stand in the queue.
    tags={"dagster/priority": "-1"},
    description="The report on quality of the last 30 days.",
)
