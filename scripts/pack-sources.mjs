// Puts into vendor/ for the published package what building from source takes of libzmq and libsodium: their code and
// licences, a fifth of the tarballs that fetch-sources.mjs has checked. Runs before packing.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sources } from "./fetch-sources.mjs";
import { root } from "./setup.mjs";

/** @type {Record<string, string[]>} */
const parts = {
  libzmq: [
    ...["CMakeLists.txt", "src", "include", "external", "builds/cmake"],
    ...["AUTHORS", "COPYING", "COPYING.LESSER", "NEWS", "README.md"],
  ],
  libsodium: ["configure.ac", "src", "AUTHORS", "LICENSE"],
};

const folder = mkdtempSync(join(tmpdir(), "nodezmq-sources-"));
try {
  for (const { name, version, path } of sources) {
    const wanted = (parts[name] ?? []).map((part) => `${name}-${version}/${part}`);
    execFileSync("tar", ["-xzf", path, "-C", folder, ...wanted]);
  }
  // The same bytes from the same sources, whenever and by whomever it is packed.
  const fixed = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"];
  const options = process.platform === "linux" ? fixed : [];
  const file = join(root, "vendor", "sources.tar.xz");
  execFileSync("tar", [...options, "-cJf", file, "-C", folder, "."], {
    env: { ...process.env, XZ_OPT: "-9" },
  });
} finally {
  rmSync(folder, { recursive: true });
}
