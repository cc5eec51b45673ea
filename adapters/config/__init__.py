"""One YAML file and the environment -> Config, with every mistake in one report."""

from adapters.config.load import load
from adapters.config.mistakes import BadConfig, Mistake, hidden
from adapters.config.shape import Config

__all__ = ["BadConfig", "Config", "Mistake", "hidden", "load"]
