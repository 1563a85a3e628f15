/** A pyzmq socket in a process of its own, which does what the test tells it to. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { python } from "./python.js";

const script = fileURLToPath(new URL("../interop/peer.py", import.meta.url));

export interface PythonPeer {
  bind(address: string): Promise<string>;
  connect(address: string): Promise<string>;
  send(...frames: (string | Uint8Array)[]): Promise<void>;
  recv(): Promise<Buffer[]>;
  /** Any other method of the socket, by pyzmq's name. */
  call(method: string, ...args: unknown[]): Promise<unknown>;
}

/** A socket of pyzmq's, by the name of its type; options by the names of their constants. */
export async function pythonPeer(type: string, options: Record<string, unknown> = {}): Promise<PythonPeer> {
  const child = spawn(python(), ["-u", script], { stdio: ["pipe", "pipe", "pipe"] });
  let errors = "";
  child.stderr.on("data", (chunk) => {
    errors += chunk;
  });
  child.stdin.on("error", () => {}); // it has ended; the answer that is missing tells
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  onTestFinished(async () => {
    child.kill();
    await ended;
  });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (...order: unknown[]): Promise<unknown> => {
    child.stdin.write(`${JSON.stringify(order)}\n`);
    const { value, done } = await answers.next();
    if (!done) return JSON.parse(value);
    await ended;
    throw new Error(`Python could not ${order[0]}:\n${errors}`);
  };
  await ask("socket", type, options);
  return {
    bind: async (address) => (await ask("bind", address)) as string,
    connect: async (address) => (await ask("connect", address)) as string,
    send: async (...frames) => {
      await ask(
        "send",
        frames.map((frame) => Buffer.from(frame as string).toString("base64")),
      );
    },
    recv: async () => ((await ask("recv")) as string[]).map((frame) => Buffer.from(frame, "base64")),
    call: ask,
  };
}
