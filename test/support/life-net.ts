/** Streams of node:net, for what polls descriptors. */
import { connect, createServer, type Server, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** The descriptor of a stream or server. */
export const fdOf = (stream: Socket | Server): number =>
  (stream as unknown as { _handle: { fd: number } })._handle.fd;

/** Two ends of a TCP connection. Node does not read from the first, the one to poll, until it is resumed. */
export async function streams(): Promise<[near: Socket, far: Socket]> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const far = connect({ port: (server.address() as { port: number }).port, allowHalfOpen: true });
  const near = await new Promise<Socket>((resolve) => server.once("connection", resolve));
  onTestFinished(() => {
    near.destroy();
    far.destroy();
    server.close();
  });
  return [near, far];
}
