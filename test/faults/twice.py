"""A listener that sees every event and delivers some of them a second time."""

import base64
import collections
import json
import random
import threading
import urllib.parse

from buyers import Thread
from world import ask

QUEUE = "ecommerce.seen"
EXCHANGE = "ecommerce.events"
MARK = "x-again"
SHARE = 0.3


class Twice:
    def __init__(self, world, seed):
        url = urllib.parse.urlsplit(world.stores["ECP_RABBITMQ_API"])
        self._port, self._random = url.port, random.Random(f"{seed}/twice")
        self._headers = {"Authorization": "Basic " + base64.b64encode(f"{url.username}:{url.password}".encode()).decode()}
        self.events = {}  # Message id -> (type, payload)
        self.published_again, self.seen_again = 0, collections.Counter()
        self._end, self._thread = threading.Event(), Thread(self._work)

    def start(self):
        self._api("PUT", f"/exchanges/ecommerce/{EXCHANGE}", {"type": "topic", "durable": True})
        self._api("PUT", f"/queues/ecommerce/{QUEUE}", {"durable": True})
        self._api("POST", f"/bindings/ecommerce/e/{EXCHANGE}/q/{QUEUE}", {"routing_key": "#"})
        self._thread.start()

    def stop(self):
        """After everything that has been published was seen."""
        self._end.set()
        self._thread.end()

    def _api(self, method, path, body):
        status, answer = ask(self._port, method, "/api" + path, body, self._headers)
        if status // 100 != 2:
            raise RuntimeError(f"RabbitMQ: {method} {path}: {status} {answer}")
        return answer

    def _work(self):
        while True:
            ending = self._end.is_set()
            # Nothing cuts this connection: what is taken here and lost would count as lost by the services.
            messages = self._api("POST", f"/queues/ecommerce/{QUEUE}/get", {"count": 200, "ackmode": "ack_requeue_false", "encoding": "auto"})
            for message in messages:
                self._see(message)
            if not messages:
                if ending:
                    return
                self._end.wait(0.1)

    def _see(self, message):
        properties = message["properties"]
        if MARK in properties.get("headers", {}):
            return
        identity, fact = properties["message_id"], (message["routing_key"], json.loads(message["payload"]))
        if identity in self.events:
            self.seen_again[identity] += 1  # A relay that was killed before it noted the confirm: allowed, consumers know it.
            if self.events[identity] != fact:
                raise RuntimeError(f"event {identity} says two things: {self.events[identity]} and {fact}")
        self.events[identity] = fact
        if self._random.random() < SHARE:
            again = {**properties, "headers": {**properties.get("headers", {}), MARK: "1"}}
            self._api("POST", f"/exchanges/ecommerce/{EXCHANGE}/publish",
                      {"properties": again, "routing_key": message["routing_key"], "payload": message["payload"],
                       "payload_encoding": message["payload_encoding"]})
            self.published_again += 1
