"""A relay to a server on 127.0.0.1 that answers so many bytes and then holds, until SIGUSR1.

python -m scripts.lib.holding PORT SERVER_PORT BYTES: a download that stays half done as long as a
test likes.
"""

import asyncio
import signal
import sys
from asyncio import StreamReader, StreamWriter
from contextlib import suppress

BLOCK = 16384


class Relay:
    """All connections together get `left` bytes, and the rest once `released` is set."""

    def __init__(self, server: int, left: int) -> None:
        self.server = server
        self.left = left
        self.released = asyncio.Event()

    async def connect(self, reader: StreamReader, writer: StreamWriter) -> None:
        """One client: what it says goes there, what comes back is counted."""
        there, answer_to = await asyncio.open_connection("127.0.0.1", self.server)
        with suppress(OSError):
            await asyncio.gather(
                self._copy(reader, answer_to, counted=False),
                self._copy(there, writer, counted=True),
            )

    async def _copy(self, reader: StreamReader, writer: StreamWriter, *, counted: bool) -> None:
        try:
            while data := await reader.read(BLOCK):
                if counted:
                    if self.left < len(data):
                        await self.released.wait()
                    self.left -= len(data)
                writer.write(data)
                await writer.drain()
        finally:
            writer.close()


async def serve(port: int, server: int, left: int) -> None:
    """Relay until the process is ended."""
    relay = Relay(server, left)
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, relay.released.set)
    listener = await asyncio.start_server(relay.connect, "127.0.0.1", port)
    async with listener:
        await listener.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(*map(int, sys.argv[1:4])))
