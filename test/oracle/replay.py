"""Does what a trace says with Python's own prometheus_client, in its multiprocess mode.

Reads traces (see trace.ts) from stdin, one a line as JSON, and answers each with a line: the list of expositions, one
per `scrape` and one for the end. Every process of a trace is a real one, and its number stands in for its pid.
"""
import json
import os
import re
import shutil
import signal
import socket
import sys
import tempfile

# Before the first import: it decides that values live in files. Where, is looked up when a file is opened.
os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.gettempdir()
from prometheus_client import (  # noqa: E402
    CollectorRegistry, Counter, Gauge, Histogram, Summary, generate_latest)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead  # noqa: E402


def define(metric, registry):
    common = dict(name=metric["name"], documentation=metric["help"], labelnames=metric["labelNames"],
                  registry=registry)
    if metric["type"] == "counter":
        return Counter(**common)
    if metric["type"] == "gauge":
        return Gauge(multiprocess_mode=metric["mode"], **common)
    if metric["type"] == "histogram":
        return Histogram(buckets=metric["buckets"], **common)
    return Summary(**common)


class Process:
    def __init__(self, number, definitions):
        parent, child = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            parent.close()
            try:
                Process.live(child.makefile("rw"), number, definitions)
            finally:
                os._exit(1)
        child.close()
        self.socket = parent
        self.stream = parent.makefile("rw")
        self.expect_done()

    @staticmethod
    def live(stream, number, definitions):
        registry = CollectorRegistry()
        metrics = {definition["name"]: define(definition, registry) for definition in definitions
                   if number in definition.get("processes", [number])}
        print("done", file=stream, flush=True)
        for line in stream:
            operation = json.loads(line)
            metric = metrics[operation["metric"]]
            if operation["labels"]:
                metric = metric.labels(**operation["labels"])
            getattr(metric, operation["do"])(operation["value"])
            print("done", file=stream, flush=True)

    def apply(self, operation):
        print(json.dumps(operation), file=self.stream, flush=True)
        self.expect_done()

    def expect_done(self):
        if self.stream.readline() != "done\n":
            raise RuntimeError("a process of the trace has failed")

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self.socket.close()


def replay(trace, directory):
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = directory
    living, numbers, texts = {}, {}, []

    def scrape():
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=directory)
        text = generate_latest(registry).decode()
        texts.append(re.sub(r'([{,]pid=")(\d+)"', lambda found: f'{found[1]}{numbers[found[2]]}"', text))

    try:
        for operation in trace["operations"]:
            number = operation.get("process")
            if operation["do"] == "scrape":
                scrape()
            elif operation["do"] == "start":
                living[number] = Process(number, trace["metrics"])
                if str(living[number].pid) in numbers:
                    raise RuntimeError("the system gave a pid twice: run the trace again")
                numbers[str(living[number].pid)] = number
            elif operation["do"] == "dead":
                process = living.pop(number)
                process.kill()
                mark_process_dead(process.pid, directory)
            else:
                living[number].apply(operation)
        scrape()
    finally:
        for process in living.values():
            process.kill()
    return texts


for line in sys.stdin:
    path = tempfile.mkdtemp(prefix="prom-client-mmap-oracle-")
    try:
        print(json.dumps(replay(json.loads(line), path)), flush=True)
    finally:
        shutil.rmtree(path)
