// The platforms that a binary is published for, and what builds each.

/**
 * @typedef {object} Target
 * @property {string} platform as `process.platform`
 * @property {string} arch as `process.arch`
 * @property {"glibc" | "musl"} [libc]
 * @property {string} zig zig's name of the target; "" where zig cannot build it
 */

/** @type {Readonly<Record<string, Target>>} */
export const targets = {
  "linux-x64-glibc": { platform: "linux", arch: "x64", libc: "glibc", zig: "x86_64-linux-gnu.2.28" },
  "linux-x64-musl": { platform: "linux", arch: "x64", libc: "musl", zig: "x86_64-linux-musl" },
  "linux-arm64-glibc": { platform: "linux", arch: "arm64", libc: "glibc", zig: "aarch64-linux-gnu.2.28" },
  "linux-arm64-musl": { platform: "linux", arch: "arm64", libc: "musl", zig: "aarch64-linux-musl" },
  "darwin-x64": { platform: "darwin", arch: "x64", zig: "x86_64-macos.11.0" },
  "darwin-arm64": { platform: "darwin", arch: "arm64", zig: "aarch64-macos.11.0" },
  "win32-x64": { platform: "win32", arch: "x64", zig: "" },
};

/** Where prebuildify puts a target's binary, below the package. @param {Target} target */
export const fileOf = ({ platform, arch, libc }) =>
  `prebuilds/${platform}-${arch}/nodezmq${libc === undefined ? "" : `.${libc}`}.node`;
