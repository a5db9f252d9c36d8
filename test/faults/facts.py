"""What the services and their databases say after the faults have stopped."""

import collections
import time

from world import ask

# Who must have taken which event: database -> type.
CONSUMERS = {"inventory": "order.cancelled", "payments": "order.cancelled", "catalog": "order.confirmed"}


def get(port, path, headers=None):
    status, body = ask(port, "GET", path, None, headers)
    if status != 200:
        raise RuntimeError(f"GET {path}: {status} {body}")
    return body


def orders_of(world, users):
    """All orders of these users by their id, each with its user and key."""
    keys = dict(world.rows("orders", "SELECT id, idempotency_key FROM orders"))
    found = {}
    for user in users:
        cursor = ""
        while cursor is not None:
            page = get(world["order"].port, f"/api/v1/orders?limit=100{cursor}", {"X-User-Id": user})
            for order in page["items"]:
                found[order["id"]] = {**order, "user": user, "key": keys[order["id"]]}
            cursor = f"&cursor={page['next_cursor']}" if page["next_cursor"] else None
    return found


def pending(world):
    return int(world.rows("orders", "SELECT count(*) FROM orders WHERE state = 'PENDING'")[0][0])


def await_ends(world, patience):
    """Seconds until no order is PENDING; or until patience ends."""
    begin = time.monotonic()
    while (took := time.monotonic() - begin) < patience and pending(world):
        time.sleep(0.25)
    return took


def untaken(world):
    """Events that are still on their way: in an outbox, or not in the inbox of who must take it."""
    left = {f"outbox of {name}": int(world.rows(name, "SELECT count(*) FROM outbox")[0][0])
            for name in ("catalog", "inventory", "orders", "payments")}
    ended = dict(world.rows("orders", "SELECT state, count(*) FROM orders GROUP BY state"))
    for name, kind in CONSUMERS.items():
        taken = int(world.rows(name, f"SELECT count(*) FROM inbox WHERE type = '{kind}' AND taken_at IS NOT NULL")[0][0])
        left[f"{kind} not taken by {name}"] = int(ended.get(kind.removeprefix("order.").upper(), 0)) - taken
    return left


def await_events(world, patience):
    end = time.monotonic() + patience
    while any((left := untaken(world)).values()) and time.monotonic() < end:
        time.sleep(0.25)
    return left


def units_sold(orders):
    sold = collections.Counter()
    for order in orders.values():
        if order["state"] == "CONFIRMED":
            for line in order["lines"]:
                sold[line["sku"]] += line["quantity"]
    return sold


def provider_ledger(world):
    """With all of its entries, which come in pages."""
    ledger = get(world["simulator"].port, "/v1/ledger?limit=10000")
    while page := get(world["simulator"].port, f"/v1/ledger?limit=10000&after={len(ledger['entries'])}")["entries"]:
        ledger["entries"] += page
    return ledger
