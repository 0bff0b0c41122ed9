-- Topics have areas. One that was earned before is its own, so that a digest made of it has the section that it had.
ALTER TABLE tagged_papers ALTER COLUMN topics
    TYPE STRUCT(topic VARCHAR, label VARCHAR, area VARCHAR, phrase VARCHAR, field VARCHAR, score DOUBLE)[]
    USING list_transform(topics, lambda one: struct_pack(
        topic := one['topic'], label := one['label'], area := one['label'],
        phrase := one['phrase'], field := one['field'], score := one['score']
    ));
