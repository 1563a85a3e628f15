import sys

import zmq
from common import context, run, sleep


def server(port, requests):
    socket = context.socket(zmq.REP)
    socket.bind(f"tcp://*:{port}")
    for _ in range(int(requests)):
        print("Received request: ", socket.recv().decode())
        sleep(1)
        socket.send_string(f"World from {port}")


def client(*ports):
    print("Connecting to server...")
    socket = context.socket(zmq.REQ)
    for port in ports:
        socket.connect(f"tcp://localhost:{port}")
    for request in range(1, 10):
        print("Sending request ", request, "...")
        socket.send(b"Hello")
        print("Received reply ", request, "[", socket.recv().decode(), "]")


def hello_server(port, requests):
    socket = context.socket(zmq.REP)
    socket.bind(f"tcp://*:{port}")
    for _ in range(int(requests)):
        print("Received request: %s" % socket.recv().decode())
        sleep(1)
        socket.send(b"World")


def hello_client(port):
    print("Connecting to hello world server…")
    socket = context.socket(zmq.REQ)
    socket.connect(f"tcp://localhost:{port}")
    for request in range(10):
        print("Sending request %s …" % request)
        socket.send(b"Hello")
        print("Received reply %s [ %s ]" % (request, socket.recv().decode()))


def interactive_server(port):
    socket = context.socket(zmq.REP)
    socket.bind(f"tcp://127.0.0.1:{port}")
    print("Waiting to receive requests...")
    try:
        while True:
            # pyzmq's recv does not see a Ctrl-C that comes just before it waits
            while not socket.poll(100):
                pass
            message = socket.recv_string()
            print(f"Received request: '{message}'")
            sleep(1)
            reply_message = f"Server received your message: '{message}'"
            socket.send_string(reply_message)
            print(f"Sent reply: '{reply_message}'")
    except KeyboardInterrupt:
        print("\nDetected Ctrl+C, shutting down the server...")
    finally:
        socket.close()
        context.term()
        print("Server has been safely shut down.")


def interactive_client(port):
    socket = context.socket(zmq.REQ)
    socket.connect(f"tcp://localhost:{port}")
    try:
        while True:
            print("Enter message: ", end="")
            user_input = sys.stdin.readline().rstrip("\n")
            if user_input.lower() == "quit":
                break
            print(f"Sending request: '{user_input}'")
            socket.send_string(user_input)
            print(f"Received reply: '{socket.recv_string()}'")
            print("-" * 20)
    finally:
        socket.close()
        context.term()
        print("Client has been safely shut down.")


def process_server(port):
    socket = context.socket(zmq.REP)
    socket.bind(f"tcp://*:{port}")
    print("Running server on port: ", port)
    for reqnum in range(5):
        print("Received request #%s: %s" % (reqnum, socket.recv().decode()))
        socket.send_string(f"World from {port}")


def process_client(*ports):
    print("Connecting to server with ports [%s]" % ", ".join(ports))
    socket = context.socket(zmq.REQ)
    for port in ports:
        socket.connect(f"tcp://localhost:{port}")
    for request in range(5 * len(ports)):
        print("Sending request ", request, "...")
        socket.send(b"Hello")
        print("Received reply ", request, "[", socket.recv().decode(), "]")
        sleep(1)


run(
    server,
    client,
    hello_server,
    hello_client,
    interactive_server,
    interactive_client,
    process_server,
    process_client,
)
