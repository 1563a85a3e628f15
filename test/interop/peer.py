"""A peer that does as it is told: the tests write it orders, one JSON array a line, and it answers one line for each.

    ["socket", type, {"option": value}]     makes its socket
    ["bind", address] ["connect", address]  answers with the address to connect to
    ["send", [frame, ...]]                  frames in base64
    ["recv"]                                answers with the frames in base64
    ["send_string", text] ["recv_string"]   and so on: the method's arguments, what it returned
"""

import base64
import json
import sys

import zmq

context = zmq.Context()
context.linger = 0
context.rcvtimeo = context.sndtimeo = 20_000
socket = None


def answer(order):
    global socket
    verb, *args = order
    if verb == "socket":
        socket = context.socket(getattr(zmq, args[0]))
        for option, value in args[1].items():
            number = getattr(zmq, option)
            socket.set(number, value.encode() if isinstance(value, str) else value)
    elif verb in ("bind", "connect"):
        getattr(socket, verb)(args[0])
        return socket.last_endpoint.decode()
    elif verb == "send":
        socket.send_multipart([base64.b64decode(frame) for frame in args[0]])
    elif verb == "recv":
        return [base64.b64encode(frame).decode() for frame in socket.recv_multipart()]
    else:
        return getattr(socket, verb)(*args)


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
context.destroy()
