"""Every figure that the simulator enforces. A test may change any of them at any time."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Quota:
    """So many calls in so many seconds."""

    limit: int
    seconds: float


def quotas() -> dict[str, Quota]:
    """
    The buckets that differ from `Rules.quota`, by bucket name.

    Discord publishes none of them ("rate limits should not be hard coded"); these are what its headers are
    commonly seen to say.
    """
    return {
        "POST /channels/{channel_id}/messages": Quota(5, 5.0),
        "PATCH /channels/{channel_id}/messages/{message_id}": Quota(5, 5.0),
        "DELETE /channels/{channel_id}/messages/{message_id}": Quota(5, 1.0),
        "POST /channels/{channel_id}/typing": Quota(5, 5.0),
        "PUT /channels/{channel_id}/messages/{message_id}/reactions/{emoji}/@me": Quota(1, 0.25),
        "interaction webhook": Quota(5, 5.0),
    }


@dataclass(slots=True)
class Rules:
    """
    Discord's figures, all times in seconds.

    Sources: interactions, docs.discord.com/developers/interactions/receiving-and-responding; gateway,
    docs.discord.com/developers/events/gateway; HTTP, docs.discord.com/developers/topics/rate-limits; commands,
    docs.discord.com/developers/interactions/application-commands. Where Discord says only "a few minutes", the
    figure is ours: `nonce_seconds`, `session_seconds`, `replay_events`, `ban_seconds`.
    """

    ack_seconds: float = 3.0
    token_seconds: float = 900.0
    nonce_seconds: float = 300.0

    heartbeat_seconds: float = 41.25
    identify_seconds: float = 5.0
    max_concurrency: int = 1
    shards: int = 1
    starts_per_day: int = 1000
    sends: Quota = Quota(120, 60.0)
    payload_bytes: int = 4096
    session_seconds: float = 180.0
    replay_events: int = 1000

    quotas: dict[str, Quota] = field(default_factory=quotas)
    quota: Quota = Quota(50, 1.0)
    everything: Quota = Quota(50, 1.0)
    invalid: Quota = Quota(10_000, 600.0)
    ban_seconds: float = 600.0

    file_bytes: int = 10 * 1024 * 1024
    request_bytes: int = 25 * 1024 * 1024
    command_creates_per_day: int = 200
