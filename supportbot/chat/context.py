"""What the assistant reads before it decides: the last turns, the order that the customer named. Knows no model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from supportbot.actions import dialogue
from supportbot.actions.dialogue import Visitor
from supportbot.chat.decision import NO_WORDS, WHO_ANSWERS
from supportbot.chat.grounding import content
from supportbot.chat.models import Conversation, Generation, Message
from supportbot.knowledge.models import Order

LAST = 12  # messages
ORDER_NUMBER = re.compile(r"#\s?(\d{3,12})\b|(?<![\d.,£$€+-])\b(\d{5})\b(?![.,]?\d)")
# Who begins with how, when or whether wants to know, not to have it done; and who asks where or when, at any place.
WANTS_TO_KNOW = re.compile(
    r"^(?:hi|hello|hey|so|and|but|ok|okay|also|please|,|\s)*"
    r"(?:how|what|when|where|which|why|who|until|till|is|are|am|do|does|did|may|must|should|could i|can i"
    r"|(?:can|could|would) you (?:please )?(?:check|see|tell me|say|confirm))\b",
    re.IGNORECASE,
)
CLAUSE = r"(?:^|[.!?;,\n]|\b(?:and|so|but|now)\b)\W*(?:(?:hi|hello|hey|ok|please)\W+)*"
ASKS_WHERE = re.compile(CLAUSE + r"(?:when|where|which|why|who|until|till|is it possible)\b", re.IGNORECASE)
# Who asks how something is done, wherever in the message, wants to be told, whichever order it is about.
ASKS_HOW = re.compile(
    CLAUSE + r"(?:how|where|which|what|(?:until|till|from) when)\b(?:\s+[\w'’]+){0,3}?"
    r"\s+(?:do|can|could|may|should|must|would)\s+(?:i|we|you|one)\b"
    rf"|{CLAUSE}how\s+(?:\w+\s+)?(?:long|soon|fast|quick|quickly|late|much|many(?! times))\b"
    r"|\b(?:possible|allowed|my options)\?\s*$",
    re.IGNORECASE,
)
# Whether one talks to a program, and nothing else.
ASKS_WHO = re.compile(
    r"\W*(?:(?:hi|hello|hey|so|ok|okay|wait|um|and|but|hallo|hola|bonjour|ciao|olá)\W+)*"
    r"(?:(?:are you|am i (?:talking|speaking|chatting) (?:to|with)|is this)\s(?:\w+\s){0,3}"
    r"(?:bot|chatbot|robot|ai|human|(?:real|actual) (?:person|human))"
    r"|(?:bist du|sind sie|spreche ich mit|rede ich mit|ist das)\s(?:\w+\s){0,3}"
    r"(?:bot|chatbot|roboter|ki|mensch|menschen|echte[rn]? (?:mensch|menschen|person))"
    r"|(?:eres|es usted|hablo con|estoy hablando con)\s(?:\w+\s){0,3}(?:bot|robot|ia|human[oa]|persona)"
    r"|(?:es-tu|tu es|êtes-vous|vous êtes|est-ce que je parle à|je parle à)\s(?:\w+\s){0,3}"
    r"(?:bot|robot|ia|humaine?|personne)"
    r"|(?:sei|è lei|parlo con|sto parlando con)\s(?:\w+\s){0,3}(?:bot|robot|ia|uman[oa]|persona)"
    r"|(?:és|você é|falo com|estou a falar com|estou falando com)\s(?:\w+\s){0,3}(?:bot|robô|ia|human[oa]|pessoa))"
    r"\b(?:\s\w+){0,5}\W*",
    re.IGNORECASE,
)
FEW_WORDS = 8
ANGRY = "angry"
UNKNOWN = "und"  # ISO 639-2: a language that could not be told
ASKING = ("collecting", "proposed")  # the states of an action in which it waits for an answer
AT_ONCE = 3  # questions in one message that are answered one by one
LEANING = 3  # content words below which a question leans on what was said before
WHOLE = 2  # content words from which a question in a whole sentence stands for itself
POINTS_BACK = re.compile(
    r"^(?:and|but|or)\b|\b(?:it|its|that|this|they|them|those|these|one|ones|there|same|then)\b", re.IGNORECASE
)
ASKS = re.compile(
    r"^(?:and |also |but )*(?:who|what|when|where|which|why|how|can|could|do|does|did|is|are|will|would|may|must|should"
    r"|has|have|i (?:need|want|would like)|please|tell me)\b",
    re.IGNORECASE,
)
ALSO = r"(?:also )?(?:who|what|when|where|which|why|how|can|do|does|is|are|will)\b"
PARTS = re.compile(rf"(?<=[?!.])\s+|\n+|,?\s+(?:and|also|plus)\s+(?={ALSO})", re.IGNORECASE)
FILLER = re.compile(r"and|or|order|number|no|nr|what|how|about|for|is|it|its|it's|the|same|with|my|ok|please")


@dataclass(frozen=True)
class Context:
    """The conversation as far as the assistant reads it; what the customer wants answered is `question`."""

    earlier: Sequence[Message]
    question: str
    order_number: str | None = None
    order: Order | None = None
    is_proven: bool = False  # whether the order is known to be the customer's: proven, or of a verified e-mail address
    asked: Sequence[Generation] = field(default_factory=list)
    language: str = "en"  # what the customer is known to speak before this question is read

    @property
    def order_slots(self) -> dict[str, str]:
        """What the customer may hear of the order."""
        if self.order is None:
            return {}
        return self.order.slots() if self.is_proven else self.order.public_slots()

    @property
    def by_customer(self) -> list[Message]:
        """What the customer said before."""
        return [message for message in self.earlier if message.author == Message.Author.CUSTOMER]

    def language_of(self, read: str) -> str:
        """The language to answer in; a number, or the value that an action asked for, leaves it as it was."""
        before = getattr(self.earlier[-1], "generation", None) if self.earlier else None
        is_value = before is not None and before.reason in ASKING
        return self.language if read == UNKNOWN or is_value else read

    @property
    def questions(self) -> list[str]:
        """What is asked, one by one; the whole message where it asks but one thing."""
        parts = [part.strip() for part in PARTS.split(self.question) if part and part.strip()]
        asked = [part for part in parts if (part.endswith("?") or ASKS.match(part)) and content(part)]
        return asked[:AT_ONCE] if len(asked) > 1 else [self.question]

    def search(self, question: str) -> str:
        """What to look for: a question that leans on the one before is looked for together with it."""
        words = len(content(question))
        stands = ASKS.match(question) and words >= WHOLE
        leans = words < 2 * LEANING if POINTS_BACK.search(question) else words < LEANING and not stands
        return f"{self.by_customer[-1].body}\n{question}" if self.by_customer and leans else question

    @property
    def angry_before(self) -> int:
        """How many of the customer's last messages in a row were angry."""
        latest_first = self.by_customer[::-1]
        return next((n for n, message in enumerate(latest_first) if message.sentiment != ANGRY), len(latest_first))

    @property
    def taken_up(self) -> Message | None:
        """The assistant's last reply, if the customer only adds an order number to it: asked for, or another one."""
        said = [message for message in self.earlier if message.author == Message.Author.BOT]
        words = re.findall(r"[^\W\d][\w']*", self.question.lower())
        adds_nothing = all(map(FILLER.fullmatch, words)) or (self.asked and len(words) < FEW_WORDS)
        return said[-1] if said and adds_nothing and numbers(self.question) else None


