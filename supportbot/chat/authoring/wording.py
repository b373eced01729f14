"""An agent's English text said otherwise, by rules: shorter, friendlier, more formal, simpler. Pure.

No number, name, address or "not" is lost or added; where a rule would do that, the text stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from supportbot.chat.authoring.drafting import COURTESY
from supportbot.chat.grounding import EMPTY, QUESTION, WORD, content, facts, names, sentences

ENGLISH = 0.3  # share of a text's words that are common English ones, from which it is English
MANY = 60  # words from which a text may lose what was not asked
ENOUGH = 0.7  # of its words; one that is that short is short enough
LONG = 16  # words of a sentence that may be cut in two
NOT = re.compile(
    r"\b(?:not|no|never|none|nothing|without|unable|unless|only|except|cannot|neither|nor)\b(?! (?:hesitate|worries))"
    r"|n['’]t\b(?! hesitate)",
    re.IGNORECASE,
)
GREETING = re.compile(
    r"^(?:hi|hello|hey|dear|good (?:morning|afternoon|evening)|hiya)\b[^,.!?\n]{0,40}[,.!]?\s*", re.IGNORECASE
)
CLOSING = re.compile(
    r"let (?:me|us) know|(?:happy|glad) to help|any (?:other|more|further) questions|take care", re.IGNORECASE
)
SIGN = r"[\U0001F000-\U0001FAFF\u2600-\u27BF\ufe0f]"

FILLERS = {
    r"(?:i|we) (?:just )?wanted to let you know that ": "",
    r"(?:i|we) (?:would|['’]d) (?:just )?like to (?:inform|tell) you that ": "",
    r"please (?:note|be aware|be advised) that ": "",
    r"(?:i|we) can confirm that ": "",
    r"as you (?:may|might|probably) (?:already )?know,? ": "",
    r"it is important to note that ": "",
    r"for your (?:information|reference|convenience),? ": "",
    r"if (?:it is|that['’]s|that is) (?:all right|okay|ok) with you,? ": "",
    r"in order to ": "to ",
    r"due to the fact that ": "because ",
    r"in the event that ": "if ",
    r"at this (?:point|moment) in time": "now",
    r"at the present time": "now",
    r"with regards? to ": "about ",
    r"a (?:large|great) number of ": "many ",
    r"(?<=\w )(?:really|very|actually|basically|simply|kindly|absolutely|certainly|quite) ": "",
}
CONTRACTED = {
    "do not": "don’t", "does not": "doesn’t", "did not": "didn’t", "cannot": "can’t", "can not": "can’t",
    "will not": "won’t", "is not": "isn’t", "are not": "aren’t", "was not": "wasn’t", "have not": "haven’t",
    "has not": "hasn’t", "i am": "I’m", "i will": "I’ll", "we are": "we’re",
    "we will": "we’ll", "you are": "you’re", "you will": "you’ll", "it is": "it’s",
    "that is": "that’s", "they are": "they’re", "could not": "couldn’t", "would not": "wouldn’t",
}  # fmt: skip
WARMER = {
    "we regret that": "we’re sorry that", "i regret that": "I’m sorry that", "you are required to": "please",
    "you must": "please", "you are advised to": "please", "we require": "we need", "we apologise for": "sorry about",
    "i apologise for": "sorry about", "should you have": "if you have", "do not hesitate to": "feel free to",
    "at your earliest convenience": "whenever it suits you", "your request": "what you asked for",
    "we have received": "we’ve got", "i have received": "I’ve got",
}  # fmt: skip
STIFFER = {
    "hi": "hello", "hey": "hello", "thanks": "thank you", "thx": "thank you", "sorry about": "we apologise for",
    "ok": "all right", "okay": "all right", "yeah": "yes", "yep": "yes", "nope": "no", "gonna": "going to",
    "wanna": "want to", "a bit": "slightly", "a lot of": "many", "lots of": "many", "asap": "as soon as possible",
    "get back to you": "reply to you", "get in touch with": "contact", "get in touch": "contact us",
    "let me know": "please inform me", "let us know": "please inform us", "check out": "see", "find out": "determine",
    "sort out": "resolve", "sort it out": "resolve it", "fix": "resolve", "send over": "send", "give us a call":
    "telephone us", "no worries": "there is no need for concern", "cheers": "kind regards", "right away": "immediately",
    "kids": "children", "guys": "colleagues", "stuff": "items", "can’t wait": "look forward",
}  # fmt: skip
EASIER = {
    "assistance": "help", "assist": "help", "purchase": "buy", "purchased": "bought", "require": "need",
    "requires": "needs", "required": "needed", "additional": "more", "commence": "start", "commences": "starts",
    "terminate": "end", "sufficient": "enough", "approximately": "about", "obtain": "get", "receive": "get",
    "regarding": "about", "concerning": "about", "prior to": "before", "subsequent to": "after",
    "subsequently": "later",
    "utilise": "use", "utilize": "use", "inform": "tell", "enquire": "ask", "inquire": "ask",
    "notify": "tell", "verify": "check", "ensure": "make sure", "indicate": "show", "indicates": "shows",
    "currently": "now", "immediately": "at once", "provide": "give", "provides": "gives",
    "reside": "live", "residence": "home", "remainder": "rest", "attempt": "try", "select": "choose",
    "eligible": "allowed", "permitted": "allowed", "in accordance with": "by",
    r"(?:in addition|additionally|furthermore), (?=\w)": "also, ", r"however,? (?=\w)": "but ",
    r"(?<=[.!?;] )(?:therefore|consequently),? (?=\w)": "so ",
    "nevertheless": "still", "dispatched": "sent", "dispatch": "send", "reimburse": "pay back", "reimbursement":
    "refund", "facilitate": "help", "retain": "keep", "rectify": "put right", "alter": "change",
    "at your earliest convenience": "as soon as you can", "in order to": "to", "upon receipt of": "when we get",
    "with reference to": "about", "is able to": "can", "are able to": "can", "be able to": "can", "as a result of":
    "because of", "whilst": "while", "modify": "change",
}  # fmt: skip
EXPANDED = {short.replace("’", "['’]"): long for long, short in CONTRACTED.items() if long not in ("can not", "it is")}
EXPANDED |= {f"{one}['’]ve": f"{one if one != 'i' else 'I'} have" for one in ("i", "we", "you", "they")}
EXPANDED |= {r"it['’]s (?!been)": "it is ", r"we['’]d": "we would", r"i['’]d": "I would", r"you['’]d": "you would"}
SPLITS = re.compile(
    r"; (?=\w)|, (?:and|so) (?=(?:you|we|i|it|they|your|our|the|this|that|please)\b)"
    r"|, (?=but (?:you|we|i|it|they|the)\b)"
)


def is_english(text: str) -> bool:
    """Whether rules for English fit; a short text counts as English."""
    words = [word.lower().split("’")[0].split("'")[0] for word in WORD.findall(text)]
    return len(words) < 4 or sum(word in EMPTY for word in words) >= ENGLISH * len(words)


def reworded(text: str, way: str, *, name: str = "", asked: str = "") -> str:
    """The text in another way of `WAYS`; `name` is the customer's, `asked` what they want to know."""
    made = WAYS[way](text.strip(), name, asked)
    return made if says_the_same(text, made, name) else text.strip()


