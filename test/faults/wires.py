"""Wires between processes that can be cut, silenced and slowed down."""

import asyncio
import collections
import socket
import threading


class Wire:
    """Forwards a port of loopback to another. All methods may be called from any thread, and faults may overlap."""

    def __init__(self, wires, name, port, target):
        self.name, self.port, self.target = name, port, target
        self._wires, self._links, self._faults, self._server = wires, set(), collections.Counter(), None

    def cut(self):
        """Every connection ends, and new ones end at once."""
        return self._fault("cut", self._drop)

    def refuse(self):
        """Every connection ends, and there is nobody to connect to."""
        return self._fault("refused", self._close, self._open)

    def silence(self):
        """Connections stay and new ones are taken, but nothing comes through: whoever waits is not told."""
        return self._fault("silent", None, self._drop)  # Bytes of them are missing then.

    def lose_answers(self):
        """What is asked arrives; the connection ends with the first byte of the answer."""
        return self._fault("deaf")

    def delay(self, seconds):
        """What passes from now on arrives that much later, each way."""
        return self._fault(seconds)

    def _fault(self, kind, begin=None, end=None):
        """Begins it; what ends it."""
        self._faults[kind] += 1
        if begin:
            self._wires.call(begin)

        def heal():
            self._faults[kind] -= 1
            if end:
                self._wires.call(end)

        return heal

    def _has(self, kind):
        return self._faults[kind] > 0

    def _lateness(self):
        return max((kind for kind, count in list(self._faults.items()) if count > 0 and isinstance(kind, float)), default=0.0)

    def _drop(self):
        for writer in list(self._links):
            writer.transport.abort()

    def _close(self):
        self._server.close()
        self._drop()

    def _open(self):
        if not self._has("refused"):
            asyncio.ensure_future(self.listen())

    async def listen(self):
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, backlog=256)

    async def _accept(self, reader, writer):
        other = None
        try:
            if self._has("cut"):
                return
            other_reader, other = await asyncio.open_connection("127.0.0.1", self.target)
            for each in (writer, other):
                each.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._links.add(each)
            await asyncio.gather(self._pump(reader, other, False), self._pump(other_reader, writer, True))
        except OSError:
            pass
        finally:
            for each in (writer, other):
                if each:
                    self._links.discard(each)
                    each.transport.abort()

    async def _pump(self, reader, writer, answers):
        try:
            while data := await reader.read(65536):
                if self._has("silent"):
                    continue
                if answers and self._has("deaf"):
                    return writer.transport.abort()
                if lateness := self._lateness():
                    await asyncio.sleep(lateness)
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

    def make(self, name, port, target):
        wire = Wire(self, name, port, target)
        asyncio.run_coroutine_threadsafe(wire.listen(), self._loop).result(10)
        self.all.append(wire)
        return wire

    def call(self, function):
        self._loop.call_soon_threadsafe(function)

    def between(self, one, other):
        return next(wire for wire in self.all if wire.name == f"{one}-{other}")
