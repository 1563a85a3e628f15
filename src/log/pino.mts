/** The pino transport for ES modules, which would find all of the CommonJS one under "default". */
import { publishLines } from "./pino.js";

export * from "./pino.js";
export default publishLines;
