ALTER TABLE tagged_papers ADD COLUMN prior DOUBLE;
