-- Products, and how often they were bought. Lists go by id, which is a UUID of version 7: in the order in which products came.
CREATE TABLE products (
    id             uuid PRIMARY KEY,
    sku            text COLLATE "C" NOT NULL UNIQUE,
    name           text NOT NULL,
    description    text NOT NULL,
    category       text COLLATE "C" NOT NULL,
    price_amount   bigint NOT NULL CHECK (price_amount >= 0),
    price_currency text COLLATE "C" NOT NULL CHECK (price_currency ~ '^[A-Z]{3}$'),
    version        bigint NOT NULL DEFAULT 1,
    updated_at     timestamptz NOT NULL DEFAULT now(),
    document       tsvector GENERATED ALWAYS AS (setweight(to_tsvector('english', name), 'A') ||
                                                 setweight(to_tsvector('english', category), 'B') ||
                                                 setweight(to_tsvector('english', description), 'C')) STORED
);
CREATE INDEX products_by_category ON products (category, id);
CREATE INDEX products_by_document ON products USING gin (document);
CREATE INDEX products_by_name ON products (lower(name) text_pattern_ops);

-- By SKU, since that is what orders name. A product may be bought before this service knows it.
CREATE TABLE popularity (
    sku  text COLLATE "C" PRIMARY KEY,
    sold bigint NOT NULL CHECK (sold >= 0)
);
CREATE INDEX popularity_by_sold ON popularity (sold DESC, sku);
