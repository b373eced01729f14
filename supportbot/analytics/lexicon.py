"""The words in which people ask for figures. Plain phrases, longest first; no model is asked."""

from __future__ import annotations

import re

MEASURES = {
    "resolution": "resolution rate, bot resolution, resolved by the bot, resolved by bot, bot resolved, bot resolve, "
    "bot solved, "
    "automation, automated, resolution, deflection, resolved, solved",
    "confirmed": "confirmed resolutions, confirmed",
    "assumed": "unchallenged, assumed",
    "handover": "hand over rate, handover rate, hand-over rate, handed over, handed off, hand off, hand-off, handoff, "
    "hand over, hand-over, handover, handovers, handoffs, escalated, escalation, escalations, transfers",
    "first": "first response time, first response, first reply, response time, reply time, response times",
    "people": "first response of people, agent response time, agents response, people response, response of people, "
    "agents answer, agents reply, answer of people",
    "duration": "time to resolution, resolution time, resolution times, time to resolve, handling time, duration",
    "csat": "csat, customer satisfaction, satisfaction, satisfied, happy, unhappy, ratings, rated, rating",
    "score": "mean rating, average rating, score",
    "sla": "sla, slas, breaches, breached, due times",
    "reopened": "reopen rate, reopened, reopens, reopen, came back, come back, returned customers",
    "left": "left without an answer, abandoned, gave up, give up, left",
    "minutes": "agent time, agents time, agent minutes, time of agents, workload",
    "cost": "cost per conversation, costs, cost, spend, expensive",
    "helped": "helpful answers, answers that helped, helped, helpful",
    "stopped": "unsupported sentences, unsupported, stopped, hallucinations, hallucinated, made up",
}
CONVERSATIONS = {
    "conversations": "conversations, conversation, chats, chat, tickets, ticket, volume, questions, requests, enquiries"
}
DIMENSIONS = {
    "channel": "channel, channels, source, sources",
    "category": "category, categories, topic, topics, subject, subjects, kind",
    "language": "language, languages",
    "handler": "bot and people, bot or people, bot against people, bot vs people, handler, handled by",
    "team": "team, teams",
    "reason": "reason, reasons",
    "agent": "agent, agents, person, colleague",
    "outcome": "outcome, outcomes, ending",
    "weekday": "weekday, weekdays, day of the week, day of week",
    "hour": "hour, hours, hour of the day, hour of day, time of day, o'clock",
    "time": "day, days, date, week, weeks, month, months, over time, trend, daily, weekly, monthly",
}
CATEGORIES = {
    "returns": "refund, refunds, return, exchange, exchanges, money back",
    "delivery": "deliveries, shipping, shipment, parcel, parcels, tracking, late",
    "order": "orders, ordering",
    "payment": "payments, paying, card, charge, charged",
    "invoice": "invoices, bill, bills, receipt, receipts",
    "account": "accounts, login, logins, password, passwords",
    "product": "products, goods, items",
    "promotions": "promotion, voucher, vouchers, discount, discounts, coupon, coupons",
    "technical": "bugs, bug, app, technical problems, errors",
    "subscription": "subscriptions, newsletter",
    "feedback": "complaint, complaints, praise",
    "contact": "opening hours",
}
LANGUAGES = {
    "en": "english",
    "de": "german",
    "fr": "french",
    "es": "spanish",
    "it": "italian",
    "pt": "portuguese",
}
CHANNELS = {
    "widget": "chat on the site, on the site, by widget, widget",
    "api": "through the api, by api, api",
    "email": "by e-mail, by email, by mail, e-mails, emails, e-mail, email, mails",
    "telegram": "on telegram, by telegram, telegram",
    "whatsapp": "on whatsapp, by whatsapp, whatsapp",
    "slack": "on slack, by slack, slack",
}
HANDLERS = {"bot": "the bot alone, by the bot, bot alone", "people": "by people, by agents, by humans, humans"}
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
FILLERS = frozenset(
    re.findall(
        r"\S+",
        """a about all an and any are as at be been by can compare compared could did do does each every fall fell
    figure figures for from get give go going had has have how i in is it its last long many me much my number of on or
    our best worst highest lowest good bad
    over per percentage please rate rise rose share show so split take tell than that the their them then there these
    they this time to us was we went were what when where which who why will with you your drop dropped grew grow
    increase increased decrease decreased change changed more less fewer up down most least average mean median
    percent shown versus vs during within since day days week weeks month months year today yesterday now current
    customers customer it's what's""",
    )
)


def phrases(table: dict[str, str]) -> list[tuple[str, str]]:
    """Pairs of a phrase and its key, the longest phrase first."""
    pairs = [(phrase.strip(), key) for key, words in table.items() for phrase in words.split(",")]
    return sorted(pairs, key=lambda pair: (-len(pair[0]), pair[0]))
