"""Who somebody is to the service, and who may do what."""

from enum import IntEnum


class Rank(IntEnum):
    """What somebody may do, each more than the one before."""

    GUEST = 0
    """May look, and use what newcomers are given."""
    USER = 1
    CLIENT = 2
    """Issues keys to users of their own, within a share that an admin gave."""
    ADMIN = 3
    """Runs the community: a Discord member who may manage the server, a Telegram group's administrator."""
    OWNER = 4
    """Runs the service: named in the configuration, or has claimed it."""

    @property
    def called(self) -> str:
        """As the asker is told who may: "the people who run this server or group"."""
        return (
            "everybody",
            "members",
            "those who issue keys here",
            "the people who run this server or group",
            "the owner of this bot",
        )[self]
