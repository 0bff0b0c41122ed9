"""The jobs: everything for a day, everything but the mail for many days, and the mail of one past day."""

import dagster as dg

EVERYTHING = dg.AssetSelection.assets(
    "fetched_papers", "clean_papers", "unique_papers", "tagged_papers", "digest", "deliveries"
)
MAIL = dg.AssetSelection.assets("deliveries")

daily_digest = dg.define_asset_job(
    "daily_digest", EVERYTHING, description="A day from its feeds to the readers' mailboxes."
)
backfill = dg.define_asset_job("backfill", EVERYTHING - MAIL, description="Any past days, but for the mail.")
send = dg.define_asset_job(
    "send", MAIL, description="The mail of one past day; its config must name the day in confirmed_day."
)
