"""This machine's own certificate authority, and the certificates with which the web app serves HTTPS.

A device trusts the authority's root once. To limit the damage of a stolen key, certificates are valid only for local
names, for private addresses, and for the address that this machine had when the authority was created (name
constraints, RFC 5280, section 4.2.1.10).
Clients may ignore the constraints of a root (section 6.2), but not those of an intermediate certificate. So the root
signs one intermediate certificate and its key is discarded; the intermediate's key, which is stored, is constrained in
every client.
"""

import ipaddress
import re
import socket
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from climbpath.errors import ClimbpathError
from climbpath.files import write_private

AUTHORITY_DAYS = 3650
SERVER_DAYS = 397
"""Apple accepts up to 825 days under a root that a user added, 398 under others (support.apple.com/103769, /102028)."""
LOCAL_DOMAINS = ("localhost", "local")
PRIVATE_RANGES = (
    *("127.0.0.0/8", "::1/128"),  # this machine
    *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"),  # private networks (RFC 1918, RFC 4193)
    *("169.254.0.0/16", "fe80::/10"),  # link-local (RFC 3927, RFC 4291)
    "100.64.0.0/10",  # shared by carriers and private overlays (RFC 6598)
)
DNS_NAME = re.compile(r"(?=.{1,253}$)(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*")


class Authority(NamedTuple):
    """The key that signs certificates, its own intermediate certificate, and the root."""

    key: ec.EllipticCurvePrivateKey
    intermediate: x509.Certificate
    root: x509.Certificate

    @property
    def name(self) -> str:
        """The name of the root in a device's settings."""
        return str(self.root.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)

    @property
    def root_pem(self) -> bytes:
        """The root certificate as PEM, which devices and browsers can import."""
        return self.root.public_bytes(Encoding.PEM)

    @property
    def fingerprint(self) -> str:
        """The SHA-256 fingerprint of the root, AB:CD:…, in four lines of eight bytes."""
        pairs = self.root.fingerprint(SHA256()).hex(":").upper()
        return "\n".join(pairs[start : start + 23] for start in range(0, len(pairs), 24))

    def permits(self, name: x509.DNSName | x509.IPAddress) -> bool:
        """Whether clients accept a certificate of this authority for a name."""
        constraints = self.intermediate.extensions.get_extension_for_class(x509.NameConstraints).value
        values = [tree.value for tree in constraints.permitted_subtrees or [] if isinstance(tree, type(name))]
        if isinstance(name, x509.IPAddress):
            return any(name.value in ipaddress.ip_network(str(value)) for value in values)
        return any(f".{name.value}".endswith(f".{value}") for value in values)


def own_names() -> list[str]:
    """This machine's names that an authority permits: its full name, if it has a domain, and its name in .local.

    A bare name without a domain is left out, because a constraint covers all subdomains as well: the authority of a
    machine called dev would be valid for all of .dev.
    """
    name = socket.gethostname().lower()
    names = [name] if "." in name else []
    names.append(f"{name.split('.')[0]}.local")
    return [own for own in dict.fromkeys(names) if DNS_NAME.fullmatch(own)]


def authority(folder: Path, host: str) -> Authority:
    """The authority in the folder's file, which is created if there is none, and replaced shortly before it expires.

    A new authority also permits `host` if that is an address. Raises ClimbpathError if the file is damaged, or cannot
    be read or written.
    """
    path = folder / "authority.pem"
    try:
        loaded = _parse(path.read_bytes())
    except FileNotFoundError:
        return _create(path, host)
    except OSError as error:
        raise ClimbpathError(f"cannot read {path}: {error.strerror}") from None
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm, x509.ExtensionNotFound):
        raise ClimbpathError(
            f"{path} is damaged: restore it from a backup, or delete it; the next start then creates a new certificate "
            "authority, which you have to install on every device"
        ) from None
    expires_soon = loaded.root.not_valid_after_utc < datetime.now(UTC) + timedelta(days=SERVER_DAYS)
    return _create(path, host) if expires_soon else loaded


