#!/usr/bin/env python3
"""A peer of MongoDB: the DocumentDB engine in its Postgres behind a transport of ours.

The wire protocol is MongoDB's (OP_MSG, and OP_QUERY for a first hello); each command's BSON goes to the engine's
function of that command, and its answer back. So queries, updates, indexes and their errors are the engine's; a
standalone server of version 7.0 is what `hello` tells. There is neither authentication, nor TLS, nor transactions.
`configureFailPoint` with `failCommand`, and `waitForFailPoint`, are understood as mongod does with its test commands
enabled; `serverStatus` tells how many finds and getMores there were, and how many change streams are open.

With --replica-set NAME it says that it is the one member of a replica set, and answers change streams. Both are fakes:
there is no oplog and no election. A change stream tells what the command `insert` put into its collection through this
process, in the one pipeline that the stores send, and another is refused.

    mongodb.py --port 27017 --log FILE [--replica-set NAME] -- postgres -D DATA …

The command after -- starts the engine, on a free port that is appended to it (-p N); the engine ends with this process.
"""

import argparse
import collections
import itertools
import re
import signal
import socket
import socketserver
import struct
import subprocess
import sys
import threading
import time

import bson
import psycopg
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.raw_bson import RawBSONDocument

OP_REPLY, OP_QUERY, OP_MSG = 1, 2004, 2013
CHECKSUM, MORE_TO_COME = 1, 2
MAX_MESSAGE = 48_000_000
RAW = CodecOptions(document_class=RawBSONDocument)
PLAIN = CodecOptions(datetime_conversion=DatetimeConversion.DATETIME_AUTO)

# The engine's SQLSTATEs and what MongoDB calls them: those that a client of stores may meet.
CODES = {
    "M0000": (1, "InternalError"), "M0001": (2, "BadValue"), "M0003": (9, "FailedToParse"),
    "M0004": (14, "TypeMismatch"), "M0005": (15, "Overflow"), "M0006": (20, "IllegalOperation"),
    "M0008": (26, "NamespaceNotFound"), "M0009": (27, "IndexNotFound"), "M000A": (28, "PathNotViable"),
    "M000D": (40, "ConflictingUpdateOperators"), "M000E": (43, "CursorNotFound"), "M000F": (48, "NamespaceExists"),
    "M00EX": (50, "MaxTimeMSExpired"), "M000G": (52, "DollarPrefixedFieldName"), "M000J": (56, "EmptyFieldName"),
    "M000K": (57, "DottedFieldName"), "M00EY": (59, "CommandNotFound"), "M000M": (66, "ImmutableField"),
    "M000N": (67, "CannotCreateIndex"), "M000O": (68, "IndexAlreadyExists"), "M000P": (72, "InvalidOptions"),
    "M000Q": (73, "InvalidNamespace"), "M000R": (85, "IndexOptionsConflict"), "M000S": (86, "IndexKeySpecsConflict"),
    "M00F1": (112, "WriteConflict"), "M000U": (115, "CommandNotSupported"),
    "M0012": (197, "InvalidIndexSpecificationOption"), "M00E8": (10107, "NotWritablePrimary"),
    "M001B": (10334, "BSONObjectTooLarge"), "M001C": (11000, "DuplicateKey"), "M003A": (17419, "Location17419"),
    "M003B": (17420, "Location17420"), "53100": (14031, "OutOfDiskSpace"), "57014": (50, "MaxTimeMSExpired"),
    "40P01": (112, "WriteConflict"), "40001": (112, "WriteConflict"), "23505": (11000, "DuplicateKey"),
}


def sqlstate(number):
    """The five characters that Postgres packs into an integer, six bits each."""
    return "".join(chr((number >> 6 * place & 0x3F) + ord("0")) for place in range(5))


