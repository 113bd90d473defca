"""orjson on a numpy array of float32. Reads "write" or "read", answers with the seconds."""

import sys
import time

import numpy
import orjson

vectors = numpy.fromfile(sys.argv[1], dtype="<f4").reshape(-1, int(sys.argv[2]))
text = orjson.dumps(vectors, option=orjson.OPT_SERIALIZE_NUMPY)

print(f"orjson {orjson.__version__}", flush=True)
for line in sys.stdin:
    begin = time.perf_counter()
    if line.strip() == "write":
        orjson.dumps(vectors, option=orjson.OPT_SERIALIZE_NUMPY)
    else:
        orjson.loads(text)
    print(time.perf_counter() - begin, flush=True)
