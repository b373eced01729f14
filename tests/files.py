"""Files to send: pictures with a secret in their metadata, and a PDF."""

from __future__ import annotations

from io import BytesIO

import pypdf
from PIL import Image

SECRET = "GPS 57.1 -2.1"
ORIENTATION = 0x0112
DESCRIPTION = 0x010E


def picture(format: str = "PNG", size: tuple[int, int] = (80, 60), colour: str = "#2f5d50") -> bytes:
    """A picture that says where it was taken, and that lies on its side."""
    image, written = Image.new("RGB", size, colour), BytesIO()
    exif = Image.Exif()
    exif[DESCRIPTION], exif[ORIENTATION] = SECRET, 6
    image.save(written, format, **({"comment": SECRET.encode()} if format == "GIF" else {"exif": exif.tobytes()}))
    return written.getvalue()


def moving(format: str = "GIF", frames: int = 3) -> bytes:
    """A moving picture."""
    first, *others = [Image.new("RGB", (40, 40), colour) for colour in ("red", "green", "blue")[:frames]]
    written = BytesIO()
    first.save(written, format, save_all=True, append_images=others, duration=100, loop=0)
    return written.getvalue()


def pdf(password: str = "") -> bytes:
    """A PDF of one empty page."""
    writer, written = pypdf.PdfWriter(), BytesIO()
    writer.add_blank_page(200, 200)
    if password:
        writer.encrypt(password, algorithm="AES-256")
    writer.write(written)
    return written.getvalue()
