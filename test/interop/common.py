"""What the Python ends share. Each file has the programs of one example; one of them runs:

    python3 -u test/interop/pair.py server 5556
"""

import os
import sys
import time

import zmq

SPEED = float(os.environ.get("NODEZMQ_EXAMPLE_SPEED", "1"))

context = zmq.Context()


def sleep(seconds):
    time.sleep(seconds / SPEED)


def run(*programs):
    """Runs the program that is named first, with the other arguments; what it has sent is delivered at the end."""
    chosen = {program.__name__: program for program in programs}
    chosen[sys.argv[1]](*sys.argv[2:])
    context.destroy()
