"""Reciprocal rank fusion of two lists of 100 ids. Reads a count, answers with the seconds of so many."""

import sys
import time

first = [f"record-{n}" for n in range(100)]
second = [f"record-{n * 2 % 199}" for n in range(100)]


def fuse(lists, k=60):
    sums = {}
    for ids in lists:
        for rank, id in enumerate(ids, 1):
            sums[id] = sums.get(id, 0) + 1 / (k + rank)
    return sorted(sums, key=lambda id: (-sums[id], id))


print(f"python {sys.version.split()[0]}", flush=True)
for line in sys.stdin:
    count = int(line)
    begin = time.perf_counter()
    for _ in range(count):
        fuse([first, second])
    print(time.perf_counter() - begin, flush=True)
