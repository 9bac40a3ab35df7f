"""climbpath serve: sockets, token and stopping; and --https: certificates and the setup page."""

import asyncio
import io
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPSConnection
from ipaddress import ip_address
from pathlib import Path
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError
from playwright.sync_api import Browser

from climbpath.errors import ClimbpathError
from climbpath.web import certificates, serving, trust
from climbpath.web.certificates import Authority
from climbpath.web.security import HEADERS
from climbpath.web.server import Content, server_of
from support.commands import ROOT, needs_posix
from support.serving import finish

with_model = pytest.mark.skipif(
    not (ROOT / "src/climbpath/assets/models/moonboard.safetensors").exists(),
    reason="the bundled model is not made yet",
)
LOCAL = ["localhost", "vm.local", "127.0.0.1", "::1", "10.1.2.3", "172.31.0.9", "192.168.1.20", "169.254.7.7"]
LOCAL += ["100.64.0.1", "fd00::2", "fe80::1"]
ELSEWHERE = ["example.com", "dev", "notlocal", "local.example.com", "localhost.example.com", "8.8.8.8", "172.32.0.1"]
ELSEWHERE += ["2001:db8::1", "::ffff:8.8.8.8"]


class Forger(Authority):
    """An attacker with the stolen key, who signs certificates for any name."""

    def permits(self, name: x509.DNSName | x509.IPAddress) -> bool:
        return True


def split(path: Path) -> tuple[x509.Certificate, list[x509.Certificate]]:
    """The certificate in a file, and the intermediate ones."""
    first, *others = x509.load_pem_x509_certificates(path.read_bytes())
    return first, others


def is_valid_for(authority: Authority, path: Path, host: str) -> bool:
    """Whether a client that trusts the authority accepts the certificate in a file for the host."""
    store = Store([authority.root])
    try:
        subject: x509.DNSName | x509.IPAddress = x509.IPAddress(ip_address(host))
    except ValueError:
        subject = x509.DNSName(host)
    verifier = PolicyBuilder().store(store).build_server_verifier(subject)
    try:
        verifier.verify(*split(path))
    except VerificationError:
        return False
    return True


def openssl_accepts(authority: Authority, path: Path) -> bool:
    (path.parent / "root.crt").write_bytes(authority.root_pem)
    strictly = ["openssl", "verify", "-purpose", "sslserver", "-x509_strict"]
    asked: list[str | Path] = [*strictly, "-CAfile", path.parent / "root.crt", "-untrusted", path, path]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


@pytest.fixture
def named_vm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "vm")


@needs_posix
def test_the_authority_is_created_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    made = certificates.authority(tmp_path / "https", "localhost")
    assert certificates.authority(tmp_path / "https", "localhost")[1:] == made[1:]
    (path,) = (tmp_path / "https").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert made.root.not_valid_after_utc - datetime.now(UTC) > timedelta(days=9 * 365)


def test_the_stored_key_is_constrained_in_every_client(tmp_path: Path) -> None:
    made = certificates.authority(tmp_path, "localhost")
    assert made.key.public_key() == made.intermediate.public_key() != made.root.public_key()
    assert (tmp_path / "authority.pem").read_text().count("PRIVATE KEY") == 2
    for certificate, below in ((made.root, 1), (made.intermediate, 0)):
        basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
        assert (basic.critical, basic.value) == (True, x509.BasicConstraints(ca=True, path_length=below))
        assert certificate.extensions.get_extension_for_class(x509.NameConstraints).critical


@needs_posix
@pytest.mark.parametrize("host", LOCAL)
def test_a_certificate_is_valid_for_a_host_in_the_local_network(tmp_path: Path, named_vm: None, host: str) -> None:
    authority = certificates.authority(tmp_path, "localhost")
    path = certificates.issue(authority, tmp_path, host, ["localhost"])
    assert path.stat().st_mode & 0o777 == 0o600
    assert is_valid_for(authority, path, host)
    assert is_valid_for(authority, path, "localhost")
    assert not is_valid_for(certificates.authority(tmp_path / "another", "localhost"), path, host)
    if shutil.which("openssl"):
        assert openssl_accepts(authority, path)


