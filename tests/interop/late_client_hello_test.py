#!/usr/bin/env python3
"""late_client_hello_test.py: a ClientHello that comes 0 to 2,900 ms after connect works: on 465 every time, on 587 at
the latest at the second try. Each delay comes from a loopback address of its own, as strangers do."""

import select
import socket
import ssl
import sys

from server import Server

DELAYS_MS = (0, 40, 200, 1000, 2900)


def greeted_over_tls(port, source, delay_ms, context):
    with socket.create_connection(("127.0.0.1", port), 20, source_address=(source, 0)) as plain:
        select.select([], [], [], delay_ms / 1000)  # the client is slow; it does not look at its input
        try:
            with context.wrap_socket(plain, server_hostname="localhost") as tls:
                return tls.recv(512).startswith(b"220 ")
        except (ssl.SSLError, ConnectionError):
            return False


def main():
    failures = 0
    with Server() as server:
        context = ssl.create_default_context(cafile=server.ca)
        for number, (role, tries_max) in enumerate((("submissions", 1), ("submission", 2))):
            for delay in DELAYS_MS:
                source = f"127.0.{number + 1}.{DELAYS_MS.index(delay) + 10}"
                tries = next((attempt for attempt in range(1, 4) if
                              greeted_over_tls(server.port[role], source, delay, context)), None)
                good = tries is not None and tries <= tries_max
                failures += not good
                print(f"MATRIX ClientHello after {delay:>4} ms on {role:<12} try {tries}"
                      f"{'' if good else '  FAILED'}")
        if failures:
            print(server.log_text()[-4000:])
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
