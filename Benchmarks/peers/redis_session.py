"""redis-benchmark, redis-py's asyncio client, and a blocking loop in C over hiredis, on a server.

redis_session.py URL
Reads lines:
  tool COMMAND CLIENTS PIPELINE N   the seconds that redis-benchmark takes for N commands (GET, SET) of 100 bytes
  asyncio COMMAND TASKS N           the seconds that N of them take from so many tasks of redis-py
  loop COMMAND N                    the seconds that N of them take one after the other in C
redis-benchmark is looked for beside the server's own program, then on the PATH.
"""

import asyncio
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse

import redis
import redis.asyncio

url = sys.argv[1]
parts = urllib.parse.urlsplit(url)
server = redis.Redis.from_url(url)
info = server.info("server")
beside = pathlib.Path(info.get("executable", "/")).with_name("redis-benchmark")
tool = str(beside) if beside.exists() else shutil.which("redis-benchmark")
environment = dict(os.environ)
try:
    # Its libraries may lie anywhere.
    maps = pathlib.Path(f"/proc/{info['process_id']}/maps").read_text().splitlines()
    environment["LD_LIBRARY_PATH"] = ":".join(sorted({str(pathlib.Path(line.split()[-1]).parent) for line in maps
                                                      if ".so" in line}))
except OSError:
    pass
server.set("bench:peer", b"x" * 100)
version = info["redis_version"]


def benchmark(command, clients, pipeline, count):
    arguments = [tool, "-h", parts.hostname, "-p", str(parts.port or 6379), "-t", command.lower(), "-c", clients, "-P",
                 pipeline, "-n", count, "-d", "100", "--csv"]
    if parts.password:
        arguments += ["-a", urllib.parse.unquote(parts.password)]
    output = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=True).stdout
    rate = next(float(line.split(",")[1].strip('"')) for line in output.splitlines() if line.startswith(f'"{command}'))
    return int(count) / rate


def loop(name, count):
    command = [program, parts.hostname, str(parts.port or 6379), urllib.parse.unquote(parts.password or ""),
               name, "bench:peer", count]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


async def tasks(name, count, total):
    client = redis.asyncio.Redis.from_url(url, max_connections=count)
    value = b"x" * 100

    async def work(rounds):
        for _ in range(rounds):
            await (client.get("bench:peer") if name == "GET" else client.set("bench:peer", value))

    await asyncio.gather(*(work(1) for _ in range(count)))
    start = time.perf_counter()
    await asyncio.gather(*(work(total // count) for _ in range(count)))
    taken = time.perf_counter() - start
    await client.aclose()
    return taken


folder = tempfile.TemporaryDirectory()
program = folder.name + "/redis_loop"
compiler = shutil.which("cc") or shutil.which("clang")
subprocess.run([compiler, "-O2", "-o", program, pathlib.Path(__file__).with_name("redis_loop.c"), "-lhiredis"],
               check=True)
print(f"redis-benchmark {version}, redis-py {redis.__version__}", flush=True)
for line in sys.stdin:
    words = line.split()
    if words[0] == "tool":
        print(benchmark(*words[1:]), flush=True)
    elif words[0] == "loop":
        print(loop(words[1], words[2]), flush=True)
    else:
        print(asyncio.run(tasks(words[1], int(words[2]), int(words[3]))), flush=True)
