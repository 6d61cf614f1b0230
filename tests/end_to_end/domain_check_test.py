"""domain_check_test.py: `domain check` is no more certain about SPF than the DNS lets it be.

Not here: the DNS itself (src/runtime/resolver_test.cpp).
"""
import pathlib
import socket
import tempfile
import threading
import unittest

from running import packetboat

ZONE = """$ORIGIN example.test.
@ 3600 IN TXT "v=spf1 include:{other} -all"
other 3600 IN TXT "v=spf1 ip4:192.0.2.1 -all"
empty 3600 IN A 192.0.2.1
"""


class Refusing:
    """A DNS server that gives one name's SPF record and answers SERVFAIL to everything else."""

    def __enter__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        threading.Thread(target=self.run, daemon=True).start()
        return "127.0.0.1:%d" % self.socket.getsockname()[1]

    def __exit__(self, *_):
        self.socket.close()

    def run(self):
        while True:
            try:
                packet, peer = self.socket.recvfrom(4096)
            except OSError:
                return
            end = 12
            while packet[end]:
                end += packet[end] + 1
            question = packet[12:end + 5]
            right = question.lower() == b"\x07example\x04test\x00\x00\x10\x00\x01"
            text = b"v=spf1 include:gone.test -all"
            record = b"\xc0\x0c\x00\x10\x00\x01\x00\x00\x0e\x10" + (len(text) + 1).to_bytes(2, "big") \
                + bytes([len(text)]) + text
            head = packet[:2] + (b"\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00" if right
                                 else b"\x81\x82\x00\x01\x00\x00\x00\x00\x00\x00")
            self.socket.sendto(head + question + (record if right else b""), peer)


class DomainCheck(unittest.TestCase):
    def of_zone(self, other):
        with tempfile.NamedTemporaryFile("w", suffix=".zone") as file:
            file.write(ZONE.format(other=other))
            file.flush()
            return packetboat("domain", "check", "example.test", "--dns-file", file.name).stdout

    def test_an_include_that_has_its_record_is_good(self):
        self.assertIn("1 of 10", self.of_zone("other.example.test"))

    def test_an_include_without_a_record_voids_it(self):
        said = " ".join(self.of_zone("empty.example.test").split())
        self.assertIn("empty.example.test, which the record includes, has no SPF record", said)

    def test_an_include_that_the_dns_does_not_answer_is_unknown_in_every_language(self):
        words = {"en": "unknown: the DNS gave no answer for gone.test", "zh-Hant": "不明：SPF",
                 "zh-Hans": "未知：SPF"}
        with Refusing() as server:
            for language, wanted in words.items():
                done = packetboat("domain", "check", "example.test", "--dns", server,
                                  "--lang", language)
                said = " ".join(done.stdout.split())
                self.assertIn(wanted, said)
                self.assertNotIn("of 10 look-ups are used", said)


if __name__ == "__main__":
    unittest.main()
