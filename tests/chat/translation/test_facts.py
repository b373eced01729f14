"""What a translation may not lose or add."""

from __future__ import annotations

import pytest

from supportbot.chat.translation.facts import objection

DEPOSIT = "We hold a deposit of £80. It is released within five working days."
DAY = "It costs £1,000.50 on Monday, 3 March."

HOLDS = [
    ("en", "de", DEPOSIT, "Wir behalten 80 £ Kaution ein. Sie wird innerhalb von fünf Werktagen freigegeben."),
    ("en", "de", DEPOSIT, "Wir behalten GBP 80 Kaution ein. Sie wird innerhalb von 5 Werktagen freigegeben."),
    ("en", "de", DAY, "Es kostet am Montag, dem 3. März, 1.000,50 £."),
    ("en", "pl", "The shop opens on 3 March.", "Sklep otwiera się 3 marca."),
    ("en", "es", "You may return it. Fennmoor pays.", "Puede devolverlo. Fennmoor lo paga."),
    ("de", "en", "Die Fähre fährt im Mai um 8:00 Uhr ab.", "In May the ferry leaves at 8."),
    ("de", "en", "Darf ich um 8.30 Uhr kommen?", "May I come at 8:30?"),
    ("en", "de", "It is 1,250.75 kg, 10% less.", "Es sind 1.250,75 kg, 10 Prozent weniger."),
    ("en", "it", "You are in the right place.", "Lei sei nel posto giusto."),
    ("en", "fr", "1. Turn it over.\n2. Call us.", "- Retournez-le.\n- Appelez-nous."),
]
FAILS = [
    ("en", "de", DEPOSIT, "Wir behalten 80 € Kaution ein, für fünf Werktage.", "lost: GBP"),
    ("en", "de", DEPOSIT, "Wir behalten 80 £ Kaution ein, für zehn Werktage.", "lost: 5"),
    ("en", "de", DEPOSIT, "Wir behalten 80 £ Kaution ein, 5 Werktage und 24 Stunden.", "added: 24"),
    ("en", "de", DAY, "Es kostet am Dienstag, dem 3. März, 1.000,50 £.", "lost: weekday 0"),
    ("en", "de", DAY, "Es kostet am Montag, dem 3. Mai, 1.000,50 £.", "lost: month 3"),
    ("en", "de", "Order 10023 is on its way.", "Die Bestellung 10032 ist unterwegs.", "lost: 10023"),
    ("en", "de", "Use the code SPRING25.", "Nutzen Sie den Code FRÜHLING25.", "lost: spring25"),
    ("en", "de", "Write to help@shop.example.", "Schreiben Sie uns.", "lost: help@shop.example"),
    ("en", "de", "Write to us.", "Schreiben Sie an hilfe@shop.example.", "added: hilfe@shop.example"),
    ("en", "de", "You can pay with Klarna.", "Sie können auf Rechnung zahlen.", "lost: Klarna"),
    ("de", "en", "Das zahlt Fennmoor.", "The shop pays for it.", "lost: Fennmoor"),
    ("en", "de", "It costs £0.99.", "Es kostet 99 £.", "lost: 0.99"),
    ("en", "de", "It costs £0.125.", "Es kostet 125 £.", "lost: 0.125"),
    ("en", "de", "It is 0.5% more.", "Es ist 5 % mehr.", "lost: 0.5"),
    ("en", "de", "It weighs 1.05 kg.", "Es wiegt 1,5 kg.", "lost: 1.05"),
    ("en", "de", "You get 10% off.", "Sie haben 10 Tage.", "lost: %"),
    ("en", "de", "It takes a few days.", "Es dauert zwei Tage.", "added: 2"),
    ("en", "de", "It arrives soon.", "Es kommt am Montag.", "added: weekday 0"),
    ("de", "en", "Es kommt bald.", "It arrives in May.", "added: month 5"),
    ("en", "fr", "Call us.", "Appelez Amazon.", "added: Amazon"),
    ("en", "xx", "The shop opens on 3 March.", "Fluba 3 blub.", "lost: month 3"),
]


@pytest.mark.parametrize(("source", "target", "original", "translated"), HOLDS)
def test_other_words_with_the_same_facts_pass(source: str, target: str, original: str, translated: str) -> None:
    assert objection(original, translated, source=source, target=target, names=["Fennmoor"]) is None


@pytest.mark.parametrize(("source", "target", "original", "translated", "why"), FAILS)
def test_fact_that_was_lost_or_added_is_told(
    source: str, target: str, original: str, translated: str, why: str
) -> None:
    assert objection(original, translated, source=source, target=target, names=["Fennmoor"]) == why
