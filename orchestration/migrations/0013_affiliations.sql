-- The institutions of a paper, each once, in the order of its authors; null in rows that were made before.
ALTER TABLE fetched_papers ADD COLUMN affiliations VARCHAR[];
ALTER TABLE clean_papers ADD COLUMN affiliations VARCHAR[];
ALTER TABLE unique_papers ADD COLUMN affiliations VARCHAR[];    -- of the canonical record, else of the first that has any
ALTER TABLE digest ADD COLUMN affiliations VARCHAR[];
