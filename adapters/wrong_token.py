"""What a platform's client raises that is not let in. It weighs nothing, whatever the client does."""


class WrongToken(Exception):
    """The platform does not know the bot's token."""
