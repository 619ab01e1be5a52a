"""Of a picture only that is kept which it takes to draw it; written by Pillow, and looked at by Pillow again."""

import io

import pytest
from PIL import Image, PngImagePlugin

from portability.agreements.errors import InputError
from portability.services.workers.declarations.recognising import recognised
from tests.services.workers.papers import JPEG, PNG

PLACE = "41 deg 53' 24.8\" N"
TOLD = (b"Exif", b"Rossi", b"Pixel", b"2026:11:21", b"ftypmp4", b"JFXX", b"http://ns.adobe.com", b"ICC_PROFILE")


def told_by_a_phone(turned: int = 6) -> bytes:
    """Exif as a phone writes it: device, time, place to the metre, and which way up it was held."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x013B], exif[0x0132] = "Google", "Pixel 9", "Rosa Rossi", "2026:11:21 10:00:00"
    exif[0x0112] = turned
    place = exif.get_ifd(0x8825)
    place[1], place[2], place[3], place[4] = "N", (41.0, 53.0, 24.8), "E", (12.0, 29.0, 32.6)
    return exif.tobytes()


def drawn() -> Image.Image:
    """A picture in which every dot differs from the next, so that a scan holds many stuffed bytes."""
    return Image.frombytes("RGB", (97, 61), bytes((place * 7919 >> 3) % 256 for place in range(97 * 61 * 3)))


def saved(kind: str, image: Image.Image | None = None, **more: object) -> bytes:
    made = io.BytesIO()
    (image or drawn()).save(made, kind, **more)
    return made.getvalue()


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


@pytest.mark.parametrize(
    "more",
    [{}, {"progressive": True}, {"quality": 30, "subsampling": 2}, {"restart_marker_blocks": 2}, {"optimize": True}],
)
def test_a_photo_loses_place_time_and_device_and_no_dot(more: dict[str, object]) -> None:
    before = saved(
        "JPEG", exif=told_by_a_phone(), comment="by Rossi", icc_profile=b"profile of Pixel 9" * 20,
        xmp=b"http://ns.adobe.com/xap/1.0/ Rossi", **more,
    )  # fmt: skip
    assert dict(Image.open(io.BytesIO(before)).getexif().get_ifd(0x8825))[2] == (41.0, 53.0, 24.8)
    after = recognised(before + b"ftypmp4" * 99).content  # a film behind it
    assert opened(after).tobytes() == opened(before).tobytes()
    assert dict(opened(after).getexif()) == {0x0112: 6}
    assert {"exif", "jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi", "progressive", "progression"} >= (
        opened(after).info.keys()
    )
    assert not [one for one in TOLD[1:] if one in after]
    assert recognised(after).content == after


@pytest.mark.parametrize("turned", range(10))
def test_a_photo_stays_the_right_way_up(turned: int) -> None:
    after = recognised(saved("JPEG", exif=told_by_a_phone(turned))).content
    assert dict(opened(after).getexif()) == ({0x0112: turned} if 2 <= turned <= 8 else {})


def test_another_picture_behind_the_first_goes_with_its_own_place() -> None:
    before = saved("MPO", save_all=True, append_images=[drawn().resize((20, 20))], exif=told_by_a_phone())
    after = recognised(before).content
    assert len(after) < len(before)
    assert after.count(b"\xff\xd8\xff") == 1
    assert opened(after).tobytes() == opened(before).tobytes()


def test_colours_of_a_scanner_stay_as_they_were() -> None:
    before = saved("JPEG", drawn().convert("CMYK"), comment="Rossi")
    after = recognised(before).content
    assert b"Adobe" in after
    assert opened(after).tobytes() == opened(before).tobytes()


def test_a_picture_of_a_screen_loses_what_is_written_beside_it() -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Author", "Rosa Rossi")
    notes.add_text("Comment", "Rossi" * 50, zip=True)
    notes.add_itxt("XML:com.adobe.xmp", PLACE)
    seen = drawn().quantize(16)
    seen.info["transparency"] = 3
    before = saved(
        "PNG", seen, pnginfo=notes, exif=told_by_a_phone(), icc_profile=b"profile of Pixel 9", dpi=(300, 300)
    )
    after = recognised(before + b"Rossi").content
    assert opened(after).convert("RGBA").tobytes() == opened(before).convert("RGBA").tobytes()
    assert opened(after).info.keys() == {"transparency", "dpi"}
    assert not [one for one in TOLD if one in after]
    assert recognised(after).content == after


def test_what_says_nothing_stays_byte_for_byte() -> None:
    assert (recognised(JPEG).content, recognised(PNG).content) == (JPEG, PNG)


@pytest.mark.parametrize(
    "tiff",
    [
        b"",
        b"II",
        b"MM\x00\x2a\xff\xff\xff\xff",
        b"MM\x00\x2a\x00\x00\x00\x08\xff\xff\x01\x12",
        b"II\x2a\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\xff\xff\x00\x00",
    ],
)
def test_notes_that_are_broken_say_nothing(tiff: bytes) -> None:
    note = b"Exif\x00\x00" + tiff
    segment = b"\xff\xe1" + (len(note) + 2).to_bytes(2, "big") + note
    assert recognised(JPEG[:2] + segment + JPEG[2:]).content == JPEG


@pytest.mark.parametrize(
    "content",
    [
        JPEG[:-2] + b"\xff\x00" * 50_000,  # a scan that never ends
        JPEG[:2] + b"\xff\xe1\x00\x02" * 20_000 + JPEG[2:],  # notes without end
        JPEG[:2] + b"\xff\xe1\xff\xff" + JPEG[2:],  # a note longer than the file
    ],
)
def test_what_would_never_end_is_refused(content: bytes) -> None:
    with pytest.raises(InputError):
        recognised(content)
