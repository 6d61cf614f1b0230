"""A small DNS server for the laboratory: names, and every way in which DNS fails."""
import socket
import struct
import threading


class Dns:
    """answers[name] is a list of addresses, or 'nxdomain', 'servfail', 'silent', 'nodata', 'bogus'."""

    def __init__(self, address):
        self.answers = {}
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 53))
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            packet, peer = self.socket.recvfrom(4096)
            try:
                reply = self.reply(packet)
            except (IndexError, struct.error):
                continue
            if reply:
                self.socket.sendto(reply, peer)

    def reply(self, packet):
        labels, at = [], 12
        while packet[at]:
            labels.append(packet[at + 1:at + 1 + packet[at]].decode("latin-1").lower())
            at += packet[at] + 1
        question = packet[12:at + 5]
        kind = struct.unpack("!H", packet[at + 1:at + 3])[0]
        checking_disabled = struct.unpack("!H", packet[2:4])[0] & 0x10
        answer = self.answers.get(".".join(labels), "nxdomain")
        if answer == "silent":
            return None
        if answer == "bogus":
            answer = ["192.0.2.1"] if checking_disabled else "servfail"
        code = {"nxdomain": 3, "servfail": 2}.get(answer if isinstance(answer, str) else "", 0)
        records = b""
        count = 0
        for entry in answer if isinstance(answer, list) else []:
            v6 = ":" in entry
            if kind != (28 if v6 else 1):
                continue
            data = socket.inet_pton(socket.AF_INET6 if v6 else socket.AF_INET, entry)
            records += struct.pack("!HHHIH", 0xC00C, kind, 1, 60, len(data)) + data
            count += 1
        header = packet[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, count, 0, 0)
        return header + question + records
