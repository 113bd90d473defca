"""pymongo writing facts from many threads, as an application would: documents with the fields and indexes that a fact of
the stores has, each written by one replace_one with upsert; or, where what was there is to be kept as a history, by
find_one_and_replace and an insert into another collection. BSON is written by pymongo's extension in C.

mongo_facts.py URL THEIRS OURS THREADS
Fills the collection THEIRS with copies of a fact that is in OURS. Reads lines
  replace ROUND COUNT, keep ROUND COUNT
which are answered with the seconds that COUNT facts take, all threads together, and the seconds of processor time of
this process; facts of the same ROUND have the same keys.
"""

import sys
import threading
import time

import bson
import pymongo

client = pymongo.MongoClient(sys.argv[1], w="majority", maxPoolSize=64)
database = client.get_default_database(default="stores")
facts, template = database[sys.argv[2]], database[sys.argv[3]].find_one()
lines = database[sys.argv[2] + "_lines"]
threads = int(sys.argv[4])
speed = "C" if bson.has_c() else "Python"
facts.drop()
lines.drop()
lines.create_index([("life", pymongo.ASCENDING)])
for field in ("expires", "life", "words.w"):
    facts.create_index([(field, pymongo.ASCENDING)])
print(f"pymongo {pymongo.version} ({speed}), {threads} threads", flush=True)


def write(kind, turn, thread, count, failures):
    try:
        for number in range(count):
            fact = dict(template)
            fact["_id"] = f"bench\1\1{turn}-{thread}-{number}"
            fact["id"] = f"{turn}-{thread}-{number}"
            fact["stamp"] = fact["life"] = f"{turn}-{thread}-{number}"
            if kind == "replace":
                facts.replace_one({"_id": fact["_id"]}, fact, upsert=True)
                continue
            line = facts.find_one_and_replace({"_id": fact["_id"]}, fact)
            del line["_id"], line["fields"], line["words"]
            lines.insert_one(line)
    except pymongo.errors.PyMongoError as error:
        failures.append(error)


for line in sys.stdin:
    kind, turn, count = line.split()
    failures = []
    workers = [threading.Thread(target=write, args=(kind, turn, thread, int(count) // threads, failures))
               for thread in range(threads)]
    start, cpu = time.perf_counter(), time.process_time()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    wall, cpu = time.perf_counter() - start, time.process_time() - cpu
    if failures:
        sys.exit(str(failures[0]))
    print(f"{wall:.6f} {cpu:.6f}", flush=True)
