"""Python's json on a file of one object a line. Reads "read" or "write", answers with the seconds for the whole file."""

import json
import sys
import time

with open(sys.argv[1], encoding="utf-8") as file:
    texts = file.read().split("\n")
objects = [json.loads(text) for text in texts]
encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

print(f"python {sys.version.split()[0]} json", flush=True)
for line in sys.stdin:
    begin = time.perf_counter()
    if line.strip() == "read":
        for text in texts:
            json.loads(text)
    else:
        for value in objects:
            encode(value).encode()
    print(time.perf_counter() - begin, flush=True)
