"""What a file is, by its content: an image without metadata, with a thumbnail, or a PDF. Knows no database.

Images are decoded and written anew, so nothing but their pixels reaches anybody.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePath
from typing import Any

import pypdf
from PIL import Image, ImageOps

PIXELS = 50_000_000  # of one picture
MOVING_PIXELS = 200_000_000  # of all frames of a moving one
FRAMES = 600
THUMBNAIL = (640, 640)
THUMBNAIL_TYPE = "image/webp"
FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
KEPT = ("icc_profile", "transparency", "duration", "loop", "background", "disposal")
OPTIONS: dict[str, dict[str, Any]] = {
    "PNG": {},
    "JPEG": {"quality": 90},
    "GIF": {},
    "WEBP": {"quality": 90},
}
NAME_LIMIT = 120
EXTENSIONS = {"JPEG": ".jpg", "PNG": ".png", "GIF": ".gif", "WEBP": ".webp", "PDF": ".pdf"}
UNSAFE = re.compile(r'[<>:"/\\|?*%\x00-\x1f\x7f]+')


class Unusable(Exception):
    """A file that can't be sent; its text says why to whoever chose it."""


@dataclass(frozen=True)
class Content:
    """A file as it is kept; `small` is an image's thumbnail, a WebP."""

    format: str
    data: bytes
    small: bytes | None = None
    width: int | None = None
    height: int | None = None

    @property
    def content_type(self) -> str:
        """Its media type."""
        return "application/pdf" if self.format == "PDF" else f"image/{self.format.lower()}"


def read(data: bytes) -> Content:
    """The file, if it is one of those that may be sent; else Unusable."""
    if data.startswith(b"%PDF-"):
        return _pdf(data)
    try:
        return _image(data)
    except Unusable:
        raise
    except Exception as error:  # decoders meet broken files with errors of every kind
        raise Unusable("This file is no picture (PNG, JPEG, GIF, WebP) and no PDF, or it is damaged.") from error


def safe_name(name: str, format: str) -> str:
    """A file's name without a path, signs that some system forbids or that turn the text, and with its own ending."""
    plain = unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2])
    shown = "".join(letter for letter in plain if unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Co"))
    stem = PurePath(UNSAFE.sub("_", shown).strip(" .")).stem.strip(" .")[:NAME_LIMIT]
    return (stem or "file") + EXTENSIONS[format]


def _pdf(data: bytes) -> Content:
    try:
        reader = pypdf.PdfReader(BytesIO(data))
        is_open = not reader.is_encrypted or bool(reader.decrypt(""))
        has_pages = is_open and len(reader.pages) > 0
    except Exception as error:  # as above
        raise Unusable("This PDF is damaged.") from error
    if not has_pages:
        raise Unusable("This PDF needs a password. Please send one that opens without.")
    return Content("PDF", data)


def _image(data: bytes) -> Content:
    with Image.open(BytesIO(data), formats=FORMATS) as image:
        format = "JPEG" if image.format == "MPO" else str(image.format)  # some cameras put two pictures into a JPEG
        frames = getattr(image, "n_frames", 1) if format != "JPEG" else 1
        size = image.width * image.height
        if size > PIXELS or frames > FRAMES or frames * size > MOVING_PIXELS:
            raise Unusable("This picture has too many pixels. Please send a smaller one.")
        image.seek(0)
        image.load()
        whole = image if frames > 1 else ImageOps.exif_transpose(image)
        small = _thumbnail(whole)
        whole.info = {name: value for name, value in whole.info.items() if name in KEPT}
        options = {**OPTIONS[format], "icc_profile": whole.info.get("icc_profile")}
        written = BytesIO()
        whole.save(written, format, **options, **({"save_all": True, "comment": b""} if frames > 1 else {}))
        return Content(format, written.getvalue(), small, whole.width, whole.height)


def _thumbnail(image: Image.Image) -> bytes:
    """Its first frame, small."""
    small = image.copy()
    small.thumbnail(THUMBNAIL)
    is_clear = small.mode in ("RGBA", "LA", "PA") or "transparency" in small.info
    written = BytesIO()
    small.convert("RGBA" if is_clear else "RGB").save(written, "WEBP", quality=80)
    return written.getvalue()
