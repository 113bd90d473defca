"""Counts of what passed, failed and was skipped."""

import json
import re


class Results:
    def __init__(self):
        self.passed = 0
        self.failed = 0
        self.skipped = []
        self.failures = []

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.failures += other.failures

    def succeed(self, count=1):
        self.passed += count

    def fail(self, what):
        self.failed += 1
        self.failures.append(what)

    def line(self):
        return f"{self.passed} passed, {self.failed} failed, {len(self.skipped)} skipped"

    @staticmethod
    def parse(line):
        """The counts of a closing line, or None."""
        found = re.fullmatch(r"(\d+) passed, (\d+) failed, (\d+) skipped", line.strip())
        return tuple(map(int, found.groups())) if found else None


def swift_testing(events, log, code, suite):
    """What a run of Swift Testing did: a parameterised test counts once for each of its cases.

    `events` is what `--event-stream-output-path` wrote, `log` the run's output, `code` its exit code. A run that
    executed nothing, or did not come to its end, is a failure."""
    results = Results()
    names, functions, cases, issues, ended, over, left_out = {}, set(), {}, {}, False, set(), set()
    # Not by splitlines, which also ends lines at what a test's name may hold (U+2028).
    lines = events.read_text(encoding="utf-8").split("\n") if events.exists() else []
    for line in filter(None, lines):
        record = json.loads(line)
        payload = record["payload"]
        if record["kind"] == "test":
            names[payload["id"]] = payload.get("displayName") or payload["name"]
            if payload["kind"] == "function":
                functions.add(payload["id"])
            continue
        test = payload.get("testID")
        if payload["kind"] == "runEnded":
            ended = True
        elif payload["kind"] == "testCaseEnded":
            cases[test] = cases.get(test, 0) + 1
        elif payload["kind"] == "testEnded" and test in functions:
            over.add(test)
        elif payload["kind"] == "testSkipped" and test in functions:
            left_out.add(test)
            results.skipped.append(f"{suite}: {payload['messages'][0]['text']}")
        elif payload["kind"] == "issueRecorded" and payload["issue"].get("isFailure", True):
            issues.setdefault(test, []).append(payload["messages"][0]["text"])
    # A test without parameters has no cases of its own.
    for test in over - left_out:
        cases.setdefault(test, 1)
    text = log.read_text(encoding="utf-8")
    for test in sorted(functions):
        count = cases.get(test, 0)
        if test not in issues:
            results.passed += count
            continue
        # Which cases of a parameterised test failed, only the written output says.
        name = re.escape(names[test])
        failing = set(re.findall(rf'✘ Test "?{name}"? recorded an issue with (\d+ arguments? .*?) at \S+:\d+:\d+', text))
        failed = min(max(1, len(failing)), max(1, count))
        results.failed += failed
        results.passed += max(0, count - failed)
        detail = f" ({'; '.join(sorted(failing)[:5])})" if failing else ""
        results.failures.append(f"{suite}: {names[test]}{detail}: {issues[test][0]}")
    for test in sorted(set(issues) - functions, key=str):
        results.fail(f"{suite}: {names.get(test, 'the run')}: {issues[test][0]}")
    if not ended:
        results.fail(f"{suite}: the run did not come to its end (exit code {code}); see {log.name}")
    elif sum(cases.values()) == 0:
        results.fail(f"{suite}: no test was executed")
    elif code != 0 and not results.failures:
        results.fail(f"{suite}: exit code {code}; see {log.name}")
    return results
