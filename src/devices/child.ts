/** The program of a ProcessDevice's process: runs one device, and ends with it or with the program that wanted it. */
import { Context } from "../context.js";
import { launchThread, type Running } from "./thread.js";
import { type Order, packError, type Report } from "./wire.js";

const tell = (report: Report, told: () => void = () => {}): void => {
  // The program may be gone already, which "disconnect" says.
  process.send?.(report, undefined, undefined, told);
};

const leave = (): void => process.exit(0);

function end(error: unknown): void {
  tell({ ended: error === undefined ? undefined : packError(error) }, leave);
}

let running: Running | undefined;

process.on("message", (order: Order) => {
  if ("stop" in order) {
    running?.stop();
    return;
  }
  launchThread(order.run, { factory: Context, daemon: false }).then((device) => {
    running = device;
    tell({ running: true });
    void device.ended.then(end);
  }, end);
});
// Also when the program was killed: the system closes its end of the channel.
process.on("disconnect", leave);
// Ctrl-C is sent to all processes of a terminal; what it means is for the program to say.
process.on("SIGINT", () => {});
