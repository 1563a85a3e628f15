/** Node's and the Web's streams, on top of receiving. What makes them is loaded when it is first asked for. */
import type { Duplex, Readable, Writable } from "node:stream";
import type { ReadableStream, WritableStream } from "node:stream/web";
import type { MessageData } from "./data.js";
import type { Engine } from "./engine.js";
import { Messaging } from "./messaging.js";
import type { DuplexOptions, StreamOptions } from "./streams/node.js";

export class Streaming extends Messaging {
  readonly #engine: Engine;
  #readable: ReadableStream<Buffer[]> | undefined;
  #writable: WritableStream<MessageData> | undefined;

  protected constructor(engine: Engine) {
    super(engine);
    this.#engine = engine;
  }

  /**
   * A Readable in object mode: each chunk is a message, an array of its frames. It ends when the socket is closed or
   * its context terminated. A message is taken out of libzmq when the stream is read, not before; destroying the stream
   * loses none and leaves the socket open.
   *
   * @throws ZMQError ENOTSOCK on a closed socket, ENOTSUP for a type that does not receive; TypeError for options
   */
  createReadStream(options?: StreamOptions): Readable {
    return this.#streams().createReadStream(this, this.#engine, options);
  }

  /**
   * A Writable in object mode: each chunk is a message, one datum or an array of frames. `write` returns false while a
   * message waits for the socket's high-water mark. Ending it leaves the socket open. A send that fails is the
   * stream's error, and destroys it.
   *
   * @throws ZMQError ENOTSOCK on a closed socket, ENOTSUP for a type that does not send; TypeError for options
   */
  createWriteStream(options?: StreamOptions): Writable {
    return this.#streams().createWriteStream(this, this.#engine, options);
  }

  /** Both in one; REQ and REP wait for their turn in each direction. */
  createDuplex(options?: DuplexOptions): Duplex {
    return this.#streams().createDuplex(this, this.#engine, options);
  }

  /**
   * The messages as a Web stream, which takes one out of libzmq for each read. It is closed when the socket is; to
   * cancel it leaves the socket open. The same stream each time, until it has been cancelled.
   */
  get readable(): ReadableStream<Buffer[]> {
    this.#readable ??= this.#web().readable(this.#engine, () => {
      this.#readable = undefined;
    });
    return this.#readable;
  }

  /**
   * A Web stream of messages to send, each a datum or an array of frames. A write is done when libzmq has the message.
   * To close or abort it leaves the socket open. The same stream each time, until it has been closed or aborted.
   */
  get writable(): WritableStream<MessageData> {
    this.#writable ??= this.#web().writable(this, this.#engine, () => {
      this.#writable = undefined;
    });
    return this.#writable;
  }

  #streams(): typeof import("./streams/node.js") {
    return require("./streams/node.js");
  }

  #web(): typeof import("./streams/web.js") {
    return require("./streams/web.js");
  }
}