def in_words_of_mongodb(text, namespace):
    """Clients read the violated index from this message, since older servers tell it nowhere else."""
    text = re.sub(r'^duplicate key value violates unique constraint "collection_pk_\d+"$',
                  "Duplicate key violation on the requested collection: Index '_id_'", text)
    return re.sub(r"^Duplicate key violation on the requested collection: Index '(.*)'$",
                  rf"E11000 duplicate key error collection: {namespace} index: \1 dup key: {{ }}", text)


class Refusal(Exception):
    def __init__(self, code, name, text):
        super().__init__(text)
        self.code, self.name = code, name


class Ended(Exception):
    """The connection is to be cut."""


class FailPoint:
    """What configureFailPoint set: which commands fail, how, how often."""

    def __init__(self):
        self.lock = threading.Condition()
        self.left, self.data, self.entered = 0, {}, 0

    def configure(self, command):
        mode, data = command["mode"], command.get("data", {})
        with self.lock:
            self.left = {"off": 0, "alwaysOn": -1}[mode] if isinstance(mode, str) else mode["times"]
            self.data = data
            return {"count": self.entered, "ok": 1.0}

    def wait(self, command):
        with self.lock:
            if not self.lock.wait_for(lambda: self.entered >= command["timesEntered"], command["maxTimeMS"] / 1000):
                raise Refusal(50, "MaxTimeMSExpired", "the fail point was not entered as often")
            return {"ok": 1.0}

    def meet(self, name):
        with self.lock:
            if self.left == 0 or name not in self.data.get("failCommands", []):
                return None
            self.left -= self.left > 0
            self.entered += 1
            self.lock.notify_all()
            data = self.data
        if data.get("blockConnection"):
            time.sleep(data["blockTimeMS"] / 1000)
        if data.get("closeConnection"):
            raise Ended
        if code := data.get("errorCode"):
            refusal = Refusal(code, f"Location{code}", "the fail point failCommand")
            refusal.labels = data.get("errorLabels", [])
            raise refusal
        return data.get("writeConcernError")


class Connections:
    """To the engine, of which there are fewer than clients."""

    def __init__(self, port, most=48):
        self.port, self.free, self.turns = port, [], threading.Semaphore(most)

    def take(self):
        self.turns.acquire()
        try:
            while self.free:
                if not (connection := self.free.pop()).broken:
                    return connection
            return self.new()
        except psycopg.OperationalError as error:
            self.turns.release()
            raise Ended from error

    def new(self):
        return psycopg.connect(f"host=127.0.0.1 port={self.port} user=backend dbname=postgres", autocommit=True)

    def give(self, connection, again=True):
        if again and not connection.broken:
            self.free.append(connection)
        else:
            connection.close()
        self.turns.release()


