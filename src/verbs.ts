/**
 * The verbs that every message takes. What they are to know, and what they say, are numbers in memory that the addon
 * knows: reading V8's numbers through Node-API, and making one, takes longer than receiving a message.
 */
import { native } from "./native.js";

// Never seen by a program, so it cannot be detached.
const registers = new Int32Array(new ArrayBuffer(12)); // a buffer of its own: Bun moves small arrays that have none
native.registers(registers);

/** Sends a frame: SENT, 0 if it would block, or what is wrong with it (`refusedFrame` in native.ts). */
export function send(socket: number, data: unknown, flags: number): number {
  registers[0] = socket;
  registers[1] = flags;
  native.send(data);
  return registers[0];
}

/** The same for a whole message. */
export function sendMultipart(socket: number, frames: readonly unknown[], flags: number): number {
  registers[0] = socket;
  registers[1] = flags;
  native.sendMultipart(frames);
  return registers[0];
}

/** The same for a frame of so many bytes that packing.ts has packed. */
export function sendPackedFrame(socket: number, length: number, flags: number): number {
  registers[0] = socket;
  registers[1] = flags;
  registers[2] = length;
  native.sendPackedFrame();
  return registers[0];
}

/** The same for a whole message that packing.ts has packed. */
export function sendPackedMessage(socket: number, flags: number): number {
  registers[0] = socket;
  registers[1] = flags;
  native.sendPackedMessage();
  return registers[0];
}

/** Receives up to so many messages into the arena, from an offset on; 0 is one frame. How many frames there are. */
export function receive(socket: number, offset: number, messages: number): number {
  registers[0] = socket;
  registers[1] = offset;
  registers[2] = messages;
  native.receive();
  return registers[0];
}
