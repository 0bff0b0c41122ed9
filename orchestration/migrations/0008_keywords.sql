ALTER TABLE tagged_papers ADD COLUMN keywords_from VARCHAR;   -- source, text; null where it was not told
