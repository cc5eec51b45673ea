"""
How many bytes an answer may have, by what was asked: a provider that sends more than that is cut off.

All of it is generous. What a provider may say is bounded by tokens, pictures or seconds, and this is how they are
written down.
"""

from adapters.http.asked import Asked

BESIDE = 1 << 20
"""Bytes of what stands beside the answer itself."""

LARGEST = 64 << 20
"""Bytes of an answer that is kept until it is all there."""

TOKEN = 256
"""Bytes of a token in an answer that comes whole: a long one, with each of its letters escaped."""

EVENT = 1_024
"""Bytes of a token in a stream, where it has an event of its own; some say with each what their filters found."""

LIKELY = 200
"""Bytes of a token, in other places than its own, that was likely there."""

MOST_LIKELY = 100
"""Such tokens in one place. OpenAI tells 20."""

ECHOES = 3
"""How often what was asked may come back: three events of a response have its instructions and tools in them."""

VECTOR = 256 << 10
"""Bytes of one text's vector: 8,192 numbers, and room for more."""

PICTURE = 16 << 20
"""Bytes of a picture in base64, with what is shown of it before it is ready."""

SECOND = 200 << 10
"""Bytes of a second of sound, uncompressed; what is written down of one has far less."""


def largest(asked: Asked, longest: int, *, stream: bool) -> int:
    """The most bytes of an answer, whose tokens are `longest` at most, all its choices together."""
    if asked.images:
        return BESIDE + asked.images * PICTURE
    if asked.seconds:
        return BESIDE + asked.seconds * SECOND
    if not longest:
        return BESIDE + _texts(asked) * VECTOR
    each = (EVENT if stream else TOKEN) + _likely(asked) * LIKELY
    return BESIDE + ECHOES * asked.prompt * TOKEN + longest * each


def _texts(asked: Asked) -> int:
    """How many texts are embedded at most."""
    given = asked.fields.get("input")
    return len(given) if isinstance(given, list) else 1


def _likely(asked: Asked) -> int:
    """How many tokens are told for each place in the answer, beside the one that is there."""
    if not asked.fields.get("logprobs") and "top_logprobs" not in asked.fields:
        return 0
    number = asked.fields.get("top_logprobs")
    return 1 + min(number, MOST_LIKELY) if isinstance(number, int) and number > 0 else 1
