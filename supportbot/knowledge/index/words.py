"""The words of a question that are worth looking for. PostgreSQL knows such lists itself; SQLite does not.

Also how many passages are enough to rank, which is the same for both.
"""

from __future__ import annotations

import re

LONGEST = 40  # words of one question
ENOUGH = 1000  # passages: once the rarest words of a question are in so many, the others only help to rank them
WORD = re.compile(r"\w+")
EMPTY = {
    "en": "a about am an and any are as at be been but by can could did do does for from had has have how i if in is it"
    " its just like me my no not of on or our please should so some than that the their them then there they this to"
    " was we were what when where which who why will with would you your",
    "es": "a al algo como con cual cuando de del donde el ella en es esta este hay la las le lo los mas me mi mis muy"
    " no o para pero por porque puedo que se si sin sobre su sus te tengo tu un una y ya yo",
    "fr": "a ai au aux avec ce cette ces comment dans de des du elle en est et il ils j je la le les leur ma mais me"
    " mes mon ne nous on ou par pas pour puis quand que quel quelle qui sa se ses si son sur ta tu un une vos votre"
    " vous y",
    "de": "aber als am an auch auf aus bei bin bis da das dass dem den der des die dies diese du ein eine einem einen"
    " einer er es für haben hat ich ihr im in ist kann man mein meine mich mir mit nach nicht noch nur oder sein sich"
    " sie sind so um und von war was wenn wie wir wird wo zu zum zur",
    "pt": "a ao aos as com como da das de do dos e ela ele em entre era essa esse esta este eu foi isso mais mas me meu"
    " minha na nas no nos não o onde os ou para pela pelo por posso qual quando que se sem ser seu sua são também"
    " tem um uma você",
    "it": "a ai al alla anche che chi ci come con cosa da dal dalla dei del della di dove e ed è gli ha ho i il in io"
    " la le lo ma mi mia mio nel nella non o per più posso quando quanto quello questo se si sono su sua suo un una"
    " uno vi",
}
SETS = {language: frozenset(words.split()) for language, words in EMPTY.items()}


def search_words(text: str, language: str) -> list[str]:
    """Each word that says something, once, in the order of the text."""
    empty = SETS.get(language, frozenset())
    words = dict.fromkeys(word for word in WORD.findall(text.lower()) if word not in empty)
    return [*words][:LONGEST]
