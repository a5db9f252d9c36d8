"""Buyers that all want the same scarce things, and do not give up at the first failure."""

import collections
import random
import threading
import time
import uuid

from world import Refused, ask

ADDRESS = {"name": "Bo Buyer", "line1": "1 Main Street", "city": "Springfield", "postal_code": "12345", "country": "US"}
PASSWORD = "correct horse battery"
FINAL = {201, 400, 402, 409, 422}  # What is not asked again with the same key. 409: out of stock, or taken back.
BUSY = "409 while an equal one runs"
TRIES = 12


class Plan:
    """What a buyer's checkout of that number is to be: of the seed alone, whatever happens meanwhile."""

    def __init__(self, seed, buyer, number, skus):
        draw = random.Random(f"{seed}/{buyer}/{number}")
        self.items = [(sku, draw.choice((1, 1, 2))) for sku in draw.sample(skus, draw.choice((1, 1, 2, 3)))]
        self.token = "tok_declined" if draw.random() < 0.03 else "tok_visa"
        self.key = str(uuid.UUID(int=draw.getrandbits(128), version=4))
        self.twins = 2 if draw.random() < 0.05 else 1  # An impatient double click.


class Checkout:
    """One idempotency key and all that was answered to it."""

    def __init__(self, user, plan):
        self.user, self.key, self.token = user, plan.key, plan.token
        self.answers = []  # (status or BUSY, body)
        self.started, self.seconds = time.monotonic(), 0.0

    def body(self):
        return {"payment_method": {"token": self.token}, "shipping_address": ADDRESS}

    def finals(self):
        return {status for status, _ in self.answers if status in FINAL}


class Buyer:
    def __init__(self, number, seed, port, tired):
        """`tired`: an event after which nothing is tried any more."""
        self.number, self._seed, self._port, self._tired = number, seed, port, tired
        self.email, self.id = f"buyer{number}.{seed}@example.com", None
        self._headers, self._pauses = {}, random.Random()  # How long it waits is not the seed's.

    def register(self):
        status, body = ask(self._port, "POST", "/api/v1/register",
                           {"email": self.email, "password": PASSWORD, "first_name": "Bo", "last_name": "Buyer"})
        if status != 201:
            raise RuntimeError(f"register: {status} {body}")
        self.id = body["user"]["id"]
        self._headers = {"Authorization": f"Bearer {body['token']}"}

    def _log_in_again(self):
        status, body = ask(self._port, "POST", "/api/v1/login", {"email": self.email, "password": PASSWORD})
        if status == 200:
            self._headers = {"Authorization": f"Bearer {body['token']}"}

    def _tries(self):
        """Numbers of the tries, with a pause between them."""
        for attempt in range(TRIES):
            if attempt > 0:
                self._tired.wait(min(0.1 * 2**attempt, 1.5) * self._pauses.uniform(0.5, 1.0))
            if self._tired.is_set():
                return
            yield attempt

    def _insist(self, figures, wanted, method, path, body=None):
        """Whether it came to one of the wanted statuses."""
        for _ in self._tries():
            try:
                status, answer = ask(self._port, method, path, body, self._headers, timeout=20)
                if status in wanted:
                    return True
                note(figures, f"{method} {path.split('/items')[0]}", status, answer)
                if status == 401:
                    self._log_in_again()
            except Refused:
                figures["connections lost"] += 1
        return False

    def shop(self, number, skus, figures):
        """One checkout, or None where the cart could not even be filled."""
        plan = Plan(self._seed, self.number, number, skus)
        if not self._insist(figures, {204}, "DELETE", "/api/v1/cart"):
            return None
        for sku, quantity in plan.items:
            if not self._insist(figures, {200}, "PUT", f"/api/v1/cart/items/{sku}", {"quantity": quantity}):
                return None
        checkout = Checkout(self.id, plan)
        twins = [Thread(self._check_out, checkout, figures) for _ in range(plan.twins)]
        for twin in twins:
            twin.start()
        for twin in twins:
            twin.end()
        checkout.seconds = time.monotonic() - checkout.started
        return checkout

    def _check_out(self, checkout, figures):
        for _ in self._tries():
            try:
                headers = {**self._headers, "Idempotency-Key": checkout.key}
                status, answer = ask(self._port, "POST", "/api/v1/checkout", checkout.body(), headers, timeout=20)
                if status == 409 and "worked on" in answer["detail"]:
                    status = BUSY
                checkout.answers.append((status, answer))
                note(figures, "checkout", status, answer)
                if status in FINAL:
                    return
                if status == 401:
                    self._log_in_again()
            except Refused:
                figures["checkouts lost on the way"] += 1


def note(figures, what, status, answer):
    why = answer.get("detail") if isinstance(answer, dict) and status != BUSY else None
    figures[f"{what} {status}" + (f": {why}" if why else "")] += 1


class Thread:
    """A thread whose failure is the failure of whoever ends it."""

    def __init__(self, function, *arguments):
        self._function, self._arguments, self._failure = function, arguments, None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        try:
            self._function(*self._arguments)
        except Exception as failure:  # pylint: disable=broad-exception-caught
            self._failure = failure

    def start(self):
        self._thread.start()

    def end(self):
        self._thread.join()
        if self._failure:
            raise self._failure


class Crowd:
    """Buyers at work until they are told to go home."""

    def __init__(self, count, seed, port, skus):
        self.figures, self.checkouts = collections.Counter(), []
        self._home, self._lock, self._skus = threading.Event(), threading.Lock(), skus
        self.buyers = [Buyer(number, seed, port, self._home) for number in range(count)]
        self._threads = [Thread(self._work, buyer) for buyer in self.buyers]

    def start(self):
        for buyer in self.buyers:
            buyer.register()
        for thread in self._threads:
            thread.start()

    def done(self):
        return len(self.checkouts)

    def go_home(self):
        """At once, in the middle of whatever they do; what they have asked for is still waited for."""
        self._home.set()
        for thread in self._threads:
            thread.end()

    def _work(self, buyer):
        number = 0
        while not self._home.is_set():
            figures = collections.Counter()
            checkout = buyer.shop(number, self._skus, figures)
            number += 1
            with self._lock:
                self.figures.update(figures)
                if checkout:
                    self.checkouts.append(checkout)
