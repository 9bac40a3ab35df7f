"""What lets another device in."""

from pydantic import BaseModel


class CodeOut(BaseModel):
    """A link, and its QR code: rows of dark modules, 1, and light ones, 0."""

    link: str
    code: list[str]


class InvitationOut(BaseModel):
    """The links that let another device in, the one to trust this machine first; null where there is none."""

    app: CodeOut | None
    setup: CodeOut | None
    climber: CodeOut | None
    """The link for another device of the climber's own, where each climber has a token."""