@pytest.mark.parametrize("host", ELSEWHERE)
def test_a_stolen_key_is_useless_elsewhere(tmp_path: Path, named_vm: None, host: str) -> None:
    authority = certificates.authority(tmp_path, "localhost")
    with pytest.raises(ClimbpathError, match="leave --https out"):
        certificates.issue(authority, tmp_path, host, [])
    forged = certificates.issue(Forger(*authority), tmp_path, host, ["localhost"])
    assert not is_valid_for(authority, forged, host)
    if shutil.which("openssl"):
        assert not openssl_accepts(authority, forged)


@pytest.mark.parametrize("host", ["bücher.local", "a..local", "-a.local", "a b.local", ""])
def test_an_invalid_name_gets_no_certificate(tmp_path: Path, host: str) -> None:
    with pytest.raises(ClimbpathError, match="certificate authority is not valid for"):
        certificates.issue(certificates.authority(tmp_path, "localhost"), tmp_path, host, [])


def test_an_authority_permits_the_address_that_the_machine_had(tmp_path: Path) -> None:
    authority = certificates.authority(tmp_path, "203.0.113.7")
    assert is_valid_for(authority, certificates.issue(authority, tmp_path, "203.0.113.7", []), "203.0.113.7")
    with pytest.raises(ClimbpathError, match=r"delete .*authority\.pem"):
        certificates.issue(certificates.authority(tmp_path, "203.0.113.8"), tmp_path, "203.0.113.8", [])


def test_every_start_has_a_new_certificate_that_phones_accept(tmp_path: Path) -> None:
    authority = certificates.authority(tmp_path, "localhost")
    first, second = (split(certificates.issue(authority, tmp_path, "127.0.0.1", []))[0] for _ in range(2))
    assert first.serial_number != second.serial_number
    assert first.public_key() != second.public_key()
    assert first.not_valid_after_utc - first.not_valid_before_utc <= timedelta(days=397)
    purposes = first.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(purposes) == [ExtendedKeyUsageOID.SERVER_AUTH]


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("vm", ["vm.local"]),
        ("Mac.fritz.box", ["mac.fritz.box", "mac.local"]),
        ("mac.local", ["mac.local"]),
        ("Jürgens PC", []),
        ("", []),
    ],
)
def test_the_names_of_this_machine(monkeypatch: pytest.MonkeyPatch, host: str, own: list[str]) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: host)
    assert certificates.own_names() == own


@pytest.mark.parametrize("host", ["vm.example.org", "Jürgens PC", "x" * 63, ""])
def test_any_machine_can_have_an_authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: host)
    authority = certificates.authority(tmp_path, "localhost")
    path = certificates.issue(authority, tmp_path, "127.0.0.1", certificates.own_names())
    assert all(is_valid_for(authority, path, name) for name in ["127.0.0.1", *certificates.own_names()])


def test_the_authority_outlives_a_change_of_the_machine_s_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "a.example.org")
    certificates.authority(tmp_path, "localhost")
    monkeypatch.setattr(socket, "gethostname", lambda: "b.example.org")
    authority = certificates.authority(tmp_path, "localhost")
    path = certificates.issue(authority, tmp_path, "127.0.0.1", certificates.own_names())
    assert is_valid_for(authority, path, "127.0.0.1")
    assert is_valid_for(authority, path, "b.local")
    assert not is_valid_for(authority, path, "b.example.org")


def test_an_authority_that_expires_soon_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificates, "AUTHORITY_DAYS", 300)
    old = certificates.authority(tmp_path, "localhost")
    monkeypatch.undo()
    new = certificates.authority(tmp_path, "localhost")
    assert new.root != old.root
    assert certificates.authority(tmp_path, "localhost").root == new.root


def damaged_files(folder: Path) -> Iterator[bytes]:
    """Files without a valid authority: empty, truncated, in another format, mixed from two, or of another kind."""
    made, other = (
        certificates.authority(folder / "one", "localhost"),
        certificates.authority(folder / "other", "localhost"),
    )
    whole = (folder / "one/authority.pem").read_bytes()
    intermediate = made.intermediate.public_bytes(Encoding.PEM)
    key = whole.removesuffix(intermediate + made.root_pem)
    rsa_key = rsa.generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    yield from (b"", b"\xff\xfe\x00", whole[:-60], key, key + intermediate, intermediate + made.root_pem)
    yield from (
        key + intermediate + other.root_pem,
        key + other.intermediate.public_bytes(Encoding.PEM) + other.root_pem,
    )
    yield from (key + made.root_pem + made.root_pem, rsa_key + intermediate + made.root_pem, whole + made.root_pem)
    yield certificates.issue(made, folder, "localhost", []).read_bytes()


