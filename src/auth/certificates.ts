/** Certificates: CURVE keys in files, in the format that pyzmq and CZMQ share. */

import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { types } from "node:util";
import { checkKeys } from "../call.js";
import { plainError, rangeError, typeError } from "../errors.js";
import { curveKeypair } from "../version.js";

/** A folder or file, as node:fs takes them. */
export type KeyPath = string | URL | Uint8Array;

export function readPath(path: unknown, what: string): string {
  if (path instanceof URL) return fileURLToPath(path);
  const text = types.isUint8Array(path) ? Buffer.from(path).toString() : path;
  if (typeof text !== "string") throw typeError(`${what} is a path: a string or a file URL`);
  if (text.includes("\0")) throw typeError(`${what} has no NUL in it`);
  return text;
}

/** Metadata of a certificate: one line each. */
export type CertificateMetadata = Readonly<Record<string, string>>;

const PUBLIC = 0o666; // less the umask, as any file
const SECRET = 0o600;

/**
 * Makes a pair of CURVE keys and writes them as `<name>.key`, to be given to peers, and `<name>.key_secret`, which only
 * the file's owner may read. Files of these names are replaced, each in one step.
 *
 * @param metadata written into the secret file
 * @returns the paths [public, secret]
 * @throws TypeError for what is no text; RangeError for metadata that a line cannot hold; the errors of node:fs
 */
export function createCertificates(
  keyDir: KeyPath,
  name: string,
  metadata?: CertificateMetadata | null | { metadata?: CertificateMetadata },
): [publicFile: string, secretFile: string] {
  const folder = readPath(keyDir, "the folder for certificates");
  if (typeof name !== "string" || name === "") throw typeError("a certificate has a name");
  const base = join(folder, readPath(name, "a certificate's name"));
  const lines = metadataLines(metadata);
  const [publicKey, secretKey] = curveKeypair();
  const keys = (...more: string[]): string =>
    ["curve", `    public-key = "${publicKey}"`, ...more, ""].join("\n");

  const files: [string, string] = [`${base}.key`, `${base}.key_secret`];
  replace(files[1], SECRET, banner(secretNotice) + lines + keys(`    secret-key = "${secretKey}"`));
  replace(files[0], PUBLIC, `${banner(publicNotice)}metadata\n${keys()}`);
  return files;
}

const publicNotice = [
  "A CURVE certificate with a PUBLIC key: for the peers. Hand it over in a way that",
  "nobody else can tamper with, since whoever replaces it can take your place.",
];
const secretNotice = [
  "A CURVE certificate with a SECRET key: for its owner's eyes only. Keep it where it is,",
  "readable by nobody else.",
];

const banner = (notice: readonly string[]): string =>
  [
    `#   ****  Generated on ${new Date().toISOString()} by nodezmq  ****`,
    ...notice.map((line) => `#   ${line}`),
    "",
    "",
  ].join("\n");

function metadataLines(given: unknown): string {
  let metadata: unknown = given ?? {};
  if (typeof metadata !== "object" || Array.isArray(metadata)) {
    throw typeError("metadata is an object of strings");
  }
  // Metadata may have a key of that name, but its value is a string then.
  const { metadata: inner } = metadata as { metadata?: unknown };
  if (typeof inner === "object" && inner !== null) metadata = checkKeys(metadata, ["metadata"]).metadata;
  let lines = "metadata\n";
  for (const [key, value] of Object.entries(metadata as object)) {
    if (typeof value !== "string") throw typeError(`metadata is text; '${key}' has ${typeof value}`);
    if (/[\r\n]/.test(key + value)) throw rangeError(`metadata of a certificate fits on one line: '${key}'`);
    if (/^\s*(?:#|public-key|secret-key)|=/.test(key) || key.trim() === "") {
      throw rangeError(`'${key}' cannot be a name of a certificate's metadata`);
    }
    lines += `    ${key} = ${value}\n`;
  }
  return lines;
}

/** Writes a file in one step: it never has half of its content, nor, even if it was there before, other rights. */
function replace(path: string, mode: number, content: string): void {
  const draft = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}`);
  const file = fs.openSync(draft, "wx", mode);
  try {
    try {
      fs.writeFileSync(file, content);
      fs.fsyncSync(file);
    } finally {
      fs.closeSync(file);
    }
    fs.renameSync(draft, path);
  } catch (error) {
    fs.rmSync(draft, { force: true });
    throw error;
  }
}

/**
 * Reads a certificate.
 *
 * @returns its keys [public, secret]; the secret one is null where the file has none
 * @throws Error (`code` ENOENT) without such a file; RangeError if it has no public key
 */
export function loadCertificate(filename: KeyPath): [publicKey: string, secretKey: string | null] {
  const path = readPath(filename, "a certificate");
  const content = orMissing(`Invalid certificate file: ${path}`, () => fs.readFileSync(path, "latin1"));
  let publicKey: string | null = null;
  let secretKey: string | null = null;
  for (const line of content.split("\n")) {
    const found = /^\s*(public-key|secret-key)[^=]*=(.*)$/s.exec(line);
    if (found === null) continue;
    const value = (found[2] as string).trim().replace(/^[\s'"]+|[\s'"]+$/g, "");
    if (found[1] === "public-key") publicKey = value;
    else secretKey = value;
    if (publicKey && secretKey) break;
  }
  if (publicKey === null) throw rangeError(`No public key found in ${path}`);
  return [publicKey, secretKey];
}

/**
 * Reads the public keys of all certificates (`*.key`) of a folder.
 *
 * @param directory "." by default
 * @returns `{ [publicKey]: true }`
 * @throws Error (`code` ENOENT or ENOTDIR) without such a folder; as `loadCertificate` for the first bad file
 */
export function loadCertificates(directory: KeyPath = "."): Record<string, true> {
  const path = readPath(directory, "a folder of certificates");
  const entries = orMissing(`Invalid certificate directory: ${path}`, () =>
    fs.readdirSync(path, { withFileTypes: true }),
  );
  const keys: [string, true][] = [];
  for (const entry of entries) {
    if (!entry.name.endsWith(".key") || entry.name.startsWith(".") || entry.isDirectory()) continue;
    const [key] = loadCertificate(join(path, entry.name));
    if (key !== "") keys.push([key, true]);
  }
  return Object.fromEntries(keys);
}

function orMissing<T>(message: string, look: () => T): T {
  try {
    return look();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "ENOTDIR") throw error;
    throw Object.assign(plainError(message), { code, cause: error });
  }
}
