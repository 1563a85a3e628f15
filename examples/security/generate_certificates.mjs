// Makes the certificates of a server and a client: `private` has the secret ones, `public` what the others may have.
//
//   node examples/security/generate_certificates.mjs [folder]
import { mkdirSync, renameSync } from "node:fs";
import { basename, join } from "node:path";
import { createCertificates } from "nodezmq/auth";

const folder = process.argv[2] ?? "certificates";
const publicKeys = join(folder, "public");
const privateKeys = join(folder, "private");
mkdirSync(publicKeys, { recursive: true });
mkdirSync(privateKeys, { recursive: true, mode: 0o700 });

for (const name of ["server", "client"]) {
  const [publicFile, secretFile] = createCertificates(privateKeys, name);
  renameSync(publicFile, join(publicKeys, basename(publicFile)));
  console.log(`${name}: keep ${secretFile}, hand out ${join(publicKeys, basename(publicFile))}`);
}
