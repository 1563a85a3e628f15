from random import randrange

import zmq
from common import context, run, sleep


def server(port):
    socket = context.socket(zmq.PUB)
    socket.bind(f"tcp://*:{port}")
    while True:
        update = "%d %d" % (randrange(9999, 10005), randrange(1, 215) - 80)
        print(update)
        socket.send_string(update)
        sleep(1)


def client(*ports):
    socket = context.socket(zmq.SUB)
    print("Collecting updates from weather server...")
    for port in ports:
        socket.connect(f"tcp://localhost:{port}")
    socket.setsockopt_string(zmq.SUBSCRIBE, "10001")
    total_value = 0
    for _ in range(5):
        topic, messagedata = socket.recv_string().split()
        total_value += int(messagedata)
        print(topic, messagedata)
    print("Average messagedata value for topic '%s' was %dF" % ("10001", total_value / 5))


def weather_server(port):
    socket = context.socket(zmq.PUB)
    socket.bind(f"tcp://*:{port}")
    while True:
        zipcode, temperature, relhumidity = randrange(1, 100000), randrange(-80, 135), randrange(10, 60)
        socket.send_string("%i %i %i" % (zipcode, temperature, relhumidity))


def weather_client(zip_filter, port):
    socket = context.socket(zmq.SUB)
    print("Collecting updates from weather server…")
    socket.connect(f"tcp://localhost:{port}")
    socket.setsockopt_string(zmq.SUBSCRIBE, zip_filter)
    total_temp = 0
    for _ in range(5):
        zipcode, temperature, relhumidity = socket.recv_string().split()
        total_temp += int(temperature)
    print("Average temperature for zipcode '%s' was %dF" % (zip_filter, total_temp / 5))


run(server, client, weather_server, weather_client)
