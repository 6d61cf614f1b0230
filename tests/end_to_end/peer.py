"""peer.py: a misbehaving mail server within the test: what smtp_peer.py plays, and scripts of its own.

Not here: what is said at which point (smtp_peer.py), what a suite makes its server say.
"""

import collections
import queue
import socket
import ssl
import threading
import time
import types

import smtp_peer
from running import WAIT

Message = collections.namedtuple("Message", "sender to content tls")


class Conversation(smtp_peer.Peer):
    """One connection; every octet that came is kept, with whether TLS covered it."""

    def __init__(self, owner, connection):
        super().__init__(owner.options, connection)
        self.owner, self.heard, self.ended = owner, [], "open"

    def receive(self):
        data = super().receive()
        self.heard.append((self.tls, data))
        return data

    def tell(self, **event):
        if event["event"] == "message":
            self.owner.taken.put(Message(event["sender"], event["to"],
                                         event["content"].encode("latin-1"), event["tls"]))

    def in_clear(self):
        return b"".join(data for tls, data in self.heard if not tls)

    def everything(self):
        return b"".join(data for _, data in self.heard)


class Peer:
    """with Peer(...) as peer. `on` and `caps` are smtp_peer.py's; `talk(conversation)` replaces them."""

    def __init__(self, caps="PIPELINING,8BITMIME,ENHANCEDSTATUSCODES", on=None, certificate=None,
                 talk=None, implicit=False, address="127.0.0.1", port=0):
        cert, key = certificate or (None, None)
        self.options = types.SimpleNamespace(caps=caps, on=on or {}, cert=cert, key=key, lmtp=False)
        self.talk, self.implicit = talk or smtp_peer.Peer.run, implicit
        self.taken, self.conversations, self.came = queue.Queue(), [], threading.Semaphore(0)
        self.listener = socket.create_server((address, port), backlog=100)
        self.port = self.listener.getsockname()[1]

    def context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.options.cert, self.options.key)
        return context

    def serve(self, conversation):
        try:
            if self.implicit:
                conversation.socket = self.context().wrap_socket(conversation.socket, server_side=True)
                conversation.tls = True
            self.talk(conversation)
            conversation.ended = "finished"
        except (smtp_peer.Gone, ConnectionError, ValueError, IndexError) as error:
            conversation.ended = type(error).__name__
        except TimeoutError:
            conversation.ended = "timeout"
        except ssl.SSLError as error:
            conversation.ended = f"TLS: {error.reason}"
        except OSError as error:
            conversation.ended = str(error)
        finally:
            conversation.socket.close()
            self.came.release()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.settimeout(WAIT)
            self.conversations.append(Conversation(self, connection))
            threading.Thread(target=self.serve, args=(self.conversations[-1],), daemon=True).start()

    def messages(self, count, seconds=WAIT):
        """The next `count` messages that were taken."""
        deadline = time.monotonic() + seconds
        return [self.taken.get(timeout=max(0.01, deadline - time.monotonic())) for _ in range(count)]

    def conversation_ends(self, seconds=WAIT):
        """Waits for the end of one more conversation."""
        if not self.came.acquire(timeout=seconds):
            raise AssertionError(f"no conversation ended within {seconds} s")

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        for conversation in self.conversations:
            try:
                conversation.socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
