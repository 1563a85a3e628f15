/** Python with pyzmq: the other side of the tests of interoperation. */
import { spawnSync } from "node:child_process";

let found: string | undefined;

/** A Python that can `import zmq`. Not having one is a failure. */
export function python(): string {
  // A Python of the user's own may come first on the PATH; python3-zmq belongs to the system's.
  found ??= ["python3", "/usr/bin/python3"].find(
    (command) => spawnSync(command, ["-c", "import zmq"], { stdio: "ignore" }).status === 0,
  );
  if (found === undefined) {
    throw new Error("this test needs Python with pyzmq. Debian, Ubuntu: apt-get install python3-zmq");
  }
  return found;
}
