"""Hides what a customer should not have written, before it is saved: numbers of cards, passwords, codes and the like.

Order numbers, telephone numbers and dates stay, unless a workspace chooses otherwise. Pure but for its log.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import regex
import structlog

from supportbot.workspaces.models import Workspace
from supportbot.workspaces.patterns import PATIENCE

log = structlog.get_logger(__name__)
DIGITS = re.compile(r"(?<![\w.,])\d+(?:[ \u00a0.-]{1,2}\d+)*(?!\w)")
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[ \u00a0-]?[A-Z0-9]){11,30}", re.IGNORECASE)
IBAN_LENGTHS = (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 FO18 "
    "FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IS26 IT27 JO30 KW30 KZ20 LB28 LI21 LT20 LU20 LV21 MC27 "
    "MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SE24 SI19 SK24 SM27 TN24 TR26 "
    "UA29 VG24 XK20"
)
LENGTH_OF = {entry[:2]: int(entry[2:]) for entry in IBAN_LENGTHS.split()}
LINK = r"(?:[\s:=,'\"#(-]|\b(?:is|was|number|no|code|es|est|ist|lautet|war|é|è|foi|era|on the back|hinten)\b)*"
CVV = re.compile(
    r"\b(?:cv[vc]2?|csc|card security code|security code|código de segur(?:idad|ança)|cryptogramme(?: visuel)?|"
    rf"(?:karten)?prüf(?:nummer|ziffer)|sicherheitscode|codice di sicurezza)\b{LINK}(\d{{3,4}})\b",
    re.IGNORECASE,
)
CODE = re.compile(
    r"\b(?:otp|tan|pin|one[- ]time (?:pass)?(?:code|word)|(?:verification|authentication|login|sms|2fa) (?:code|pin)|"
    r"código (?:de verificaci[oó]n|de un solo uso|de verifica[cç][aã]o|de uso único|sms)|"
    r"code (?:de v[eé]rification|[àa] usage unique|sms)|"
    r"(?:einmal|best[äa]tigungs|verifizierungs|sms-)(?:code|passwort)|"
    rf"codice (?:di verifica|usa e getta|otp|sms))\b{LINK}(\d{{3,4}}[ -]?\d{{1,4}})\b",
    re.IGNORECASE,
)
PASSWORD = re.compile(
    r"\b(?:passwor[dt]|passcode|pass ?phrase|pwd|pw|kennwort|contraseña|clave|mot de passe|mdp|senha|palavra-passe)"
    r"(?:\s*[:=]\s*|(?:\s+\w+){0,2}?\s+(?:is|was|es|est|ist|lautet|war|é|è|era)\s*:?\s+)"
    r"(?:[\"'“„«](?P<quoted>[^\"'“”„«»\n]{3,})[\"'”“»]|(?P<value>[^\s\"'“”„«»\[]\S{2,})(?P<rest>[ \t]*\S?))",
    re.IGNORECASE,
)
NO_SECRET = re.compile(
    r"(?:not|wrong|incorrect|invalid|correct|right|expired|lost|forgotten|rejected|refused|broken|blocked|locked|reset|"
    r"the|too|always|never|still|what|how|why|where|please|required|needed|weak|old|new|gone|"
    r"incorrect[ao]|erróne[ao]|correct[ao]|olvidada|caducada|bloqueada|no|"
    r"oublié|incorrecte?|faux|expiré|refusé|bloqué|perdu|pas|"
    r"falsch|nicht|vergessen|abgelaufen|gesperrt|richtig|ungültig|"
    r"errad[ao]|esquecida|expirada|inválida|não|bloqueada|"
    r"sbagliata|errata|dimenticata|scaduta|bloccata|non|corretta)",
    re.IGNORECASE,
)
PHONE = re.compile(r"(?<![\w.])(?:\+|00?)\(?\d[\d ()./-]{6,17}\d(?!\w)")
EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


@dataclass(frozen=True)
class Rules:
    """What one workspace hides beside what is always hidden."""

    phones: bool = False
    emails: bool = False
    own: tuple[tuple[str, str], ...] = field(default=())

    @classmethod
    def of(cls, workspace: Workspace) -> Rules:
        """As the workspace has set them."""
        own = tuple(workspace.hidden_patterns.values_list("name", "pattern"))
        return cls(workspace.hides_phones, workspace.hides_emails, own)


def mask(text: str, rules: Rules = Rules()) -> str:
    """The text with each secret replaced by a word for it in brackets; the same text if there is none."""
    text = IBAN.sub(_iban, text)
    text = DIGITS.sub(_card, text)
    for pattern, kind in ((CVV, "security code"), (CODE, "code")):
        text = pattern.sub(_inner(kind), text)
    text = PASSWORD.sub(_password, text)
    for name, own in rules.own:
        text = _hide_own(text, name, own)
    if rules.emails:
        text = EMAIL.sub(hidden("e-mail"), text)
    return PHONE.sub(hidden("phone number"), text) if rules.phones else text


def anonymous(text: str, rules: Rules, name: str = "") -> str:
    """The text without anybody's telephone number or e-mail address, nor the parts of a customer's name."""
    text = mask(text, replace(rules, phones=True, emails=True))
    for part in (part for part in name.split() if len(part) > 1):
        text = re.sub(rf"\b{re.escape(part)}\b", hidden("name"), text, flags=re.IGNORECASE)
    return text


def hidden(kind: str) -> str:
    """What stands in the message instead."""
    return f"[{kind} hidden]"


def _hide_own(text: str, name: str, pattern: str) -> str:
    """A pattern that does not come to an end hides the whole message: better that than to save what it may protect."""
    try:
        return str(regex.sub(pattern, lambda _: hidden(name), text, timeout=PATIENCE))
    except (TimeoutError, regex.error) as error:
        log.error("hidden pattern failed; the whole message is hidden", pattern=name, error=repr(error))
        return hidden(name)


def _inner(kind: str) -> Callable[[re.Match[str]], str]:
    """Hide the first group, and keep the words before it."""
    return lambda match: match[0][: match.start(1) - match.start()] + hidden(kind)


def _iban(match: re.Match[str]) -> str:
    """The country says how long it is; what follows are words of the customer's."""
    found = match[0]
    length = LENGTH_OF.get(found[:2].upper(), 0)
    ends = [end for end in range(1, len(found) + 1) if len(_plain(found[:end])) == length]
    if not ends or not _is_iban(_plain(found[: ends[0]])):
        return found
    return hidden("IBAN") + found[ends[0] :]


