import random
import sys
import time

import zmq
from common import context, run, sleep


def producer(port, pieces):
    socket = context.socket(zmq.PUSH)
    socket.bind(f"tcp://127.0.0.1:{port}")
    for num in range(int(pieces)):
        socket.send_json({"num": num})


def consumer(producer_port, collector_port):
    consumer_id = random.randrange(1, 10005)
    print("I am consumer #%s" % consumer_id)
    receiver = context.socket(zmq.PULL)
    receiver.connect(f"tcp://127.0.0.1:{producer_port}")
    sender = context.socket(zmq.PUSH)
    sender.connect(f"tcp://127.0.0.1:{collector_port}")
    while True:
        data = receiver.recv_json()["num"]
        if data % 2 == 0:
            sender.send_json({"consumer": consumer_id, "num": data})


def resultcollector(port, results):
    receiver = context.socket(zmq.PULL)
    receiver.bind(f"tcp://127.0.0.1:{port}")
    collected = {}
    for _ in range(int(results)):
        consumer_id = str(receiver.recv_json()["consumer"])
        collected[consumer_id] = collected.get(consumer_id, 0) + 1
    print(collected)


def ventilator(port, sink_port):
    sender = context.socket(zmq.PUSH)
    sender.bind(f"tcp://*:{port}")
    sink = context.socket(zmq.PUSH)
    sink.connect(f"tcp://localhost:{sink_port}")
    print("Press Enter when the workers are ready: ")
    sys.stdin.readline()
    print("Sending tasks to workers…")
    sink.send(b"0")
    total_msec = 0
    for _ in range(100):
        workload = random.randint(1, 100)
        total_msec += workload
        sender.send_string("%i" % workload)
    print("Total expected cost: %s msec" % total_msec)


def worker(port, sink_port):
    receiver = context.socket(zmq.PULL)
    receiver.connect(f"tcp://localhost:{port}")
    sender = context.socket(zmq.PUSH)
    sender.connect(f"tcp://localhost:{sink_port}")
    while True:
        s = receiver.recv()
        sys.stdout.write(".")
        sys.stdout.flush()
        sleep(int(s) * 0.001)
        sender.send(b"")


def sink(port):
    receiver = context.socket(zmq.PULL)
    receiver.bind(f"tcp://*:{port}")
    receiver.recv()
    tstart = time.time()
    for task_nbr in range(100):
        receiver.recv()
        sys.stdout.write(":" if task_nbr % 10 == 0 else ".")
        sys.stdout.flush()
    print("Total elapsed time: %d msec" % ((time.time() - tstart) * 1000))


run(producer, consumer, resultcollector, ventilator, worker, sink)
