#!/usr/bin/env python3
"""record_suites_test.py: the suites of MTA-STS (checkdmarc, mimecast) and of TLSA (OpenSSL's danetest.in) through the command
`packetboat record`, as a person would: what is right is explained, with its values; what is wrong is refused with 2.

OpenSSL's 54 chains are judged against their records by `record tlsa --chain`, as `probe --relay` judges them.

Not here: the parsers (tls_suite.cpp).
"""

import json
import re
import tempfile
import unittest

from running import packetboat
from suites import Count, suite_folder

RIGHT, WRONG = 0, 2
BY_RFC = {
    "checkdmarc testParseMtaStsPolicyDuplicateKey":
        "it wants a second mode to be an error; by RFC 8461 3.2 the first counts and the others are ignored",
    "checkdmarc testParseMtaStsPolicyUnexpectedKey":
        "it wants an unknown key to be an error; by RFC 8461 3.2 a policy may have extension fields",
}

NO_PKIX = "PKIX-TA(0) and PKIX-EE(1) are treated as unusable by clients of SMTP (RFC 7672 3.1.3)"
BY_RFC_CHAIN = {f"case {number}": NO_PKIX for number in [*range(23, 38), 39]} | {
    "case 54": "DANE-EE(3) is judged without the names in the certificate (RFC 7672 3.1.1)"}
HEAD = re.compile(r"^(\d+) (\d+) ([01]) (\d+) (-?\d+)$")


def chain_cases(text):
    """(number, records, PEM, accepted?, depth) of each block of danetest.in."""
    lines = iter(text.splitlines())
    number = 0
    for line in lines:
        head = HEAD.match(line)
        if not head:
            continue
        records, certificates, _, result, depth = map(int, head.groups())
        number += 1
        wanted, pem = [next(lines) for _ in range(records)], []
        while sum("END CERTIFICATE" in got for got in pem) < certificates:
            pem.append(next(lines))
        begin = next(i for i, got in enumerate(pem) if "BEGIN CERTIFICATE" in got)
        yield number, "\n".join(wanted), "\n".join(pem[begin:]) + "\n", result == 0, depth


def ask(kind, text):
    done = packetboat("record", kind, "-", input=text)
    return done.returncode, done.stdout


class RecordSuites(unittest.TestCase):
    def expect(self, count, name, kind, text, valid, *shown):
        code, said = ask(kind, text)
        missing = [word for word in shown if word.lower() not in said.lower()]
        problem = "" if code == (RIGHT if valid else WRONG) else f"exit {code}: {text[:80]!r} {said[:200]!r}"
        count.record(name, problem or (f"not said: {missing}" if valid and missing else ""))

    def test_mta_sts_records_and_policies_are_explained_or_refused(self):
        folder = suite_folder(self, "tls/mta-sts")
        count = Count("mta-sts through record", BY_RFC)
        for case in json.loads((folder / "checkdmarc/vectors.json").read_text()):
            inputs = case["inputs"]
            text = inputs.get("record") or inputs.get("policy")
            if isinstance(text, str):
                valid = not any("assertRaises" in line for line in case["asserts"])
                self.expect(count, f"checkdmarc {case['test']}", "mta-sts", text, valid)
        for case in json.loads((folder / "mimecast/vectors.json").read_text()):
            if case["cls"] == "StsRecordTest":
                self.expect(count, f"mimecast {case['test']}", "mta-sts", case["txt"], case["valid"])
        count.finish(self)

    def test_every_tlsa_record_of_openssl_is_explained(self):
        folder = suite_folder(self, "tls/openssl-dane")
        count = Count("openssl-dane through record")
        usages = ("PKIX-TA(0)", "PKIX-EE(1)", "DANE-TA(2)", "DANE-EE(3)")
        records = [line.split() for line in (folder / "test/danetest.in").read_text().splitlines()]
        records = [words for words in records if len(words) == 4 and len(words[3]) > 8 and words[0] in "0123"]
        for number, words in enumerate(records, 1):
            usage = int(words[0])
            # RFC 7672 §3.1.3: servers of mail do not use PKIX-TA and PKIX-EE.
            self.expect(count, f"record {number}", "tlsa", " ".join(words), usage >= 2, usages[usage])
        count.finish(self)

    def test_every_chain_of_openssl_is_judged_by_its_tlsa_records(self):
        folder = suite_folder(self, "tls/openssl-dane")
        count = Count("openssl-dane chains", BY_RFC_CHAIN)
        cases = list(chain_cases((folder / "test/danetest.in").read_text()))
        for number, records, pem, accepted, depth in cases:
            with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
                file.write(pem)
                file.flush()
                done = packetboat("record", "tlsa", "-", "--chain", file.name, "--name",
                                  "example.com", "--json", input=records)
            said = json.loads(done.stdout or "{}")
            right = said.get("good") is accepted and (not accepted or said["depth"] == depth)
            exits = done.returncode == (RIGHT if accepted else WRONG)
            count.record(f"case {number}", "" if right and exits else f"{done.returncode} {said}")
        self.assertEqual(len(cases), 54)
        count.finish(self)


if __name__ == "__main__":
    unittest.main()
