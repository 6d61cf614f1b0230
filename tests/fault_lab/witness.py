"""Second witnesses: what a raw client (sockets and Python's ssl, nothing of Packetboat) sees of a fault.

A witness is "step:fragment": the step where the client stops, and what it must see there; "!fragment": must not see.
"""
import base64
import ipaddress
import socket
import ssl

WAIT = 3
PASSWORD = base64.b64encode(b"\0anna@example.com\0correct-horse").decode()


def is_address(text):
    try:
        ipaddress.ip_address(text)
        return True
    except ValueError:
        return False


class Client:
    """One connection, every way to end of which is a word."""

    def __init__(self, s, port=None):
        self.host = s.target if is_address(s.target) else s.host
        address = s.target if is_address(s.target) else s.ip6 if s.family == "ipv6" else s.ip
        self.connection = socket.create_connection((address, port or s.port or s.random_port), timeout=WAIT)

    def receive(self):
        try:
            got = self.connection.recv(4096)
            return got.decode("latin-1") if got else "closed"
        except TimeoutError:
            return "timeout"
        except ConnectionResetError:
            return "reset"
        except (ssl.SSLError, OSError) as error:
            return str(error).replace("_", " ")

    def ask(self, line):
        self.connection.sendall(line.encode() + b"\r\n")
        return self.receive()

    def greeting(self):
        return self.receive()

    def ehlo(self):
        self.receive()
        return self.ask("EHLO witness.test")

    def starttls(self):
        self.ehlo()
        return self.ask("STARTTLS")

    def speak(self):
        return self.ask("GET / HTTP/1.0\r\n")

    def shake(self, ca_file):
        context = ssl.create_default_context(cafile=ca_file) if ca_file else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            self.connection = context.wrap_socket(self.connection, server_hostname=self.host)
            return "no error"
        except TimeoutError:
            return "timed out"
        except ConnectionResetError:
            return "reset"
        except (ssl.SSLError, OSError) as error:
            return str(error).replace("_", " ") + " EOF" * ("EOF" in str(error))

    def tls(self, ca_file):
        self.starttls()
        return self.shake(ca_file)

    def kept(self, ca_file):
        """A command sent in the clear, in one piece with STARTTLS, is answered inside TLS."""
        self.ehlo()
        self.connection.sendall(b"STARTTLS\r\nNOOP\r\n")
        self.receive()
        self.shake(ca_file)
        return self.ask("EHLO witness.test")

    def after_tls(self, ca_file):
        """What comes without a word of ours: an alert of TLS 1.3."""
        self.tls(ca_file)
        return self.receive()

    def within(self, ca_file, line="EHLO witness.test"):
        """What is said to `line` inside TLS."""
        self.tls(ca_file)
        try:
            answer = self.ask("EHLO witness.test")
            return answer if line.startswith("EHLO") else self.ask(line)
        except (ssl.SSLError, OSError) as error:
            return str(error).replace("_", " ")


def connects(s, port=None):
    try:
        Client(s, port).connection.close()
        return "open"
    except TimeoutError:
        return "timeout"
    except ConnectionRefusedError:
        return "refused"
    except OSError as error:
        return str(error.errno)


def ask_dns(name, server, checking_disabled):
    """"code/answers" of a question for an address."""
    question = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0\0\1\0\1"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(WAIT)
        client.sendto(b"pb" + (b"\1\x10" if checking_disabled else b"\1\0") + b"\0\1\0\0\0\0\0\0" + question, (server, 53))
        try:
            reply = client.recv(4096)
        except TimeoutError:
            return "timeout"
    return f"{reply[3] & 15}/{reply[7]}"


def resolves(name):
    try:
        socket.getaddrinfo(name, 587)
        return "an address"
    except (socket.gaierror, UnicodeError, OSError) as error:
        return f"gaierror {error}"


def seen_at(step, lab, s):
    ca = lab.certs.ca_file
    direct = {"tcp": lambda: connects(s), "closed-port": lambda: connects(s, 9), "name": lambda: resolves(s.target),
              "dns": lambda: ask_dns(s.host, "198.18.255.53", False),
              "dns-unchecked": lambda: ask_dns(s.host, "198.18.255.53", True)}
    if step in direct:
        return direct[step]()
    try:
        client = Client(s)
    except ConnectionResetError:  # it may overtake the word that the connection is open
        return "reset" if step == "greeting" else ""
    steps = {"greeting": client.greeting, "ehlo": client.ehlo, "starttls": client.starttls, "speak": client.speak,
             "tls": lambda: client.tls(ca), "tls-no-issuers": lambda: client.tls(None),
             "tls-first": lambda: client.shake(ca), "kept": lambda: client.kept(ca), "after-tls": lambda: client.after_tls(ca),
             "within": lambda: client.within(ca),
             "login": lambda: client.within(ca, "AUTH PLAIN " + PASSWORD)}
    try:
        return steps[step]()
    finally:
        client.connection.close()


def witness(lab, s):
    """True when a raw client sees what s.witness says."""
    for claim in s.witness.split(" & "):
        step, fragment = claim.split(":", 1)
        seen = seen_at(step, lab, s).lower()
        absent = fragment.startswith("!")
        if (fragment.lstrip("!").lower() in seen) == absent or absent and seen in ("", "timeout", "closed", "reset"):
            return False
    return True
