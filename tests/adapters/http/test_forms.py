"""adapters.http.forms: what is read of a form is what is written again, and nothing else gets in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.http.forms import MISREAD, MOST_FIELDS, MOST_FILES, File, Form, read_form
from adapters.http.refusals import Rejected

PRINTABLE = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
NAMES = PRINTABLE.filter(bool)
TYPES = st.sampled_from(["image/png", "audio/wav", "text/plain; charset=utf-16", "application/x-owl"])
FIELDS = NAMES.filter(lambda name: not set(name) & set(MISREAD))
PARTS = st.lists(
    st.tuples(FIELDS, st.text(st.characters(exclude_categories=["Cs"])) | st.builds(File, NAMES, TYPES, st.binary())),
    max_size=8,
)

TEXT = b'--a\r\nContent-Disposition: form-data; name="n"\r\n\r\nx\r\n'


@given(PARTS)
async def test_whatever_is_written_is_read_again(parts: list[tuple[str, str | File]]) -> None:
    """Texts, files, names that come twice; quotes, lines, backslashes, any alphabet."""
    body, type = await Form(parts).written()
    assert parts == (await read_form(type, body)).parts


@pytest.mark.parametrize("name", ["\\", "a\\b", 'a"'])
async def test_a_field_whose_name_may_be_misread_is_refused(name: str) -> None:
    """`name="\\\\"; filename="0"` would be a field with a long name, and no file."""
    body, type = await Form([(name, File("0", "image/png", b""))]).written()
    with pytest.raises(Rejected):
        await read_form(type, body)


async def test_a_file_may_hold_what_looks_like_the_end_of_the_form() -> None:
    body, type = await Form([("file", File("a", "text/plain", b"\r\n----\r\n"))]).written()
    boundary = type.partition("boundary=")[2].encode()
    inside = File("a", "text/plain", b"\r\n--" + b"a" + b"--\r\n" + TEXT)
    written, other = await Form([("file", inside)]).written()

    assert [("file", inside)] == (await read_form(other, written)).parts
    assert body.endswith(b"--" + boundary + b"--\r\n")


@pytest.mark.parametrize("name", ['a"\r\nX-Evil: 1\r\n\r\n', "a\nb", "a\rb", "a\0b"])
async def test_no_name_of_a_file_writes_a_header(name: str) -> None:
    """A form that names a file so is refused, wherever the name stands."""
    parts: list[tuple[str, str | File]] = [("file", File(name, "image/png", b"1")), (name, "x")]
    for part in parts:
        try:
            body, type = await Form([part]).written()
        except Rejected:
            continue
        assert [part] == (await read_form(type, body)).parts


@pytest.mark.parametrize(
    ("type", "body"),
    [
        ("multipart/form-data", TEXT),
        ("multipart/form-data; boundary=", TEXT),
        ("multipart/form-data; boundary=\xe9", TEXT),
        ("multipart/form-data; boundary=b", TEXT),
        ("multipart/form-data; boundary=a", b"x"),
        ("multipart/form-data; boundary=a", b"--a\r\nno header\r\n\r\nx\r\n--a--"),
        ("multipart/form-data; boundary=a", b"--a\r\nContent-Disposition: form-data\r\n\r\nx\r\n--a--"),
    ],
)
async def test_what_is_no_form_is_refused(type: str, body: bytes) -> None:
    with pytest.raises(Rejected) as refused:
        await read_form(type, body)
    assert (400, "invalid_form") == (refused.value.status, refused.value.code)


@pytest.mark.parametrize("type", ["", "application/json", "text/plain; x=multipart/form-data"])
async def test_another_type_is_told_which_is_taken(type: str) -> None:
    with pytest.raises(Rejected, match="multipart/form-data") as refused:
        await read_form(type, b"{}")
    assert 415 == refused.value.status


@given(st.binary(max_size=200), st.binary(max_size=40))
async def test_garbage_is_a_form_or_refused(body: bytes, more: bytes) -> None:
    for data in (body, TEXT + body, TEXT.replace(b"x", body) + b"--a" + more):
        try:
            await read_form("multipart/form-data; boundary=a", data)
        except Rejected:
            continue


@pytest.mark.parametrize(
    ("part", "most"), [("x", MOST_FIELDS), (File("a.png", "image/png", b"1"), MOST_FILES)], ids=["texts", "files"]
)
async def test_a_form_has_so_many_parts_and_no_more(part: str | File, most: int) -> None:
    """Each costs memory, and a temporary file."""
    body, type = await Form([("a", part)] * most).written()
    assert most == len((await read_form(type, body)).parts)

    body, type = await Form([("a", part)] * (most + 1)).written()
    with pytest.raises(Rejected):
        await read_form(type, body)


async def test_other_texts_stand_in_place_of_those_of_a_field() -> None:
    form = Form([("model", "a"), ("image", File("a", "image/png", b"1")), ("model", "b"), ("n", "2")])

    assert {"model": "b", "n": "2"} == form.texts
    assert {"model": "owl", "n": "2"} == form.replaced({"model": "owl"}).texts
    assert 3 == len(form.replaced({"model": "owl"}).parts)
    assert form.files == form.replaced({"model": "owl"}).files


async def test_a_file_without_a_name_or_a_type_gets_one() -> None:
    body = b'--a\r\nContent-Disposition: form-data; name="f"; filename=""\r\n\r\nx\r\n--a--\r\n'
    form = await read_form("Multipart/Form-Data; boundary=a", body)
    assert [File("file", "application/octet-stream", b"x")] == form.files