def says_the_same(before: str, after: str, name: str = "") -> bool:
    """Whether no fact is lost or new: numbers, addresses and codes, names, and how often something is denied."""
    known = {word.lower() for word in (*WORD.findall(before), *name.split())}
    strange = [word for word in names(after) if word.lower() not in known]
    lost = [word for word in names(before) if word.lower() not in after.lower()]
    return set(facts(before)) == set(facts(after)) and not strange and not lost and _denied(before) == _denied(after)


def _denied(text: str) -> int:
    return len(NOT.findall(text))


def _shorter(text: str, name: str, asked: str) -> str:
    """Without courtesy, fillers and repetition; then without what says least of what was asked."""
    kept: list[str] = []
    for part in _units(_swapped(text, FILLERS)):
        words = content(part)
        says_more = not any(len(words & content(other)) >= 0.8 * len(words) for other in kept)
        if (words and says_more and not COURTESY.search(part)) or _is_needed(part, kept):
            kept.append(part)
    wish = content(asked)
    spare = [part for part in kept[1:] if not _is_needed(part, []) and not content(part) & wish]
    for part in spare if wish and len(text.split()) > MANY else []:
        if sum(len(one.split()) for one in kept) > ENOUGH * len(text.split()):
            kept.remove(part)
    return _like(text, kept)


