#!/usr/bin/env python3
"""A peer of Kafka: the mock cluster of librdkafka, by librdkafka's authors, as a process of its own.

    kafka.py --port 9092 [--brokers 1]

Clients bootstrap on the port, which leads to the first broker; brokers listen on free ports, which they tell. What the
mock cluster of librdkafka 2.0.2 is not: topics appear when they are asked for, with four partitions, since there are no
requests that make or delete them; the records of aborted transactions stay visible, and no producer is fenced; a broker
holds back the answer to a fetch that finds nothing for as long as it may, whatever comes meanwhile; nothing is kept on
disk.

A connection whose first line is a word controls the cluster; each command is answered with a line, `ok` or what is wrong:

    create NAME PARTITIONS         makes a topic
    error NAME CODE                what is told of a topic, and done with it, from now on; 0 is nothing
    down                           brokers close their connections and take no more; what they have stays
    up                             they take connections again
    delay MILLISECONDS             of every answer of every broker; 0 is none
    fail API COUNT ERROR           the next requests of a kind (0 Produce, 1 Fetch, 24 AddPartitionsToTxn, 26 EndTxn, …)
                                   are answered with this error code
    clear API                      no more of them are
"""

import argparse
import contextlib
import ctypes
import ctypes.util
import glob
import os
import signal
import socket
import socketserver
import sys
import threading

PRODUCER = 0


def library():
    names = ["librdkafka.so.1", "librdkafka.1.dylib", *glob.glob("/opt/homebrew/lib/librdkafka.1.dylib")]
    for name in names:
        with contextlib.suppress(OSError):
            found = ctypes.CDLL(name)
            break
    else:
        sys.exit("librdkafka is missing; apt-get install librdkafka1 (Debian), brew install librdkafka (macOS)")
    for name in ("rd_kafka_conf_new", "rd_kafka_new", "rd_kafka_mock_cluster_new"):
        getattr(found, name).restype = ctypes.c_void_p
    found.rd_kafka_mock_cluster_bootstraps.restype = ctypes.c_char_p
    return found


class Cluster:
    def __init__(self, brokers):
        self.library = library()
        error = ctypes.create_string_buffer(512)
        # The cluster lives in a client, which itself connects to nothing.
        conf = ctypes.c_void_p(self.library.rd_kafka_conf_new())
        self.library.rd_kafka_conf_set(conf, b"log_level", b"3", error, len(error))
        client = self.library.rd_kafka_new(PRODUCER, conf, error, ctypes.c_size_t(len(error)))
        if not client:
            sys.exit(error.value.decode())
        cluster = self.library.rd_kafka_mock_cluster_new(ctypes.c_void_p(client), brokers)
        if not cluster:
            sys.exit("librdkafka makes no mock cluster")
        self.cluster = ctypes.c_void_p(cluster)
        self.brokers = brokers
        first = self.library.rd_kafka_mock_cluster_bootstraps(self.cluster).decode().split(",")[0]
        host, _, port = first.rpartition(":")
        self.address = host, int(port)
        self.lock = threading.Lock()
        self.answer_at_once()

    @staticmethod
    def answer_at_once():
        """A Kafka sends small answers at once; the mock cluster would hold one back until the last one is acknowledged,
        which takes 40 ms. What a socket that listens is told goes for the connections that it accepts."""
        for name in os.listdir("/dev/fd"):
            with contextlib.suppress(OSError), socket.socket(fileno=os.dup(int(name))) as one:
                if one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def control(self, words):
        with self.lock:
            match words:
                case ["create", name, partitions]:
                    self.call("rd_kafka_mock_topic_create", name.encode(), int(partitions), 1)
                case ["error", name, code]:
                    self.library.rd_kafka_mock_topic_set_error(self.cluster, name.encode(), int(code))
                case ["down"]:
                    self.each("rd_kafka_mock_broker_set_down")
                case ["up"]:
                    self.each("rd_kafka_mock_broker_set_up")
                    # They listen anew.
                    self.answer_at_once()
                case ["delay", milliseconds]:
                    self.each("rd_kafka_mock_broker_set_rtt", int(milliseconds))
                case ["fail", api, count, error]:
                    codes = (ctypes.c_int * int(count))(*[int(error)] * int(count))
                    self.library.rd_kafka_mock_push_request_errors_array(
                        self.cluster, ctypes.c_int16(int(api)), ctypes.c_size_t(int(count)), codes)
                case ["clear", api]:
                    self.library.rd_kafka_mock_clear_request_errors(self.cluster, ctypes.c_int16(int(api)))
                case _:
                    raise ValueError(f"no such command: {' '.join(words)}")

    def each(self, function, *arguments):
        for broker in range(1, self.brokers + 1):
            self.call(function, broker, *arguments)

    def call(self, function, *arguments):
        code = getattr(self.library, function)(self.cluster, *arguments)
        if code:
            raise ValueError(f"{function} answers {code}")


class Connection(socketserver.BaseRequestHandler):
    def handle(self):
        first = self.request.recv(1, socket.MSG_PEEK)
        # A request of Kafka's begins with its length, whose first byte is 0.
        if first and first.isalpha():
            self.control()
        elif first:
            self.lead_on()

    def control(self):
        with self.request.makefile("rwb") as stream:
            for line in stream:
                try:
                    self.server.cluster.control(line.decode().split())
                    answer = "ok"
                except ValueError as error:
                    answer = str(error)
                stream.write(f"{answer}\n".encode())
                stream.flush()

    def lead_on(self):
        with contextlib.suppress(OSError), socket.create_connection(self.server.cluster.address, 5) as broker:
            back = threading.Thread(target=self.copy, args=(broker, self.request), daemon=True)
            back.start()
            self.copy(self.request, broker)
            back.join()

    @staticmethod
    def copy(source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        # Both directions end together, as one connection would.
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class Peer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def __init__(self, address, cluster):
        super().__init__(address, Connection)
        self.cluster = cluster


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--brokers", type=int, default=1)
    arguments = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    with Peer(("127.0.0.1", arguments.port), Cluster(arguments.brokers)) as peer:
        peer.serve_forever()


if __name__ == "__main__":
    main()