def test_a_damaged_authority_is_reported_with_a_remedy(tmp_path: Path) -> None:
    path = tmp_path / "https/authority.pem"
    path.parent.mkdir()
    for content in damaged_files(tmp_path):
        path.write_bytes(content)
        with pytest.raises(ClimbpathError, match=f"{path} is damaged: restore it from a backup, or delete it"):
            certificates.authority(path.parent, "localhost")
        assert path.read_bytes() == content


def test_a_folder_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ClimbpathError, match=r"cannot read .*authority.pem: Not a directory"):
        certificates.authority(tmp_path / "file", "localhost")
    (tmp_path / "folder/authority.pem").mkdir(parents=True)
    with pytest.raises(ClimbpathError, match=r"cannot read .*authority.pem: Is a directory"):
        certificates.authority(tmp_path / "folder", "localhost")


@needs_posix
def test_the_token_is_created_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    token = serving.access_token(tmp_path / "new")
    assert len(token) >= 32
    assert serving.access_token(tmp_path / "new") == token
    assert (tmp_path / "new/token").stat().st_mode & 0o777 == 0o600
    assert serving.access_token(tmp_path / "other") != token


@pytest.mark.parametrize(
    "content", [b"", b"short", b"with blanks in it, and long enough", b"\xff" * 32, "ä".encode() * 20]
)
def test_a_damaged_token_is_reported_with_a_remedy(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "token").write_bytes(content)
    with pytest.raises(ClimbpathError, match=r"token: an access token is .*; delete the file"):
        serving.access_token(tmp_path)


def test_a_qr_code_shows_the_address() -> None:
    import segno

    address = "https://192.168.1.20:8000/?token=" + "x" * 32
    light = [[[c in "█▀" for c in line], [c in "█▄" for c in line]] for line in serving.qr_code(address).splitlines()]
    rows = [row for pair in light for row in pair]
    shown = [[not module for module in row] for row in rows]
    code = [[bool(module) for module in row] for row in segno.make(address, error="m").matrix_iter(border=4)]
    assert shown[: len(code)] == code


def test_a_port_serves_one_server() -> None:
    with serving.listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(
            ClimbpathError, match=f"cannot listen on 127.0.0.1, port {port}: Address already in use; .*--port"
        ):
            serving.listen("127.0.0.1", port)


@pytest.mark.parametrize("host", ["192.0.2.200", "no-such-host.invalid", "a..b", "::zz"])
def test_a_host_that_is_not_this_machine_is_refused(host: str) -> None:
    with pytest.raises(ClimbpathError, match=r"cannot listen on .*; choose others with --host and --port"):
        serving.listen(host, 0)


class Served(NamedTuple):
    """A running climbpath serve."""

    process: subprocess.Popen[str]
    port: int
    output: str
    folder: Path


