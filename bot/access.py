"""Who somebody is to the service, and who may do what."""

from enum import IntEnum


class Rank(IntEnum):
    """What somebody may do, each more than the one before."""

    USER = 0
    ADMIN = 1
    """Runs the community: a Discord member who may manage channels, a Telegram group's administrator."""
    OWNER = 2
    """Runs the service: named in the configuration."""

    @property
    def called(self) -> str:
        """As the asker is told who may: "the people who run this server or group"."""
        return ("everybody", "the people who run this server or group", "the owner of this bot")[self]
