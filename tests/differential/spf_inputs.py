"""spf_inputs.py: DNS worlds with SPF records, sound and broken, for differential.py.

A world has a few names under example.com; records are built from the grammar of RFC 7208 §12, then now and then spoilt.
"""

import spf

NAMES = ["example.com", "a.example.com", "b.example.com", "c.example.com", "mx.example.com", "e.f.example.com"]
ADDRESSES = ["192.0.2.1", "192.0.2.77", "198.51.100.5", "203.0.113.9"]
ADDRESSES6 = ["2001:db8::1", "2001:db8:1::5"]
MACROS = ["%{i}._spf.example.com", "%{d}", "%{h}", "%{ir}.example.com", "%{l}.b.example.com", "%{d2}", "%{o1r-}",
          "%{s}", "%%a.example.com", "%{L}.c.example.com", "%{v}.example.com", "%{p}.example.com", "%{dr}", "%{i1}.%{d}"]
BROKEN = ["%", "%{", "%{x}", "%{d0}", "a:", "ip4:", "ip4:300.0.0.1", "ip6:zz", "a/33", "mx//129", "all:x",
          "include:", "exists", "redirect=", "redirect=a.example.com redirect=b.example.com", "unknown", "foo=bar",
          "exp=%{c}.example.com", "a:example..com", "ip4:192.0.2.1/", "ip4:192.0.2.1/032", "+", "--all", "ip4 192.0.2.1",
          "ptr:", "a:-", "a:example", "include:%{d}.", "v=spf1", "-all.", "a:%{d%}", "moo.cow-far_out=man:dog/cat"]
TEMPORARY = {"FAIL": True}



def asks_about_hosts(case):
    """Some record has an mx, a ptr or a %{p}: terms that ask about further names."""
    texts = [text.lower() for node_ in case["zone"].values() for text in node_.get("TXT", [])]
    return any(word in text for text in texts for word in ("mx", "ptr", "%{p"))


# What decides a difference, with the text behind it. Each was looked into by hand.
EXPLAINED = [
    ("RFC 7208 4.6.2: terms are evaluated in turn and the first match ends it; pyspf calls any include of the domain itself "
     "an error, also one that is never reached",
     lambda case, here, there: "trivial recursion" in there["why"] and here["result"] != "permerror"),
    ("RFC 7208 4.6.4 limits the terms whose questions find nothing; pyspf counts every question, those about the hosts of an "
     "mx or ptr too",
     lambda case, here, there: "Void lookup limit" in there["why"] and asks_about_hosts(case)),
    ("RFC 7208 5.4, 5.5, 7.3: a host of an mx is asked about in its turn, after a match no more; a name of a ptr or %{p} that "
     "DNS fails for is skipped; pyspf asks about all and ends with temperror",
     lambda case, here, there: there["result"] == "temperror" and asks_about_hosts(case)),
    ("RFC 7208 6.1: a redirect counts when it is followed, if no mechanism matched; pyspf counts it as soon as it stands there",
     lambda case, here, there: "Too many DNS lookups" in there["why"] and here["result"] != "permerror" and
     any("redirect=" in text for node_ in case["zone"].values() for text in node_.get("TXT", []))),
]


def domain_spec(source):
    return source.choice(NAMES) if source.random() < 0.8 else source.choice(MACROS)


def cidr(source):
    pick = source.random()
    if pick < 0.6:
        return ""
    if pick < 0.8:
        return f"/{source.choice([0, 8, 24, 25, 32])}"
    return f"{source.choice(['', '/24'])}//{source.choice([0, 32, 64, 128])}"


