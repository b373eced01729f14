"""What the assistant did, and why, in words for agents and administrators."""

from __future__ import annotations

ACTS = {
    "answer": "Answered",
    "ask": "Asked back",
    "refuse": "Refused politely",
    "hand_off": "Handed off",
    "act": "Acted",
}
REASONS = {
    "known": "It knew the intent well enough and had what it needed.",
    "asked": "The customer asked for a person.",
    "off_topic": "The message has nothing to do with the shop.",
    "no_words": "There were no words in the message.",
    "who_answers": "The customer asked whether a program answers.",
    "unsure": "Its confidence was below what this workspace demands.",
    "repeated": "It had asked back before and would have had to ask again.",
    "unknown_order": "The customer named an order that does not exist.",
    "order_needed": "The answer depends on an order, and none was named.",
    "found": "A passage of the help centre answers it.",
    "unsupported": "Nothing that it knows supported what it would have said.",
    "reserved": "This workspace leaves the matter to people.",
    "plan_limit": "The limit of the plan is reached, so new conversations go to people.",
    "attachment": "The customer sent a file without words, which only people can look at.",
    "angry": "The customer was angry twice in a row.",
    "not_helped": "The customer said that the answer did not help.",
    "assigned": "An agent passed it to people.",
    "rule": "A rule of the workspace passed it to people.",
    "taken": "An agent took it over.",
    "no_spam": "An agent took it out of the spam.",
    "identity": "It could not make sure who the customer is.",
    "collecting": "An action needs something more from the customer.",
    "proposed": "An action waits for the customer's yes.",
    "done": "An action was done.",
    "declined": "The customer did not want the action.",
    "failed": "Something went wrong while it wrote.",
}
