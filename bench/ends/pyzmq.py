"""pyzmq as an end of a measurement. See README.md for the command line and what is printed."""

import asyncio
import json
import resource
import sys
import threading
import time

import zmq
import zmq.asyncio

NUMBERS = {"count", "warmup", "size", "sockets", "subscribers", "hwm"}


def read_spec(args):
    spec = dict(type="", way="", source="", sink="", where="", count=0, warmup=0, size=0, sockets=1, subscribers=0)
    for arg in args:
        key, _, value = arg.partition("=")
        spec[key] = int(value) if key in NUMBERS else value
    return spec


def say(line):
    print(json.dumps(line), flush=True)


def now():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return time.perf_counter(), usage.ru_utime + usage.ru_stime


def report(begun, ended, **figures):
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return dict(
        figures,
        done=True,
        seconds=ended[0] - begun[0],
        cpu=round((ended[1] - begun[1]) * 1e6),
        memory=peak if sys.platform == "darwin" else peak * 1024,
    )


def wait_for_harness():
    sys.stdin.read()


def open_socket(context, kind, spec):
    socket = context.socket(getattr(zmq, kind))
    if "hwm" in spec:
        socket.hwm = spec["hwm"]
    if kind == "SUB":
        socket.setsockopt(zmq.SUBSCRIBE, b"")
    if kind == "XPUB":
        # Every message counts: the publisher waits for its slowest subscriber.
        socket.setsockopt(zmq.XPUB_NODROP, 1)
        socket.setsockopt(zmq.XPUB_VERBOSE, 1)
    return socket


def attach(socket, spec):
    if "connect" in spec:
        socket.connect(spec["connect"])
    else:
        socket.bind(spec["bind"])
        say(dict(ready=True, endpoint=socket.getsockopt_string(zmq.LAST_ENDPOINT), second=""))


# ---- The loops that are measured. The last frame of a message is its content.


def send_blocking(sockets, message, count):
    if len(sockets) == 1:
        send = sockets[0].send
        for _ in range(count):
            send(message)
        return
    for _ in range(count // len(sockets)):
        for socket in sockets:
            socket.send(message)


def receive_blocking(sockets, count, multipart):
    size = 0
    if multipart:
        receive = sockets[0].recv_multipart
        for _ in range(count):
            size += len(receive()[-1])
    elif len(sockets) == 1:
        receive = sockets[0].recv
        for _ in range(count):
            size += len(receive())
    else:
        for _ in range(count // len(sockets)):
            for socket in sockets:
                size += len(socket.recv())
    return size


async def send_async(socket, message, count):
    for _ in range(count):
        while True:
            try:
                await socket.send(message)
                break
            except zmq.Again:  # a publisher that must not drop does not wait here
                await asyncio.sleep(0)


async def receive_async(socket, count, multipart):
    size = 0
    for _ in range(count):
        size += len((await socket.recv_multipart())[-1] if multipart else await socket.recv())
    return size


async def pour(sockets, spec, way):
    message = bytes(spec["size"])

    async def send(count):
        if way == "asyncio":
            await asyncio.gather(*(send_async(socket, message, count // len(sockets)) for socket in sockets))
        else:
            send_blocking(sockets, message, count)

    await send(spec["warmup"])
    begun = now()
    await send(spec["count"] - spec["warmup"])
    measured = spec["count"] - spec["warmup"]
    return report(begun, now(), count=spec["count"], measured=measured, bytes=spec["count"] * spec["size"])


async def drain(sockets, spec, way):
    multipart = spec["type"] == "ROUTER"

    async def receive(count):
        if way == "asyncio":
            return sum(
                await asyncio.gather(*(receive_async(socket, count // len(sockets), multipart) for socket in sockets))
            )
        return receive_blocking(sockets, count, multipart)

    first = spec["warmup"] + len(sockets)
    size = await receive(first)
    begun = now()
    size += await receive(spec["count"] - first)
    return report(begun, now(), count=spec["count"], measured=spec["count"] - first, bytes=size)


async def ask(socket, spec):
    message = bytes(spec["size"])
    samples = []
    size = 0
    begun = now()
    for i in range(spec["count"]):
        if i == spec["warmup"]:
            begun = now()
        start = time.perf_counter_ns()
        if spec["way"] == "asyncio":
            await socket.send(message)
            size += len(await socket.recv())
        else:
            socket.send(message)
            size += len(socket.recv())
        samples.append(time.perf_counter_ns() - start)
    measured = spec["count"] - spec["warmup"]
    samples = samples[spec["warmup"] :]
    return report(begun, now(), count=spec["count"], measured=measured, bytes=size, samples=samples)


async def echo(socket, spec):
    begun = now()
    for _ in range(spec["count"]):
        if spec["way"] == "asyncio":
            await socket.send_multipart(await socket.recv_multipart())
        else:
            socket.send_multipart(socket.recv_multipart())
    size = spec["count"] * spec["size"]
    return report(begun, now(), count=spec["count"], measured=spec["count"], bytes=size)


# ---- Both ends in one process


async def inproc(spec):
    context = zmq.Context()
    trips = spec["type"] == "REQ"
    socket = open_socket(context, "REQ" if trips else "PULL", spec)
    socket.bind("inproc://bench")
    say(dict(ready=True, endpoint="inproc://bench", second=""))

    def other():
        peer = open_socket(context, "REP" if trips else "PUSH", spec)
        peer.connect("inproc://bench")
        asyncio.run(echo(peer, spec) if trips else pour([peer], spec, "blocking"))
        peer.close()

    thread = threading.Thread(target=other)
    thread.start()
    say(await ask(socket, spec) if trips else await drain([socket], spec, "blocking"))
    wait_for_harness()
    thread.join()
    socket.close()
    context.term()


async def main():
    spec = read_spec(sys.argv[1:])
    if spec["role"] == "inproc":
        await inproc(spec)
        return
    kind = zmq.asyncio.Context if spec["way"] == "asyncio" else zmq.Context
    context = kind()
    sockets = [open_socket(context, spec["type"], spec) for _ in range(spec["sockets"])]
    for socket in sockets:
        attach(socket, spec)
    for _ in range(spec["subscribers"]):
        subscription = sockets[0].recv()
        if spec["way"] == "asyncio":
            await subscription
    if spec["role"] == "source":
        say(await pour(sockets, spec, spec["way"]))
    elif spec["role"] == "sink":
        say(await drain(sockets, spec, spec["way"]))
    elif spec["role"] == "ask":
        say(await ask(sockets[0], spec))
    elif spec["role"] == "echo":
        say(await echo(sockets[0], spec))
    wait_for_harness()
    for socket in sockets:
        socket.close()
    context.term()


asyncio.run(main())
