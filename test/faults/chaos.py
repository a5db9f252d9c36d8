"""What goes wrong, drawn from a seed: the same seed gives the same faults in the same order."""

import collections
import random
import threading
import time

from buyers import Thread
from world import Refused, ask

# How often each is chosen.
KILLS = {"order": 4, "payment": 3, "inventory": 3, "catalog": 1, "user": 1, "gateway": 2, "simulator": 2}
PROVIDER_FAULTS = [
    {"slow_share": 0.2, "slow_ms": 800, "error_after_share": 0.0, "lost_share": 0.0},
    {"slow_share": 0.0, "slow_ms": 0, "error_after_share": 0.15, "lost_share": 0.0},
    {"slow_share": 0.0, "slow_ms": 0, "error_after_share": 0.0, "lost_share": 0.15},
    {"slow_share": 0.1, "slow_ms": 400, "error_after_share": 0.1, "lost_share": 0.1},
]
LONGEST_CALM = 3.0  # Seconds
# Longer than a checkout goes on trying on the way forward, so that what it has done is taken back: (from, to, what becomes of requests).
OUTAGES = [("order", "inventory", "cut"), ("order", "payment", "lose_answers")]
OUTAGE = 14.0  # Seconds
NO_FAULTS = {"slow_share": 0.0, "slow_ms": 0, "error_after_share": 0.0, "lost_share": 0.0}


class Chaos:
    def __init__(self, world, seed, progress, checkouts):
        """`progress` counts the checkouts that are done, of so many: faults come by it, so that a slow machine has no more of them."""
        self.world, self.figures, self._progress = world, collections.Counter(), progress
        self._random = random.Random(f"{seed}/chaos")
        self._end, self._later = threading.Event(), []
        self._outages = sorted((int(checkouts * self._random.uniform(0.1, 0.8)), *each) for each in OUTAGES)
        self._thread = Thread(self._work)

    def start(self):
        self._thread.start()

    def strike(self):
        """No more faults after this one: whatever works on an order dies at once, and stays dead until heal()."""
        self._end.set()
        self._thread.end()
        for thread in self._later:
            thread.end()  # It has healed what it was to heal.
        for name in ("order", "payment", "inventory", "simulator"):
            self.world[name].kill()
            self.figures[f"SIGKILL {name}"] += 1

    def heal(self):
        """Every process is on its way, and then ready."""
        for process in self.world.processes.values():
            process.start()
        for process in self.world.processes.values():
            process.await_ready()
        self._provider(NO_FAULTS)

    def _work(self):
        faults = {self._kill: 5, self._cut: 2, self._refuse: 2, self._silence: 2, self._lose_answers: 3, self._delay: 3,
                  self._provider_faults: 2}
        while self._await_next(self._random.randint(4, 12)):
            self._random.choices(list(faults), list(faults.values()))[0]()
            while self._outages and self._progress() >= self._outages[0][0]:
                _, one, other, kind = self._outages.pop(0)
                self._after(OUTAGE, getattr(self.world.wires.between(one, other), kind)())
                self.figures["outages"] += 1

    def _await_next(self, checkouts):
        """After so many; sooner where nothing gets on, since that is when nobody expects a further fault."""
        goal, latest = self._progress() + checkouts, time.monotonic() + LONGEST_CALM
        while self._progress() < goal and time.monotonic() < latest:
            if self._end.wait(0.02):
                return False
        return not self._end.is_set()

    def _after(self, seconds, function):
        def run():
            self._end.wait(seconds)
            function()

        thread = Thread(run)
        self._later.append(thread)
        thread.start()

    def _kill(self):
        name = self._random.choices(list(KILLS), list(KILLS.values()))[0]
        pause = self._random.uniform(0.0, 1.2)
        process = self.world[name]
        if process.kill():
            self.figures[f"SIGKILL {name}"] += 1
            self._after(pause, process.start)

    def _wire(self):
        return self._random.choice(self.world.wires.all)

    def _cut(self):
        wire, pause = self._wire(), self._random.uniform(0.1, 1.5)
        self._after(pause, wire.cut())
        self.figures["connections cut"] += 1

    def _refuse(self):
        wire, pause = self._wire(), self._random.uniform(0.1, 1.5)
        self._after(pause, wire.refuse())
        self.figures["connections refused"] += 1

    def _silence(self):
        wire, pause = self._wire(), self._random.uniform(0.3, 2.0)
        self._after(pause, wire.silence())
        self.figures["connections silenced"] += 1

    def _lose_answers(self):
        wire, pause = self._wire(), self._random.uniform(0.1, 1.0)
        self._after(pause, wire.lose_answers())
        self.figures["answers lost"] += 1

    def _delay(self):
        wire, pause, lateness = self._wire(), self._random.uniform(0.5, 2.5), self._random.uniform(0.01, 0.25)
        self._after(pause, wire.delay(lateness))
        self.figures["connections delayed"] += 1

    def _provider_faults(self):
        faults, pause = dict(self._random.choice(PROVIDER_FAULTS)), self._random.uniform(1.0, 3.0)
        faults["seed"] = self._random.randrange(1 << 31)
        self.figures["provider faults"] += 1
        if self._provider(faults):
            self._after(pause, lambda: self._provider(NO_FAULTS))

    def _provider(self, faults):
        """False: it is dead just now, which ends its faults too."""
        try:
            status, body = ask(self.world["simulator"].port, "PUT", "/admin/faults", {"seed": 1, **faults}, timeout=3)
        except Refused:
            return False
        if status // 100 != 2:
            raise RuntimeError(f"PUT /admin/faults: {status} {body}")
        return True
