"""A climber's height and ape index in a request."""

from climbpath.beta.body import DEFAULT_CLIMBER, Climber
from climbpath.web.schemas.base import Model
from climbpath.web.schemas.fields import Ape, Height


class ClimberBody(Model):
    """A climber's height and ape index (arm span minus height), in cm."""

    height: Height = DEFAULT_CLIMBER.height
    ape: Ape = DEFAULT_CLIMBER.ape

    def climber(self) -> Climber:
        """The climber that the body describes."""
        return Climber(self.height, self.ape)
