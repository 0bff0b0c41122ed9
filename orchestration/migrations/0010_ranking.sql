-- What a place follows from, so that it can be recomputed; null in editions made before. A score's parts were three.
ALTER TABLE digest ADD COLUMN score_velocity DOUBLE;
ALTER TABLE digest ADD COLUMN score_prior DOUBLE;
ALTER TABLE digest ADD COLUMN score_variety DOUBLE;
ALTER TABLE digest ADD COLUMN comments INTEGER;
ALTER TABLE digest ADD COLUMN gained INTEGER;         -- votes of the 24 hours before the edition's time; null: not known
ALTER TABLE digest ADD COLUMN prior DOUBLE;           -- what text and authors promise; null: no model
ALTER TABLE digest ADD COLUMN alike_above INTEGER;    -- papers of the same best topic that stand above
ALTER TABLE digest ADD COLUMN weights STRUCT(
    half_life DOUBLE, votes DOUBLE, velocity DOUBLE, comments DOUBLE, prior DOUBLE, code DOUBLE, variety DOUBLE
);
