"""A PostgreSQL of its own, from the system's packages, for tests and benchmarks; it can be restarted and killed."""

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from dev import postgres_programs

MISSING = "there is no PostgreSQL: on Debian run 'apt-get install postgresql'"


class Postgres:
    """A running server, with its data in a folder."""

    def __init__(self, folder: Path) -> None:
        bin_folder = postgres_programs()
        assert bin_folder, MISSING
        self.bin, self.data, self.folder = bin_folder, folder / "data", folder
        # it refuses to run as root
        self.user = ["runuser", "-u", "postgres", "--"] if os.name == "posix" and os.geteuid() == 0 else []
        if self.user:
            shutil.chown(folder, "postgres")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._run("initdb", "-D", self.data, "-U", "climbpath", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        self.start()

    def url(self, schema: str = "public") -> str:
        """The URL of a logbook in this schema, which must exist."""
        return f"postgresql://climbpath@127.0.0.1:{self.port}/postgres?options=-csearch_path%3D{schema}"

    def sql(self, statement: str) -> str:
        """What psql prints for a statement."""
        place = ("-h", "127.0.0.1", "-p", str(self.port), "-U", "climbpath", "-d", "postgres")
        return self._run("psql", *place, "-qAtX", "-v", "ON_ERROR_STOP=1", "-c", statement)

    def start(self) -> None:
        """Start, and wait until connections are accepted."""
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1"
        self._run("pg_ctl", "-D", self.data, "-o", options, "-l", self.folder / "log", "-w", "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop: 'fast' ends connections, 'immediate' is a crash, after which the server recovers from its log."""
        self._run("pg_ctl", "-D", self.data, "-m", mode, "-w", "stop")

    def kill(self) -> None:
        """Kill the server's first process, and with it the others."""
        os.kill(int((self.data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)

    def _run(self, program: str, *arguments: object) -> str:
        command = [*self.user, str(self.bin / program), *map(str, arguments)]
        # the server would inherit a pipe, and keep it open
        out = (self.folder / f"{program}.out").open("w+")
        with out:
            done = subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, cwd=self.folder, check=False)
            out.seek(0)
            printed = out.read().strip()
        if done.returncode:
            raise RuntimeError(f"{program} failed: {printed}")
        return printed


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A new server, which is stopped at the end."""
    with TemporaryDirectory(prefix="climbpath-postgres-") as folder:
        server = Postgres(Path(folder))
        try:
            yield server
        finally:
            server.stop("immediate")
