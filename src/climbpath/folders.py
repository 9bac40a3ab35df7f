"""Where climbpath keeps what is a user's own: boards, the logbook, settings."""

import os
from pathlib import Path

import platformdirs

HOME = "CLIMBPATH_HOME"
"""The environment variable that names one folder for everything."""


def data_folder() -> Path:
    """The folder of the logbook, of boards that were imported, and of graders of the user's own."""
    home = os.environ.get(HOME)
    return Path(home) if home else platformdirs.user_data_path("climbpath")


def boards_folder() -> Path:
    """The folder of boards that were imported, one JSON file for each."""
    return data_folder() / "boards"


def graders_folder() -> Path:
    """The folder of the user's own graders, which are used before the bundled ones."""
    return data_folder() / "graders"


def settings_file() -> Path:
    """The file of the settings that the shell remembers."""
    home = os.environ.get(HOME)
    return (Path(home) if home else platformdirs.user_config_path("climbpath")) / "settings.json"
