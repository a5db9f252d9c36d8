"""A constant load through the gateway, of which every failure is remembered, with the time at which it was asked."""

import collections
import http.client
import json
import threading
import time
import urllib.parse
import uuid

ADDRESS = {"name": "Bo Buyer", "line1": "1 Main Street", "city": "Springfield", "postal_code": "12345", "country": "US"}
PASSWORD = "correct horse battery"


class Session:
    """One customer with one connection, kept from request to request as browsers do."""

    def __init__(self, gateway, patience=30):
        self._host, self._patience = urllib.parse.urlsplit(gateway).netloc, patience
        self._connection = None
        self.headers, self.last_headers = {}, {}

    def ask(self, method, path, body=None, headers=None):
        """(status, JSON). Throws OSError or HTTPException where there is no answer."""
        kept = self._connection is not None
        try:
            return self._ask(method, path, body, headers or {})
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            self.close()
            # A server may close a kept connection at any time; clients try such a request again where it does no harm.
            if not kept or method == "POST":
                raise
            return self._ask(method, path, body, headers or {})
        except (OSError, http.client.HTTPException):
            self.close()
            raise

    def _ask(self, method, path, body, headers):
        if self._connection is None:
            self._connection = http.client.HTTPConnection(self._host, timeout=self._patience)
        text = None if body is None else json.dumps(body)
        self._connection.request(method, path, text, {"Content-Type": "application/json", **self.headers, **headers})
        answer = self._connection.getresponse()
        data = answer.read()
        self.last_headers = dict(answer.getheaders())
        if answer.will_close:
            self.close()
        return answer.status, json.loads(data) if data else None

    def close(self):
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def register(self):
        status, body = self.ask("POST", "/api/v1/register", {"email": f"bo.{uuid.uuid4().hex}@example.com", "password": PASSWORD,
                                                              "first_name": "Bo", "last_name": "Buyer"})
        if status != 201:
            raise AssertionError(f"register: {status} {body}")
        self.headers = {"Authorization": f"Bearer {body['token']}"}
        return self


class Load:
    """`with Load(gateway) as load:` asks all the while; afterwards load.done and load.failures tell."""

    STEPS = (("GET", "/api/v1/products?limit=5", None), ("GET", "/api/v1/search?q=coffee", None), ("GET", "/api/v1/profile", None),
             ("PUT", "/api/v1/cart/items/TEA-ASSAM", {"quantity": 1}), ("GET", "/api/v1/cart", None), ("GET", "/api/v1/stock/TEA-ASSAM", None))

    def __init__(self, gateway, customers=6, rate=120, patience=30):
        self.customers, self._pause = customers, customers / rate
        self.done, self.failures = 0, []
        self._sessions = [Session(gateway, patience).register() for _ in range(customers)]
        self._lock, self._over = threading.Lock(), threading.Event()
        self._threads = [threading.Thread(target=self._shop, args=(number, session)) for number, session in enumerate(self._sessions)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        for thread in self._threads:
            thread.join()
        for session in self._sessions:
            session.close()

    def _shop(self, number, session):
        turn = number
        due = time.monotonic()
        while not self._over.is_set():
            method, path, body = self.STEPS[turn % len(self.STEPS)]
            turn += 1
            if number % 2:
                session.close()  # Half of the customers come anew for every request.
            failure, asked = None, time.time()
            try:
                status, answer = session.ask(method, path, body)
                if status >= 400:
                    failure = f"{method} {path}: {status} {answer}"
            except (OSError, http.client.HTTPException) as error:
                failure = f"{method} {path}: {type(error).__name__} {error}"
            with self._lock:
                self.done += 1
                if failure:
                    self.failures.append((asked, failure))
            due = max(due + self._pause, time.monotonic() - 1)
            self._over.wait(max(0.0, due - time.monotonic()))

    def await_done(self, wanted):
        while self.done < wanted:
            time.sleep(0.2)

    def summary(self):
        kinds = collections.Counter(what.partition(" {")[0] for _, what in self.failures)  # Without the body, of which each is another.
        return f"{len(self.failures)} of {self.done} requests failed {dict(kinds) if kinds else ''}"
