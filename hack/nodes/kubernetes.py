"""The API server, as the agent of a local cluster needs it: lists that keep themselves up to date, and writes."""

import http.client
import json
import ssl
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

JSON_MERGE = "application/merge-patch+json"


class Refused(Exception):
    def __init__(self, status: int, text: str):
        super().__init__(f"{status} {text[:500]}")
        self.status = status


class Api:
    """SERVER is https://HOST:PORT; the folder holds ca.crt, USER.crt and USER.key."""

    def __init__(self, server: str, folder: Path, user: str):
        self.address = urlsplit(server)
        self.tls = ssl.create_default_context(cafile=str(folder / "ca.crt"))
        self.tls.load_cert_chain(str(folder / f"{user}.crt"), str(folder / f"{user}.key"))

    def open(self, method: str, path: str, body=None, kind="application/json", patience=10.0) -> http.client.HTTPResponse:
        connection = http.client.HTTPSConnection(self.address.hostname, self.address.port, context=self.tls, timeout=patience)
        connection.request(method, path, json.dumps(body) if body is not None else None, {"Content-Type": kind})
        answer = connection.getresponse()
        if answer.status >= 300:
            text = answer.read().decode(errors="replace")
            connection.close()
            raise Refused(answer.status, f"{method} {path}: {text}")
        return answer

    def ask(self, method: str, path: str, body=None, kind="application/json"):
        with self.open(method, path, body, kind) as answer:
            return json.loads(answer.read())


class Mirror:
    """All objects under a path, by (namespace, name), watched by a thread. Rings the bell at each change."""

    def __init__(self, api: Api, path: str, bell: threading.Event):
        self.api, self.path, self.bell = api, path, bell
        self.objects: dict[tuple[str, str], dict] = {}
        self.lock = threading.Lock()
        self.synced = threading.Event()
        threading.Thread(target=self.follow, daemon=True).start()

    def all(self) -> list[dict]:
        with self.lock:
            return list(self.objects.values())

    @staticmethod
    def key(item: dict) -> tuple[str, str]:
        return item["metadata"].get("namespace", ""), item["metadata"]["name"]

    def follow(self):
        while True:
            try:
                version = self.list()
                while True:
                    version = self.watch(version)
            except (OSError, http.client.HTTPException, Refused, ValueError) as error:
                print(f"{self.path}: {error}", file=sys.stderr, flush=True)
                time.sleep(1)

    def list(self) -> str:
        answer = self.api.ask("GET", self.path)
        with self.lock:
            self.objects = {self.key(item): item for item in answer["items"]}
        self.synced.set()
        self.bell.set()
        return answer["metadata"]["resourceVersion"]

    def watch(self, version: str) -> str:
        query = f"?watch=true&allowWatchBookmarks=true&timeoutSeconds=290&resourceVersion={version}"
        with self.api.open("GET", self.path + query, patience=310.0) as stream:
            for line in stream:
                event = json.loads(line)
                item = event["object"]
                if event["type"] == "ERROR":
                    raise ValueError(f"watch ended: {item.get('message')}")
                version = item["metadata"]["resourceVersion"]
                if event["type"] == "BOOKMARK":
                    continue
                with self.lock:
                    if event["type"] == "DELETED":
                        self.objects.pop(self.key(item), None)
                    else:
                        self.objects[self.key(item)] = item
                self.bell.set()
        return version
