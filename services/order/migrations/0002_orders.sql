-- What customers mean to buy. `version` changes with every change of a line, so that an order empties only what it was made of.
CREATE TABLE cart_items (
    user_id    uuid NOT NULL,
    sku        text COLLATE "C" NOT NULL,
    quantity   integer NOT NULL CHECK (quantity BETWEEN 1 AND 99),
    name       text NOT NULL,    -- As the catalog told when it was put in; shown while the catalog is away.
    amount     bigint NOT NULL,
    currency   text NOT NULL,
    version    uuid NOT NULL DEFAULT gen_random_uuid(),
    added_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, sku)
);

CREATE TABLE orders (
    id               uuid PRIMARY KEY,
    user_id          uuid NOT NULL,
    idempotency_key  text NOT NULL,
    payload_digest   text NOT NULL,
    state            text NOT NULL CHECK (state IN ('PENDING', 'CONFIRMED', 'CANCELLED', 'NEEDS_ATTENTION')),
    reason           text NOT NULL DEFAULT '',
    lines            jsonb NOT NULL,
    amount           bigint CHECK (amount > 0),  -- Null, as the currency, until it has prices.
    currency         text,
    shipping_address jsonb NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT one_order_a_key UNIQUE (user_id, idempotency_key)
);
CREATE INDEX orders_of_user ON orders (user_id, id DESC);

-- The checkouts that have not ended. `step` is what is being asked for: whoever takes the row over asks again.
CREATE TABLE sagas (
    order_id      uuid PRIMARY KEY REFERENCES orders,
    step          text NOT NULL,
    tries         integer NOT NULL DEFAULT 0,
    refusals      integer NOT NULL DEFAULT 0,
    reason        text NOT NULL DEFAULT '',
    payment_token text NOT NULL,
    traceparent   text NOT NULL,
    fence         bigint NOT NULL DEFAULT 1,  -- Counts who has taken it: only the last one may write.
    resume_at     timestamptz NOT NULL,       -- From when on anybody may take it: a lease's end, or a wait's.
    created_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sagas_resume ON sagas (resume_at);

-- What came of every step, for people who look into an order.
CREATE TABLE saga_steps (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id uuid NOT NULL,
    step     text NOT NULL,
    outcome  text NOT NULL,
    next     text NOT NULL,
    tries    integer NOT NULL,
    at       timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX saga_steps_of_order ON saga_steps (order_id);
