"""Runs the tests and writes a JUnit report. Nothing beyond the standard library is needed.

    python3 tools/run_tests.py [--report report.xml] [tests.test_money …]

Ends with 1 when a test is red that is not named in tests/known_red.txt, and with 0 otherwise. The report tells all.
"""
import argparse
import sys
import time
import unittest
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
KNOWN = ROOT / "tests" / "known_red.txt"


class Recorder(unittest.TextTestResult):
    """Remembers for each test how it ended and how long it took."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.cases: list[tuple[unittest.TestCase, float, str, str]] = []
        self.began = 0.0

    def startTest(self, test) -> None:
        self.began = time.perf_counter()
        super().startTest(test)

    def note(self, test, end: str, text: str = "") -> None:
        self.cases.append((test, time.perf_counter() - self.began, end, text))

    def addSuccess(self, test) -> None:
        super().addSuccess(test)
        self.note(test, "passed")

    def addFailure(self, test, err) -> None:
        super().addFailure(test, err)
        self.note(test, "failure", self.failures[-1][1])

    def addError(self, test, err) -> None:
        super().addError(test, err)
        self.note(test, "error", self.errors[-1][1])

    def addSkip(self, test, reason) -> None:
        super().addSkip(test, reason)
        self.note(test, "skipped", reason)


def report(result: Recorder) -> ElementTree.Element:
    red = [case for case in result.cases if case[2] in ("failure", "error")]
    suite = ElementTree.Element("testsuite", name="larkfield", tests=str(len(result.cases)), failures=str(len(red)))
    for test, seconds, end, text in result.cases:
        group, _, name = test.id().rpartition(".")
        case = ElementTree.SubElement(suite, "testcase", classname=group, name=name, time=f"{seconds:.4f}")
        if end != "passed":
            ElementTree.SubElement(case, end, message=text.strip().splitlines()[-1] if text.strip() else "").text = text
    return suite


def main() -> int:
    parser = argparse.ArgumentParser(description="Runs the tests.")
    parser.add_argument("names", nargs="*", help="modules, classes or tests; all when left out")
    parser.add_argument("--report", type=Path, help="where to write the JUnit report")
    given = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    loader = unittest.defaultTestLoader
    suite = loader.loadTestsFromNames(given.names) if given.names else loader.discover(str(ROOT / "tests"), top_level_dir=str(ROOT))
    result = unittest.TextTestRunner(resultclass=Recorder, stream=sys.stdout, verbosity=1).run(suite)
    if given.report:
        ElementTree.ElementTree(report(result)).write(given.report, encoding="utf-8", xml_declaration=True)
    red = {case[0].id() for case in result.cases if case[2] in ("failure", "error")}
    known = red & known_red()
    print(f"larkfield: {result.testsRun - len(red)} passed, {len(red)} failed" + (f" ({len(known)} of them known)" if known else ""))
    return 1 if red - known else 0


def known_red() -> set[str]:
    """Tests that wait for their ticket: they show a fault, and must not stop everybody else."""
    lines = KNOWN.read_text("utf-8").splitlines() if KNOWN.exists() else []
    return {line.split()[0] for line in lines if line.strip() and not line.startswith("#")}


if __name__ == "__main__":
    sys.exit(main())
