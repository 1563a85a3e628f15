import random

import zmq
from common import context, run, sleep


def server_push(port):
    socket = context.socket(zmq.PUSH)
    socket.bind(f"tcp://*:{port}")
    print("Running server on port: ", port)
    for reqnum in range(10):
        if reqnum < 6:
            socket.send(b"Continue")
        else:
            socket.send(b"Exit")
            break
        sleep(1)


def server_pub(port):
    socket = context.socket(zmq.PUB)
    socket.bind(f"tcp://*:{port}")
    publisher_id = random.randrange(0, 9999)
    print("Running server on port: ", port)
    while True:
        update = "%d server#%s" % (random.randrange(8, 10), publisher_id)
        print(update)
        socket.send_string(update)
        sleep(1)


def client(port_push, port_sub):
    socket_pull = context.socket(zmq.PULL)
    socket_pull.connect(f"tcp://localhost:{port_push}")
    print("Connected to server with port %s" % port_push)
    socket_sub = context.socket(zmq.SUB)
    socket_sub.connect(f"tcp://localhost:{port_sub}")
    socket_sub.setsockopt(zmq.SUBSCRIBE, b"9")
    print("Connected to publisher with port %s" % port_sub)
    poller = zmq.Poller()
    poller.register(socket_pull, zmq.POLLIN)
    poller.register(socket_sub, zmq.POLLIN)
    should_continue = True
    while should_continue:
        socks = dict(poller.poll())
        if socket_pull in socks and socks[socket_pull] == zmq.POLLIN:
            message = socket_pull.recv_string()
            print("Recieved control command: %s" % message)
            if message == "Exit":
                print("Recieved exit command, client will stop recieving messages")
                should_continue = False
        if socket_sub in socks and socks[socket_sub] == zmq.POLLIN:
            topic, messagedata = socket_sub.recv_string().split()
            print("Processing ... ", topic, messagedata)


def polling(sender_port, receiver_port, rounds):
    sender = context.socket(zmq.PUSH)
    sender.bind(f"tcp://*:{sender_port}")
    receiver = context.socket(zmq.PULL)
    receiver.bind(f"tcp://*:{receiver_port}")
    poller = zmq.Poller()
    poller.register(receiver, zmq.POLLIN)
    for _ in range(int(rounds)):
        socks = dict(poller.poll())
        if receiver in socks:
            print(f"Received message: {receiver.recv_string()}")
        sender.send(b"Hello World")
        sleep(2)


def polling_peer(sender_port, receiver_port, rounds):
    from_sender = context.socket(zmq.PULL)
    from_sender.connect(f"tcp://localhost:{sender_port}")
    to_receiver = context.socket(zmq.PUSH)
    to_receiver.connect(f"tcp://localhost:{receiver_port}")
    for i in range(1, int(rounds) + 1):
        to_receiver.send_string(f"message {i}")
        print(f"Got back: {from_sender.recv_string()}")


run(server_push, server_pub, client, polling, polling_peer)