def _is_iban(plain: str) -> bool:
    return int("".join(str(int(sign, 36)) for sign in plain[4:] + plain[:4])) % 97 == 1


def _plain(text: str) -> str:
    return "".join(sign for sign in text if sign.isalnum()).upper()


def _card(match: re.Match[str]) -> str:
    """A card's number may stand among other numbers, so every row of neighbouring groups is tried, longest first."""
    groups = list(re.finditer(r"\d+", match[0]))
    for first, last in _rows(len(groups)):
        start, end = groups[first].start(), groups[last].end()
        if _is_card("".join(group[0] for group in groups[first : last + 1])):
            return match[0][:start] + hidden("card number") + match[0][end:]
    return match[0]


def _rows(count: int) -> Iterable[tuple[int, int]]:
    widths = range(min(count, 7), 0, -1)
    return ((first, first + width - 1) for width in widths for first in range(count - width + 1))


def _is_card(digits: str) -> bool:
    if not 13 <= len(digits) <= 19 or digits[0] not in "23456":
        return False
    values = [int(digit) for digit in reversed(digits)]
    doubled = (sum(divmod(2 * value, 10)) for value in values[1::2])
    return (sum(values[::2]) + sum(doubled)) % 10 == 0


def _password(match: re.Match[str]) -> str:
    """A word without digit, sign or capital is a secret only where it ends the sentence and says nothing itself."""
    if quoted := match["quoted"]:
        return match[0].replace(quoted, hidden("password"))
    value = match["value"].rstrip(".,;!?)")
    is_plain = value.isalpha() and value[1:].islower()
    ends = not match["rest"].strip() or match["value"] != value
    if NO_SECRET.fullmatch(value) or (is_plain and not ends):
        return match[0]
    start = match.start("value") - match.start()
    return match[0][:start] + hidden("password") + match[0][start + len(value) :]
