"""What the measurements of the services share: processes by /proc, loads by wrk, and tables."""

import contextlib
import http.client
import os
import re
import signal
import socket
import statistics
import subprocess
import time
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60  # Seconds that anything may take.
LOAD = ROOT / "test/bench/load.lua"
TICK = os.sysconf("SC_CLK_TCK")


def table(title, columns, rows):
    lines = [[str(cell) for cell in row] for row in [columns, *rows]]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    print(f"\n{title}")
    for line in lines:
        print("  " + "  ".join(cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(line, widths))), flush=True)


def script(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=10 * PATIENCE).stdout


def spread(values, digits=2):
    """The median, and in parentheses the least and the most."""
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def free_port():
    with socket.socket() as at:
        at.bind(("127.0.0.1", 0))
        return at.getsockname()[1]


def ask(method, url, body=None, headers=()):
    """The status, the fields and the body of an answer."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=PATIENCE)
    try:
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, path, body, {"Content-Type": "application/json", **dict(headers)})
        response = connection.getresponse()
        return response.status, response.getheaders(), response.read()
    finally:
        connection.close()


def request_text(method, url, body="", headers=()):
    """A request as wrk sends it."""
    parts = urllib.parse.urlsplit(url)
    fields = [("Host", parts.netloc), *headers]
    if body:
        fields += [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    return f"{method} {parts.path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields) + f"\r\n{body}"


class Processes:
    """A process with its children, or several."""

    def __init__(self, *pids):
        self.roots = pids

    def pids(self):
        found, rest = [], list(self.roots)
        while rest:
            pid = rest.pop()
            with contextlib.suppress(OSError):
                for task in Path(f"/proc/{pid}/task").iterdir():
                    rest += [int(child) for child in (task / "children").read_text().split()]
                found.append(pid)
        return found

    def cpu_seconds(self):
        """On a core, of those that live and of children that have ended."""
        ticks = 0
        for pid in self.pids():
            with contextlib.suppress(OSError):
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                ticks += sum(int(value) for value in fields[11:15])
        return ticks / TICK

    def cpu_of_threads(self):
        """To the microsecond, but of the threads that live only."""
        return sum(int((task / "schedstat").read_text().split()[0]) for pid in self.pids() for task in Path(f"/proc/{pid}/task").iterdir()) / 1e9

    def memory(self):
        """Resident memory in MiB by kind; pages that several processes have count in each, but in pss."""
        sums = dict.fromkeys(("Rss", "Anonymous", "Pss"), 0)
        for pid in self.pids():
            with contextlib.suppress(OSError):
                for name, kib in re.findall(r"^(\w+):\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M):
                    if name in sums:
                        sums[name] += int(kib)
        return {name: kib / 1024 for name, kib in sums.items()}

    def rss(self):
        return self.memory()["Rss"]


@contextlib.contextmanager
def running(command, log, **options):
    """Runs a program while the block does; its process."""
    with open(log, "ab") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, **options)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def await_port(port, process):
    begun = time.monotonic()
    while time.monotonic() - begun < PATIENCE and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise RuntimeError(f"{process.args[0]} does not listen on port {port}")


class Watch:
    """What processes use of the machine from now on, and what others do that are no part of the measurement."""

    def __init__(self, processes, helpers):
        self.processes, self.helpers = processes, helpers
        self.since = self.now()

    def now(self):
        user, nice, system, _, _, irq, softirq, steal = map(int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9])
        own = os.times()  # And the children that have ended.
        return (time.monotonic(), (user + nice + system + irq + softirq + steal) / TICK, self.processes.cpu_seconds(),
                self.helpers.cpu_seconds() + sum(own[:4]))

    def stop(self):
        """The seconds of the processes on a core, and how many cores others kept busy."""
        seconds, busy, cpu, helpers = (now - then for now, then in zip(self.now(), self.since))
        return cpu, max(0.0, (busy - cpu - helpers) / seconds)


@dataclass
class Load:
    """What a load brought."""

    requests: int
    seconds: float
    p50: float  # Milliseconds.
    p99: float
    cpu: float  # Seconds of the contender.
    others: float  # Cores that what is no part of the measurement kept busy.

    @property
    def rate(self):
        return self.requests / self.seconds

    @property
    def cpu_each(self):
        return 1e6 * self.cpu / self.requests


@dataclass
class Contender:
    """Something that is measured: who is asked what, and who works for it."""

    name: str
    url: str
    requests: list  # Texts of requests, or a function that gives them anew for each round.
    processes: Processes
    helpers: Processes = field(default_factory=Processes)  # Work for it too, but aren't what is measured.
    connections: int = 32

    def load(self, seconds, work):
        texts = self.requests() if callable(self.requests) else self.requests
        file = Path(work) / "requests"
        file.write_text("\0".join(texts) + "\0")
        watch = Watch(self.processes, self.helpers)
        output = script("wrk", "-t1", f"-c{self.connections}", f"-d{seconds}s", "--timeout", "10s", "-s", LOAD, self.url, "--", file, "0")
        cpu, others = watch.stop()
        figures = re.search(r"^FIGURES (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)$", output, re.M)
        if not figures:
            raise RuntimeError(f"wrk against {self.name}: {output}")
        requests, micros, p50, p99, refused, broken = map(int, figures.groups())
        if refused or broken or not requests:
            raise RuntimeError(f"{self.name}: of {requests} requests {refused} were answered with an error, {broken} were not answered")
        return Load(requests, micros / 1e6, p50 / 1e3, p99 / 1e3, cpu, others)


def figures_of(name, loads, rss):
    median = {key: statistics.median(getattr(load, key) for load in loads) for key in ("rate", "p50", "p99", "cpu_each")}
    return [name, f"{median['rate']:.0f}", f"{median['p50']:.2f}", f"{median['p99']:.2f}", f"{median['cpu_each']:.0f}", f"{rss:.1f}"]


COLUMNS = ["", "requests/s", "p50 ms", "p99 ms", "CPU µs each", "RSS MiB"]


def compare(title, contenders, options, work, baseline=None):
    """Loads each in turn, in several rounds that begin with another one each; ratios are taken within a round. Prints medians."""
    loads = {contender.name: [] for contender in contenders}
    for contender in contenders:
        contender.load(2, work)  # Connections, caches, pages.
    for number in range(options.rounds):
        turn = number % len(contenders)
        for contender in contenders[turn:] + contenders[:turn]:
            loads[contender.name].append(contender.load(options.seconds, work))
    rows = []
    for contender in contenders:
        mine = loads[contender.name]
        row = figures_of(contender.name, mine, contender.processes.rss())
        if baseline:
            others = loads[baseline]
            row += [spread([getattr(a, key) / getattr(b, key) for a, b in zip(mine, others)]) for key in ("rate", "p99", "cpu_each")]
        rows.append(row)
    table(title, COLUMNS + ([f"rate / {baseline}", "p99", "CPU"] if baseline else []), rows)
    tell_noise(load.others for each in loads.values() for load in each)
    return loads


def tell_noise(others):
    others = list(others)
    print(f"  others kept {statistics.median(others):.1f} of {os.cpu_count()} cores busy (up to {max(others):.1f})", flush=True)
