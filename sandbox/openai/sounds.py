"""Sounds: a tone in three formats, and how long a recording lasts."""

import io
import math
import struct
import wave

RATE = 24_000
"""Samples in a second, of 16 bits, one channel: OpenAI's own (platform.openai.com/docs/guides/text-to-speech)."""

PITCH = 220.0
"""Of the tone, in hertz."""

MP3_FRAME = b"\xff\xfb\x90\xc4" + bytes(413)
"""One frame of silence: MPEG-1 Layer III, 128 kbit/s, 44.1 kHz. All zeros after the header are no sound at all."""

MP3_FRAME_SECONDS = 1152 / 44_100
BYTES_PER_SECOND = 16_000
"""Of compressed sound, at 128 kbit/s."""


def pcm(seconds: float) -> bytes:
    """A tone, in samples alone."""
    period = [round(8_000 * math.sin(2 * math.pi * PITCH * at / RATE)) for at in range(round(RATE / PITCH))]
    samples = struct.pack(f"<{len(period)}h", *period)
    size = round(seconds * RATE) * 2
    return (samples * (size // len(samples) + 1))[:size]


def wav(seconds: float) -> bytes:
    """A tone, as a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setparams((1, 2, RATE, 0, "NONE", ""))
        sound.writeframes(pcm(seconds))
    return file.getvalue()


def mp3(seconds: float) -> bytes:
    """Silence, as an MP3 file: a tone would take an encoder."""
    return MP3_FRAME * math.ceil(seconds / MP3_FRAME_SECONDS)


def seconds_of(name: str, data: bytes) -> float:
    """
    How long a recording lasts: a WAV is read, anything else is judged by its size.

    Raises:
        ValueError: A WAV that is none.
    """
    if not name.lower().endswith(".wav"):
        return len(data) / BYTES_PER_SECOND
    try:
        with wave.open(io.BytesIO(data)) as sound:
            frames = min(sound.getnframes(), len(data) // (sound.getnchannels() * sound.getsampwidth()))
            return float(frames / sound.getframerate())
    except (wave.Error, EOFError, ZeroDivisionError) as error:
        raise ValueError(f"not a WAV file: {error}") from error
