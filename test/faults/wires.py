"""Wires between processes that can be cut, silenced and slowed down."""

import asyncio
import socket
import threading


class Wire:
    """Forwards a port of loopback to another. All methods may be called from any thread."""

    def __init__(self, wires, name, target):
        self.name, self.target, self.port = name, target, 0
        self._wires, self._links = wires, set()
        self._cut, self._silent, self._delay = False, False, 0.0

    def cut(self):
        """Every connection ends, and new ones end at once."""
        self._cut = True
        self._wires.call(self._drop)

    def silence(self):
        """Connections stay and new ones are taken, but nothing comes through: whoever waits is not told."""
        self._silent = True

    def delay(self, seconds):
        """What passes from now on arrives that much later, each way."""
        self._delay = seconds

    def heal(self):
        """As new. Connections that were silenced end: bytes of them are missing."""
        if self._silent:
            self._wires.call(self._drop)
        self._cut, self._silent, self._delay = False, False, 0.0

    def _drop(self):
        for writer in list(self._links):
            writer.transport.abort()

    async def listen(self):
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0, backlog=256)
        self.port = server.sockets[0].getsockname()[1]

    async def _accept(self, reader, writer):
        other = None
        try:
            if self._cut:
                return
            other_reader, other = await asyncio.open_connection("127.0.0.1", self.target)
            for each in (writer, other):
                each.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._links.add(each)
            await asyncio.gather(self._pump(reader, other), self._pump(other_reader, writer))
        except OSError:
            pass
        finally:
            for each in (writer, other):
                if each:
                    self._links.discard(each)
                    each.transport.abort()

    async def _pump(self, reader, writer):
        try:
            while data := await reader.read(65536):
                if self._silent:
                    continue
                if self._delay:
                    await asyncio.sleep(self._delay)
                writer.write(data)
                await writer.drain()
            writer.write_eof()
        except OSError:
            writer.transport.abort()


class Wires:
    """All wires, on an event loop with a thread of its own."""

    def __init__(self):
        self.all = []
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    def make(self, name, target):
        wire = Wire(self, name, target)
        asyncio.run_coroutine_threadsafe(wire.listen(), self._loop).result(10)
        self.all.append(wire)
        return wire

    def call(self, function):
        self._loop.call_soon_threadsafe(function)

    def heal(self):
        for wire in self.all:
            wire.heal()
