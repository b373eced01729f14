"""`python -m benchmarks` prints every table for this machine; `python -m benchmarks engine`, say, one part of them."""

from __future__ import annotations

import argparse
import time

from benchmarks import (
    analytics,
    datasets,
    desk,
    engine,
    few_shot,
    inbox,
    load,
    machine,
    off_topic,
    pools,
    quality,
    reading,
    scrolling,
    step,
    traces,
    twins,
    way,
    weights,
    widget,
)

PARTS = {
    "engine": engine.report,
    "step": step.report,
    "weights": weights.report,
    "pools": pools.report,
    "load": load.report,
    "way": way.report,
    "desk": desk.report,
    "inbox": inbox.report,
    "scrolling": scrolling.report,
    "analytics": analytics.report,
    "datasets": datasets.report,
    "widget": widget.report,
    "quality": quality.report,
    "drafts": quality.drafts,
    "reading": reading.report,
    "off_topic": off_topic.report,
    "few_shot": few_shot.report,
    "routing": quality.routing,
    "traces": traces.report,
    "twins": twins.report,
}


def main() -> None:
    """Measure what was asked for, and print it as it comes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Prints the benchmark tables.")
    parser.add_argument("part", nargs="*", metavar="PART", help=f"only these parts: {', '.join(PARTS)}")
    named = parser.parse_args().part or list(PARTS)
    if unknown := set(named) - PARTS.keys():
        parser.error(f"no such part: {', '.join(unknown)}")
    begun = time.monotonic()
    print(f"Machine: {machine.describe()}.\n", flush=True)
    for part in named:
        print(PARTS[part](), flush=True)
    print(f"Measured in {time.monotonic() - begun:.0f} s.")


if __name__ == "__main__":
    main()
