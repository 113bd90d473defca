"""qdrant-client over HTTP. Reads "vectors" or "records", with metadata; each
line is one upsert of all rows into a new collection. Answers with the seconds that
passed and the seconds of processor time. The points are made of the rows meanwhile, as an application would."""

import json
import sys
import time
import uuid
import warnings

import numpy
from importlib.metadata import version
from qdrant_client import QdrantClient, models

warnings.filterwarnings("ignore")
with open(sys.argv[2] + "/records.jsonl", encoding="utf-8") as file:
    records = [json.loads(line) for line in file]
vectors = numpy.fromfile(sys.argv[2] + "/vectors.f32", dtype="<f4").reshape(len(records), -1).tolist()

client = QdrantClient(url=sys.argv[1], timeout=300)
batch = 500
print(f"qdrant-client {version('qdrant-client')}", flush=True)
for turn, line in enumerate(sys.stdin):
    has_metadata = line.strip() == "records"
    name = f"bench-peer-{turn}"
    client.delete_collection(name)
    client.create_collection(
        name, vectors_config={"dense": models.VectorParams(size=len(vectors[0]), distance=models.Distance.COSINE)})
    wall, cpu = time.perf_counter(), time.process_time()
    for start in range(0, len(records), batch):
        client.upsert(name, wait=True, points=[
            models.PointStruct(
                id=str(uuid.uuid5(uuid.NAMESPACE_URL, records[row]["id"])), vector={"dense": vectors[row]},
                payload={"id": records[row]["id"], **({"metadata": records[row]["metadata"]} if has_metadata else {})})
            for row in range(start, min(start + batch, len(records)))])
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if client.count(name).count != len(records):
        raise SystemExit("records are missing")
    client.delete_collection(name)
    print(wall, cpu, flush=True)
