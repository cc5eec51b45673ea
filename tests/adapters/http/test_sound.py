"""adapters.http.sound: how long a recording is, whoever says so."""

import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.http.sound import FASTEST, SLOWEST, seconds_of
from sandbox.openai.sounds import mp3, wav

ENDINGS = ("wav", "mp3", "m4a", "mp4", "ogg", "oga", "flac", "opus", "aiff", "wma", "webm", "")


@pytest.mark.parametrize(("seconds", "expected"), [(0.2, 1), (1.0, 1), (2.5, 3), (61.0, 61)])
def test_a_wav_is_as_long_as_it_says(seconds: float, expected: int) -> None:
    assert expected == seconds_of(wav(seconds), "hoo.wav")


@pytest.mark.parametrize("seconds", [3.0, 60.0])
def test_an_mp3_is_as_long_as_its_frames(seconds: float) -> None:
    """Rounded up, and never less."""
    assert seconds <= seconds_of(mp3(seconds), "hoo.mp3") <= seconds + 1


@pytest.mark.parametrize("name", ["hoo.webm", "hoo", "", "hoo.wav", "hoo.mp3", "../../etc/passwd", "/dev/zero"])
def test_of_what_nobody_can_read_the_size_counts(name: str) -> None:
    """Rather too long: 2,000 bytes are a second. A name opens no file."""
    assert 5 == seconds_of(b"\x1a\x45\xdf\xa3" + b"x" * (5 * SLOWEST - 4), name)
    assert 1 == seconds_of(b"x", name)


def test_nothing_is_no_time() -> None:
    assert 0 == seconds_of(b"", "hoo.wav")


def test_a_name_that_lies_makes_no_recording_shorter() -> None:
    """What a file is called is its sender's to choose."""
    assert 61 == seconds_of(wav(61.0), "hoo")
    assert all(61 <= seconds_of(wav(61.0), f"hoo.{ending}") for ending in ENDINGS)


@pytest.mark.parametrize("rate", [1 << 31, (1 << 32) - 1])
def test_a_forged_header_does_not_make_a_recording_short(rate: int) -> None:
    """It says that its samples are played a million times as fast."""
    honest = wav(600.0)
    forged = honest[:24] + struct.pack("<II", rate, min(2 * rate, (1 << 32) - 1)) + honest[32:]

    assert len(honest) // FASTEST <= seconds_of(forged, "hoo.wav") <= 600
    assert 1 < seconds_of(forged, "hoo.wav")


@given(st.binary(max_size=300), st.integers(0, 200), st.sampled_from(ENDINGS), st.sampled_from([wav(0.1), mp3(0.1)]))
@example(struct.pack("<I", 0), 24, "wav", wav(0.1))
def test_whatever_comes_has_a_length(garbage: bytes, at: int, ending: str, sound: bytes) -> None:
    """Headers of every kind with garbage in them: no error, and never shorter than sound can be."""
    for data in (garbage, sound[:at] + garbage + sound[at + len(garbage) :], sound[:at]):
        assert len(data) // FASTEST <= seconds_of(data, f"hoo.{ending}")
