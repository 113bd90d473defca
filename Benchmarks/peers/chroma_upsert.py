"""The chromadb HTTP client. Reads "vectors" or "records", with metadata; each
line is one upsert of all rows into a new collection. Answers with the seconds that
passed and the seconds of processor time."""

import json
import os
import sys
import time
import urllib.parse

os.environ["ANONYMIZED_TELEMETRY"] = "False"
import chromadb  # noqa: E402
import numpy  # noqa: E402

server = urllib.parse.urlsplit(sys.argv[1])
with open(sys.argv[2] + "/records.jsonl", encoding="utf-8") as file:
    records = [json.loads(line) for line in file]
vectors = numpy.fromfile(sys.argv[2] + "/vectors.f32", dtype="<f4").reshape(len(records), -1)
ids = [record["id"] for record in records]
# The client refuses empty lists.
fields = [{key: value for key, value in record["metadata"].items() if value != []} for record in records]

client = chromadb.HttpClient(host=server.hostname, port=server.port)
batch = client.get_max_batch_size()
print(f"chromadb {chromadb.__version__} with numpy", flush=True)
for turn, line in enumerate(sys.stdin):
    has_metadata = line.strip() == "records"
    name = f"bench-peer-{os.getpid()}-{turn}"
    collection = client.create_collection(
        name, configuration={"hnsw": {"space": "cosine"}}, embedding_function=None)
    wall, cpu = time.perf_counter(), time.process_time()
    for start in range(0, len(ids), batch):
        part = slice(start, start + batch)
        collection.upsert(
            ids=ids[part], embeddings=vectors[part], metadatas=fields[part] if has_metadata else None)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if collection.count() != len(ids):
        raise SystemExit("records are missing")
    client.delete_collection(name)
    print(wall, cpu, flush=True)
