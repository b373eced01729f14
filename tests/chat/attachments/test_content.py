"""What a file is, by its content."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from supportbot.chat.attachments.content import PIXELS, Unusable, read, safe_name
from tests.files import SECRET, moving, pdf, picture


@pytest.mark.parametrize("format", ["PNG", "JPEG", "GIF", "WEBP"])
def test_a_picture_stands_upright_and_tells_nothing_beside_its_pixels(format: str) -> None:
    data = picture(format)
    assert SECRET.encode() in data
    found = read(data)
    assert found.content_type == f"image/{format.lower()}" and found.small
    assert SECRET.encode() not in found.data and SECRET.encode() not in found.small
    upright = (60, 80) if format != "GIF" else (80, 60)
    assert Image.open(BytesIO(found.data)).size == upright == (found.width, found.height)


@pytest.mark.parametrize("format", ["GIF", "WEBP"])
def test_a_moving_picture_goes_on_moving(format: str) -> None:
    found = read(moving(format))
    with Image.open(BytesIO(found.data)) as image:
        assert getattr(image, "n_frames", 1) == 3


def test_a_clear_picture_stays_clear() -> None:
    written = BytesIO()
    Image.new("RGBA", (900, 900), (0, 0, 0, 0)).save(written, "PNG")
    small = Image.open(BytesIO(read(written.getvalue()).small or b""))
    assert small.mode == "RGBA" and small.size == (640, 640)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"MZ\x90\x00 a program",
        picture("PNG")[:60],
        b"%PDF-1.7 nothing more",
        pdf(password="secret"),
        b"II*\x00" + bytes(200),
    ],
)
def test_what_is_no_picture_and_no_readable_pdf_is_refused(data: bytes) -> None:
    with pytest.raises(Unusable):
        read(data)


def test_a_bomb_is_refused_before_it_is_decoded() -> None:
    written = BytesIO()
    Image.new("1", (PIXELS // 1000 + 1, 1000)).save(written, "PNG")
    assert len(written.getvalue()) < 100_000
    with pytest.raises(Unusable, match="too many pixels"):
        read(written.getvalue())


def test_a_name_has_no_path_no_trick_and_the_ending_of_its_content() -> None:
    assert safe_name("../../etc/passwd", "PNG") == "passwd.png"
    assert safe_name("C:\\Users\\me\\holiday.PNG", "JPEG") == "holiday.jpg"
    assert safe_name("invoice\u202egnp.exe", "PDF") == "invoicegnp.pdf"
    assert safe_name('a<b>:"c|?*\n.gif', "GIF") == "a_b_c_.gif"
    assert safe_name("...", "PDF") == "file.pdf"
    assert safe_name("Rechnung März.pdf", "PDF") == "Rechnung März.pdf"
    assert len(safe_name("x" * 500, "WEBP")) <= 150