class Engine:
    """Commands as the engine's functions. Some cursors live in the connection on which they were opened; a client
    that has one keeps that connection until the cursor is read to its end, and closes it when the cursor is killed."""

    PAGES = {"find": "find_cursor_first_page", "aggregate": "aggregate_cursor_first_page",
             "listCollections": "list_collections_cursor_first_page", "listIndexes": "list_indexes_cursor_first_page"}
    WRITES = {"insert": ("insert", "documents"), "update": ("update", "updates"), "delete": ("delete", "deletes")}
    DOCUMENTS = {"count": "count_query", "distinct": "distinct_query"}

    def __init__(self, connections, cursors):
        self.connections, self.cursors, self.kept, self.held = connections, cursors, None, set()

    def ask(self, text, parameters, keeps=lambda row: None):
        """One row; what Postgres refuses in MongoDB's words. `keeps` tells the cursor that needs the connection."""
        connection, self.kept = self.kept or self.connections.take(), None
        try:
            row = connection.execute(text, parameters, binary=True).fetchone()
            if cursor := keeps(row):
                self.held.add(cursor)
            return row
        except psycopg.Error as error:
            if connection.broken:
                self.held.clear()
                raise Ended from error
            code, name = CODES.get(error.sqlstate, (8, f"UnknownError {error.sqlstate}"))
            raise Refusal(code, name, error.diag.message_primary or str(error)) from error
        finally:
            if self.held:
                self.kept = connection
            else:
                self.connections.give(connection)

    def forget(self, cursors):
        """Cursors that were killed."""
        if self.held and not (self.held - set(cursors)):
            self.close()

    def close(self):
        if self.kept:
            self.connections.give(self.kept, again=False)
        self.kept, self.held = None, set()

    def run(self, name, database, command, sequences):
        if name in self.PAGES:
            return self.first_page(self.PAGES[name], database, command)
        if name in self.WRITES:
            return self.write(*self.WRITES[name], database, command, sequences)
        if name in self.DOCUMENTS:
            return self.document(f"documentdb_api.{self.DOCUMENTS[name]}(%s, %s::bytea::documentdb_core.bson)",
                                 database, command)
        if hasattr(self, name):
            return getattr(self, name)(database, command)
        raise Refusal(59, "CommandNotFound", f"no such command: '{name}'")

    # MARK: Reading

    def first_page(self, function, database, command):
        page, rest, _, cursor = self.ask(
            "SELECT cursorpage::bytea, continuation::bytea, persistconnection, cursorid"
            f" FROM documentdb_api.{function}(%s, %s::bytea::documentdb_core.bson, %s)",
            (database, command, next(self.cursors.ids)),
            keeps=lambda row: row[3] if row[2] and row[1] is not None else None)
        return self.page(page, rest, cursor)

    def getMore(self, database, command):
        cursor = bson.decode(command, RAW)["getMore"]
        with self.cursors.lock:
            rest = self.cursors.open.pop(cursor, None)
        if rest is None:
            raise Refusal(43, "CursorNotFound", f"cursor id {cursor} not found")
        page, rest = self.ask(
            "SELECT cursorpage::bytea, continuation::bytea FROM documentdb_api.cursor_get_more(%s,"
            " %s::bytea::documentdb_core.bson, %s::bytea::documentdb_core.bson)", (database, command, rest))
        if rest is None and cursor in self.held:
            self.held.discard(cursor)
            if not self.held:
                self.connections.give(self.kept)
                self.kept = None
        return self.page(page, rest, cursor)

    def page(self, page, rest, cursor):
        if rest is not None:
            with self.cursors.lock:
                self.cursors.open[cursor] = rest
        return page

    def killCursors(self, _, command):
        named = bson.decode(command, PLAIN)["cursors"]
        with self.cursors.lock:
            known = [cursor for cursor in named if self.cursors.open.pop(cursor, None) is not None]
        self.forget(known)
        return bson.encode({"cursorsKilled": known, "cursorsNotFound": [], "cursorsAlive": [], "cursorsUnknown": [],
                            "ok": 1.0})

    def document(self, call, database, command):
        return self.ask(f"SELECT {call}::bytea", (database, command))[0]

    # MARK: Writing

    def write(self, function, field, database, command, sequences):
        answer = self.ask(
            f"SELECT p_result::bytea FROM documentdb_api.{function}(%s, %s::bytea::documentdb_core.bson,"
            " %s::bytea::documentdb_core.bsonsequence)", (database, command, sequences.get(field)))[0]
        decoded = bson.decode(answer, PLAIN)
        collection = next(iter(bson.decode(command, RAW).values()))
        for error in decoded.get("writeErrors", []):
            error["code"] = CODES.get(sqlstate(error["code"]), (error["code"], ""))[0]
            error["errmsg"] = in_words_of_mongodb(error["errmsg"], f"{database}.{collection}")
        return bson.encode(decoded)

    def findAndModify(self, database, command):
        return self.ask("SELECT p_result::bytea FROM documentdb_api.find_and_modify(%s,"
                        " %s::bytea::documentdb_core.bson)", (database, command))[0]

    # MARK: Collections

    def create(self, database, command):
        self.ask("SELECT documentdb_api.create_collection(%s, %s)", (database, bson.decode(command, RAW)["create"]))
        return bson.encode({"ok": 1.0})

    def drop(self, database, command):
        name = bson.decode(command, RAW)["drop"]
        if not self.ask("SELECT documentdb_api.drop_collection(%s, %s)", (database, name))[0]:
            raise Refusal(26, "NamespaceNotFound", "ns not found")
        return bson.encode({"ns": f"{database}.{name}", "ok": 1.0})

    def dropDatabase(self, database, _):
        self.ask("SELECT documentdb_api.drop_database(%s)", (database,))
        return bson.encode({"dropped": database, "ok": 1.0})

    def createIndexes(self, database, command):
        answer = bson.decode(self.document(
            "documentdb_api_internal.create_indexes_non_concurrently(%s, %s::bytea::documentdb_core.bson, true)",
            database, command), PLAIN)
        if answer.get("ok") != 1 and "code" in answer:
            code, name = CODES.get(sqlstate(answer["code"]), (answer["code"], ""))
            raise Refusal(code, name, answer.get("errmsg", ""))
        answer = answer.get("raw", {}).get("defaultShard", answer)
        return bson.encode(answer)

    def dropIndexes(self, database, command):
        row = self.ask("CALL documentdb_api.drop_indexes(%s, %s::bytea::documentdb_core.bson)", (database, command))
        return bytes(row[0]) if isinstance(row[0], (bytes, memoryview)) else bson.encode({"ok": 1.0})

    def listDatabases(self, _, command):
        return self.ask("SELECT documentdb_api.list_databases(%s::bytea::documentdb_core.bson)::bytea", (command,))[0]


