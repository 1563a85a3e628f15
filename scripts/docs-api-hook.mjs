// Gives TypeDoc, which asks for "typescript", the latest of those that it can work with.

/** @param {string} specifier @param {unknown} context @param {(specifier: string, context: unknown) => unknown} next */
export const resolve = (specifier, context, next) =>
  next(specifier === "typescript" ? "typescript-6" : specifier, context);
