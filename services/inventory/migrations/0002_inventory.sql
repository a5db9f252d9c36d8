-- Stock by SKU. Every unit that was put in is free (on_hand - reserved), reserved or sold; the checks stand behind the conditions
-- of the statements that move them.
CREATE TABLE stock (
    sku        text COLLATE "C" PRIMARY KEY,
    on_hand    bigint NOT NULL CHECK (on_hand >= 0),
    reserved   bigint NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    sold       bigint NOT NULL DEFAULT 0 CHECK (sold >= 0),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT never_oversold CHECK (reserved <= on_hand)
);

-- One a order, for ever: a released one without lines is the mark of an order that was given up before it reserved.
CREATE TABLE reservations (
    order_id   uuid PRIMARY KEY,
    state      text NOT NULL CHECK (state IN ('RESERVED', 'CONFIRMED', 'RELEASED', 'EXPIRED')),
    lines      jsonb NOT NULL,  -- [{"sku": …, "quantity": …}], by SKU.
    expires_at timestamptz,     -- Null where it never reserved.
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX reservations_expiry ON reservations (expires_at) WHERE state = 'RESERVED';
