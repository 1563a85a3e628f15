/** nodezmq keygen: a pair of CURVE keys, printed as pyzmq's `python3 -m zmq.curve_keygen` does. */
import { parseArgs } from "node:util";
import { CommandError, parsing, UsageError } from "./usage.js";

export const summary = "make a pair of CURVE keys";

export const help = `usage: nodezmq keygen [--json] [--secret SECRET]

Prints a new pair of CURVE keys, 40 characters of Z85 each.

options:
  --json            print the keys as a JSON object
  --secret SECRET   print the public key that belongs to this secret key; "-" reads it from
                    standard input, out of sight of the list of processes
  -h, --help        show this help
`;

async function readInput(): Promise<string> {
  let text = "";
  for await (const chunk of process.stdin.setEncoding("utf8")) text += chunk;
  return text.trim();
}

export async function run(args: readonly string[], print: (text: string) => Promise<void>): Promise<void> {
  const { values } = parsing(() =>
    parseArgs({
      args: [...args],
      options: { json: { type: "boolean" }, secret: { type: "string" } },
    }),
  );
  const { curveKeypair, curvePublic } = await import("../version.js");
  let publicKey: string;
  let secretKey = values.secret === "-" ? await readInput() : values.secret;
  if (secretKey === undefined) {
    [publicKey, secretKey] = curveKeypair();
  } else {
    try {
      publicKey = curvePublic(secretKey);
    } catch (error) {
      if (error instanceof RangeError) throw new UsageError(error.message);
      throw new CommandError(`the secret key is not Z85: ${(error as Error).message}`);
    }
  }
  await print(
    values.json
      ? `${JSON.stringify({ public: publicKey, secret: secretKey }, null, 1)}\n`
      : `== CURVE PUBLIC KEY ==\n${publicKey}\n\n== CURVE SECRET KEY ==\n${secretKey}\n`,
  );
}
