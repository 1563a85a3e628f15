/** zmq.log.handlers. */
export { Formatter, type FormatterLike } from "./formatter.js";
export { type Handler, PUBHandler, type PUBHandlerOptions } from "./handler.js";
export { Logger, type LogOptions, TopicLogger } from "./logger.js";
export { type FormattedRecord, type LogRecord, TOPIC_DELIM } from "./record.js";