def free_port() -> int:
    """A port that is free, as is the next one."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port


def start(folder: Path, *arguments: object, port: int | None = None) -> Served:
    """Start climbpath serve in its own process, with its files in the folder; wait until it is ready or has ended."""
    if os.name == "nt":
        pytest.skip("Windows has no signal that stops it in order")
    port = port or free_port()
    words = [sys.executable, "-m", "climbpath", "serve", "--port", str(port), *map(str, arguments)]
    home = {"HOME": str(folder), "CLIMBPATH_HOME": str(folder / "climbpath"), "PYTHONUTF8": "1"}
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", env={**os.environ, **home}
    )
    assert process.stdout
    output = io.StringIO()
    for line in process.stdout:
        output.write(line)
        if line.startswith("The logbook is "):
            break
    return Served(process, port, output.getvalue(), folder / "climbpath")


def stop(served: Served, how: signal.Signals = signal.SIGTERM) -> tuple[int, str, str]:
    """Stop it: the exit code, the rest of the output, and the errors."""
    process = served.process
    assert process.stdout
    assert process.stderr
    process.send_signal(how)
    process.wait(timeout=30)
    return process.returncode, process.stdout.read(), process.stderr.read()  # communicate() leaves out what is buffered


def refused(folder: Path, *arguments: object, port: int | None = None) -> str:
    """The error when climbpath serve does not start."""
    served = start(folder, *arguments, port=port)
    _, err = served.process.communicate(timeout=30)
    assert served.process.returncode == 2, err
    assert "Traceback" not in err
    return err


def fetch(
    url: str, context: ssl.SSLContext | None = None, headers: dict[str, str] | None = None
) -> tuple[str, dict[str, str]]:
    """The body and the headers of a response, without a proxy."""
    handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
    handlers += [urllib.request.HTTPSHandler(context=context)] if context else []
    request = urllib.request.Request(url, headers=headers or {})
    with urllib.request.build_opener(*handlers).open(request, timeout=30) as response:
        return response.read().decode(), {name.lower(): value for name, value in response.headers.items()}


def cookie_of(link: str, context: ssl.SSLContext | None) -> str:
    """The cookie that a link with a token sets."""
    url = urlsplit(link)
    connection = HTTPSConnection(url.netloc, context=context) if context else HTTPConnection(url.netloc)
    connection.request("GET", f"{url.path}?{url.query}")
    cookie = connection.getresponse().getheader("set-cookie", "")
    connection.close()
    return cookie


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """climbpath serve --https on this machine only."""
    one = start(tmp_path_factory.mktemp("served"), "--https")
    yield one
    assert stop(one) == (0, "", "")


@contextmanager
def setup_page(folder: Path) -> Iterator[str]:
    """The address of a setup page, served without the app."""
    app = trust.create_app(certificates.authority(folder, "localhost"), "https://192.168.1.20:8000/")
    server = server_of(app)
    with serving.listen("127.0.0.1", 0) as listener:
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        finally:
            server.should_exit = True
            thread.join()


@with_model
def test_a_client_that_trusts_the_authority_reaches_the_app(served: Served) -> None:
    trusting = ssl.create_default_context(cafile=served.folder / "https/authority.pem")
    for host in ("localhost", "127.0.0.1"):
        body, headers = fetch(f"https://{host}:{served.port}/api/boards", trusting)
        assert '"moonboard-2016"' in body
        assert headers["content-security-policy"] == HEADERS["Content-Security-Policy"]
    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        fetch(f"https://localhost:{served.port}/api/boards", ssl.create_default_context())


@with_model
def test_the_setup_page_offers_the_app_s_authority(served: Served) -> None:
    assert f"https://localhost:{served.port}/\n" in served.output
    setup = f"http://localhost:{served.port + 1}/"
    assert f"1. Trust this machine, once on each device: {setup}\n" in served.output
    body, headers = fetch(f"{setup}climbpath-ca.crt")
    assert headers["content-type"] == "application/x-x509-ca-cert"
    offered = x509.load_pem_x509_certificate(body.encode())
    trusting = ssl.create_default_context(cadata=body)
    assert '"moonboard-2016"' in fetch(f"https://localhost:{served.port}/api/boards", trusting)[0]
    fingerprint = offered.fingerprint(SHA256()).hex(":").upper()
    page = fetch(setup)[0]
    for start in range(0, len(fingerprint), 24):
        assert fingerprint[start : start + 23] in page
        assert fingerprint[start : start + 23] in served.output


@with_model
def test_a_connection_without_tls_is_closed(served: Served) -> None:
    for sent in (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\x16\x03\x01\x00\x05hello", b""):
        with socket.create_connection(("127.0.0.1", served.port), timeout=10) as client:
            client.sendall(sent)
            client.shutdown(socket.SHUT_WR)
            assert b"HTTP/1.1 200" not in client.recv(1000)
    trusting = ssl.create_default_context(cafile=served.folder / "https/authority.pem")
    assert fetch(f"https://localhost:{served.port}/api/boards", trusting)


@with_model
def test_a_second_server_needs_other_ports(served: Served, tmp_path: Path) -> None:
    assert f"port {served.port}: Address already in use" in refused(tmp_path, port=served.port)
    # the port before it, which another program may take at any time, is then the one that is named
    before = served.port - 1
    message = refused(tmp_path, "--https", port=before)
    assert any(f"port {port}: Address already in use" in message for port in (before, served.port))


@with_model
def test_the_authority_survives_a_restart(tmp_path: Path) -> None:
    seen = []
    for _ in range(2):
        served = start(tmp_path, "--https")
        authority, _ = fetch(f"http://127.0.0.1:{served.port + 1}/climbpath-ca.crt")
        seen.append((authority, ssl.get_server_certificate(("127.0.0.1", served.port))))
        assert stop(served) == (0, "", "")
    assert seen[0][0] == seen[1][0]
    assert seen[0][1] != seen[1][1]


@with_model
def test_damaged_files_are_reported(tmp_path: Path) -> None:
    folder = tmp_path / "climbpath/https"
    folder.mkdir(parents=True)
    (folder / "authority.pem").write_text("nothing")
    assert f"{folder / 'authority.pem'} is damaged: restore it from a backup, or delete it" in refused(
        tmp_path, "--https"
    )
    (folder / "authority.pem").unlink()
    folder.rmdir()
    folder.write_text("a file")
    assert "Not a directory" in refused(tmp_path, "--https")


def test_the_setup_page_needs_a_next_port(tmp_path: Path) -> None:
    assert "65535 is not in the range" in refused(tmp_path, "--https", port=65535)


def test_responses_are_sent_without_delay() -> None:
    """Nagle's algorithm and delayed acknowledgements would add 40 ms to every response on an open connection."""

    async def is_undelayed() -> bool:
        no_delay = asyncio.get_running_loop().create_future()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connection = writer.get_extra_info("socket")
            no_delay.set_result(bool(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)))
            writer.close()

        listener = serving.listen("127.0.0.1", 0)
        async with await asyncio.start_server(serve, sock=listener):
            await asyncio.open_connection(*listener.getsockname())
            return await no_delay

    assert finish(is_undelayed())


