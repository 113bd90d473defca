"""Python's sqlite3 writing and reading the rows that StoresSQLite wrote, in files of the same schema.

sqlite_rows.py template.db folder
Takes schema and rows from the template. Reads lines:
  write N               the seconds of writing every row into a new file, N rows of each table in one transaction
  encode N TABLE COLUMN the same, and that column of that table is made by json.dumps while the clock runs
  read TABLE COLUMN     the seconds of reading every row of a table by a unique column, one at a time
The rows are ready before the clock starts; tables of few rows are copied before it.
"""

import itertools
import json
import os
import sqlite3
import sys
import time

template_path, folder = sys.argv[1], sys.argv[2]
files = itertools.count()

# What StoresSQLite sets; the page size and the journal mode are in the file.
PRAGMAS = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA cache_size = -32000;
PRAGMA temp_store = MEMORY;
PRAGMA journal_size_limit = 67108864;
"""


def load():
    template = sqlite3.connect(template_path)
    master = template.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    virtual = [name for kind, name, sql in master if sql.upper().startswith("CREATE VIRTUAL")]
    schema, tables = [], []
    for kind, name, sql in sorted(master, key=lambda row: row[0] != "table"):
        if name.startswith("sqlite_") or any(name.startswith(table + "_") for table in virtual):
            continue
        schema.append(sql)
        if kind != "table":
            continue
        columns = [row[1] for row in template.execute(f'PRAGMA table_info("{name}")')]
        names = ["rowid"] + columns if name in virtual else columns
        listed = ", ".join(f'"{column}"' for column in names)
        rows = template.execute(f'SELECT {listed} FROM "{name}"').fetchall()
        marks = ", ".join("?" * len(names))
        tables.append((name, f'INSERT INTO "{name}" ({listed}) VALUES ({marks})', rows, names))
    template.close()
    return schema, tables


schema, tables = load()
most = max(len(rows) for _, _, rows, _ in tables)
data = [table for table in tables if len(table[2]) * 2 >= most]
few = [table for table in tables if len(table[2]) * 2 < most]


def fresh():
    path = os.path.join(folder, f"peer-{next(files)}.sqlite")
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(PRAGMAS)
    for sql in schema:
        connection.execute(sql)
    for _, insert, rows, _ in few:
        connection.executemany(insert, rows)
    return path, connection


def remove(path):
    for suffix in ("", "-wal", "-shm"):
        if os.path.exists(path + suffix):
            os.remove(path + suffix)


dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode


def write(size, table=None, column=None):
    path, connection = fresh()
    place, objects = None, None
    for name, _, rows, names in data:
        if name == table:
            place = names.index(column)
            objects = [json.loads(row[place]) for row in rows]
    begin = time.perf_counter()
    for start in range(0, most, size):
        connection.execute("BEGIN IMMEDIATE")
        for name, insert, rows, _ in data:
            part = rows[start : start + size]
            if name == table:
                part = [
                    (*row[:place], dumps(value), *row[place + 1 :])
                    for row, value in zip(part, objects[start : start + size])
                ]
            connection.executemany(insert, part)
        connection.execute("COMMIT")
    seconds = time.perf_counter() - begin
    connection.close()
    remove(path)
    return seconds


def read(table, column):
    _, _, rows, names = next(entry for entry in data if entry[0] == table)
    keys = [row[names.index(column)] for row in rows]
    connection = sqlite3.connect(template_path, isolation_level=None)
    connection.executescript("PRAGMA cache_size = -32000; PRAGMA temp_store = MEMORY")
    select = f'SELECT * FROM "{table}" WHERE "{column}" = ?'
    begin = time.perf_counter()
    for key in keys:
        connection.execute(select, (key,)).fetchone()
    seconds = time.perf_counter() - begin
    connection.close()
    return seconds


print(f"python {sys.version.split()[0]} sqlite3 {sqlite3.sqlite_version}", flush=True)
for line in sys.stdin:
    command, *arguments = line.split()
    if command == "read":
        print(read(*arguments), flush=True)
    else:
        print(write(int(arguments[0]), *arguments[1:]), flush=True)
