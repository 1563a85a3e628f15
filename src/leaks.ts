/** What is collected while it is open: it is closed, and the first of each kind is warned of. */

interface Held {
  what: () => string;
  close: () => void;
}

const warned = new Set<string>();

const registry = new FinalizationRegistry<Held>(({ what, close }) => {
  close();
  const name = what();
  if (warned.has(name)) return;
  warned.add(name);
  process.emitWarning(`a ${name} was garbage-collected while it was open; close what you no longer need`, {
    type: "ResourceWarning",
    code: "NODEZMQ_UNCLOSED",
  });
});

/** `what` and `close` must not refer to `object`, which would then never be collected. */
export function watchForLeak(object: object, what: () => string, close: () => void): void {
  registry.register(object, { what, close }, object);
}

export function forget(object: object): void {
  registry.unregister(object);
}