@with_model
def test_an_address_that_the_authority_does_not_permit_gets_no_https(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    certificates.authority(tmp_path / "https", "192.168.1.20")
    monkeypatch.setattr(serving, "lan_address", lambda: "203.0.113.7")
    endpoint = serving.Endpoint("0.0.0.0", free_port(), tmp_path, https=True)
    with pytest.raises(ClimbpathError, match=r"certificate authority is not valid for 203\.0\.113\.7: choose another"):
        serving.serve(endpoint, Content(tmp_path / "book"), print)


@with_model
@pytest.mark.parametrize("https", [False, True])
def test_links_and_qr_codes_are_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, https: bool) -> None:

    def not_run(servers: Coroutine[None, None, None]) -> None:
        servers.close()

    monkeypatch.setattr(serving, "lan_address", lambda: "192.168.1.20")
    monkeypatch.setattr(asyncio, "run", not_run)
    port, output = free_port(), list[str]()
    serving.serve(serving.Endpoint("0.0.0.0", port, tmp_path, https), Content(tmp_path / "book"), output.append)
    end = f":{port}/?token={serving.access_token(tmp_path / 'https' if https else tmp_path)}"
    first = f"2. climbpath is at https://192.168.1.20{end}" if https else f"climbpath is at http://192.168.1.20{end}"
    assert first in output
    assert f"On this machine also at {'https' if https else 'http'}://localhost{end}" in output
    codes = [f"http://192.168.1.20:{port + 1}/"] if https else []
    codes += [first.split()[-1]]
    assert [text for text in output if "▄" in text] == [serving.qr_code(address) for address in codes]


@with_model
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_plain_http_serves_this_machine_and_stops_on_a_signal(tmp_path: Path, how: signal.Signals) -> None:
    served = start(tmp_path)
    address = f"http://localhost:{served.port}/"
    assert (
        served.output
        == f"climbpath is at {address}\nThe logbook is {served.folder / 'logbook.sqlite3'}. Stop with Ctrl-C.\n"
    )
    assert '"moonboard-2016"' in fetch(f"{address}api/boards")[0]
    assert not (served.folder / "token").exists()
    assert stop(served, how) == (0, "", "")


