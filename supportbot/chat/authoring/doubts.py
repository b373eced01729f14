"""Articles that may have become wrong: why, and what they could say instead. A worker looks once a day.

Reasons: agents corrected the bot's answer from it, readers say it did not help, a newer article gives other figures.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256

from django.db.models import Count, Exists, OuterRef, Q

from supportbot.chat.authoring import writing
from supportbot.chat.authoring.general import general
from supportbot.chat.authoring.models import ArticleDraft
from supportbot.chat.grounding import Evidence, Piece, content, measures
from supportbot.chat.masking import Rules
from supportbot.chat.models import Correction, Message
from supportbot.knowledge.models import Article
from supportbot.knowledge.pages import SLOT, fill
from supportbot.knowledge.passages import sentences
from supportbot.workspaces.models import Workspace

Origin, State = ArticleDraft.Origin, ArticleDraft.State
FEWEST, SHARE = 3, 0.5  # readers whom an article did not help, and their share, from which it is doubted
LIKE = 3  # content words that a right reply shares with a sentence that it corrects
SHARED, SAME = 4, 0.6  # content words that two articles' sentences share, and their share of all, to say the same
COMMON = 200  # sentences that have a word, from which it tells nothing
MOST = 50  # doubts of each kind that one look makes
FIGURE = re.compile(r"\d+(?:[.,]\d+)*")
MARKS = re.compile(r"^(?:[-*•>#]+|\d+[.)])\s+")


@dataclass(frozen=True)
class Told:
    """A sentence of an article, as readers see it and as it stands in the article's text."""

    article: Article
    text: str
    raw: str
    words: frozenset[str]
    figures: frozenset[str]


def look(workspace: Workspace) -> None:
    """Propose a change of each article that is doubted anew; what was decided before is not proposed again."""
    articles = list(Article.objects.in_workspace(workspace).public().order_by("id"))
    for article in articles:
        article.workspace = workspace
    told = [sentence for article in articles for sentence in _told(article)]
    _contradictions(workspace, told)
    _corrections(workspace, {article.pk: article for article in articles}, told)
    _ratings(workspace)


def swapped(raw: str, old: frozenset[str], new: frozenset[str]) -> str | None:
    """The sentence with the figures of the other; None where they do not stand in it one for one."""
    goes, comes = _by_unit(old - new), _by_unit(new - old)
    if not goes or goes.keys() != comes.keys():
        return None
    for unit, number in goes.items():
        places = [match for match in FIGURE.finditer(raw) if match[0].replace(",", "") == number]
        if len(places) != 1:
            return None
        raw = raw[: places[0].start()] + comes[unit] + raw[places[0].end() :]
    return raw


def _contradictions(workspace: Workspace, told: Sequence[Told]) -> None:
    """The older of two articles that say the same with other figures."""
    made = 0
    for old, new in _opposed(told):
        change = swapped(old.raw, old.figures, new.figures)
        body = old.article.body.replace(old.raw, change, 1) if change else old.article.body
        evidence = {"said": old.text, "article": new.article.pk, "title": new.article.title, "newer": new.text}
        made += _propose(old.article, Origin.CONTRADICTION, body, evidence, f"{old.text}\n{new.text}")
        if made == MOST:
            return


def _opposed(told: Sequence[Told]) -> Iterator[tuple[Told, Told]]:
    """Pairs of sentences about the same with differing figures, the older article's first."""
    having: dict[str, list[int]] = defaultdict(list)
    for at, one in enumerate(told):
        if one.figures:
            near = Counter(other for word in one.words for other in having[word] if len(having[word]) < COMMON)
            for other, shared in near.items():
                pair = sorted((told[other], one), key=lambda each: each.article.updated_at)
                if shared >= SHARED and _differ(*pair):
                    yield pair[0], pair[1]
            for word in one.words:
                having[word].append(at)


def _differ(one: Told, other: Told) -> bool:
    """Whether they speak of the same, in figures of the same units, and not in the same figures."""
    if one.article.pk == other.article.pk or one.article.language != other.article.language:
        return False
    shared, alone = one.words & other.words, (one.words - other.words, other.words - one.words)
    is_same = len(shared) >= SAME * len(one.words | other.words) and not all(alone)
    units = [sorted(unit for _, unit in map(_parted, each.figures)) for each in (one, other)]
    return is_same and units[0] == units[1] and one.figures != other.figures


def _corrections(workspace: Workspace, articles: dict[int, Article], told: Sequence[Told]) -> None:
    """Articles from which the bot answered what an agent then put right."""
    rows = Correction.objects.in_workspace(workspace).exclude(state=Correction.State.REJECTED)
    by_url = {article.get_absolute_url(): article for article in articles.values()}
    for correction in rows.select_related("message__conversation__contact").order_by("-updated_at")[:MOST]:
        cited = [by_url[source["url"]] for source in correction.message.sources if source.get("url") in by_url]
        named = [articles[correction.article_id]] if correction.article_id in articles else []
        for article in (named or cited)[:1]:
            rules, name = Rules.of(workspace), correction.message.conversation.contact.name
            reply = general(SLOT.sub("…", correction.reply), rules, name, partial(_stands_in, article))
            body = _corrected(article, [one for one in told if one.article.pk == article.pk], reply.text)
            evidence = {"correction": correction.pk}
            _propose(article, Origin.CORRECTION, body, evidence, f"{correction.pk} {correction.reply}")


