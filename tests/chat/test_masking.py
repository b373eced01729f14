"""What is hidden in a customer's message, and what is not."""

from __future__ import annotations

import pytest

from supportbot.chat.masking import Rules, mask
from supportbot.workspaces.patterns import complaint

HIDDEN = [
    ("my card is 4111 1111 1111 1111", "4111"),
    ("4111111111111111", "4111"),
    ("Visa 4111-1111-1111-1111, please charge it", "1111-1111"),
    ("mastercard 5555 5555 5555 4444 12/27 123", "5555"),
    ("5555555555554444 exp 12/27", "5555"),
    ("amex 3782 822463 10005", "822463"),
    ("371449635398431 is my amex", "3714"),
    ("6011 1111 1111 1117", "6011"),
    ("maestro 6759649826438453", "6759"),
    ("card 4111.1111.1111.1111", "4111"),
    ("order 10023, card 4000 0566 5566 5556", "5566"),
    ("2223003122003222", "2223"),
    ("GB82 WEST 1234 5698 7654 32", "WEST"),
    ("refund to DE89370400440532013000 please", "DE89"),
    ("IBAN: de89 3704 0044 0532 0130 00", "3704"),
    ("FR14 2004 1010 0505 0001 3M02 606, merci", "2004"),
    ("mi IBAN es ES91 2100 0418 4502 0005 1332", "2100"),
    ("IT60X0542811101000000123456", "X0542"),
    ("PT50 0002 0123 1234 5678 9015 4", "0123"),
    ("NL91ABNA0417164300 is my account", "ABNA"),
    ("my password is hunter2", "hunter2"),
    ("My password is Sunshine!", "Sunshine"),
    ("password: tr0ub4dor&3", "tr0ub4dor"),
    ("pw=qwerty99", "qwerty99"),
    ('the password was "correct horse"', "correct"),
    ("my password is swordfish", "swordfish"),
    ("my password is swordfish.", "swordfish"),
    ("my login is anna, my password is An-na1977 and it fails", "An-na1977"),
    ("my account password is Xy12345", "Xy12345"),
    ("mi contraseña es Madrid2024", "Madrid2024"),
    ("contraseña: gatito77", "gatito77"),
    ("mon mot de passe est Soleil75", "Soleil75"),
    ("mot de passe : chaton99", "chaton99"),
    ("mein Passwort ist Blume2023", "Blume2023"),
    ("Mein Passwort lautet Hund!99", "Hund!99"),
    ("Kennwort: geheim123", "geheim123"),
    ("a minha senha é Lisboa22", "Lisboa22"),
    ("palavra-passe: Porto!2020", "Porto!2020"),
    ("la mia password è Roma1960", "Roma1960"),
    ("password: ciao1234", "ciao1234"),
    ("CVV 123", "123"),
    ("cvc: 4321", "4321"),
    ("the security code is 987", "987"),
    ("security code on the back is 555", "555"),
    ("Prüfnummer 321", "321"),
    ("código de seguridad: 654", "654"),
    ("cryptogramme 741", "741"),
    ("codice di sicurezza 852", "852"),
    ("my verification code is 482913", "482913"),
    ("OTP: 5521", "5521"),
    ("the SMS code is 123-456", "123-456"),
    ("PIN 8841", "8841"),
    ("código de verificación 778812", "778812"),
    ("code de vérification : 445566", "445566"),
    ("Bestätigungscode ist 998877", "998877"),
    ("Die TAN lautet 112233", "112233"),
    ("código de verificação é 334455", "334455"),
    ("codice di verifica: 667788", "667788"),
]
KEPT = [
    "where is order 10023?",
    "order #10023 and order #10024",
    "my invoice is FM-20023",
    "tracking 1234567890123",
    "4111 1111 1111 1112 is not a card: its check digit is wrong",
    "1234 5678 9012 3456",
    "call me on +44 20 7946 0958",
    "020 7946 0958 after six",
    "it came on 24.11.2026 at 10:30",
    "I ordered on 2026-11-24 and paid 149.00",
    "from 01/02/2026 to 28/02/2026",
    "anna@example.com is my address",
    "my password is not working",
    "my password is wrong",
    "the password is always rejected here",
    "I forgot my password",
    "how do I reset my password?",
    "password: how do I change it?",
    "mi contraseña es incorrecta",
    "olvidé mi contraseña",
    "mon mot de passe est refusé",
    "mot de passe oublié",
    "mein Passwort ist falsch",
    "Passwort vergessen",
    "a minha senha é inválida",
    "esqueci a minha senha",
    "la mia password è scaduta",
    "password dimenticata",
    "what is a CVV?",
    "the security code never arrived for order 10023",
    "the verification code did not arrive",
    "voucher code SUMMER25",
    "discount code 20258",
    "my pin did not work for order 10011",
    "GB82 WEST 1234 5698 7654 33 has a wrong check digit",
    "EU42 size, 160x200 cm, 3 x 4",
    "the set has 1000000000000000 stitches",
    "12 Weaver Lane, Bristol BS1 4QT",
    "I paid 54.00 on 12 November with my Visa ending 1111",
    "serial number 9780306406157",
]


@pytest.mark.parametrize(("text", "secret"), HIDDEN)
def test_a_secret_is_hidden(text: str, secret: str) -> None:
    masked = mask(text)
    assert secret not in masked and "hidden]" in masked


@pytest.mark.parametrize("text", KEPT)
def test_what_is_no_secret_stays_as_it_is(text: str) -> None:
    assert mask(text) == text


def test_only_the_secret_is_replaced() -> None:
    text = "Order 10023: card 4111 1111 1111 1111, CVV 123. My password is hunter2, thanks"
    assert mask(text) == (
        "Order 10023: card [card number hidden], CVV [security code hidden]. My password is [password hidden], thanks"
    )
    assert mask(mask(text)) == mask(text)


def test_phones_and_e_mails_are_hidden_where_a_workspace_wants_it() -> None:
    text = "anna.b+shop@example.co.uk, +44 20 7946 0958 or 020 7946 0958, order 10023 of 24.11.2026"
    masked = mask(text, Rules(phones=True, emails=True))
    assert masked == "[e-mail hidden], [phone number hidden] or [phone number hidden], order 10023 of 24.11.2026"


def test_a_workspaces_own_pattern_is_hidden_under_its_name() -> None:
    rules = Rules(own=(("member-number", r"\bM-\d{6}\b"),))
    assert mask("I am M-123456", rules) == "I am [member-number hidden]"


def test_a_pattern_that_never_ends_hides_the_message_rather_than_to_let_it_through() -> None:
    rules = Rules(own=(("slow", r"(x+x+)+y"),))
    assert mask("x" * 3000, rules) == "[slow hidden]"


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("(", "not a regular expression"),
        (r"\d*", "at least one character"),
        (r"(a+)+b", "takes too long"),
        (r"\bM-\d{6}\b", ""),
    ],
)
def test_a_pattern_that_could_not_be_used_is_refused_in_words(pattern: str, words: str) -> None:
    found = complaint(pattern)
    assert words in found and bool(found) is bool(words)
