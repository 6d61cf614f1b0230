"""sink.py: an SMTP server that counts what arrives, in a process of its own. For the crash tests.

A message names itself in the field X-Token; each recipient's deliveries are counted, with the times of
the first and of the last. Fast enough for thousands of messages a second; takes everything.
"""

import asyncio
import multiprocessing
import re
import time


class Arrivals:
    """(token, recipient) -> [how often, the first time, the last time, the sender's queue id]."""

    def __init__(self):
        self.messages = {}

    def add(self, token, recipients, queue_id):
        now = time.monotonic()
        for recipient in recipients:
            seen = self.messages.setdefault((token, recipient), [0, now, now, queue_id])
            seen[0] += 1
            seen[2] = now

    def answer(self, question, argument):
        if question == "missing":
            return [(token, rcpt) for token, count in argument for rcpt in range(count)
                    if (token, rcpt) not in self.messages]
        if question == "again":
            return [(*key, *seen) for key, seen in self.messages.items() if seen[0] > 1]
        return len(self.messages)


class Session(asyncio.Protocol):
    def __init__(self, arrivals):
        self.arrivals, self.buffer, self.in_data, self.recipients = arrivals, bytearray(), False, []

    def connection_made(self, transport):
        self.transport = transport
        transport.write(b"220 sink.test ESMTP\r\n")

    def data_received(self, data):
        self.buffer += data
        out = []
        while self.take_content(out) if self.in_data else self.take_line(out):
            pass
        if out:
            self.transport.write(b"".join(out))

    def take_content(self, out):
        end = self.buffer.find(b"\r\n.\r\n")
        if end < 0:
            return False
        start = self.buffer.index(b"X-Token: ") + 9
        token = int(self.buffer[start:self.buffer.index(b"\r\n", start)])
        named = re.search(rb"\sid ([0-9a-z]{13})", self.buffer[:end])
        queue_id = named[1].decode() if named else ""
        del self.buffer[:end + 5]
        self.arrivals.add(token, self.recipients, queue_id)
        self.in_data = False
        out.append(b"250 2.0.0 taken\r\n")
        return True

    def take_line(self, out):
        end = self.buffer.find(b"\r\n")
        if end < 0:
            return False
        line = bytes(self.buffer[:end])
        del self.buffer[:end + 2]
        verb = line[:4].upper()
        if verb == b"EHLO":
            out.append(b"250-sink.test\r\n250-PIPELINING\r\n250 8BITMIME\r\n")
        elif verb == b"RCPT":
            self.recipients.append(int(line[line.index(b"<u") + 2:line.index(b"@")]))
            out.append(b"250 2.1.5 ok\r\n")
        elif verb == b"DATA":
            self.in_data = True
            out.append(b"354 go\r\n")
        elif verb == b"QUIT":
            out.append(b"221 2.0.0 bye\r\n")
            self.transport.write(b"".join(out))
            self.transport.close()
            return False
        else:
            self.recipients = [] if verb in (b"MAIL", b"RSET") else self.recipients
            out.append(b"250 2.0.0 ok\r\n")
        return True


async def run(pipe):
    arrivals, loop = Arrivals(), asyncio.get_running_loop()
    server = await loop.create_server(lambda: Session(arrivals), "127.0.0.1", 0)
    pipe.send(server.sockets[0].getsockname()[1])
    done = loop.create_future()

    def asked():
        try:
            pipe.send(arrivals.answer(*pipe.recv()))
        except (EOFError, BrokenPipeError):
            loop.remove_reader(pipe.fileno())
            done.set_result(None)

    loop.add_reader(pipe.fileno(), asked)
    await done


class Sink:
    def __enter__(self):
        self.pipe, theirs = multiprocessing.Pipe()
        context = multiprocessing.get_context("spawn")
        self.process = context.Process(target=start, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()
        self.port = self.pipe.recv()
        return self

    def ask(self, question, argument=None):
        self.pipe.send((question, argument))
        return self.pipe.recv()

    def __exit__(self, *_):
        self.pipe.close()
        self.process.join(10)
        self.process.kill()


def start(pipe):
    asyncio.run(run(pipe))
