"""Speech and transcriptions."""

import io
import wave
from typing import Any

import aiohttp
import openai
import pytest
from openai import AsyncOpenAI

from sandbox.openai import demo, sounds, tokens
from sandbox.openai.script import say
from sandbox.openai.server import OpenAI

SPEECH = "parley-demo-speech"
TRANSCRIPTION = "parley-demo-transcription"
WORDS = "The owl hears the mouse long before it sees it."

FORM: Any = {"headers": {"Content-Type": "multipart/form-data"}}


async def speak(client: AsyncOpenAI, text: str = WORDS, **options: Any) -> bytes:
    answer = await client.audio.speech.create(model=SPEECH, voice="alloy", input=text, **options)
    return answer.content


async def hear(client: AsyncOpenAI, name: str = "owl.wav", data: bytes | None = None, **options: Any) -> Any:
    file = (name, sounds.wav(1.4) if data is None else data)
    return await client.audio.transcriptions.create(**{"model": TRANSCRIPTION, "file": file, **options})


async def test_words_are_spoken(provider: OpenAI, client: AsyncOpenAI) -> None:
    """As long as they would take, paid for by characters, tokens or seconds: the bill has all three."""
    with wave.open(io.BytesIO(await speak(client, response_format="wav"))) as sound:
        seconds = sound.getnframes() / sound.getframerate()

    (bill,) = provider.books.invoice
    assert len(WORDS) / 15 == pytest.approx(seconds, abs=0.001) == pytest.approx(bill.seconds, abs=0.001)
    assert ("audio.speech", len(WORDS), tokens.count(WORDS)) == (bill.route, bill.characters, bill.prompt)


async def test_speech_comes_in_several_formats(client: AsyncOpenAI) -> None:
    """MP3 for who does not say."""
    silence = await speak(client)
    pcm = await speak(client, response_format="pcm", speed=2.0)

    assert silence.startswith(b"\xff\xfb")
    assert len(WORDS) / 15 == pytest.approx(sounds.seconds_of("owl.mp3", silence), abs=0.1)
    assert len(WORDS) / 30 == pytest.approx(len(pcm) / 2 / sounds.RATE, abs=0.001)


async def test_the_media_type_is_that_of_the_format(client: AsyncOpenAI) -> None:
    """A browser plays nothing else."""
    for form, kind in (("mp3", "audio/mpeg"), ("wav", "audio/wav"), ("pcm", "audio/pcm")):
        answer = await client.audio.speech.with_raw_response.create(
            model=SPEECH,
            voice="alloy",
            input="Hoo.",
            response_format=form,  # type: ignore[arg-type]
        )

        assert kind == answer.headers["content-type"]


BAD_SPEECH: dict[str, tuple[dict[str, Any], str, str | None]] = {
    "nothing to say": ({"input": ""}, "input", "string_below_min_length"),
    "too much to say": ({"input": "a" * 4097}, "input", "string_above_max_length"),
    "an unknown voice": ({"voice": "owl"}, "voice", "invalid_value"),
    "no voice": ({"voice": None}, "voice", "invalid_type"),
    "a format that it does not know": ({"response_format": "opus"}, "response_format", "invalid_value"),
    "too fast": ({"speed": 4.5}, "speed", "decimal_above_max_value"),
    "events": ({"stream_format": "sse"}, "stream_format", "invalid_value"),
    "an unknown parameter": ({"owl": 1}, "owl", "unknown_parameter"),
}


@pytest.mark.parametrize(("options", "param", "code"), BAD_SPEECH.values(), ids=BAD_SPEECH.keys())
async def test_bad_speech_is_refused(client: AsyncOpenAI, options: dict[str, Any], param: str, code: str) -> None:
    """What slips through here would fail at OpenAI."""
    body = {"model": SPEECH, "voice": "alloy", "input": "Hoo.", **options}

    with pytest.raises(openai.BadRequestError) as caught:
        await client.post("/audio/speech", body=body, cast_to=object)

    assert (param, code) == (caught.value.param, caught.value.code)