def _stands_in(article: Article, words: str) -> bool:
    return words in article.body


def _corrected(article: Article, own: Sequence[Told], reply: str) -> str:
    """The article's text with the figures of the right reply, and behind it what the article does not say."""
    body, more = article.body, []
    evidence = Evidence(tuple(Piece(one.text) for one in own))
    for sentence in sentences(reply):
        words, figures = content(sentence), measures(sentence)
        rest = [one for one in own if one.figures and len(one.words & words) >= min(LIKE, len(words))]
        near = max(rest, key=lambda one: len(one.words & words), default=None)
        if near and (change := swapped(near.raw, near.figures, figures)):
            body = body.replace(near.raw, change, 1)
        elif (
            words and not sentence.rstrip().endswith("?") and "…" not in sentence and evidence.judge(sentence).objection
        ):
            more.append(sentence)
    return f"{body.rstrip()}\n\n{' '.join(more)}\n" if more else body


def _ratings(workspace: Workspace) -> None:
    """Articles that did not help; agents' answers to those whom the bot sent there may say what is missing."""
    no, yes = (Count("feedback", filter=Q(feedback__helpful=helpful)) for helpful in (False, True))
    doubted = Article.objects.in_workspace(workspace).public().annotate(no=no, yes=yes).filter(no__gte=FEWEST)
    counts = {pk: (bad, good) for pk, bad, good in doubted.order_by("-no").values_list("pk", "no", "yes")[:MOST]}
    for article in Article.objects.filter(pk__in=counts):
        bad, good = counts[article.pk]
        key = _key(article, Origin.RATING, f"{article.versions.count()}")
        is_known = ArticleDraft.objects.in_workspace(workspace).filter(key=key).exists()
        if is_known or bad < SHARE * (bad + good) or _has_changed(article):
            continue
        article.workspace = workspace
        writing.ask(
            workspace,
            _left_open(article),
            origin=Origin.RATING,
            key=key,
            by=None,
            article=article,
            evidence={"yes": good, "no": bad},
        )


def _has_changed(article: Article) -> bool:
    """Whether its text is newer than what most readers said of it."""
    version = article.versions.first()
    since = article.feedback.filter(helpful=False, created_at__gte=version.created_at) if version else article.feedback
    return since.count() < FEWEST


def _left_open(article: Article) -> list[str]:
    """Questions that the bot answered from the article, and that people then answered."""
    agents = Message.objects.filter(
        conversation=OuterRef("conversation"), author=Message.Author.AGENT, seq__gt=OuterRef("seq")
    )
    asked = Message.objects.in_workspace(article.workspace).filter(Exists(agents), reply_generation__isnull=False)
    rows = asked.order_by("-created_at").values_list("id", "reply_generation__message__sources")[: MOST * 10]
    url = article.get_absolute_url()
    return [str(id_) for id_, sources in rows if any(source.get("url") == url for source in sources)]


def _propose(
    article: Article, origin: ArticleDraft.Origin, body: str, evidence: Mapping[str, object], what: str
) -> int:
    """Keep it for review, unless the same was proposed before; how many were made."""
    told = {"origin": origin, "state": State.WAITING, "article": article, "evidence": dict(evidence)}
    told |= {"title": article.title, "before": article.body, "body": body, "proposed": body}
    told |= {"language": article.language, "category": article.category}
    where = {"workspace": article.workspace, "key": _key(article, origin, what)}
    return int(ArticleDraft.objects.get_or_create(**where, defaults=told)[1])


def _key(article: Article, origin: ArticleDraft.Origin, what: str) -> str:
    return f"{origin}:{article.pk}:{sha256(what.encode()).hexdigest()[:24]}"


def _told(article: Article) -> Iterator[Told]:
    """Its sentences; one in which a setting stands has figures that are right by themselves."""
    settings = article.workspace.settings
    for line in article.body.splitlines():
        for raw in sentences(MARKS.sub("", line.strip())):
            text = fill(raw, settings)
            yield Told(article, text, raw, content(text), measures(text))


def _by_unit(figures: frozenset[str]) -> dict[str, str]:
    """Numbers by their unit; nothing where a unit has several."""
    parted = [_parted(figure) for figure in figures]
    found = {unit: number for number, unit in parted}
    return found if len(found) == len(parted) else {}


def _parted(figure: str) -> tuple[str, str]:
    number, _, unit = figure.partition(" ")
    return number, unit
