"""`python -m quarterdeck.outside.tracker.jira.demo --port N`: the demonstration alone, until a signal ends it."""

import argparse
import signal
import threading

from quarterdeck.outside.tracker.jira.demo.seed import larkfield
from quarterdeck.outside.tracker.jira.demo.server import EMAIL, TOKEN, Demo
from quarterdeck.sample.tickets import project


def main() -> None:
    parser = argparse.ArgumentParser(prog="jira-demo", description="A Jira Cloud of our own, on loopback.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--hook", default="", help="where its webhooks go")
    given = parser.parse_args()
    leave = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: leave.set())
    with Demo(larkfield(key=project()["jira_key"]), port=given.port, hook_url=given.hook) as demo:
        print(f"{demo.url} {EMAIL} {TOKEN}", flush=True)
        leave.wait()


if __name__ == "__main__":
    main()
