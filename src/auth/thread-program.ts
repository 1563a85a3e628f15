/** What the thread of a ThreadAuthenticator runs. */
import { parentPort, workerData } from "node:worker_threads";
import { DONTWAIT, PAIR } from "../constants.js";
import { Context } from "../context.js";
import { isGone, ZMQError } from "../errors.js";
import type { Socket } from "../socket.js";
import { encode } from "../utils/z85.js";
import type { Tell } from "./logger.js";
import { curveDomain, judge } from "./policy.js";
import type { Beginning, Posted, ThreadData } from "./thread.js";
import { unpack } from "./thread-policy.js";
import { closeZap, FAILURE, INTERNAL, openZap, parseRequest, reply, serveZap } from "./zap.js";

type Answer = (frames: readonly Uint8Array[]) => void;

const data = workerData as ThreadData;
const port = parentPort as NonNullable<typeof parentPort>;
const context = Context.shadow(data.context);
let rules = unpack(data.rules);
let zap: Socket | undefined;
/** The requests that the creating thread has been given to judge. */
const elsewhere = new Map<number, Answer>();
let serial = 0;

const post = (message: Posted): void => port.postMessage(message);
const tell: Tell = (level, message) => {
  if (rules.heard) post({ level, message });
};

const pipe = context.socket(PAIR, INTERNAL);
pipe.connect(data.endpoint);
const say = (beginning: Beginning): void => void pipe.sendSync(JSON.stringify(beginning));

function end(): void {
  if (zap !== undefined) closeZap(zap);
  if (!pipe.closed) {
    // The creating thread may be waiting for it.
    pipe.sendMultipart(["ENDED"], DONTWAIT).catch(() => {});
    pipe.close();
  }
  port.close();
}

/** Obeys what the creating thread has said. */
function obey(): void {
  while (!pipe.closed && pipe.pollSync(0) !== 0) {
    const [word, rest] = pipe.recvMultipartSync(DONTWAIT);
    if (rest !== undefined) rules = unpack(rest);
    else if (String(word) === "TERMINATE") end();
  }
}

/** Whether the creating thread's JavaScript has a say. */
function isElsewhere(frames: readonly Buffer[]): boolean {
  if (frames.length < 2) return false; // can be answered nowhere
  if (rules.elsewhere === "all") return true;
  const request = parseRequest(frames, () => {});
  if (request === undefined || "refused" in request || request.mechanism !== "CURVE") return false;
  const domain = curveDomain(request, rules);
  if (domain === undefined) return false;
  return (
    rules.elsewhere === "curve" ||
    (!rules.anyKey.has(domain) && Object.hasOwn(rules.credentialsProviders, domain))
  );
}

async function take(frames: Buffer[], answer: Answer): Promise<void> {
  // What was configured before the peer connected counts for it.
  obey();
  if (isElsewhere(frames)) {
    const id = ++serial;
    elsewhere.set(id, answer);
    // Each frame in memory of its own: a view would be sent with all the memory that it is a view of.
    post({ id, frames: frames.map((frame) => Uint8Array.from(frame)) });
    return;
  }
  const request = parseRequest(frames, tell);
  if (request === undefined) return;
  if ("refused" in request) {
    answer(reply(request.requestId, request.refused));
    return;
  }
  answer(reply(request.requestId, await judge(request, { rules, tell, curveUserId: encode })));
}

port.on("message", ({ id, frames }: { id: number; frames: readonly Uint8Array[] }) => {
  elsewhere.get(id)?.(frames);
  elsewhere.delete(id);
});

async function main(): Promise<void> {
  try {
    zap = openZap(context);
    zap.ref();
  } catch (error) {
    say(
      error instanceof ZMQError && error.errno !== undefined
        ? { errno: error.errno }
        : { message: String(error) },
    );
    end();
    return;
  }
  say({});
  const taken = (frames: Buffer[], answer: Answer): void => {
    take(frames, answer).catch((error) => {
      tell("error", `a ZAP request could not be judged: ${error}`);
      answer(reply(frames[1] as Buffer, FAILURE));
    });
  };
  const serving = serveZap(zap, taken, tell);
  try {
    while (!pipe.closed) {
      await pipe.poll();
      obey();
    }
  } catch (error) {
    if (!isGone(error)) throw error;
  } finally {
    end();
  }
  await serving;
}

main().catch((error) => {
  end();
  setImmediate(() => {
    throw error;
  });
});
