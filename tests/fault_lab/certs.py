"""Throw-away certificates for the fault laboratory: root -> intermediate -> leaf, and broken ones."""
import datetime
import ipaddress
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

DAY = datetime.timedelta(days=1)


def name(common_name, organisation="Lab"):
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
                      x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


class Issuer:
    """A certificate with its key, able to sign others."""

    def __init__(self, subject, issuer=None, key=None):
        self.key = key or ec.generate_private_key(ec.SECP256R1())
        self.subject = subject
        signer = issuer or self
        now = datetime.datetime.utcnow()
        self.certificate = (
            x509.CertificateBuilder().subject_name(subject).issuer_name(signer.subject)
            .public_key(self.key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now - 30 * DAY).not_valid_after(now + 3650 * DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(signer.key, hashes.SHA256()))
        self.chain = [] if issuer is None else [self.certificate] + issuer.chain


class Certificates:
    def __init__(self, folder):
        self.folder = folder
        self.root = Issuer(name("Lab Root"))
        self.middle = Issuer(name("Lab Intermediate"), self.root)
        self.stranger = Issuer(name("Company Root", "Unknown Company"))
        self.shield = Issuer(name("Avast Web/Mail Shield Root", "Avast Web/Mail Shield"))
        self.ca_file = self.write("ca.pem", [self.root.certificate])
        self.empty_ca_file = folder + "/none.pem"
        open(self.empty_ca_file, "w").close()
        self.count = 0

    def write(self, file, certificates, key=None):
        path = f"{self.folder}/{file}"
        with open(path, "wb") as out:
            if key is not None:
                out.write(key.private_bytes(serialization.Encoding.PEM,
                                            serialization.PrivateFormat.PKCS8,
                                            serialization.NoEncryption()))
            for certificate in certificates:
                out.write(certificate.public_bytes(serialization.Encoding.PEM))
        return path

    def leaf(self, names, issuer=None, days=(-1, 90), self_signed=False, send=None, aia=True,
             key=None, usage=ExtendedKeyUsageOID.SERVER_AUTH):
        """A PEM file with key and chain. `send`: the issuers sent along; default: all but the root."""
        issuer = issuer or self.middle
        key = key or ec.generate_private_key(ec.SECP256R1())
        subject = name(names[0])
        now = datetime.datetime.utcnow()
        alternatives = []
        for entry in names:
            try:
                alternatives.append(x509.IPAddress(ipaddress.ip_address(entry)))
            except ValueError:
                alternatives.append(x509.DNSName(entry))
        builder = (
            x509.CertificateBuilder().subject_name(subject)
            .issuer_name(subject if self_signed else issuer.subject)
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now + days[0] * DAY).not_valid_after(now + days[1] * DAY)
            .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False))
        if aia:
            url = x509.UniformResourceIdentifier("http://issuer.invalid/middle.crt")
            builder = builder.add_extension(x509.AuthorityInformationAccess(
                [x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, url)]), False)
        certificate = builder.sign(key if self_signed else issuer.key, hashes.SHA256())
        chain = issuer.chain if send is None else send
        self.count += 1
        return self.write(f"leaf{self.count}.pem", [certificate] + ([] if self_signed else chain), key)

    def context(self, pem, minimum=None, maximum=None, ciphers=None, client_certificate=False):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if maximum in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
            context.set_ciphers("ALL:@SECLEVEL=0")
        if ciphers:
            context.set_ciphers(ciphers)
        if minimum:
            context.minimum_version = minimum
        if maximum:
            context.maximum_version = maximum
        context.load_cert_chain(pem)
        if client_certificate:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.ca_file)
        return context

    @staticmethod
    def rsa_key(bits):
        return rsa.generate_private_key(public_exponent=65537, key_size=bits)