def mechanism(source):
    kind = source.choice(["all", "include", "a", "a", "mx", "mx", "ptr", "ip4", "ip4", "ip6", "exists"])
    if kind in ("a", "mx"):
        name = f":{domain_spec(source)}" if source.random() < 0.6 else ""
        return kind + name + cidr(source)
    if kind == "ptr":
        return kind + (f":{source.choice(NAMES)}" if source.random() < 0.5 else "")
    if kind == "ip4":
        return f"ip4:{source.choice(ADDRESSES)}{source.choice(['', '', '/32', '/24', '/16', '/0'])}"
    if kind == "ip6":
        return f"ip6:{source.choice(ADDRESSES6)}{source.choice(['', '/64', '/32', '/128'])}"
    return kind if kind == "all" else f"{kind}:{domain_spec(source)}"


def record(source):
    terms = [source.choice(["", "", "-", "~", "?", "+"]) + mechanism(source)
             for _ in range(source.choice([1, 1, 2, 2, 3, 4, 12]))]
    if source.random() < 0.25:
        terms.append(f"redirect={domain_spec(source)}")
    elif source.random() < 0.6:
        terms.append(source.choice(["-all", "~all", "?all"]))
    if source.random() < 0.12:
        terms.insert(source.randrange(len(terms) + 1), source.choice(BROKEN))
    text = source.choice(["v=spf1 "] * 30 + ["V=SPF1 ", "v=spf10 ", "v=spf1  "]) + " ".join(terms)
    return text + (" " if source.random() < 0.03 else "")


def node(source, name):
    out = {}
    if source.random() < (0.98 if name == "example.com" else 0.6):
        out["TXT"] = [record(source)]
        if source.random() < 0.05:
            out["TXT"].append(source.choice([record(source), "something else", "v=spf2.0/mfrom -all"]))
    if source.random() < 0.6:
        out["A"] = source.sample(ADDRESSES, source.choice([1, 1, 2]))
    if source.random() < 0.3:
        out["AAAA"] = source.sample(ADDRESSES6, 1)
    if source.random() < 0.4:
        out["MX"] = [[10 * i, host] for i, host in enumerate(source.sample(NAMES, source.choice([1, 2, 3])))]
    if source.random() < 0.02:
        out = dict(TEMPORARY)
    return out


def reverse_name(address):
    import ipaddress
    return ipaddress.ip_address(address).reverse_pointer


def make(source, _):
    zone = {name: node(source, name) for name in NAMES if name == "example.com" or source.random() < 0.85}
    ip = source.choice(ADDRESSES + ADDRESSES6)
    if source.random() < 0.6:
        zone[reverse_name(ip)] = {"PTR": source.sample(NAMES, source.choice([1, 1, 2]))}
    local = source.choice(["alice", "strong-bad", "a.b", "x+y"])
    sender = "" if source.random() < 0.1 else f"{local}@example.com"
    return {"zone": zone, "ip": ip, "helo": source.choice(["example.com", "mx.example.com", "[192.0.2.1]"]),
            "mail_from": sender}


def ours(peer, case):
    return peer.ask(do="spf", **case)


class Zone:
    """What pyspf asks instead of the network."""

    def __init__(self, zone):
        self.zone = {name.lower(): node for name, node in zone.items()}

    def __call__(self, name, qtype, *_, **__):
        name = name.rstrip(".").lower()
        if len(name) > 253 or any(not 0 < len(label) <= 63 for label in name.split(".")):
            return []
        found = self.zone.get(name, {})
        if "FAIL" in found:
            raise spf.TempError("DNS timeout")
        if qtype == "MX":
            return [((name, qtype), tuple(pair)) for pair in found.get("MX", [])]
        if qtype == "TXT":
            return [((name, qtype), [text.encode()]) for text in found.get("TXT", [])]
        return [((name, qtype), value) for value in found.get(qtype, [])]


def theirs(case):
    spf.DNSLookup = Zone(case["zone"])
    query = spf.query(i=case["ip"], s=case["mail_from"], h=case["helo"], receiver="unknown", strict=True,
                      querytime=0)
    try:
        result, _, why = query.check()
    except Exception as error:  # pylint: disable=broad-except  # a crash of the peer is a result too
        return {"result": "crash", "why": repr(error)[:200]}
    return {"result": result, "why": str(why)[:200]}