class Cursors:
    def __init__(self):
        self.lock, self.open = threading.Lock(), {}
        self.ids = itertools.count(int(time.time()) << 20)


class Changes:
    """The fake of change streams: every insert, by collection, and the cursors that wait for the next one."""

    PIPELINE = [{"$match": {"operationType": "insert"}}, {"$project": {"documentKey": 1}}]

    def __init__(self, cursors):
        self.lock, self.inserted, self.open, self.cursors = threading.Condition(), {}, {}, cursors
        # Of this process: what was inserted before it is forgotten.
        self.epoch = str(bson.ObjectId())

    def token(self, at):
        return {"_data": f"{self.epoch}-{at}"}

    def note(self, namespace, command, documents, answer):
        """What an insert came to; a failed one ends an ordered command."""
        failed = {error["index"] for error in answer.get("writeErrors", [])}
        if failed and command.get("ordered", True):
            documents = documents[:min(failed)]
        with self.lock:
            self.inserted.setdefault(namespace, []).extend(
                document["_id"] for place, document in enumerate(documents) if place not in failed)
            self.lock.notify_all()

    def watch(self, namespace, command):
        stage, *rest = command["pipeline"]
        if rest != self.PIPELINE or stage["$changeStream"].keys() - {"resumeAfter"}:
            raise Refusal(40324, "Location40324", f"the peer has no such change stream: {command['pipeline']}")
        with self.lock:
            cursor, at = next(self.cursors.ids), len(self.inserted.get(namespace, []))
            if token := stage["$changeStream"].get("resumeAfter"):
                epoch, at = token["_data"].split("-")
                if epoch != self.epoch:
                    raise Refusal(286, "ChangeStreamHistoryLost", "the resume point is no longer in the oplog")
            self.open[cursor] = (namespace, int(at))
        return self.batch("firstBatch", cursor, namespace, int(at), [])

    def more(self, command):
        cursor = command["getMore"]
        with self.lock:
            if cursor not in self.open:
                return None
            namespace, at = self.open[cursor]
            self.lock.wait_for(lambda: cursor not in self.open or len(self.inserted.get(namespace, [])) > at,
                               command.get("maxTimeMS", 1000) / 1000)
            if cursor not in self.open:
                raise Refusal(43, "CursorNotFound", f"cursor id {cursor} not found")
            found = self.inserted.get(namespace, [])[at:]
            self.open[cursor] = (namespace, at + len(found))
        return self.batch("nextBatch", cursor, namespace, at, found)

    def batch(self, name, cursor, namespace, at, found):
        changes = [{"_id": self.token(at + place), "documentKey": {"_id": key}} for place, key in enumerate(found, 1)]
        return {"cursor": {"id": bson.Int64(cursor), "ns": namespace, name: changes,
                           "postBatchResumeToken": self.token(at + len(found))}, "ok": 1.0}

    def kill(self, cursors):
        with self.lock:
            for cursor in cursors:
                self.open.pop(cursor, None)
            self.lock.notify_all()