async def test_a_recording_is_written_down(provider: OpenAI, client: AsyncOpenAI) -> None:
    """What the script says; paid for by the second, begun ones as whole."""
    provider.queue(say("Hoo, hoo."))

    answer = await hear(client, prompt="owls", language="en")

    assert ("Hoo, hoo.", "duration", 2) == (answer.text, answer.usage.type, answer.usage.seconds)
    (bill,) = provider.books.invoice
    assert ("audio.transcriptions", 2, 0) == (bill.route, bill.seconds, bill.total)
    asked = provider.books.requests[-1]
    assert ("owls", "owl.wav") == (asked["prompt"], asked["file"].name)


async def test_a_transcript_can_be_plain_text(provider: OpenAI, client: AsyncOpenAI) -> None:
    """Then it is no JSON at all."""
    provider.queue(say("Hoo, hoo. 🦉"))

    assert "Hoo, hoo. 🦉\n" == await hear(client, response_format="text")


async def test_a_transcript_can_tell_of_every_word(provider: OpenAI, client: AsyncOpenAI) -> None:
    """With times that fill the recording."""
    provider.queue(say("Hoo, hoo."))

    answer = await hear(client, response_format="verbose_json", timestamp_granularities=["word", "segment"])

    assert 1.4 == answer.duration
    assert [("Hoo,", 0.0, 0.7), ("hoo.", 0.7, 1.4)] == [(one.word, one.start, one.end) for one in answer.words]
    assert ["Hoo, hoo."] == [one.text for one in answer.segments]
    assert 2 == answer.usage.seconds


async def test_other_formats_are_judged_by_their_size(provider: OpenAI, client: AsyncOpenAI) -> None:
    """Nothing here can read them, and a bill is wanted all the same."""
    await hear(client, "owl.mp3", sounds.mp3(2.5))

    assert 3 == provider.books.invoice[0].seconds


async def test_the_demo_model_says_that_it_did_not_listen(client: AsyncOpenAI) -> None:
    """Nobody should think it understood."""
    assert demo.TRANSCRIPT == (await hear(client)).text


BAD_RECORDINGS: dict[str, tuple[dict[str, Any], str | None, str | None]] = {
    "another kind of file": ({"name": "owl.txt"}, None, None),
    "a broken file": ({"data": b"RIFFowl"}, "file", "invalid_value"),
    "too short a recording": ({"data": sounds.wav(0.05)}, "file", "audio_too_short"),
    "an unknown format": ({"response_format": "owl"}, "response_format", "invalid_value"),
    "a strange language": ({"language": "Owlish"}, "language", "invalid_value"),
    "too hot": ({"temperature": 1.5}, "temperature", "decimal_above_max_value"),
    "no number": ({"temperature": "nan"}, "temperature", "invalid_type"),
    "what the models cannot do": ({"stream": True}, "stream", "unsupported_parameter"),
    "an unknown parameter": ({"extra_body": {"owl": "1"}}, "owl", "unknown_parameter"),
}


@pytest.mark.parametrize(("options", "param", "code"), BAD_RECORDINGS.values(), ids=BAD_RECORDINGS.keys())
async def test_a_bad_recording_is_refused(
    client: AsyncOpenAI, options: dict[str, Any], param: str | None, code: str | None
) -> None:
    """What slips through here would fail at OpenAI."""
    with pytest.raises(openai.BadRequestError) as caught:
        await hear(client, **options)

    assert (param, code) == (caught.value.param, caught.value.code)


async def test_a_form_needs_a_file(client: AsyncOpenAI) -> None:
    """Said as everywhere else."""
    with pytest.raises(openai.BadRequestError, match="Missing required parameter: 'file'"):
        await client.post("/audio/transcriptions", body={}, files={"model": (None, b"x")}, cast_to=object, options=FORM)


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=owl"])
async def test_a_form_without_an_end_is_refused(provider: OpenAI, kind: str) -> None:
    """Whatever a program sends, it gets an answer in OpenAI's form."""
    headers = {"Authorization": f"Bearer {provider.api_key}", "Content-Type": kind}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{provider.base_url}/audio/transcriptions", data=b"owl") as response,
    ):
        assert (400, "Could not parse multipart form") == (
            response.status,
            (await response.json())["error"]["message"],
        )
