"""Buyers that all want the same scarce things, and do not give up at the first failure."""

import collections
import random
import threading
import time
import uuid

from world import Refused, ask

ADDRESS = {"name": "Bo Buyer", "line1": "1 Main Street", "city": "Springfield", "postal_code": "12345", "country": "US"}
PASSWORD = "correct horse battery"
FINAL = {201, 400, 402, 409, 422}  # What is not asked again with the same key. 409: out of stock.
BUSY = "409 while an equal one runs"
TRIES = 12


class Checkout:
    """One idempotency key and all that was answered to it."""

    def __init__(self, user, key, token):
        self.user, self.key, self.token = user, key, token
        self.answers = []  # (status, body)
        self.started = time.monotonic()
        self.seconds = 0.0


class Buyer:
    def __init__(self, number, seed, port):
        self.random = random.Random(f"{seed}/{number}")
        self.port, self.email, self.id, self.headers, self.since = port, f"buyer{number}.{seed}@example.com", None, {}, 0.0

    def register(self):
        status, body = ask(self.port, "POST", "/api/v1/register",
                           {"email": self.email, "password": PASSWORD, "first_name": "Bo", "last_name": "Buyer"})
        if status != 201:
            raise RuntimeError(f"register: {status} {body}")
        self.id = body["user"]["id"]
        self._take(body)

    def _take(self, body):
        self.headers, self.since = {"Authorization": f"Bearer {body['token']}"}, time.monotonic()

    def _log_in_again(self):
        status, body = ask(self.port, "POST", "/api/v1/login", {"email": self.email, "password": PASSWORD})
        if status == 200:
            self._take(body)

    def _insist(self, figures, wanted, method, path, body=None):
        """Until it has one of the wanted statuses; None where it does not get there."""
        for attempt in range(TRIES):
            try:
                status, _ = ask(self.port, method, path, body, self.headers, timeout=20)
                if status in wanted:
                    return status
                figures[f"{method} {path.split('/items')[0]} {status}"] += 1
                if status == 401:
                    self._log_in_again()
            except Refused:
                figures["connections lost"] += 1
            time.sleep(min(0.05 * 2**attempt, 1.0) * self.random.uniform(0.5, 1.0))
        return None

    def shop(self, skus, figures):
        """One checkout, or None where the cart could not even be filled."""
        if self._insist(figures, {200, 204}, "DELETE", "/api/v1/cart") is None:
            return None
        for sku in self.random.sample(skus, self.random.choice((1, 1, 2, 3))):
            quantity = self.random.choice((1, 1, 2))
            if self._insist(figures, {200}, "PUT", f"/api/v1/cart/items/{sku}", {"quantity": quantity}) is None:
                return None
        token = "tok_declined" if self.random.random() < 0.03 else "tok_visa"
        checkout = Checkout(self.id, str(uuid.UUID(int=self.random.getrandbits(128), version=4)), token)
        twins = 2 if self.random.random() < 0.05 else 1  # An impatient double click.
        threads = [threading.Thread(target=self._check_out, args=(checkout, figures)) for _ in range(twins)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        checkout.seconds = time.monotonic() - checkout.started
        return checkout

    def _check_out(self, checkout, figures):
        body = {"payment_method": {"token": checkout.token}, "shipping_address": ADDRESS}
        for attempt in range(TRIES):
            try:
                headers = {**self.headers, "Idempotency-Key": checkout.key}
                status, answer = ask(self.port, "POST", "/api/v1/checkout", body, headers, timeout=20)
                if status == 409 and "worked on" in answer["detail"]:
                    status = BUSY
                checkout.answers.append((status, answer))
                figures[f"checkout {status}"] += 1
                if status in FINAL:
                    return
                if status == 401:
                    self._log_in_again()
            except Refused:
                figures["checkouts lost on the way"] += 1
            time.sleep(min(0.1 * 2**attempt, 1.5) * random.uniform(0.5, 1.0))


class Crowd:
    """Buyers at work until that many checkouts were begun."""

    def __init__(self, buyers, skus, wanted, deadline):
        self.figures, self.checkouts = collections.Counter(), []
        self._buyers, self._skus, self._wanted, self._deadline = buyers, skus, wanted, deadline
        self._lock, self._begun = threading.Lock(), 0
        self._threads = [threading.Thread(target=self._work, args=(buyer,)) for buyer in buyers]

    def start(self):
        for thread in self._threads:
            thread.start()

    def join(self):
        for thread in self._threads:
            thread.join()

    def busy(self):
        return any(thread.is_alive() for thread in self._threads)

    def done(self):
        return len(self.checkouts)

    def _work(self, buyer):
        figures = collections.Counter()
        while time.monotonic() < self._deadline:
            with self._lock:
                if self._begun >= self._wanted:
                    break
                self._begun += 1
            checkout = buyer.shop(self._skus, figures)
            with self._lock:
                if checkout:
                    self.checkouts.append(checkout)
                else:
                    self._begun -= 1
        with self._lock:
            self.figures.update(figures)
