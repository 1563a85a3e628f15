/** The programs of docs/pyzmq-side-by-side.md do the same, in both languages. */
import { readFileSync } from "node:fs";
import * as zmq from "nodezmq";
import { expect, test } from "vitest";
import { examplePorts, startProgram } from "./support/example-program.js";
import { python } from "./support/python.js";
import { newContext } from "./support/sockets.js";

const page = readFileSync(new URL("../docs/pyzmq-side-by-side.md", import.meta.url), "utf8");

/** The code of a section in one language. */
function code(section: string, language: "python" | "js"): string {
  const text = page.split(/^## /m).find((part) => part.startsWith(`${section}\n`)) ?? "";
  return new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, "s").exec(text)?.[1] ?? "";
}

const programs = [
  ["With a poller", "js", "Processing 9 news"],
  ["With a poller", "python", "Processing 9 news"],
  ["With ZMQStream", "js", "Processing [ '9 news' ]"],
  ["With asyncio", "js", "Processing 9 news"],
  ["With asyncio", "python", "Processing 9 news"],
] as const;

test.each(programs)(
  "%s, in %s, a worker listens to both until it is told to exit",
  async (section, language, said) => {
    const [commandPort, updatePort] = await examplePorts(2);
    const context = newContext();
    const commander = context.socket(zmq.PUSH);
    commander.bind(`tcp://127.0.0.1:${commandPort}`);
    const publisher = context.socket(zmq.XPUB);
    publisher.bind(`tcp://127.0.0.1:${updatePort}`);

    let sockets = code("The sockets", language);
    const program = code(section, language);
    expect([sockets, program]).not.toContain("");
    if (language === "python" && section === "With asyncio") {
      // The coroutines take the sockets, of an asyncio context; main finds them.
      sockets = `import zmq.asyncio\n${sockets.replace("zmq.Context()", "zmq.asyncio.Context()")}`;
    }
    const source = `${sockets}\n${program}`
      .replace("5556", String(commandPort))
      .replace("5558", String(updatePort));
    const worker =
      language === "js"
        ? startProgram(section, process.execPath, ["--input-type=module", "--eval", source])
        : startProgram(section, python(), ["-u", "-c", source]);
    expect(await publisher.recvString()).toBe("\u00019");

    await commander.send("Continue");
    await publisher.sendBatch(["8 nothing", "9 news"]);
    await worker.printed(1, /^Processing/);
    await commander.send("Exit");

    const lines = await worker.end();
    expect(lines[0]).toBe(said);
    expect(lines.slice(1)).toEqual(
      section === "With ZMQStream" ? ["Worker has stopped processing messages."] : [],
    );
  },
);