def small_talk(text: str) -> str:
    """`NO_WORDS` where nothing can be read, as of a mere emoji; `WHO_ANSWERS` where one asks whether this is a bot."""
    if not re.search(r"[^\W_]", text):
        return NO_WORDS
    return WHO_ANSWERS if ASKS_WHO.fullmatch(text) else ""


def wants_to_know(text: str) -> bool:
    """Whether somebody asks about a thing rather than for it."""
    return bool(WANTS_TO_KNOW.match(text.strip()) or ASKS_WHERE.search(text)) or asks_how(text)


def asks_how(text: str) -> bool:
    """Whether somebody asks how, where or until when something is done, as "how long do I have to send it back"."""
    return bool(ASKS_HOW.search(text))


def read(conversation: Conversation, waiting: Sequence[Message]) -> Context:
    """Gather it for the messages that wait: several in a row are one question."""
    earlier = _earlier(conversation, waiting)
    question = "\n".join(message.body for message in waiting)
    number = _last_number([*earlier, *waiting])
    order = Order.objects.in_workspace(conversation.workspace).filter(number=number).first() if number else None
    is_proven = order is not None and _is_proven(conversation, order)
    return Context(earlier, question, number, order, is_proven, _asks_in_a_row(earlier), conversation.language[:2])


def visitor(conversation: Conversation, language: str = "en") -> Visitor:
    """The customer as actions know one: the shop vouches only for the verified address, not for where answers go."""
    contact = conversation.contact
    return Visitor(str(contact.pk), contact.verified_email, contact.is_verified, language)


def order_named(conversation: Conversation) -> Order | None:
    """The order that the customer named last, for people: unlike the assistant they still see that of what was closed.

    A number that the shop does not have is none.
    """
    said = conversation.messages.filter(author=Message.Author.CUSTOMER).order_by("-seq")
    number = _last_number(list(said[:LAST])[::-1])
    return Order.objects.in_workspace(conversation.workspace).filter(number=number).first() if number else None


def _is_proven(conversation: Conversation, order: Order) -> bool:
    is_owner = dialogue.owns(conversation.workspace, visitor(conversation), order.number)
    return is_owner or dialogue.has_proven(conversation.id, order.number)


def _earlier(conversation: Conversation, waiting: Sequence[Message]) -> list[Message]:
    in_words = conversation.messages.filter(seq__gt=conversation.context_seq).exclude(body="")
    said = in_words.exclude(author=Message.Author.SYSTEM)
    rows = said.exclude(id__in=[message.id for message in waiting]).select_related("generation").order_by("-seq")
    return list(rows[:LAST])[::-1]


def _last_number(messages: Sequence[Message]) -> str | None:
    for message in reversed(messages):
        if message.author == Message.Author.CUSTOMER and (named := numbers(message.body)):
            return named[-1]
    return None


def numbers(text: str) -> list[str]:
    """The order numbers in a text, as they stand in it."""
    return [after_hash or five_digits for after_hash, five_digits in ORDER_NUMBER.findall(text)]


def _asks_in_a_row(earlier: Sequence[Message]) -> list[Generation]:
    """The assistant's last replies, newest first, as far back as they all asked."""
    asks = []
    for message in reversed(earlier):
        if message.author == Message.Author.CUSTOMER:
            continue
        generation = getattr(message, "generation", None)
        if generation is None or generation.act != Generation.Act.ASK:
            break
        asks.append(generation)
    return asks
