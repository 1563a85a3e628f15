/** zmq.auth: who may connect. See docs/security.md. */
export * as asyncio from "./asyncio.js";
export { Authenticator, type AuthenticatorOptions, CURVE_ALLOW_ANY } from "./authenticator.js";
export {
  type CertificateMetadata,
  createCertificates,
  type KeyPath,
  loadCertificate,
  loadCertificates,
} from "./certificates.js";
export type { Logger } from "./logger.js";
export type { CredentialsCallback, CredentialsProvider, Passwords } from "./policy.js";
export * as thread from "./thread.js";
