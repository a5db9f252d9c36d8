"""What must be true after the faults have stopped, whatever has happened."""

import collections

from buyers import FINAL
from facts import get
from world import ask

ENDS = {"CONFIRMED", "CANCELLED"}
# What the provider may have done for an order, by the order's end.
PAID = {("authorize", "capture")}
NOT_PAID = {(), ("authorize", "void"), ("authorize", "capture", "refund")}


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
        reasons = collections.Counter(order["reason"] for order in orders.values() if order["state"] == "CANCELLED")
        for reason, count in sorted(reasons.items()):
            self.figures[f"cancelled: {reason}"] = count
        for order in orders.values():
            self.expect(order["state"] in ENDS, f"order {order['id']} is {order['state']}")

    def answers(self, checkouts, orders):
        """One order a key; what was promised is so."""
        by_key = collections.defaultdict(list)
        for order in orders.values():
            by_key[(order["user"], order["key"])].append(order)
        keys = {(checkout.user, checkout.key) for checkout in checkouts}
        for key, made in by_key.items():
            self.expect(len(made) == 1, f"key {key} has the orders {[order['id'] for order in made]}")
            self.expect(key in keys, f"nobody asked for order {made[0]['id']}")
        for checkout in checkouts:
            order = by_key.get((checkout.user, checkout.key), [None])[0]
            state = order["state"] if order else None
            finals = checkout.finals()
            self.expect(len(finals) <= 1, f"key {checkout.key} had different ends: {finals}")
            for status, body in checkout.answers:
                if status in (201, 202):
                    self.expect(order and body["id"] == order["id"], f"key {checkout.key} was answered {body['id']} and has {order}")
            if 201 in finals:
                self.expect(state == "CONFIRMED", f"key {checkout.key} was answered 201 and its order is {state}")
            if finals & {402, 409}:
                self.expect(state == "CANCELLED", f"key {checkout.key} was answered {finals} and its order is {state}")
            if finals & {400, 422}:  # A cart that a late DELETE has emptied, at most.
                self.expect(order is None, f"key {checkout.key} was answered {finals} and its order is {state}")

    def asked_again(self, world, checkouts, orders):
        """Each key whose order is there gets the answer again that it had, or its order's end where it had none."""
        keys = {(order["user"], order["key"]): order for order in orders.values()}
        known = 0
        for checkout in checkouts:
            order = keys.get((checkout.user, checkout.key))
            if not order or order["state"] not in ENDS:
                continue  # One without an end was told of, and would be waited for.
            headers = {"X-User-Id": checkout.user, "Idempotency-Key": checkout.key}
            status, body = ask(world["order"].port, "POST", "/api/v1/checkout", checkout.body(), headers)
            wanted = {201} if order["state"] == "CONFIRMED" else {402, 409}
            self.expect(status in wanted, f"key {checkout.key}, of an order that is {order['state']}, is answered {status}")
            for before, said in checkout.answers:
                if before in FINAL:
                    same = (before, said["id"] if before == 201 else said["detail"]) == (status, body.get("id") or body.get("detail"))
                    self.expect(same, f"key {checkout.key} was answered {before} {said} and now {status} {body}")
                    known += 1
        self.figures["answers that were given again"] = known

    def stock(self, world, stock, sold):
        """No oversold unit: what left the shelf is what was sold, and nothing stays reserved."""
        for sku, had in stock.items():
            now = get(world["inventory"].port, f"/internal/v1/stock/{sku}")
            self.expect(now["on_hand"] >= 0 and now["available"] >= 0, f"stock of {sku} is below nothing: {now}")
            self.expect(now["reserved"] == 0, f"of {sku} {now['reserved']} units stay reserved")
            self.expect(now["on_hand"] + sold[sku] == had, f"of {had} {sku} {sold[sku]} were sold and {now['on_hand']} are left")
        self.figures["units in stock, and sold"] = f"{sum(stock.values())} {sum(sold.values())}"
        self.figures["products sold out, of"] = f"{sum(1 for sku, had in stock.items() if sold[sku] == had)} {len(stock)}"

    def money(self, world, orders, theirs):
        """Each confirmed order is charged once and in full, no other is; both ledgers balance, and agree on every operation."""
        done, amounts = collections.defaultdict(collections.Counter), collections.Counter()
        for entry in theirs["entries"]:
            if entry["amount"] > 0:
                done[entry["reference"]][entry["operation"]] += 1
                amounts[(entry["reference"], entry["operation"], entry["amount"])] += 1
        for order in orders.values():
            operations = tuple(sorted(done[order["id"]].elements()))
            allowed = PAID if order["state"] == "CONFIRMED" else NOT_PAID
            self.expect(operations in allowed, f"order {order['id']} is {order['state']}, and the provider did {operations}")
            for operation in set(operations):
                due = order["total"]["amount"]
                self.expect(amounts[(order["id"], operation, due)] == 1, f"order {order['id']}: {operation} of another amount than {due}")
        for reference in done:
            self.expect(reference in orders, f"the provider has {reference}, which is no order")
        self._agree(world, amounts)
        states = dict(world.rows("payments", "SELECT id, state FROM payments"))
        for order in orders.values():
            if order["state"] == "CONFIRMED":
                state = states.get(order["id"])
                self.expect(state == "CAPTURED", f"order {order['id']} is confirmed and its payment {state}")
        for operation in ("authorize", "capture", "void", "refund"):
            self.figures[f"provider: {operation}"] = sum(each[operation] for each in done.values())
        return done

    def _agree(self, world, theirs):
        ours = collections.Counter()
        rows = world.rows("payments", "SELECT payment_id, operation, max(amount) FROM ledger_transactions AS t JOIN ledger_entries AS e"
                                      " ON e.transaction_id = t.id GROUP BY t.id, payment_id, operation")
        for payment, operation, amount in rows:
            ours[(payment, operation, int(amount))] += 1
        for entry in ours - theirs:
            self.expect(False, f"only our ledger has {entry}")
        for entry in theirs - ours:
            self.expect(False, f"only the provider's ledger has {entry}")
        self.figures["operations in both ledgers"] = sum((ours & theirs).values())

    def ledgers(self, ours, theirs, orders):
        """Both add up to nothing, hold nothing any more, and say of what was paid what the orders say."""
        for whose, ledger in (("our", ours), ("the provider's", theirs)):
            self.expect(ledger["balanced"] is True, f"{whose} ledger does not balance: {ledger['totals']}")
        total = lambda ledger, account: sum(each["amount"] for each in ledger["totals"] if each["account"] == account)
        paid = sum(order["total"]["amount"] for order in orders.values() if order["state"] == "CONFIRMED")
        got, merchant = total(ours, "provider_clearing"), total(theirs, "merchant")
        self.figures["cents of orders, ours, provider's"] = f"{paid} {got} {merchant}"
        self.expect(got == paid, f"our ledger has {got} of {paid}")
        self.expect(merchant == paid, f"the provider's ledger has {merchant} of {paid}")
        for held in (total(ours, "authorized_holds"), total(ours, "customer_receivable"), total(theirs, "holds")):
            self.expect(held == 0, f"{held} are still held")

    def events(self, events, orders, done):
        """No event lost, none told for what did not happen, each fact under one id."""
        told = collections.Counter((kind, payload["order_id"]) for kind, payload in events.values() if "order_id" in payload)
        true = collections.Counter()
        for order in orders.values():
            if order["state"] in ENDS:
                true[(f"order.{order['state'].lower()}", order["id"])] = 1
            for operation, kind in (("capture", "payment.captured"), ("refund", "payment.refunded")):
                true[(kind, order["id"])] = done[order["id"]][operation]
        for kind, order in true - told:
            self.expect(False, f"{kind} of order {order} was lost")
        for kind, order in told - true:
            self.expect(False, f"{kind} of order {order} was told {told[(kind, order)]} times, and happened {true[(kind, order)]} times")
        self.figures["events"] = len(events)

    def consumers(self, world, sold, left):
        """Each event was taken, and had its effect once however often it came."""
        for where, count in left.items():
            self.expect(count == 0, f"{count} events: {where}")
        counted = {sku: int(units) for sku, units in world.rows("catalog", "SELECT sku, sold FROM popularity")}
        self.expect(counted == {sku: units for sku, units in sold.items() if units}, f"the catalog counts {counted} of {dict(sold)}")

    def coverage(self, chaos, checkouts):
        """That it was a test at all: each of these has happened to a good number of checkouts."""
        figures = self.figures
        for what, least in (("orders CONFIRMED", checkouts // 10), ("cancelled: out_of_stock", checkouts // 20),
                            ("cancelled: payment_declined", checkouts // 200), ("cancelled: unavailable", checkouts // 200),
                            ("provider: void", checkouts // 400)):
            self.expect(figures.get(what, 0) >= least, f"{what}: {figures.get(what, 0)}, too few to tell anything")
        for what in ("SIGKILL order", "SIGKILL payment", "SIGKILL inventory", "SIGKILL simulator", "connections cut",
                     "connections refused", "connections silenced", "connections delayed", "answers lost", "provider faults", "outages"):
            self.expect(chaos[what] >= 2, f"{what}: {chaos[what]}, too few to tell anything")
