// Puts the upstream tarballs of libzmq and libsodium into vendor/, checked by hash.
//
// No host is named here. A tarball that is missing is looked for in $NODEZMQ_SOURCE_MIRROR (a folder,
// a file: or an http(s): address), then at the mirrors that this machine's own apt is configured with.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const vendor = join(root, "vendor");
const aptHelper = "/usr/lib/apt/apt-helper";

export const sources = readFileSync(join(root, "scripts", "libzmq", "sources.txt"), "utf8")
  .split("\n")
  .filter((line) => line.trim() !== "" && !line.startsWith("#"))
  .map((line) => {
    const [name = "", version = "", sha256 = "", file = "", pool = ""] = line.split(/\s+/);
    return { name, version, sha256, file, pool, path: join(vendor, file) };
  });

/** @typedef {typeof sources[number]} Source */

/** Whether the file is there and is the one that was asked for. @param {Source} source @param {string} path */
function verified(source, path) {
  return existsSync(path) && createHash("sha256").update(readFileSync(path)).digest("hex") === source.sha256;
}

/** @param {string} place @param {Source} source @param {string} target */
async function fromMirror(place, source, target) {
  const base = /^(https?|file):/.test(place) ? place : pathToFileURL(place).href;
  const url = new URL(source.file, base.endsWith("/") ? base : `${base}/`);
  if (url.protocol === "file:") {
    writeFileSync(target, readFileSync(url));
    return;
  }
  const response = await fetch(url, { signal: AbortSignal.timeout(60_000) });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  writeFileSync(target, Buffer.from(await response.arrayBuffer()));
}

function aptMirrors() {
  if (!existsSync(aptHelper)) return [];
  // Without --no-release-info apt names only mirrors whose lists it has already downloaded.
  const format = ["indextargets", "--no-release-info", "--format", "$(REPO_URI)"];
  const listed = execFileSync("apt-get", [...format, "Created-By: Packages"], { encoding: "utf8" });
  return [...new Set(listed.split("\n").filter(Boolean))];
}

/** apt's own downloader knows the proxies and certificates of this machine. @param {string} mirror @param {Source} source @param {string} target */
function fromApt(mirror, source, target) {
  const url = `${mirror.replace(/\/*$/, "/")}${source.pool}/${source.file}`;
  execFileSync(aptHelper, ["download-file", url, target, `SHA256:${source.sha256}`], {
    stdio: ["ignore", "ignore", "pipe"],
  });
}

/** @param {Source} source @returns {Promise<string>} where it came from */
async function fetchSource(source) {
  mkdirSync(vendor, { recursive: true });
  // Renamed into place when whole and verified: a reader never sees half a tarball.
  const partial = `${source.path}.${process.pid}`;
  /** @type {string[]} */
  const failures = [];
  /** @param {string} where @param {() => unknown} get */
  const attempt = async (where, get) => {
    try {
      await get();
      if (!verified(source, partial)) throw new Error("sha256 differs");
      renameSync(partial, source.path);
      return true;
    } catch (error) {
      failures.push(`${where}: ${error instanceof Error ? error.message.trim() : error}`);
      return false;
    } finally {
      rmSync(partial, { force: true });
    }
  };
  const mirror = process.env.NODEZMQ_SOURCE_MIRROR;
  if (mirror && (await attempt(mirror, () => fromMirror(mirror, source, partial)))) return mirror;
  for (const apt of aptMirrors()) {
    if (await attempt(apt, () => fromApt(apt, source, partial))) return apt;
  }
  throw new Error(
    [
      `cannot find the source of ${source.name} ${source.version}.`,
      `Put ${source.file} (sha256 ${source.sha256}) into vendor/,`,
      "or set NODEZMQ_SOURCE_MIRROR to a folder or address that holds it.",
      ...failures.map((failure) => `  tried ${failure}`),
    ].join("\n"),
  );
}

/** Fetches what is missing. @param {(line: string) => void} say */
export async function fetchSources(say) {
  for (const source of sources) {
    if (verified(source, source.path)) continue;
    say(`fetching the source of ${source.name} ${source.version}`);
    await fetchSource(source);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await fetchSources(console.log).catch((error) => {
    console.error(`nodezmq: ${error.message}`);
    process.exit(1);
  });
}
