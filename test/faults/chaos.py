"""What goes wrong, drawn from a seed: the same seed gives the same faults in the same order."""

import collections
import random
import threading
import time

from world import Refused, ask

# How often each is chosen.
KILLS = {"order": 4, "payment": 3, "inventory": 3, "catalog": 1, "user": 1, "gateway": 2, "simulator": 2}
PROVIDER_FAULTS = [
    {"slow_share": 0.2, "slow_ms": 800, "error_after_share": 0.0, "lost_share": 0.0},
    {"slow_share": 0.0, "slow_ms": 0, "error_after_share": 0.15, "lost_share": 0.0},
    {"slow_share": 0.0, "slow_ms": 0, "error_after_share": 0.0, "lost_share": 0.15},
    {"slow_share": 0.1, "slow_ms": 400, "error_after_share": 0.1, "lost_share": 0.1},
]
NO_FAULTS = {"slow_share": 0.0, "slow_ms": 0, "error_after_share": 0.0, "lost_share": 0.0}


class Chaos:
    def __init__(self, world, seed):
        self.world, self.seed, self.figures = world, seed, collections.Counter()
        self._random = random.Random(f"{seed}/chaos")
        self._end, self._later = threading.Event(), []
        self._thread = threading.Thread(target=self._work)

    def start(self):
        self._thread.start()

    def stop(self):
        """No fault any more: every process runs and is ready, every wire is whole."""
        self._end.set()
        self._thread.join()
        for thread in self._later:
            thread.join()
        self.world.wires.heal()
        for process in self.world.processes.values():
            process.start()
        for process in self.world.processes.values():
            process.await_ready()
        self._provider(NO_FAULTS)

    def _work(self):
        while not self._end.wait(self._random.uniform(0.3, 1.0)):
            action = self._random.choices((self._kill, self._cut, self._silence, self._delay, self._provider_faults), (5, 4, 2, 3, 2))[0]
            action()

    def _after(self, seconds, function):
        def run():
            self._end.wait(seconds)
            function()

        thread = threading.Thread(target=run)
        self._later.append(thread)
        thread.start()

    def _kill(self):
        name = self._random.choices(list(KILLS), list(KILLS.values()))[0]
        pause = self._random.uniform(0.0, 1.2)
        process = self.world[name]
        if process.alive():
            process.kill()
            self.figures[f"SIGKILL {name}"] += 1
            self._after(pause, process.start)

    def _wire(self):
        return self._random.choice(self.world.wires.all)

    def _cut(self):
        wire, pause = self._wire(), self._random.uniform(0.1, 1.5)
        wire.cut()
        self.figures["connections cut"] += 1
        self._after(pause, wire.heal)

    def _silence(self):
        wire, pause = self._wire(), self._random.uniform(0.3, 2.0)
        wire.silence()
        self.figures["connections silenced"] += 1
        self._after(pause, wire.heal)

    def _delay(self):
        wire, pause, lateness = self._wire(), self._random.uniform(0.5, 2.5), self._random.uniform(0.01, 0.25)
        wire.delay(lateness)
        self.figures["connections delayed"] += 1
        self._after(pause, wire.heal)

    def _provider_faults(self):
        faults, pause = dict(self._random.choice(PROVIDER_FAULTS)), self._random.uniform(1.0, 3.0)
        faults["seed"] = self._random.randrange(1 << 31)
        self.figures["provider faults"] += 1
        if self._provider(faults):
            self._after(pause, lambda: self._provider(NO_FAULTS))

    def _provider(self, faults):
        for _ in range(20):
            try:
                status, body = ask(self.world["simulator"].port, "PUT", "/admin/faults", {"seed": 1, **faults}, timeout=3)
                if status // 100 != 2:
                    raise RuntimeError(f"PUT /admin/faults: {status} {body}")
                return True
            except Refused:
                if not self._end.is_set():
                    return False  # It is dead just now.
                time.sleep(0.1)
        return False