class Peer(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    request_queue_size = 1024

    def __init__(self, address, engine, replica_set):
        super().__init__(address, Client)
        self.engine, self.cursors, self.fail_point = Connections(engine), Cursors(), FailPoint()
        self.connections, self.counts, self.changes = itertools.count(1), collections.Counter(), Changes(self.cursors)
        self.replica = {} if replica_set is None else {
            "setName": replica_set, "setVersion": 1, "electionId": bson.ObjectId(), "secondary": False,
            **dict.fromkeys(("me", "primary"), f"127.0.0.1:{address[1]}"), "hosts": [f"127.0.0.1:{address[1]}"]}


class Client(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        self.number = next(self.server.connections)
        self.engine = Engine(self.server.engine, self.server.cursors)
        self.replies = itertools.count(1)

    def handle(self):
        try:
            while header := self.rfile.read(16):
                length, request, _, operation = struct.unpack("<iiii", header)
                if not 16 < length <= MAX_MESSAGE:
                    return
                self.message(operation, request, self.rfile.read(length - 16))
        except (Ended, OSError):
            pass

    def finish(self):
        super().finish()
        self.engine.close()

    def message(self, operation, request, body):
        if operation == OP_QUERY:
            answer = self.answer(body[body.index(b"\0", 4) + 9:], {}, "admin")
            payload = struct.pack("<iqii", 8, 0, 0, 1) + answer
            self.send(OP_REPLY, request, payload)
        elif operation == OP_MSG:
            flags, = struct.unpack_from("<I", body)
            command, sequences = self.sections(body[4:-4] if flags & CHECKSUM else body[4:])
            answer = self.answer(command, sequences, None)
            if not flags & MORE_TO_COME:
                self.send(OP_MSG, request, struct.pack("<IB", 0, 0) + answer)
        else:
            raise Ended

    @staticmethod
    def sections(body):
        """The command, and the documents that came beside it, end to end, by the name of their field."""
        command, sequences, at = None, {}, 0
        while at < len(body):
            length, = struct.unpack_from("<i", body, at + 1)
            if body[at] == 0:
                command = body[at + 1:at + 1 + length]
            else:
                end = body.index(b"\0", at + 5)
                sequences[body[at + 5:end].decode()] = body[end + 1:at + 1 + length]
            at += 1 + length
        return command, sequences

    def send(self, operation, request, payload):
        self.wfile.write(struct.pack("<iiii", 16 + len(payload), next(self.replies), request, operation) + payload)

    def answer(self, command, sequences, database):
        try:
            decoded = bson.decode(command, RAW)
            name = next(iter(decoded))
            database = decoded.get("$db", database)
            if name == "configureFailPoint":
                return bson.encode(self.server.fail_point.configure(bson.decode(command, PLAIN)))
            if name == "waitForFailPoint":
                return bson.encode(self.server.fail_point.wait(bson.decode(command, PLAIN)))
            concern = self.server.fail_point.meet(name)
            self.server.counts[name] += 1
            known = self.about(name, decoded) or self.change(name, database, command)
            answer = bson.encode(known) if known else self.engine.run(name, database, command, sequences)
            if name == "insert" and self.server.replica:
                plain = bson.decode(command, PLAIN)
                documents = plain.get("documents") or bson.decode_all(sequences["documents"], PLAIN)
                self.server.changes.note(f"{database}.{plain[name]}", plain, documents, bson.decode(answer, PLAIN))
            if concern:
                answer = bson.encode(dict(bson.decode(answer, PLAIN), writeConcernError=concern))
            return answer
        except Refusal as refusal:
            labels = getattr(refusal, "labels", [])
            text = in_words_of_mongodb(str(refusal), f"{database}.{decoded[name]}")
            return bson.encode({"ok": 0.0, "errmsg": text, "code": refusal.code, "codeName": refusal.name,
                                **({"errorLabels": labels} if labels else {})})
        except bson.errors.BSONError as error:
            return bson.encode({"ok": 0.0, "errmsg": str(error), "code": 22, "codeName": "InvalidBSON"})

    def change(self, name, database, command):
        """What concerns change streams; None for everything else."""
        if name not in ("aggregate", "getMore", "killCursors"):
            return None
        command = bson.decode(command, PLAIN)
        if name == "getMore":
            return self.server.changes.more(command)
        if name == "killCursors":
            return self.server.changes.kill(command["cursors"])
        if not any("$changeStream" in stage for stage in command["pipeline"][:1]):
            return None
        if not self.server.replica:
            raise Refusal(40573, "Location40573", "The $changeStream stage is only supported on replica sets")
        return self.server.changes.watch(f"{database}.{command[name]}", command)

    def about(self, name, command):
        if re.fullmatch("hello|is[mM]aster", name):
            return {
                "helloOk": True, "ismaster": True, "isWritablePrimary": True, "maxBsonObjectSize": 16 << 20,
                "maxMessageSizeBytes": MAX_MESSAGE, "maxWriteBatchSize": 25_000, "logicalSessionTimeoutMinutes": 30,
                "connectionId": self.number, "minWireVersion": 0, "maxWireVersion": 21, "readOnly": False,
                **self.server.replica, "ok": 1.0}
        if name == "serverStatus":
            counts = {"query": self.server.counts["find"], "getmore": self.server.counts["getMore"]}
            return {"opcounters": counts, "metrics": {"cursor": {"open": {"total": len(self.server.changes.open)}}},
                    "ok": 1.0}
        if name == "buildInfo" or name == "buildinfo":
            return {"version": "7.0.0", "versionArray": [7, 0, 0, 0], "modules": ["DocumentDB peer"], "ok": 1.0}
        if name in ("ping", "endSessions", "killSessions", "connectionStatus"):
            return {"ok": 1.0}
        if "startTransaction" in command or "autocommit" in command:
            raise Refusal(20, "IllegalOperation",
                          "Transaction numbers are only allowed on a replica set member or mongos")
        return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--log", required=True, metavar="FILE")
    parser.add_argument("--replica-set", metavar="NAME")
    parser.add_argument("command", nargs="+")
    arguments = parser.parse_args()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with open(arguments.log, "ab") as log:
        engine = subprocess.Popen([*arguments.command, "-p", str(port)], stdout=log, stderr=log)

    def end(*_):
        engine.send_signal(signal.SIGINT)
        engine.wait()
        sys.exit(0)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    for _ in range(300):
        try:
            with Connections(port).new() as first:
                first.execute("SET client_min_messages = error")
                first.execute("CREATE EXTENSION IF NOT EXISTS documentdb CASCADE")
            break
        except psycopg.OperationalError:
            if engine.poll() is not None:
                sys.exit(f"the engine ended with {engine.returncode}; see {arguments.log}")
            time.sleep(0.1)
    with Peer(("127.0.0.1", arguments.port), port, arguments.replica_set) as peer:
        peer.serve_forever()


if __name__ == "__main__":
    main()
