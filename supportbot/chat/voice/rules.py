"""What a voice makes of a text: which words are put right and which are left alone, its lines, its advice.

Deterministic, and careful: what somebody said, links, codes and names are nobody's to reword. Knows no conversation.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from supportbot.chat.grounding import ADDRESS, sentences
from supportbot.chat.variables import VARIABLE, fill
from supportbot.chat.voice.models import Voice

QUOTES = r"\"[^\"\n]*\"|“[^”\n]*”|„[^“”\n]*[“”]|«[^»\n]*»|»[^«\n]*«|‘[^’\n]*’(?!\w)|^>.*$"
LEFT_ALONE = re.compile(rf"`[^`\n]*`|{QUOTES}|\{{\{{[^{{}}]*\}}\}}|{ADDRESS.pattern}", re.MULTILINE)
BEGINS = re.compile(r"(?:^|[.!?:…]\s|\n)[\s\"'“‘„«(\[*•–-]*$")
GOES_ON = re.compile(r"\s+[A-ZÀ-Þ]\w")  # as in "Package Guard"
SHOUTED = 5  # letters; what is shorter and in capitals is an abbreviation or a code
GREETING = re.compile(
    r"(?:hi|hello|hey|dear|good (?:morning|afternoon|evening|day)|hallo|liebe[rs]?|sehr geehrte[rs]?"
    r"|guten (?:morgen|tag|abend)|bonjour|bonsoir|cher|chère|hola|buenos días|buenas|estimad[oa]|olá|bom dia|boa tarde"
    r"|boa noite|caro|cara|ciao|buongiorno|buonasera|gentile)\b",
    re.IGNORECASE,
)
TONES = {
    Voice.Tone.FRIENDLY: "Write warmly and simply, and address the customer familiarly where the language has a form "
    "for it (du, tu, tú).",
    Voice.Tone.NEUTRAL: "Write plainly and politely.",
    Voice.Tone.FORMAL: "Write formally, without contractions, exclamation marks and emoji, and address the customer "
    "politely where the language has a form for it (Sie, vous, usted).",
}


@dataclass(frozen=True)
class Slip:
    """A word that the voice avoids, from character `start` to `end`, and what to write instead; empty is no word."""

    said: str
    instead: str
    start: int
    end: int


def slips(voice: Voice, text: str, names: Collection[str] = ()) -> list[Slip]:
    """The avoided words of a text, in order; none in quotations, links, codes, and the names that are given."""
    instead = {_plain(avoided): (avoided, wanted) for avoided, wanted in voice.words}
    if not instead:
        return []
    longest_first = sorted(instead, key=len, reverse=True)
    words = "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in longest_first)
    found = re.finditer(rf"(?<![\w@/#&-])(?:{words})(?![\w@/-])", text, re.IGNORECASE)
    alone = [match.span() for match in LEFT_ALONE.finditer(text)]
    made = []
    for match in found:
        avoided, wanted = instead[_plain(match[0])]
        is_free = not any(start < match.end() and match.start() < end for start, end in alone)
        if is_free and not _is_name(text, match, avoided, names):
            made.append(Slip(match[0], _cased(match[0], wanted), match.start(), match.end()))
    return made


def put_right(voice: Voice, text: str, names: Collection[str] = ()) -> str:
    """The text with each avoided word replaced that has another, its capitals kept."""
    for slip in reversed(slips(voice, text, names)):
        if slip.instead:
            text = text[: slip.start] + slip.instead + text[slip.end :]
    return text


def in_voice(voice: Voice, text: str, values: Mapping[str, str], *, greets: bool, names: Collection[str] = ()) -> str:
    """A reply with its words put right, the opening line if it `greets` and does not do so itself, the closing line."""
    text = put_right(voice, text.strip(), names)
    opening, closing = _line(voice.opening, values), _line(voice.closing, values)
    if greets and opening and not GREETING.match(text) and not _plain(text).startswith(_plain(opening)):
        text = f"{opening}\n\n{text}"
    if closing and not _plain(text).endswith(_plain(closing)):
        text = f"{text}\n\n{closing}"
    return text


def advice(voice: Voice, text: str) -> list[str]:
    """What is too long, in words."""
    return list(_advice(voice, text))


def instructions(voice: Voice) -> str:
    """The voice as a language model is told it; lines of their own are for people's replies."""
    told = [TONES[Voice.Tone(voice.tone)]]
    told += [f"Write “{wanted}”, not “{avoided}”." for avoided, wanted in voice.words if wanted]
    if never := [f"“{avoided}”" for avoided, wanted in voice.words if not wanted]:
        told.append(f"Never write {', '.join(never)}.")
    if voice.longest_sentence:
        told.append(f"A sentence has {voice.longest_sentence} words at most.")
    if voice.longest_reply:
        told.append(f"A reply has {voice.longest_reply} words at most.")
    return "\n".join(told)


def _advice(voice: Voice, text: str) -> Iterator[str]:
    longest = max((len(sentence.split()) for sentence in sentences(text)), default=0)
    if voice.longest_sentence and longest > voice.longest_sentence:
        yield f"A sentence has {longest} words. Try to stay below {voice.longest_sentence + 1}."
    count = len(text.split())
    if voice.longest_reply and count > voice.longest_reply:
        yield f"This reply has {count} words. Try to stay below {voice.longest_reply + 1}."


def _is_name(text: str, match: re.Match[str], avoided: str, names: Collection[str]) -> bool:
    """Whether capitals make a name of it: within a sentence, before another capitalised word, or of few letters."""
    said = match[0]
    if not names_in(said).isdisjoint(names):
        return True
    if said == avoided or not said[0].isupper():
        return False
    if said.isupper() and len(said) > 1:
        return len(said) < SHOUTED
    return not BEGINS.search(text[: match.start()]) or GOES_ON.match(text, match.end()) is not None


def names_in(text: str) -> set[str]:
    """The words of a name, as they are written."""
    return set(text.split())


def _cased(said: str, instead: str) -> str:
    if said.isupper() and len(said) > 1:
        return instead.upper()
    return instead[:1].upper() + instead[1:] if said[0].isupper() else instead


def _line(line: str, values: Mapping[str, str]) -> str:
    """With its variables filled in; without those of which nothing is known, and the space before them."""
    return re.sub(rf"\s*{VARIABLE.pattern}", "", fill(line, values)).strip()


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
