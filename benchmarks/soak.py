"""Two agents and three customers in real browsers, on lines that fail: is a message lost, doubled or misplaced?

`python -m benchmarks.soak --seconds 120 --stack services`; it exits with 1 if anything was. Everything happens in
contexts of one Chromium: a customer's line is slow, another's and an agent's are cut, a customer's tab sleeps.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from benchmarks.table import table
from tests.e2e.pages import PATIENCE, conversation_of, open_chat, say, sign_in, thread, visit
from tests.servers import wait_until
from tests.stack import EmbeddedStack, ServicesStack, Stack

TURN = 300  # ms between two messages
SETTLING = 90.0  # seconds for what was held back and queued to arrive
Line = dict[str, bool | int]
SLOW: Line = {"offline": False, "latency": 400, "downloadThroughput": 20_000, "uploadThroughput": 10_000}
CUT: Line = {"offline": True, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
FREE: Line = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
STACKS: dict[str, type[ServicesStack] | type[EmbeddedStack]] = {"services": ServicesStack, "embedded": EmbeddedStack}
Said = tuple[str, str]  # author, text


@dataclass
class Person:
    """Somebody at a browser; `awake` is false while the tab sleeps, `is_cut` while there is no line."""

    name: str
    page: Page
    line: CDPSession
    awake: bool = True
    is_cut: bool = False

    def set_line(self, conditions: Line) -> None:
        """Make the line slow, cut it, or set it free."""
        self.is_cut = bool(conditions["offline"])
        self.page.context.set_offline(self.is_cut)
        self.line.send("Network.emulateNetworkConditions", conditions)

    def sleep(self, *, on: bool) -> None:
        """Freeze the tab as a browser does with one that nobody looks at, or wake it."""
        self.awake = not on
        self.line.send("Page.setWebLifecycleState", {"state": "frozen" if on else "active"})


@dataclass
class Talk:
    """A conversation: who is in it, and what they have written, in order."""

    id: str
    customer: Person
    agent: Person
    written: dict[str, list[str]] = field(default_factory=lambda: {"customer": [], "agent": []})

    def is_right(self, said: list[Said]) -> bool:
        """Whether this is all that was written, each once, and in the order in which each wrote."""
        return all([text for who, text in said if who == author] == own for author, own in self.written.items())


@dataclass
class Outcome:
    """How many messages were written, and every fault in words."""

    written: int
    faults: list[str]

    def __str__(self) -> str:
        kinds = Counter(fault.partition(":")[0] for fault in self.faults)
        rows = [["written", str(self.written)], *([kind, str(count)] for kind, count in sorted(kinds.items()))]
        shown = table(
            "Two agents and three customers at once", ["messages", ""], [*rows, ["faults", str(len(self.faults))]]
        )
        return "\n".join([shown, *self.faults])


class Soak:
    """One run; `run` writes for so many seconds, `outcome` waits until all has arrived and looks at every screen."""

    def __init__(self, browser: Browser, stack: Stack, open_pages: ExitStack) -> None:
        self._browser, self._stack, self._open = browser, stack, open_pages
        self._chance = random.Random(5)
        agents = [self._agent(name) for name in ("maya", "tom")]
        self.talks = [self._talk(f"customer {number}", agents[number % 2]) for number in range(3)]

    def run(self, seconds: float) -> None:
        """Everybody writes; in between one line is slow, two are cut, and a tab sleeps."""
        slow, cut, asleep = (talk.customer for talk in self.talks)
        cut_agent = self.talks[1].agent
        plan: list[tuple[float, Callable[[], None]]] = [
            (0.15, lambda: slow.set_line(SLOW)),
            (0.35, lambda: cut.set_line(CUT)),
            (0.40, lambda: slow.set_line(FREE)),
            (0.45, lambda: cut_agent.set_line(CUT)),
            (0.55, lambda: cut.set_line(FREE)),
            (0.60, lambda: cut_agent.set_line(FREE)),
            (0.65, lambda: asleep.sleep(on=True)),
            (0.85, lambda: asleep.sleep(on=False)),
        ]
        begun = time.monotonic()
        while (share := (time.monotonic() - begun) / seconds) < 1:
            while plan and plan[0][0] <= share:
                plan.pop(0)[1]()
            self._write_one()
            self.talks[0].agent.page.wait_for_timeout(TURN)
        for _, change in plan:
            change()

    def outcome(self) -> Outcome:
        """What the database and every screen have, when it has settled."""
        faults = [fault for talk in self.talks for fault in self._faults(talk)]
        return Outcome(sum(len(own) for talk in self.talks for own in talk.written.values()), faults)

    def _person(self, name: str, address: str) -> Person:
        page = self._open.enter_context(visit(self._browser, self._stack.url + address))
        return Person(name, page, page.context.new_cdp_session(page))

    def _agent(self, name: str) -> Person:
        agent = self._person(name, "/inbox/?view=mine")
        sign_in(agent.page, name)
        return agent

    def _talk(self, name: str, agent: Person) -> Talk:
        customer = self._person(name, "/demo/")
        open_chat(customer.page)
        customer.page.get_by_role("button", name="Talk to a person").click()
        first = f"{name} says hello {self._chance.random()}"
        say(customer.page, first)
        wait_until(lambda: self._stack.rows("SELECT id FROM chat_message WHERE body = %s", first), what="hello")
        talk = Talk(conversation_of(self._stack, first), customer, agent)
        talk.written["customer"].append(first)
        agent.page.goto(f"{self._stack.url}/inbox/{talk.id}/?view=mine")
        thread(agent.page).get_by_role("button", name="Take over").click()
        agent.page.get_by_role("textbox", name="Your reply").and_(agent.page.locator(":enabled")).wait_for()
        return talk

    def _write_one(self) -> None:
        talk = self._chance.choice(self.talks)
        author = self._chance.choice(("customer", "agent"))
        if author == "customer" and not talk.customer.awake:
            return
        if author == "agent" and not self._goes_to(talk):
            return
        body = f"{author} of {talk.customer.name}, number {len(talk.written[author])}"
        if author == "customer":
            say(talk.customer.page, body)
        else:
            reply = talk.agent.page.get_by_role("textbox", name="Your reply")
            reply.fill(body)
            reply.press("Enter")
        talk.written[author].append(body)

    def _goes_to(self, talk: Talk) -> bool:
        """Whether the agent is at the conversation, or could go there; without a line one stays where one is."""
        page = talk.agent.page
        if talk.id not in page.url:
            if talk.agent.is_cut:
                return False
            page.locator(f'a[href*="{talk.id}"]').first.click()
        page.get_by_role("textbox", name="Your reply").and_(page.locator(":enabled")).wait_for(timeout=PATIENCE)
        return True

    def _faults(self, talk: Talk) -> list[str]:
        self._goes_to(talk)
        places: dict[str, Callable[[], list[Said]]] = {
            "in the database": lambda: self._saved(talk),
            "on the customer's screen": lambda: _shown(talk.customer.page, "supportbot-widget ol.messages li.message"),
            "on the agent's screen": lambda: _shown(talk.agent.page, ".said"),
        }
        faults = []
        for place, read in places.items():
            try:
                wait_until(lambda read=read: talk.is_right(read()), seconds=SETTLING, what=place)  # type: ignore[misc]
            except TimeoutError:
                faults += _differences(talk, read(), place)
        return faults

    def _saved(self, talk: Talk) -> list[Said]:
        rows = self._stack.rows("SELECT conversation_id, author, body FROM chat_message ORDER BY seq")
        here = talk.id.replace("-", "")
        return [(row["author"], row["body"]) for row in rows if str(row["conversation_id"]).replace("-", "") == here]


def _shown(page: Page, line: str) -> list[Said]:
    """What a page shows of customers and agents, from top to bottom."""
    found = page.locator(f"{line}.customer .text, {line}.agent .text").evaluate_all(
        "(texts) => texts.map((text) => [text.closest('.customer') ? 'customer' : 'agent', text.innerText])"
    )
    return [(author, text) for author, text in found]


def _differences(talk: Talk, said: list[Said], place: str) -> list[str]:
    """Each message that is not once where it belongs; or, if all are, that they are in another order."""
    written = {(author, text) for author, own in talk.written.items() for text in own}
    count = Counter(said)
    faults = [f"lost: {text!r} {place}" for author, text in sorted(written) if not count[author, text]]
    faults += [f"doubled: {text!r} {place}" for (_, text), times in count.items() if times > 1]
    faults += [f"misplaced: {text!r} {place}" for author, text in count if (author, text) not in written]
    return faults or [f"out of order: {[text for _, text in said]} {place}"]


def soak(browser: Browser, stack: Stack, seconds: float) -> Outcome:
    """Write for so long, wait until it has settled, and look at every screen."""
    with ExitStack() as pages:
        run = Soak(browser, stack, pages)
        run.run(seconds)
        return run.outcome()


def main() -> None:
    """Start the product and a browser, run, print; the exit status tells whether there was a fault."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--stack", choices=STACKS, default="services")
    options = parser.parse_args()
    stack = STACKS[options.stack]({})
    try:
        stack.start()
        with sync_playwright() as playwright:
            flags = ["--no-sandbox", "--disable-gpu"]
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
            outcome = soak(browser, stack, options.seconds)
            browser.close()
    finally:
        stack.stop()
    print(outcome)
    sys.exit(bool(outcome.faults))


if __name__ == "__main__":
    main()
