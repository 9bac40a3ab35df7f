"""What the server writes to standard error: lines of text for a person, or JSON for a collector of logs."""

import json
import logging.config
from datetime import UTC, datetime
from typing import Any

from climbpath.terminal import printable

FORMATS = ("text", "json")
SERVER = logging.getLogger("climbpath.server")
"""What happens to the server itself."""
REQUESTS = logging.getLogger("climbpath.requests")
"""A line for each request, in JSON only: strangers could fill a terminal with theirs."""
USUAL_FIELDS = frozenset(vars(logging.makeLogRecord({})))


class _Plain(logging.Formatter):
    """Writes out control characters: errors may quote what strangers sent."""

    def format(self, record: logging.LogRecord) -> str:
        return printable(super().format(record))


class _Json(logging.Formatter):
    """One object to a line, with whatever else a record says."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
        }
        line |= {name: value for name, value in vars(record).items() if name not in USUAL_FIELDS}
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def configure(kind: str) -> None:
    """Write this process's logs in one of FORMATS."""
    terminal = {"handlers": ["terminal"], "propagate": False}
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"text": {"()": _Plain, "fmt": "%(levelname)s: %(message)s"}, "json": {"()": _Json}},
            "handlers": {"terminal": {"class": "logging.StreamHandler", "formatter": kind}},
            "loggers": {
                "uvicorn": terminal,
                "asyncio": terminal,
                SERVER.name: terminal,
                REQUESTS.name: terminal | {"level": "INFO" if kind == "json" else "ERROR"},
            },
        }
    )
