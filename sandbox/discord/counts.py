"""What was asked of the simulator, for tests that count."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Counts:
    """
    `calls` are by name ("POST /channels/{channel_id}/messages"), refused ones included; `statuses` by HTTP status.

    `limited` counts the answers 429, `invalid` what counts towards a ban, `refused` the connections that the gateway
    did not take.
    """

    calls: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    limited: int = 0
    invalid: int = 0
    identifies: int = 0
    resumes: int = 0
    refused: int = 0
