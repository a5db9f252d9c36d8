-- A payment is its order's: they share the id.
CREATE TABLE payments (
    id              uuid PRIMARY KEY,
    state           text NOT NULL CHECK (state IN ('PENDING', 'AUTHORIZED', 'DECLINED', 'CAPTURED', 'VOIDED', 'REFUNDED')),
    -- The intent: an operation that the provider may have been asked for, whose outcome is not known yet.
    pending         text CHECK (pending IN ('authorize', 'capture', 'void', 'refund')),
    -- The order was cancelled: it remains to void or refund.
    cancelled       boolean NOT NULL DEFAULT false,
    -- Absent of a payment that was voided before it was ever authorised.
    user_id         uuid,
    amount          bigint CHECK (amount > 0),
    currency        text CHECK (currency ~ '^[A-Z]{3}$'),
    idempotency_key text CONSTRAINT payments_idempotency_key UNIQUE,
    payload_digest  text,
    provider_id     text,
    -- Kept only as long as the authorisation may have to be repeated.
    token           text,
    reason          text,
    -- Until then a process asks the provider; others wait.
    busy_until      timestamptz NOT NULL DEFAULT '-infinity',
    -- When to find out what is pending, or to cancel. Null: nothing remains to be done.
    due_at          timestamptz,
    tries           integer NOT NULL DEFAULT 0,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT payments_pending CHECK ((state = 'PENDING') = (pending IS NOT DISTINCT FROM 'authorize')),
    CONSTRAINT payments_token CHECK (token IS NULL OR state = 'PENDING'),
    CONSTRAINT payments_due CHECK (due_at IS NOT NULL OR (pending IS NULL AND NOT cancelled)),
    CONSTRAINT payments_whole CHECK (state = 'VOIDED' OR (user_id IS NOT NULL AND amount IS NOT NULL AND currency IS NOT NULL
                                                          AND idempotency_key IS NOT NULL AND payload_digest IS NOT NULL))
);
CREATE INDEX payments_due_at ON payments (due_at) WHERE due_at IS NOT NULL;

-- Double entry. An operation takes effect once, and is never rewritten.
CREATE TABLE ledger_transactions (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    payment_id uuid NOT NULL REFERENCES payments (id),
    operation  text NOT NULL CHECK (operation IN ('authorize', 'capture', 'void', 'refund')),
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT ledger_once UNIQUE (payment_id, operation)
);
CREATE TABLE ledger_entries (
    transaction_id bigint NOT NULL REFERENCES ledger_transactions (id),
    account        text NOT NULL CHECK (account IN ('customer_receivable', 'authorized_holds', 'provider_clearing', 'revenue',
                                                    'refunds')),
    currency       text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    amount         bigint NOT NULL CHECK (amount <> 0),
    PRIMARY KEY (transaction_id, account, currency)
);

CREATE FUNCTION ledger_balances() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM ledger_entries WHERE transaction_id = NEW.transaction_id GROUP BY currency HAVING sum(amount) <> 0) THEN
        RAISE EXCEPTION 'ledger transaction % does not add up to zero', NEW.transaction_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ledger_balances AFTER INSERT ON ledger_entries
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_balances();

CREATE FUNCTION ledger_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is only added to' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER ledger_is_final BEFORE UPDATE OR DELETE ON ledger_entries
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_final();
CREATE TRIGGER ledger_is_final BEFORE UPDATE OR DELETE ON ledger_transactions
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_final();
