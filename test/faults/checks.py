"""What must be true after the faults have stopped, whatever has happened."""

import collections
import time

from world import ask

ENDS = {"CONFIRMED", "CANCELLED"}


def get(port, path, headers=None):
    status, body = ask(port, "GET", path, None, headers)
    if status != 200:
        raise RuntimeError(f"GET {path}: {status} {body}")
    return body


def orders_of(world, users):
    """All orders of these users by their id, each with its user."""
    found = {}
    for user in users:
        cursor = ""
        while cursor is not None:
            page = get(world["order"].port, f"/api/v1/orders?limit=100{cursor}", {"X-User-Id": user})
            for order in page["items"]:
                found[order["id"]] = {**order, "user": user}
            cursor = f"&cursor={page['next_cursor']}" if page["next_cursor"] else None
    return found


def await_ends(world, users, patience):
    """Seconds until no order is PENDING, and the orders."""
    begin = time.monotonic()
    while True:
        orders = orders_of(world, users)
        pending = [order for order in orders.values() if order["state"] == "PENDING"]
        took = time.monotonic() - begin
        if not pending or took > patience:
            return took, orders
        time.sleep(0.5)


class Checks:
    def __init__(self):
        self.wrong, self.figures = [], collections.OrderedDict()

    def expect(self, holds, words):
        if not holds:
            self.wrong.append(words)

    def ends(self, orders):
        states = collections.Counter(order["state"] for order in orders.values())
        for state in ("CONFIRMED", "CANCELLED", "PENDING", "NEEDS_ATTENTION"):
            self.figures[f"orders {state}"] = states[state]
        for order in orders.values():
            self.expect(order["state"] in ENDS, f"order {order['id']} is {order['state']}")

    def answers(self, checkouts, orders):
        """One order a key; what was promised is so."""
        users, known = collections.Counter(), {}
        for checkout in checkouts:
            users[checkout.user] += 1
            ids = {body["id"] for status, body in checkout.answers if status in (201, 202)}
            self.expect(len(ids) <= 1, f"key {checkout.key} was answered with several orders: {ids}")
            finals = {status for status, _ in checkout.answers if status in (201, 402, 409)}
            self.expect(len(finals) <= 1, f"key {checkout.key} had different ends: {finals}")
            for order in ids:
                self.expect(order in orders, f"order {order} was answered and is not there")
                self.expect(order not in known, f"order {order} was answered to two keys")
                known[order] = checkout
            if 201 in finals:
                for order in ids:
                    self.expect(orders.get(order, {}).get("state") == "CONFIRMED", f"order {order} was answered 201 and is {orders.get(order, {}).get('state')}")
            unclear = [status for status, _ in checkout.answers if status in (400, 422)]
            self.expect(not unclear, f"key {checkout.key} was answered {unclear}")
        per_user = collections.Counter(order["user"] for order in orders.values())
        for user, count in per_user.items():
            self.expect(count <= users[user], f"user {user} has {count} orders of {users[user]} checkouts")

    def stock(self, world, stock, orders):
        """No oversold unit: what left the shelf is what was sold, and nothing stays reserved."""
        sold = collections.Counter()
        for order in orders.values():
            if order["state"] == "CONFIRMED":
                for line in order["lines"]:
                    sold[line["sku"]] += line["quantity"]
        for sku, had in stock.items():
            now = get(world["inventory"].port, f"/internal/v1/stock/{sku}")
            self.expect(now["on_hand"] >= 0 and now["available"] >= 0, f"stock of {sku} is below nothing: {now}")
            self.expect(now["reserved"] == 0, f"of {sku} {now['reserved']} units stay reserved")
            self.expect(now["on_hand"] + sold[sku] == had, f"of {had} {sku} {sold[sku]} were sold and {now['on_hand']} are left")
        self.figures["units sold"] = sum(sold.values())
        self.figures["products sold out"] = sum(1 for sku, had in stock.items() if sold[sku] == had)

    def money(self, world, orders):
        """Each confirmed order is charged once and in full; no other is charged. Both ledgers balance and agree."""
        paid = 0
        for order in orders.values():
            found = get(world["simulator"].port, f"/v1/authorizations?reference={order['id']}")
            charges = [each for each in found["items"] if each["status"] == "captured"]
            held = [each for each in found["items"] if each["status"] == "authorized"]
            self.expect(not held, f"order {order['id']} ({order['state']}): an authorisation is still held")
            if order["state"] == "CONFIRMED":
                paid += order["total"]["amount"]
                self.expect(len(charges) == 1, f"order {order['id']} was charged {len(charges)} times")
                self.expect(all(each["amount"] == order["total"]["amount"] for each in charges), f"order {order['id']} was charged another amount")
                payment = get(world["payment"].port, f"/internal/v1/payments/{order['id']}")
                self.expect(payment["state"] == "CAPTURED", f"order {order['id']} is confirmed and its payment {payment['state']}")
            else:
                self.expect(not charges, f"order {order['id']} is {order['state']} and was charged")
        return paid

    def ledgers(self, ours, theirs, paid):
        """Both add up to nothing, hold nothing any more, and say of what was paid what the orders say."""
        for whose, ledger in (("our", ours), ("the provider's", theirs)):
            self.expect(ledger["balanced"] is True, f"{whose} ledger does not balance: {ledger['totals']}")
        total = lambda ledger, account: sum(each["amount"] for each in ledger["totals"] if each["account"] == account)
        got, merchant = total(ours, "provider_clearing"), total(theirs, "merchant")
        self.figures["minor units paid by orders, our ledger, provider's"] = f"{paid} {got} {merchant}"
        self.expect(got == paid, f"our ledger has {got} of {paid}")
        self.expect(merchant == paid, f"the provider's ledger has {merchant} of {paid}")
        for held in (total(ours, "authorized_holds"), total(ours, "customer_receivable"), total(theirs, "holds")):
            self.expect(held == 0, f"{held} are still held")

    def events(self, events, orders, outboxes):
        """No event lost, none told for what did not happen, each fact under one id."""
        told = collections.defaultdict(set)
        for identity, (kind, payload) in events.items():
            if "order_id" in payload:
                told[(kind, payload["order_id"])].add(identity)
        for (kind, order), ids in told.items():
            self.expect(len(ids) == 1, f"{kind} of order {order} was told under {len(ids)} ids")
        for order in orders.values():
            confirmed, cancelled = ("order.confirmed", order["id"]) in told, ("order.cancelled", order["id"]) in told
            self.expect(confirmed == (order["state"] == "CONFIRMED"), f"order {order['id']} is {order['state']}, order.confirmed told: {confirmed}")
            self.expect(cancelled == (order["state"] == "CANCELLED"), f"order {order['id']} is {order['state']}, order.cancelled told: {cancelled}")
            if order["state"] == "CONFIRMED":
                self.expect(("payment.captured", order["id"]) in told, f"order {order['id']}: payment.captured was lost")
        for service, left in outboxes.items():
            self.expect(left == 0, f"{left} events stay in the outbox of {service}")
