import random
from datetime import datetime, timezone

import zmq
from common import context, run, sleep


def server(port):
    socket = context.socket(zmq.PAIR)
    socket.bind(f"tcp://*:{port}")
    while True:
        socket.send(b"Server message to client3")
        print(socket.recv().decode())
        sleep(1)


def client(port):
    socket = context.socket(zmq.PAIR)
    socket.connect(f"tcp://localhost:{port}")
    while True:
        print(socket.recv().decode())
        socket.send(b"client message to server1")
        socket.send(b"client message to server2")
        sleep(1)


def pingserver(port, rounds):
    socket = context.socket(zmq.PAIR)
    socket.bind(f"tcp://*:{port}")
    for _ in range(int(rounds)):
        print(socket.recv().decode())
        print(socket.recv().decode())
        sleep(5)


def pingclient(port):
    socket = context.socket(zmq.PAIR)
    socket.connect(f"tcp://localhost:{port}")
    i = 0
    while True:
        i += 1
        socket.send_string(f"ping {i}")
        sleep(0.5)


def jsonserver(port, rounds):
    socket = context.socket(zmq.PAIR)
    socket.bind(f"tcp://*:{port}")
    for _ in range(int(rounds)):
        d = socket.recv_json()
        print(type(d))
        print(d)
        sleep(1)


def jsonclient(port):
    socket = context.socket(zmq.PAIR)
    socket.connect(f"tcp://localhost:{port}")
    for _ in range(50):
        d = {fruit: random.randint(1, 1000) for fruit in ("apples", "oranges", "bananas")}
        print("sending data", d)
        socket.send_json(d)
        sleep(0.1)


def filterserver(port, messages):
    socket = context.socket(zmq.PAIR)
    socket.bind(f"tcp://*:{port}")
    prior = None
    for _ in range(int(messages)):
        timestamp = socket.recv_json()["timestamp"]
        ts = datetime.fromisoformat(timestamp.replace("Z", "+00:00"))
        if prior is None:
            prior = ts
        elif (ts - prior).total_seconds() > 0.1:
            print(timestamp)
            prior = ts


def filterclient(port):
    socket = context.socket(zmq.PAIR)
    socket.connect(f"tcp://localhost:{port}")
    while True:
        socket.send_json({"timestamp": datetime.now(timezone.utc).isoformat()})
        sleep(0.02)


run(server, client, pingserver, pingclient, jsonserver, jsonclient, filterserver, filterclient)
