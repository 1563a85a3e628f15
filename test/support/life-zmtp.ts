/** What each type's peers say that they are. */
export const PEERS = {
  ...{ PAIR: "PAIR", CHANNEL: "CHANNEL", PEER: "PEER", PUB: "SUB", XPUB: "SUB", SUB: "PUB", XSUB: "XPUB" },
  ...{ PUSH: "PULL", PULL: "PUSH", SCATTER: "GATHER", GATHER: "SCATTER", RADIO: "DISH", DISH: "RADIO" },
  ...{ ROUTER: "DEALER", DEALER: "DEALER", REP: "REQ", REQ: "REP", SERVER: "CLIENT", CLIENT: "SERVER" },
};

/** What children's programs need to be peers that write ZMTP by hand. RFC 23. */
export const zmtp = `
const frame = (flags, body) => {
  const head = Buffer.alloc(9);
  head[0] = flags | 2;
  head.writeBigUInt64BE(BigInt(body.length), 1);
  return Buffer.concat([head, Buffer.from(body)]);
};
const named = (name, body) => Buffer.concat([Buffer.from([name.length]), Buffer.from(name), Buffer.from(body)]);
const command = (name, body) => frame(4, named(name, body));
const property = (name, value) => named(name, Buffer.concat([Buffer.from([0, 0, 0, value.length]), Buffer.from(value)]));
const greeting = Buffer.alloc(64);
greeting.set([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1]);
greeting.write("NULL", 12);
/** All that a peer of a type has to say before its messages. */
const ready = (type, id) => Buffer.concat([greeting, command("READY", [...property("Socket-Type", type), ...(id ? property("Identity", id) : [])])]);
/** Writes a greeting, or more; until the other end has answered with its own, and some of what it is ready for. */
const shakeHands = (stream, hello) => {
  stream.write(hello);
  return new Promise((resolve) => {
    let heard = 0;
    const listen = (bytes) => {
      heard += bytes.length;
      if (heard > greeting.length) over();
    };
    const over = () => {
      stream.off("data", listen).off("close", over);
      resolve();
    };
    stream.on("data", listen).on("close", over);
  });
};
`;
