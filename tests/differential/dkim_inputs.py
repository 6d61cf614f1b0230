"""dkim_inputs.py: signed messages, changed afterwards in ways that matter and in ways that do not, for differential.py."""

import base64
import logging

import dkim

NOW = 1795262400
HEADERS = ["From: Alice <alice@example.com>", "To: bob@example.org", "Subject: hello there", "Subject: a  b\tc ",
           "Date: Sat, 21 Nov 2026 12:00:00 +0000", "Message-ID: <1@example.com>", "X-Odd : blank before the colon",
           "Cc: carol@example.org,\r\n dave@example.org", "Subject:", "MIME-Version: 1.0", "Content-Type: text/plain",
           "List-Id: <l.example.com>", "Reply-To:\r\n\t<r@example.com>", "X-Long: " + "x" * 900]
LINES = ["Hello", "two  blanks", " leading", "trailing ", "tab\there", "", "", "\t", " ", ".", "x" * 200, "ä".encode().decode(
    "latin-1"), "From here"]
KEYS = {}
EXPLAINED = [
    ("RFC 5322 4.5.8 and RFC 6376 3.4.2: blanks may stand before the colon of a field; dkimpy refuses such a message",
     lambda case, here, there: "Unexpected characters in RFC822 header" in there["why"] and "X-Odd " in there["why"]),
    ("RFC 6376 6.1.2 step 6: a key whose h= does not list the hash is not used; dkimpy does not look at h= for Ed25519",
     lambda case, here, there: here["why"] == "the key is not for this hash" and there["result"] == "pass"),
]
logging.getLogger("dkimpy").setLevel(logging.CRITICAL)
SILENT = logging.getLogger("silent")
SILENT.addHandler(logging.NullHandler())
SILENT.propagate = False


def key_of(ours, kind, bits):
    if (kind, bits) not in KEYS:
        KEYS[kind, bits] = ours.ask(do="key", type=kind, bits=bits)
    return KEYS[kind, bits]


def message_of(source):
    fields = [HEADERS[0], *source.sample(HEADERS[1:], source.randrange(1, 7))]
    source.shuffle(fields)
    body = "".join(source.choice(LINES) + "\r\n" for _ in range(source.choice([0, 1, 2, 5, 9])))
    return "\r\n".join(fields) + "\r\n\r\n" + body


def change_field(source, field):
    """The signature itself, changed; most such signatures can never pass."""
    at = source.choice(["v=1", "a=rsa-sha256", "a=ed25519-sha256", "c=", "d=", "s=", "h=", "bh=", "t=", "b="])
    into = source.choice(["v=2", "a=rsa-sha1", "a=rsa-sha512", "c=relaxed", "c=simple", "d=example.org", "s=t", "h=X:",
                          "bh=AAAA", "x=1; t=", "b=A", "q=dns/txt; b=", "q=other; b=", "i=@sub.example.com; b=",
                          "i=@elsewhere.example; b=", "l=0; b=", "l=99999; b=", "l=x; b=", "zz=unknown; b=", "z=a|b; b="])
    return field.replace(at, into, 1)


def change_message(source, text):
    """What relays and forgers do."""
    head, _, body = text.partition("\r\n\r\n")
    pick = source.randrange(12)
    if pick == 0:
        return text + "added\r\n"
    if pick == 1:
        return text + "\r\n" * source.randrange(1, 4)
    if pick == 2:
        return head + "\r\n\r\n" + body.replace("  ", " ")
    if pick == 3:
        return head.replace("hello", "goodbye") + "\r\n\r\n" + body
    if pick == 4:
        return head + "\r\nSubject: a second one\r\n\r\n" + body
    if pick == 5:
        return "Received: by relay.example\r\n" + text
    if pick == 6:
        return head.replace("Subject: ", "SUBJECT:   ") + "\r\n\r\n" + body
    if pick == 7:
        return head.replace(": ", ":\r\n\t", 1) + "\r\n\r\n" + body
    if pick == 8:
        return head + "\r\n\r\n" + body.replace("\r\n", " \r\n", 1)
    if pick == 9:
        return head + "\r\n\r\n" + body[:len(body) // 2].rstrip("\r\n") + "\r\n"
    if pick == 10:
        return head + "\r\nFrom: mallory@example.com\r\n\r\n" + body
    return text


def key_record(source, record):
    pick = source.randrange(40)
    rows = {0: record.replace("v=DKIM1", "v=DKIM2"), 1: record.replace("p=", "p=; x="), 2: record + "; t=y",
            3: record + "; t=s", 4: record + "; h=sha1", 5: record + "; s=email", 6: record + "; s=other",
            7: record.replace("k=rsa", "k=other"), 8: record.replace("; ", ";"), 9: record[:-8], 10: "",
            11: record + ";", 12: record + "; h=sha1:sha256", 13: record + "; n=note", 14: record + "; s=*"}
    return rows.get(pick, record)


def make(source, ours):
    kind, bits = source.choice([("rsa", 1024), ("rsa", 2048), ("ed25519", 0), ("rsa", 1024)])
    key = key_of(ours, kind, bits)
    text = message_of(source)
    request = {"header": source.choice(["simple", "relaxed"]), "body": source.choice(["simple", "relaxed"])}
    if source.random() < 0.15:
        request["length"] = source.choice([0, 5, 20, 10000])
    raw = text.encode("latin-1")
    field = base64.b64decode(ours.ask(do="sign", message=base64.b64encode(raw).decode(), key=key["pem"], now=NOW,
                                      **request)["field"]).decode("latin-1")
    if source.random() < 0.25:
        field = change_field(source, field)
    whole = field + text
    if source.random() < 0.5:
        whole = field + change_message(source, text)
    zone = {"s._domainkey.example.com": {"TXT": [key_record(source, key["record"])]}}
    return {"message": whole, "zone": zone}


def ours(peer, case):
    answer = peer.ask(do="verify", message=base64.b64encode(case["message"].encode("latin-1")).decode(), now=NOW,
                      zone=case["zone"])
    return {"result": "pass" if answer["result"] == "pass" else "no pass", "why": answer["why"]}


def theirs(case):
    def dns(name, timeout=5):  # pylint: disable=unused-argument  # their signature
        found = case["zone"].get(name.decode("latin-1").rstrip("."), {}).get("TXT", [""])
        return found[0].encode("latin-1")

    dkim.time.time = lambda: NOW
    try:
        verifier = dkim.DKIM(case["message"].encode("latin-1"), logger=SILENT)
        return {"result": "pass" if verifier.verify(dnsfunc=dns) else "no pass", "why": ""}
    except Exception as error:  # pylint: disable=broad-except  # how it refuses
        return {"result": "no pass", "why": repr(error)[:200]}
