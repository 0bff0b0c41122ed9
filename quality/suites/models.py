"""What `models` promises: what is learned is measured, is worth having, and is no worse than what it replaces."""

import polars as pl

from quality.expectations import Suite
from quality.suites import promises as we

ON = pl.col("weights").is_not_null()
MEASURED = pl.all_horizontal(pl.col("score", "floor", "held_out").is_not_null())

MODELS = Suite(
    key=("name",),
    derived=(
        (pl.col("score") - pl.col("floor")).alias("gain"),
        (pl.col("replaced_score") - pl.col("compared_score")).alias("loss"),
        (ON & ~MEASURED).cast(pl.Int32).alias("unmeasured"),
    ),
    expectations=(
        we.shape(),
        we.unique(("name",), "A training learns each thing once."),
        we.none_of("measured_before_use", "unmeasured",
                   "What is used was measured on papers that it was not trained from. Report it.", of="row"),
        we.between("score_range", "score", 0, 1, "A score is a share. Report it."),
        we.between("better_than_none", "gain", 0.02, None,
                   "A model must do clearly better than what needs none. Else the sources' categories, keywords or "
                   "votes have changed: look at the newest papers. The model before stays in use."),
        we.between("no_worse_than_before", "loss", None, 0.05,
                   "On papers that neither was trained from, the new model is clearly worse than the one in use, "
                   "which stays. Look at what sources say of the newest papers."),
        we.matches("told", "told", r"\S", "Each model has its figures in words, or why it is off. Report it."),
    ),
)  # fmt: skip
