import random

import zmq
from common import context, run, sleep


def device(kind, frontend_type, backend_type, frontend_port, backend_port):
    frontend = context.socket(frontend_type)
    frontend.bind(f"tcp://*:{frontend_port}")
    if frontend_type == zmq.SUB:
        frontend.setsockopt(zmq.SUBSCRIBE, b"")
    backend = context.socket(backend_type)
    backend.bind(f"tcp://*:{backend_port}")
    zmq.device(kind, frontend, backend)


def queue_device(frontend, backend):
    device(zmq.QUEUE, zmq.XREP, zmq.XREQ, frontend, backend)


def forwarder_device(frontend, backend):
    device(zmq.FORWARDER, zmq.SUB, zmq.PUB, frontend, backend)


def streamer_device(frontend, backend):
    device(zmq.STREAMER, zmq.PULL, zmq.PUSH, frontend, backend)


def queue_client(port):
    print("Connecting to server...")
    socket = context.socket(zmq.REQ)
    socket.connect(f"tcp://localhost:{port}")
    client_id = random.randrange(1, 10005)
    for request in range(1, 10):
        print("Sending request ", request, "...")
        socket.send_string("Hello from %s" % client_id)
        print("Received reply ", request, "[", socket.recv().decode(), "]")


def queue_server(port):
    socket = context.socket(zmq.REP)
    socket.connect(f"tcp://localhost:{port}")
    server_id = random.randrange(1, 10005)
    while True:
        print("Received request: ", socket.recv().decode())
        sleep(1)
        socket.send_string("World from server %s" % server_id)


def forwarder_server(port):
    socket = context.socket(zmq.PUB)
    socket.connect(f"tcp://localhost:{port}")
    publisher_id = random.randrange(0, 9999)
    while True:
        update = "%d server#%s" % (random.randrange(1, 10), publisher_id)
        print(update)
        socket.send_string(update)
        sleep(1)


def forwarder_subscriber(port):
    socket = context.socket(zmq.SUB)
    print("Collecting updates from server...")
    socket.connect(f"tcp://localhost:{port}")
    socket.setsockopt(zmq.SUBSCRIBE, b"9")
    for _ in range(10):
        topic, messagedata = socket.recv_string().split()
        print(topic, messagedata)


def task_feeder(port, tasks):
    socket = context.socket(zmq.PUSH)
    socket.connect(f"tcp://127.0.0.1:{port}")
    for num in range(int(tasks)):
        socket.send_json({"num": num})
        sleep(1)


def task_worker(port):
    consumer_id = random.randrange(1, 10005)
    print("I am consumer #%s" % consumer_id)
    socket = context.socket(zmq.PULL)
    socket.connect(f"tcp://127.0.0.1:{port}")
    while True:
        print({"consumer": consumer_id, "num": socket.recv_json()["num"]})


run(
    queue_device,
    forwarder_device,
    streamer_device,
    queue_client,
    queue_server,
    forwarder_server,
    forwarder_subscriber,
    task_feeder,
    task_worker,
)
