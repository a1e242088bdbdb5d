# The same as member.mjs, with Python's client in its multiprocess mode.
import json
import os
import sys
import time

from prometheus_client import CollectorRegistry, Counter, generate_latest, multiprocess

series = int(sys.argv[2])
methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']
statuses = ['200', '201', '302', '404', '500']
counter = None


def count():
    global counter
    if counter is None:
        counter = Counter('requests_total', 'Requests.', ['method', 'route', 'status'])
    for index in range(series):
        counter.labels(methods[index // 5 % 5], f'/api/v1/resource-{index // 25}/:id', statuses[index % 5]).inc()
    return {}


def scrape():
    start = time.perf_counter()
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)
    text = generate_latest(registry)
    milliseconds = (time.perf_counter() - start) * 1000
    samples = [line for line in text.decode().split('\n') if line and not line.startswith('#')]
    total = sum(float(line.rsplit(' ', 1)[1]) for line in samples)
    return {'milliseconds': milliseconds, 'bytes': len(text), 'samples': len(samples), 'total': total}


for line in sys.stdin:
    answer = {'count': count, 'scrape': scrape}[line.strip()]()
    print(json.dumps(answer), flush=True)
# No destructors: the files stay as they are.
os._exit(0)
