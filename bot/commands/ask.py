"""/ask: a question to the model."""

from bot.commands.spec import Command, Param

ASK = Command(
    "ask",
    "Ask the model something",
    run=None,
    params=(
        Param("prompt", "What you want to know", required=True),
        Param("private", "Show the answer to you alone", choices=("yes", "no")),
    ),
    aside=False,
)
