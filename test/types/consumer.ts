// A program of a user's, compiled by scripts/check-package.mjs with every supported TypeScript and module format.
import * as zmq from "nodezmq";
import nodezmq, { Context, type Frame, type MonitorEvent, type Socket } from "nodezmq";

export async function serve(context: Context, signal: AbortSignal): Promise<Buffer[][]> {
  const server: Socket = context.socket(zmq.ROUTER, { linger: 0, rcvhwm: 10 });
  server.bind("tcp://127.0.0.1:*");
  const address: string = server.lastEndpoint;
  const size: number = server.rcvhwm;
  const affinity: bigint = server.affinity;
  server.set(zmq.LINGER, size);
  const frame: Frame = await server.recv({ copy: false, signal, timeout: 10 });
  await server.sendMultipart([frame, "text", new Uint8Array(1), Buffer.from(address)], zmq.DONTWAIT);
  await server.send(String(affinity), { copy: false });
  const poller = new zmq.Poller();
  poller.register(server, zmq.POLLIN);
  for (const [ready, mask] of await poller.poll(1000)) {
    if (ready === server && (mask & zmq.POLLIN) !== 0) break;
  }
  const events: AsyncIterable<MonitorEvent> = server.events();
  for await (const { name, endpoint } of events) {
    const text: string = name + endpoint;
    if (text === "") break;
  }
  const messages: Buffer[][] = [];
  for await (const frames of server) messages.push(frames);
  server.close();
  return messages;
}

export function failed(error: unknown): string | undefined {
  if (error instanceof zmq.Again) return "EAGAIN";
  if (error instanceof zmq.error.ZMQError) return error.code;
  return undefined;
}

export const same: typeof Context = nodezmq.Context;
export const context: Context = Context.instance();
export const disposable: AsyncDisposable = context;
