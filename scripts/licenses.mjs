// Writes the licence texts of what is linked into the addon to licenses/, taken from the verified tarballs.
// Runs before packing: the texts are published, not kept in git.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sources } from "./fetch-sources.mjs";
import { root } from "./setup.mjs";

/** @type {Record<string, Record<string, string>>} */
const texts = {
  libzmq: {
    "COPYING.LESSER": "libzmq-LGPL-3.0-with-exception.txt",
    COPYING: "libzmq-GPL-3.0.txt",
    "external/sha1/license.txt": "sha1-BSD-3-Clause.txt",
    "external/wepoll/license.txt": "wepoll-BSD-2-Clause.txt",
  },
  libsodium: { LICENSE: "libsodium-ISC.txt" },
};

// Their inline functions are compiled in.
for (const name of ["node-addon-api", "node-api-headers"]) {
  const file = ["LICENSE", "LICENSE.md"].find((file) => existsSync(join(root, "node_modules", name, file)));
  if (file === undefined) throw new Error(`${name} has no licence text`);
  cpSync(join(root, "node_modules", name, file), join(root, "licenses", `${name}-MIT.txt`));
}

for (const { name, version, path } of sources) {
  for (const [inside, file] of Object.entries(texts[name] ?? {})) {
    const text = execFileSync("tar", ["-xzOf", path, `${name}-${version}/${inside}`]);
    writeFileSync(join(root, "licenses", file), text);
  }
}