def issue(authority: Authority, folder: Path, host: str, others: Iterable[str]) -> Path:
    """Write a new certificate and its key to a file in the folder that only its owner can read; its path.

    The certificate is valid for `host`, and for those of `others` that the authority permits. Raises ClimbpathError if
    the authority does not permit `host`, or the file cannot be written.
    """
    # the names that the certificate is valid for
    name = _name(host)
    if not name or not authority.permits(name):
        raise ClimbpathError(
            f"this machine's certificate authority is not valid for {host}: choose another address with --host, leave "
            f"--https out, or delete {folder / 'authority.pem'}; the next start then creates an authority for this "
            "address, which you have to install on every device"
        )
    names = [name, *(other for other in map(_name, others) if other and authority.permits(other))]

    # a new key, and its certificate for servers only
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "climbpath")])
    certificate = (
        _builder(subject, key, authority.intermediate.subject, authority.key, SERVER_DAYS)
        .add_extension(x509.SubjectAlternativeName(dict.fromkeys(names)), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(authority.key, SHA256())
    )

    # TLS servers send the intermediate along with the certificate, because devices know only the root
    path = folder / "server.pem"
    write_private(path, _pem(key, certificate, authority.intermediate))
    return path


def _create(path: Path, host: str) -> Authority:
    """A new authority, written to the file without the root's key, which is used once."""
    name = f"climbpath on {socket.gethostname()[:40]}"
    subjects = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, cn)]) for cn in (name, f"{name}, signing")]
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in subjects)

    # the constraints: local domains, this machine's names, private addresses, and the host if it is an address
    own = _name(host)
    addresses = [*PRIVATE_RANGES, *([str(own.value)] if isinstance(own, x509.IPAddress) else [])]
    permitted = [
        *(x509.DNSName(domain) for domain in dict.fromkeys([*LOCAL_DOMAINS, *own_names()])),
        *(x509.IPAddress(ipaddress.ip_network(address)) for address in addresses),
    ]

    # the root signs itself and the intermediate, which may sign no further authorities
    root, intermediate = (
        _builder(subject, own_key, subjects[0], root_key, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=below), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(x509.NameConstraints(permitted, None), critical=True)
        .sign(root_key, SHA256())
        for subject, own_key, below in zip(subjects, (root_key, key), (1, 0), strict=True)
    )
    write_private(path, _pem(key, intermediate, root))
    return Authority(key, intermediate, root)


def _parse(content: bytes) -> Authority:
    """The authority in a file. Raises ValueError or an error of the cryptography library if the file is damaged."""
    key = load_pem_private_key(content, None)
    intermediate, root = x509.load_pem_x509_certificates(content)
    intermediate.verify_directly_issued_by(root)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != intermediate.public_key():
        raise ValueError("the key does not belong to the certificate")
    loaded = Authority(key, intermediate, root)
    if not loaded.permits(x509.DNSName("localhost")):
        raise ValueError("the certificate is not an authority of climbpath")
    return loaded


def _builder(
    subject: x509.Name, key: ec.EllipticCurvePrivateKey, issuer: x509.Name, by: ec.EllipticCurvePrivateKey, days: int
) -> x509.CertificateBuilder:
    """What all certificates share. They are valid from yesterday, because a device's clock may be slow."""
    start = datetime.now(UTC) - timedelta(days=1)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key.public_key())
        .issuer_name(issuer)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
    )


def _name(host: str) -> x509.DNSName | x509.IPAddress | None:
    """A host as a name in a certificate; None if it is neither a DNS name nor an address."""
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host.lower()) if DNS_NAME.fullmatch(host.lower()) else None


def _usage(*, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: ec.EllipticCurvePrivateKey, *chain: x509.Certificate) -> bytes:
    own = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return b"".join([own, *(certificate.public_bytes(Encoding.PEM) for certificate in chain)])
