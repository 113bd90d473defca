"""The exact nearest rows by dot product with numpy, one thread.

numpy_scan.py vectors.f32 queries.f32 dimensions repeats limit
Reads lines "start count" and answers with the median seconds of a query, over count of them.
"""

import statistics
import sys
import time

import numpy as np

vectors_path, queries_path = sys.argv[1], sys.argv[2]
dimensions, repeats, limit = (int(argument) for argument in sys.argv[3:6])

queries = np.fromfile(queries_path, dtype="<f4").reshape(-1, dimensions)
matrix = np.ascontiguousarray(
    np.tile(np.fromfile(vectors_path, dtype="<f4").reshape(-1, dimensions), (repeats, 1))
)
rows = matrix.shape[0]


def nearest(query):
    similarities = matrix @ query
    best = np.argpartition(similarities, rows - limit)[rows - limit :]
    return best[np.argsort(-similarities[best])]


nearest(queries[0])
print(f"numpy {np.__version__} float32", flush=True)
for line in sys.stdin:
    start, count = (int(part) for part in line.split())
    times = []
    for offset in range(count):
        begin = time.perf_counter()
        nearest(queries[(start + offset) % len(queries)])
        times.append(time.perf_counter() - begin)
    print(statistics.median(times), flush=True)
