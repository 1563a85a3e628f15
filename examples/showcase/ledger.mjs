// How every message is accounted for.
//
// What the peers exchange are "letters". A letter begins with four 32-bit words:
//
//   checksum of the rest | stream: who sent it | number: 1, 2, 3 ... in its stream | number of the letter it answers
//
// A receiver checks each letter: intact, and later in its stream than the one before. At the end every stream's sender
// and receivers tell how many letters they saw, and two sums over them; these must agree.

/**
 * Letters of one stream that one peer has sent or received.
 * @typedef {{ stream: number, count: number, sums: [number, number] }} Account
 *
 * What the sender knows besides: its name, and how many receivers each letter is meant for.
 * @typedef {Account & { name: string, copies: number }} SenderAccount
 */

const HEAD = 16;

/** FNV-1a over all words behind the checksum. @param {DataView} words */
function checksum(words) {
  let sum = words.byteLength;
  for (let at = 4; at < words.byteLength; at += 4) {
    sum = Math.imul(sum ^ words.getInt32(at), 0x01000193);
    sum ^= sum >>> 15;
  }
  return sum;
}

/** Sums that do not depend on the order. @param {Account} account @param {number} check @param {number} number */
function add(account, check, number) {
  account.count++;
  account.sums[0] = (account.sums[0] + check) | 0;
  account.sums[1] = (account.sums[1] + Math.imul(check, number)) | 0;
}

/** Writes the letters of one stream. */
export class Letters {
  /** @type {Buffer[]} */
  #paper = [];
  /** @type {DataView[]} */
  #words = [];

  /** @param {SenderAccount} account @param {number} size of a letter, in bytes */
  constructor(account, size) {
    this.account = account;
    this.size = size;
  }

  /**
   * The next letter. It stands in the same memory as the one before: `send` has copied a buffer when it returns.
   * @param {number} [answerTo] the number of the letter that it answers
   */
  next(answerTo = 0) {
    return this.#write(0, answerTo);
  }

  /** The next letters. @param {number} count */
  batch(count) {
    return Array.from({ length: count }, (_, i) => this.#write(i, 0));
  }

  /** @param {number} sheet @param {number} answerTo */
  #write(sheet, answerTo) {
    if (this.#paper[sheet] === undefined) {
      const bytes = Buffer.alloc(this.size, "nodezmq ");
      this.#paper[sheet] = bytes;
      this.#words[sheet] = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    const words = /** @type {DataView} */ (this.#words[sheet]);
    const number = this.account.count + 1;
    words.setInt32(4, this.account.stream);
    words.setInt32(8, number);
    words.setInt32(12, answerTo);
    const check = checksum(words);
    words.setInt32(0, check);
    add(this.account, check, number);
    return /** @type {Buffer} */ (this.#paper[sheet]);
  }
}

/** A received letter's number, and the number of the letter that it answers. @param {Buffer} bytes */
export const numberOf = (bytes) => bytes.readInt32BE(8);
/** @param {Buffer} bytes */
export const answerOf = (bytes) => bytes.readInt32BE(12);

/** One peer's book of what it has sent and received. */
export class Ledger {
  /** @type {SenderAccount[]} */
  sent = [];
  /** @type {Map<number, Account & { last: number }>} */
  received = new Map();
  receivedBytes = 0;
  /** When the last letter came in, by `performance.now()`. */
  lastReceived = 0;
  /** @type {string[]} */
  problems = [];

  /**
   * Opens a stream of letters.
   * @param {{ stream: number, name: string, size: number, copies?: number }} options
   */
  letters({ stream, name, size, copies = 1 }) {
    /** @type {SenderAccount} */
    const account = { stream, name, copies, count: 0, sums: [0, 0] };
    this.sent.push(account);
    return new Letters(account, size);
  }

  /** Checks a letter and enters it. @param {Buffer | undefined} bytes */
  receive(bytes) {
    this.lastReceived = performance.now();
    if (bytes === undefined || bytes.length < HEAD) {
      this.complain(`a letter of ${bytes?.length ?? "no"} bytes`);
      return;
    }
    this.receivedBytes += bytes.length;
    const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const check = words.getInt32(0);
    const stream = words.getInt32(4);
    const number = words.getInt32(8);
    if (check !== checksum(words)) {
      this.complain("a letter whose checksum is wrong");
      return;
    }
    let account = this.received.get(stream);
    if (account === undefined) {
      account = { stream, count: 0, sums: [0, 0], last: 0 };
      this.received.set(stream, account);
    }
    if (number <= account.last) this.complain(`letter ${number} of stream ${stream} after ${account.last}`);
    account.last = number;
    add(account, check, number);
  }

  /** How many messages have been sent, each once for every receiver that it is meant for. */
  get sentCount() {
    return this.sent.reduce((sum, { count, copies }) => sum + count * copies, 0);
  }

  get receivedCount() {
    return [...this.received.values()].reduce((sum, { count }) => sum + count, 0);
  }

  /** Notes that something is wrong; the first few will do. @param {string} problem */
  complain(problem) {
    if (this.problems.length < 3) this.problems.push(problem);
  }
}

/**
 * Compares what was sent with what arrived.
 * @param {{ sent: SenderAccount[], received: Account[] }[]} books
 */
export function balance(books) {
  let sent = 0;
  let received = 0;
  let lost = 0;
  /** @type {string[]} */
  const problems = [];
  const arrived = books.flatMap((book) => book.received);
  for (const { stream, name, copies, count, sums } of books.flatMap((book) => book.sent)) {
    const here = arrived.filter((account) => account.stream === stream);
    const got = here.reduce((total, account) => total + account.count, 0);
    const due = count * copies;
    sent += due;
    received += got;
    lost += Math.max(0, due - got);
    const same = [0, 1].every((i) => {
      const sum = here.reduce((total, account) => (total + (account.sums[i] ?? 0)) | 0, 0);
      return sum === Math.imul(sums[i] ?? 0, copies);
    });
    if (got < due) problems.push(`${due - got} of ${due} messages of ${name} are missing`);
    else if (got > due) problems.push(`${got - due} messages of ${name} too many`);
    else if (!same) problems.push(`the messages of ${name} are not those that were sent`);
  }
  return { sent, received, lost, problems };
}