@with_model
def test_an_open_connection_does_not_delay_stopping(tmp_path: Path) -> None:
    served = start(tmp_path, "--https")
    trusting = ssl.create_default_context(cafile=served.folder / "https/authority.pem")
    with trusting.wrap_socket(socket.create_connection(("localhost", served.port)), server_hostname="localhost") as tls:
        tls.sendall(f"GET /api/boards HTTP/1.1\r\nHost: localhost:{served.port}\r\n\r\n".encode())
        assert tls.recv(15).startswith(b"HTTP/1.1 200")
        stopping = datetime.now(UTC)
        assert stop(served) == (0, "", "")
        assert datetime.now(UTC) - stopping < timedelta(seconds=5)


@with_model
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere 127.0.0.2 is not set up")
def test_phones_have_access_with_a_token_that_is_never_sent_over_plain_http(tmp_path: Path) -> None:
    tokens = []
    for https in ([], ["--https"]):
        served = start(tmp_path, "--host", "127.0.0.2", *https)
        link = next(line for line in served.output.splitlines() if "climbpath is at " in line).split()[-1]
        address, _, token = link.partition("?token=")
        tokens.append(token)
        trusting = ssl.create_default_context(cafile=served.folder / "https/authority.pem") if https else None
        with pytest.raises(urllib.error.HTTPError, match="401"):
            fetch(f"{address}api/boards", trusting)
        assert '"moonboard-2016"' in fetch(f"{address}api/boards", trusting, {"Authorization": f"Bearer {token}"})[0]
        cookie = cookie_of(link, trusting)
        assert cookie.startswith("__Host-" if https else "climbpath")
        assert ("Secure" in cookie) == bool(https)
        assert '"moonboard-2016"' in fetch(f"{address}api/boards", trusting, {"Cookie": cookie.partition(";")[0]})[0]
        if https:
            setup = f"http://127.0.0.2:{served.port + 1}/"
            page, _ = fetch(setup)
            assert token not in page
            assert f'href="{address}"' in page
        code, out, err = stop(served)
        assert (code, err) == (0, "")
        assert serving.qr_code(link) in out
        assert not https or serving.qr_code(setup) in served.output
    assert len(set(tokens)) == 2


def test_the_setup_page_is_guarded_and_detects_the_device(tmp_path: Path) -> None:
    with setup_page(tmp_path) as address:
        for path, media in (("", "text/html"), ("trust.css", "text/css"), ("icon.svg", "image/svg+xml")):
            _, headers = fetch(address + path)
            assert headers["content-type"].startswith(media)
            assert headers["cache-control"] == "no-store"
            assert all(headers[name.lower()] == value for name, value in HEADERS.items())
        for agent, device in (
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)", "iPhone, iPad"),
            ("Mozilla/5.0 (Linux; Android 15; Pixel 9)", "Android"),
            ("Mozilla/5.0 (Windows NT 10.0; Win64; x64)", "Windows"),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)", "Mac"),
            ("Mozilla/5.0 (X11; Linux x86_64)", "Linux"),
        ):
            page, _ = fetch(address, headers={"User-Agent": agent})
            assert page.count("<details open>") == 1
            assert page.split("<details open>")[1].split("</summary>")[0].endswith(f"<summary>{device}")
            assert "$" not in page


def test_the_setup_page_shows_a_strange_host_name_as_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "<b>$name")
    with setup_page(tmp_path) as address:
        assert "<b>climbpath on &lt;b&gt;$name</b>" in fetch(address)[0]


@pytest.mark.parametrize(("width", "height", "scheme"), [(360, 740, "dark"), (1280, 900, "light")])
def test_the_setup_page_in_a_browser(
    tmp_path: Path, chromium: Browser, width: int, height: int, scheme: Literal["dark", "light"]
) -> None:
    messages: list[str] = []
    with setup_page(tmp_path) as address:
        page = chromium.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
        page.on("console", lambda message: messages.append(message.text))
        page.goto(address)
        page.evaluate("document.querySelectorAll('details').forEach(device => device.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert Axe().run(page).response["violations"] == []
        page.close()
    assert messages == []
