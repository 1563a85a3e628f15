/** Devices that are stopped when their test is over, and sockets that talk to them. */
import * as zmq from "nodezmq";
import { onTestFinished } from "vitest";

export const local = "tcp://127.0.0.1";

/** Stops the device after the test, whatever has become of it. */
export function ending<T extends zmq.devices.Device>(device: T): T {
  onTestFinished(() => device.stop());
  return device;
}

/** A context whose sockets talk to devices; it is destroyed after the test. */
export function peers(): {
  context: zmq.Context;
  connect(type: number, port: number, options?: Parameters<zmq.Context["socket"]>[1]): zmq.Socket;
} {
  const context = new zmq.Context();
  const kept: zmq.Socket[] = []; // those that the test has no name for must not be collected
  onTestFinished(async () => {
    await context.destroy(0);
    kept.length = 0;
  });
  return {
    context,
    connect: (type, port, options) => {
      const socket = context.socket(type, { linger: 0, ...options });
      socket.connect(`${local}:${port}`);
      kept.push(socket);
      return socket;
    },
  };
}

/** A question and its answer. */
export async function expectAnswer(client: zmq.Socket, server: zmq.Socket, text = "question"): Promise<void> {
  await client.send(text);
  const asked = await server.recvString();
  await server.send(`answer to ${asked}`);
  const answer = await client.recvString();
  if (answer !== `answer to ${text}`) throw new Error(`the answer to ${text} was ${answer}`);
}

/**
 * A question and its answer by a queue, from sockets that are closed afterwards: a server of an earlier round, which nobody
 * reads any more, would reconnect and take the next question.
 */
export async function expectService(front: number, back: number, text?: string): Promise<void> {
  const context = new zmq.Context();
  const [client, server] = [context.socket(zmq.REQ), context.socket(zmq.REP)];
  client.connect(`${local}:${front}`);
  server.connect(`${local}:${back}`);
  onTestFinished(() => context.destroy(0));
  await expectAnswer(client, server, text);
  await context.destroy(0);
}

/** A port that is free, on which nobody else is likely to bind meanwhile. */
export async function freePort(): Promise<number> {
  const context = new zmq.Context();
  const port = context.socket(zmq.PULL).bindToRandomPort(local);
  await context.destroy(0);
  return port;
}

/** The eight figures that STATISTICS is answered with. */
export const figures = (frames: readonly Buffer[]): number[] =>
  frames.map((frame) => {
    if (frame.length !== 8) throw new Error(`a figure of ${frame.length} bytes`);
    return Number(frame.readBigUInt64LE());
  });
