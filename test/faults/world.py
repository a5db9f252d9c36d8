"""The shop as processes of this test: stores of its own, the services, and a wire on each way between them."""

import contextlib
import http.client
import json
import os
import random
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import urllib.parse
from pathlib import Path

from wires import Wires

ROOT = Path(__file__).resolve().parent.parent.parent

# Service -> its program, database, whether it uses RabbitMQ and Redis, and whom it calls.
SERVICES = {
    "simulator": ("payment-provider-simulator", None, False, False, []),
    "user": ("user-service", "users", False, True, []),
    "catalog": ("catalog-service", "catalog", True, True, ["user"]),
    "inventory": ("inventory-service", "inventory", True, False, []),
    "payment": ("payment-service", "payments", True, False, ["payment_provider"]),
    "order": ("order-service", "orders", True, False, ["catalog", "inventory", "payment"]),
    "gateway": ("api-gateway", None, False, True, ["user", "catalog", "inventory", "order", "payment"]),
}


class Refused(Exception):
    """No connection, or one that ended before the answer was whole."""


def ask(port, method, path, body=None, headers=None, timeout=35.0):
    """One request on a connection of its own: (status, JSON or None). Throws Refused."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        text = None if body is None else json.dumps(body)
        given = dict(headers or {})
        if text is not None:
            given["Content-Type"] = "application/json"
        connection.request(method, path, text, given)
        answer = connection.getresponse()
        content = answer.read()
        try:
            return answer.status, json.loads(content) if content else None
        except ValueError:
            return answer.status, None
    except (OSError, http.client.HTTPException) as error:
        raise Refused(f"{method} {path}: {error!r}") from error
    finally:
        connection.close()


def free_port(taken):
    """Below the ports that the kernel hands out, so that no outgoing connection takes it while its server is dead."""
    while True:
        port = random.SystemRandom().randrange(10000, 20000)
        with contextlib.closing(socket.socket()) as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            if port not in taken:
                taken.add(port)
                return port


class Process:
    """One service. Its port stays the same over restarts."""

    def __init__(self, world, name):
        self.world, self.name = world, name
        self.port, self.admin_port = free_port(world.ports), free_port(world.ports)
        self.environment, self.lock, self.process, self.killed = {}, threading.Lock(), None, False

    def file(self, variable, content):
        path = self.world.folder / f"{self.name}.{variable}"
        path.write_text(content)
        path.chmod(0o600)
        self.environment[variable] = str(path)

    def command(self, verb):
        program = self.world.binaries / SERVICES[self.name][0]
        return [str(program), verb]

    def variables(self):
        kept = {name: os.environ[name] for name in ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS") if name in os.environ}
        return {**kept, "HOST": "127.0.0.1", "PORT": str(self.port), "ADMIN_PORT": str(self.admin_port), **self.environment}

    def start(self):
        """Where it does not run."""
        with self.lock:
            if self._runs():
                return
            with open(self.log_path(), "ab") as log:
                self.process = subprocess.Popen(self.command("serve"), env=self.variables(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            self.killed = False

    def kill(self):
        """False: it did not run."""
        with self.lock:
            if not self._runs():
                return False
            self.process.kill()
            self.process.wait()
            self.killed = True
            return True

    def _runs(self):
        if self.process is None or self.killed:
            return False
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.name} has ended by itself, with {self.process.returncode}:\n{self.log_tail()}")
        return True

    def ready(self):
        try:
            return ask(self.admin_port, "GET", "/readyz", timeout=2)[0] == 200
        except Refused:
            return False

    def await_ready(self, patience=60.0):
        end = time.monotonic() + patience
        while not self.ready():
            with self.lock:
                self._runs()
            if time.monotonic() > end:
                raise RuntimeError(f"{self.name} is not ready after {patience:.0f} s:\n{self.log_tail()}")
            time.sleep(0.05)

    def log_path(self):
        return self.world.folder / f"{self.name}.log"

    def log_tail(self, size=4000):
        return self.log_path().read_text(errors="replace")[-size:] if self.log_path().exists() else ""


class World:
    """Made by `with World(binaries) as world`; all of it is gone afterwards."""

    def __init__(self, binaries):
        self.binaries = Path(binaries).resolve()
        self.name = f"faults{os.getpid()}"
        self.folder = Path(tempfile.mkdtemp(prefix="ecommerce-platform-faults."))
        self.wires, self.processes, self.stores, self.ports = Wires(), {}, {}, set()

    def __enter__(self):
        try:
            self._set_up()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *_):
        for process in self.processes.values():
            with contextlib.suppress(RuntimeError):  # It was told of, or something worse was.
                process.kill()
        subprocess.run([ROOT / "hack/stores", "down", "--name", self.name], check=False, stdout=subprocess.DEVNULL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __getitem__(self, name):
        return self.processes[name]

    def _set_up(self):
        subprocess.run([ROOT / "hack/stores", "up", "--name", self.name], check=True)
        printed = subprocess.run([ROOT / "hack/stores", "env", "--name", self.name], check=True, capture_output=True, text=True).stdout
        # The words have no character that the shell would need escaped, but for the cluster's ?.
        self.stores = {key: value.replace("\\", "") for key, value in re.findall(r"^export (\w+)=(\S+)$", printed, re.M)}
        for name in SERVICES:
            self.processes[name] = Process(self, name)
        for name, (_, database, amqp, redis, calls) in SERVICES.items():
            process = self.processes[name]
            if database:
                process.file("DATABASE_URL_FILE", self._through(name, "postgres", f"ECP_DATABASE_URL_{database.upper()}"))
            if amqp:
                process.file("AMQP_URL_FILE", self._through(name, "rabbitmq", f"ECP_AMQP_URL_{name.upper()}"))
            if redis:
                process.file("REDIS_URL_FILE", self._through(name, "redis", f"ECP_REDIS_URL_{name.upper()}"))
            for other in calls:
                target = self.processes["simulator" if other == "payment_provider" else other]
                wire = self.wires.make(f"{name}-{target.name}", free_port(self.ports), target.port)
                process.environment[f"{other.upper()}_URL"] = f"http://127.0.0.1:{wire.port}"
        self._token_keys()
        self.processes["simulator"].environment["JOURNAL"] = str(self.folder / "provider.journal")
        for name, (_, database, *_rest) in SERVICES.items():
            if database:
                self._migrate(self.processes[name], database)
        for process in self.processes.values():
            process.start()
        for process in self.processes.values():
            process.await_ready()

    def _through(self, service, store, variable):
        url = urllib.parse.urlsplit(self.stores[variable])
        wire = self.wires.make(f"{service}-{store}", free_port(self.ports), url.port)
        return url._replace(netloc=url.netloc.replace(f":{url.port}", f":{wire.port}")).geturl()

    def _token_keys(self):
        keys = self.folder / "keys"
        keys.mkdir(mode=0o700)
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", keys / "ed25519.pem"], check=True, capture_output=True)
        self.processes["user"].environment["TOKEN_KEYS_DIR"] = str(keys)

    def _migrate(self, process, database):
        owner = self.folder / f"{process.name}.owner"
        owner.write_text(self.stores[f"ECP_DATABASE_OWNER_URL_{database.upper()}"])
        variables = {**process.variables(), "DATABASE_URL_FILE": str(owner)}
        done = subprocess.run(process.command("migrate"), env=variables, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{process.name} migrate: {done.stdout}{done.stderr}")

    def rows(self, database, query):
        """Of a query by the superuser: a list of lists of texts."""
        url = urllib.parse.urlsplit(self.stores["ECP_DATABASE_ADMIN_URL"])._replace(path=f"/{database}").geturl()
        done = subprocess.run(["psql", "-XAtq", "-F", "\t", "-v", "ON_ERROR_STOP=1", url, "-c", query], capture_output=True, text=True, check=True)
        return [line.split("\t") for line in done.stdout.splitlines()]