def _is_needed(part: str, kept: list[str]) -> bool:
    """Whether a fact, a denial or a question would be lost with it."""
    told = {fact for other in kept for fact in facts(other)}
    asks = bool(QUESTION.match(part)) and bool(content(part))
    return asks or bool(set(facts(part)) - told) or bool(NOT.search(part)) or bool(list(names(part)))


def _friendlier(text: str, name: str, asked: str) -> str:
    made = _swapped(_swapped(text, WARMER, whole=True), CONTRACTED, whole=True)
    first = name.split()[0] if name.split() else ""
    if not GREETING.match(made):
        made = f"Hi {first},\n\n{made}" if first else f"Hello,\n\n{made}"
    return made if CLOSING.search(made) else f"{made}\n\nLet me know if anything is unclear, I’m happy to help."


def _formal(text: str, name: str, asked: str) -> str:
    plain = re.sub(rf"(?<=\w) ?{SIGN}+\s*", ". ", text)
    made = _swapped(_swapped(re.sub(rf"{SIGN}+\s*", "", plain), EXPANDED, whole=True), STIFFER, whole=True)
    return re.sub(r"!+", ".", made).strip()


def _simpler(text: str, name: str, asked: str) -> str:
    made = _swapped(_swapped(text, FILLERS), EASIER, whole=True)
    return _like(text, [half for part in _units(made) for half in _halves(part)])


def _halves(part: str) -> list[str]:
    """A long sentence as two where it holds two."""
    if len(part.split()) <= LONG or "\n" in part:
        return [part]
    for match in SPLITS.finditer(part):
        first, rest = part[: match.start()], part[match.end() :]
        if min(len(first.split()), len(rest.split())) >= 5:
            return [f"{first}.", *_halves(rest[:1].upper() + rest[1:])]
    return [part]


def _units(text: str) -> list[str]:
    """Its sentences, each with the line break behind it."""
    found = []
    for line in re.split(r"(?<=\n)", text):
        own = sentences(line)
        found += [*own[:-1], own[-1] + "\n" * line.count("\n")] if own else (["\n"] if line.strip(" ") else [])
    return found


def _like(text: str, units: list[str]) -> str:
    """Units as a text again."""
    joined = "".join(unit if unit.endswith("\n") else f"{unit} " for unit in units)
    return re.sub(r"\n{3,}", "\n\n", re.sub(r" +\n", "\n", joined)).strip()


def _swapped(text: str, words: Mapping[str, str], *, whole: bool = False) -> str:
    """Phrases for others, with a capital where the old one had it or begins a sentence."""
    for old, new in words.items():
        text = re.sub(rf"\b{old}\b" if whole else old, _capital(new), text, flags=re.IGNORECASE)
    return re.sub(r"(^|[.!?]\s+|\n)([a-z])", lambda match: match[1] + match[2].upper(), text)


def _capital(new: str) -> Callable[[re.Match[str]], str]:
    return lambda match: new[:1].upper() + new[1:] if match[0][:1].isupper() and match[0][:2] != "I " else new


WAYS: dict[str, Callable[[str, str, str], str]] = {
    "shorter": _shorter,
    "friendlier": _friendlier,
    "formal": _formal,
    "simpler": _simpler,
}
