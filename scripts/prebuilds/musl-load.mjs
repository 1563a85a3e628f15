// Loads the musl binary by musl's own loader. The registries have no Node.js for musl, so a little program stands in for it:
// it has every symbol of Node-API and libuv that the binary asks for, and asks it for its Node-API version.
//
//   node scripts/prebuilds/musl-load.mjs prebuilds/linux-x64/nodezmq.musl.node     (Debian: apt-get install musl-tools)
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const file = resolve(process.argv[2] ?? "");
const symbols = execFileSync("readelf", ["-W", "--dyn-syms", file], { encoding: "utf8" });
const wanted = [...symbols.matchAll(/UND ((?:napi|node_api|uv)_\w+)$/gm)].map((match) => match[1]);
const source = `
#include <dlfcn.h>
#include <stdio.h>
${wanted.map((name) => `int ${name}(void) { return 1; }`).join("\n")}
int main(int count, char** arguments) {
  void* addon = dlopen(arguments[1], RTLD_NOW);
  if (addon == NULL) { fprintf(stderr, "%s\\n", dlerror()); return 1; }
  int (*version)(void) = (int (*)(void))dlsym(addon, "node_api_module_get_api_version_v1");
  if (version == NULL || dlsym(addon, "napi_register_module_v1") == NULL) return 2;
  printf("Node-API %d, ${wanted.length} symbols of the runtime\\n", version());
  return 0;
}
`;
const folder = mkdtempSync(join(tmpdir(), "nodezmq-musl-"));
try {
  writeFileSync(join(folder, "load.c"), source);
  execFileSync("musl-gcc", ["-rdynamic", "-o", join(folder, "load"), join(folder, "load.c")]);
  process.stdout.write(execFileSync(join(folder, "load"), [file], { encoding: "utf8" }));
} finally {
  rmSync(folder, { recursive: true });
}
