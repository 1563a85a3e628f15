// Puts Node-API's headers, which the addon is compiled with, into vendor/ for the published package: there scripts/build.mjs
// has no node_modules to take them from. Runs before packing.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./setup.mjs";

const folder = mkdtempSync(join(tmpdir(), "nodezmq-headers-"));
for (const from of ["node-addon-api", "node-api-headers/include", "node-api-headers/def"]) {
  const directory = join(root, "node_modules", from);
  for (const file of readdirSync(directory).filter((name) => /\.(h|def)$/.test(name))) {
    cpSync(join(directory, file), join(folder, file));
  }
}
mkdirSync(join(root, "vendor"), { recursive: true });
// The same bytes from the same headers, whenever and by whomever it is packed.
const fixed = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"];
const options = process.platform === "linux" ? fixed : [];
execFileSync("tar", [...options, "-czf", join(root, "vendor", "node-api-headers.tar.gz"), "-C", folder, "."]);
rmSync(folder, { recursive: true });
