/**
 * The loop that gives a namespace pyzmq's spelling: every function, every method and property of its classes and every
 * nested namespace answers to its snake_case name too, takes options with keys in both spellings and returns Futures.
 *
 * Classes get subclasses. To write the names on the classes themselves would show them to programs that use the main
 * entry beside this one, and `recv`, which has one spelling and returns a Future here, could not be told apart there.
 * A subclass's sockets are sockets: any poller, proxy or device takes them, and there is one native library below.
 * `instanceof` says yes to every object of the main class, for those that the library makes itself. Errors, frames and
 * trackers are the main classes: who catches an error need not know which entry raised it.
 */

import { typeError } from "../errors.js";
import { ownMethod } from "../overriding.js";
import { didYouMean } from "../suggest.js";
import { Future } from "./future.js";
import { camel, camelKeys, isPlain, snake } from "./names.js";
import { type Callable, cancellable, functionCalls } from "./waiting.js";

type Class = new (...args: never[]) => object;
type Waiting = (typeof functionCalls)[string];

/** What the loop has to know of a class beyond its names. */
export interface Spelling {
  /** The methods that can be cancelled. */
  calls?: Readonly<Record<string, Waiting>>;
  /** Names of attributes in any case, in lower case, and the property that each is. */
  attributes?: ReadonlyMap<string, string>;
  /** Own properties of the objects that are no attributes. */
  fields?: readonly string[];
}

/** Arguments that are data, not options, although they may be objects: by the name of the function. */
const data: Readonly<Record<string, readonly number[]>> = {
  sendJson: [0],
  sendPyobj: [0],
  sendSerialized: [0],
  dumps: [0],
  configurePlain: [1],
  createCertificates: [2],
};
/** Logging functions take any number of things to print. */
const logs = /^(?:log|debug|info|warn|warning|error|exception|critical|fatal)$/;

/** Methods that the library looks for on the object itself: they are assigned to it, not wrapped. */
const hooks: readonly string[] = ["curveUserId", "handleZapMessage"];

const isClass = (value: unknown): value is Class =>
  typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));
const isNamespace = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && Object.hasOwn(value, "__esModule");

export class Speller {
  readonly #spelled = new WeakMap<object, unknown>();
  readonly #spellings: ReadonlyMap<unknown, Spelling>;
  readonly #shared: (value: Class) => boolean;
  readonly #face: (value: unknown) => unknown;

  /**
   * @param spellings classes that need more than their names
   * @param shared whether a class is the same one in both entries
   * @param face what programs of this entry see of an object of the main one
   */
  constructor(
    spellings: ReadonlyMap<unknown, Spelling>,
    shared: (value: Class) => boolean,
    face: (value: unknown) => unknown,
  ) {
    this.#spellings = spellings;
    this.#shared = shared;
    this.#face = face;
  }

  /** A namespace, function or class in pyzmq's spelling; whatever else it is given as it is. */
  spell(value: unknown, name = ""): unknown {
    if ((typeof value !== "object" && typeof value !== "function") || value === null) return value;
    const known = this.#spelled.get(value);
    if (known !== undefined) return known;
    if (isClass(value)) return this.#shared(value) ? this.#alias(value) : this.#class(value);
    if (typeof value === "function") {
      const spelled = this.#call(value as Callable, name, functionCalls[name]);
      this.#spelled.set(value, spelled);
      return spelled;
    }
    if (!isNamespace(value)) return value;
    const spelled: Record<string, unknown> = {};
    this.#spelled.set(value, spelled); // before it is filled: namespaces may contain themselves
    for (const [key, member] of Object.entries(value)) {
      spelled[key] = spelled[snake(key)] = this.spell(member, key);
    }
    return spelled;
  }

  /** A call that takes options in both spellings and returns Futures. */
  #call(call: Callable, name: string, waiting?: Waiting): Callable {
    if (waiting !== undefined) return named(cancellable(call, waiting), name);
    const kept = data[name] ?? [];
    const raw = logs.test(name);
    const answer = (result: unknown): unknown =>
      typeof result === "function" && !isClass(result)
        ? this.#decorator(result as Callable)
        : this.#answer(result);
    return named(function (this: unknown, ...args: unknown[]) {
      const given = raw ? args : args.map((arg, i) => (kept.includes(i) ? arg : camelKeys(arg)));
      return answer(call.apply(this, given));
    }, name);
  }

  #answer(result: unknown): unknown {
    if (result instanceof Future) return result;
    if (result instanceof Promise) return Future.of(result.then((value: unknown) => this.#face(value)));
    return this.#face(result);
  }

  /** What wraps functions lets them see objects of this entry. */
  #decorator(decorate: Callable): Callable {
    const face = (value: unknown): unknown =>
      isPlain(value)
        ? Object.fromEntries(Object.entries(value).map(([name, member]) => [name, this.#face(member)]))
        : this.#face(value);
    const faced = (target: unknown): unknown =>
      typeof target !== "function" || isClass(target)
        ? target
        : named(function (this: unknown, ...args: unknown[]) {
            return Reflect.apply(target, this, args.map(face));
          }, target.name);
    return named(function (this: unknown, ...args: unknown[]) {
      return Reflect.apply(decorate, this, args.map(faced));
    }, decorate.name);
  }

  #class(Base: Class): Class {
    const spelling = this.#spellings.get(Base) ?? {};
    const Open = Base as new (...args: unknown[]) => object;
    const Spelled = class extends Open {
      constructor(...args: unknown[]) {
        super(...args.map(camelKeys));
        for (const name of hooks) {
          const own = name in prototype ? overrides(this, snake(name), prototype) : undefined;
          if (own !== undefined) Reflect.set(this, name, own);
        }
      }

      static override [Symbol.hasInstance](value: unknown): boolean {
        // A program's own subclass asks for itself.
        return this === Spelled
          ? value instanceof Base
          : Function.prototype[Symbol.hasInstance].call(this, value);
      }
    };
    Object.defineProperty(Spelled, "name", { value: Base.name, configurable: true });
    this.#spelled.set(Base, Spelled);
    const { prototype } = Spelled;
    for (let from: object = Base.prototype; from !== Object.prototype; from = Object.getPrototypeOf(from)) {
      this.#methods(from, prototype, spelling.calls ?? {});
    }
    for (let from: object = Base; from !== Function.prototype; from = Object.getPrototypeOf(from)) {
      this.#statics(from, Spelled);
    }
    for (const [name, property] of spelling.attributes ?? []) {
      for (const spelt of [name, name.toUpperCase()]) alias(prototype, spelt, property);
    }
    for (const field of spelling.fields ?? []) alias(prototype, snake(field), field);
    Object.setPrototypeOf(prototype, guard(Base.prototype as object, prototype, Base.name, spelling));
    return Spelled;
  }

  /** Defines the methods and accessors of one prototype of the chain, those of the nearest first. */
  #methods(from: object, to: object, calls: Readonly<Record<string, Waiting>>): void {
    for (const [name, member] of Object.entries(Object.getOwnPropertyDescriptors(from))) {
      if (name === "constructor" || Object.hasOwn(to, name)) continue;
      const spelt = snake(name);
      if (hooks.includes(name)) {
        alias(to, spelt, name);
        continue;
      }
      if (typeof member.value === "function") {
        const call = this.#call(member.value as Callable, name, calls[name]);
        if (spelt === name) {
          Object.defineProperty(to, name, { ...member, value: ownMethod(call, name) });
          continue;
        }
        Object.defineProperty(to, spelt, { ...member, value: ownMethod(call, spelt), enumerable: false });
        const other = ownMethod(overridable(call, spelt, name), spelt);
        Object.defineProperty(to, name, { ...member, value: other });
      } else {
        Object.defineProperty(to, name, this.#accessor(member));
        alias(to, spelt, name);
      }
    }
  }

  #statics(from: object, to: object): void {
    for (const [name, member] of Object.entries(Object.getOwnPropertyDescriptors(from))) {
      if (["prototype", "name", "length"].includes(name) || Object.hasOwn(to, name)) continue;
      const call = typeof member.value === "function" && !isClass(member.value);
      if (call) member.value = this.#call(member.value as Callable, name);
      Object.defineProperty(to, name, this.#accessor(member));
      alias(to, snake(name), name);
    }
  }

  #accessor(member: PropertyDescriptor): PropertyDescriptor {
    const { get } = member;
    if (get === undefined) return member;
    const answer = (value: unknown): unknown => this.#answer(value);
    return {
      ...member,
      get(this: unknown) {
        return answer(get.call(this));
      },
    };
  }

  /** The snake_case names of a class that both entries share: not to be seen by who lists its properties. */
  #alias(Shared: Class): Class {
    this.#spelled.set(Shared, Shared);
    const prototype: object = Shared.prototype;
    for (const [name, member] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      const spelt = snake(name);
      if (spelt !== name && !Object.hasOwn(prototype, spelt)) {
        Object.defineProperty(prototype, spelt, { ...member, enumerable: false });
      }
    }
    return Shared;
  }
}

/** A method by its camelCase name, by which the library calls it: a program may have overridden the other. */
function overridable(call: Callable, spelt: string, name: string): Callable {
  return named(function (this: unknown, ...args: unknown[]) {
    const own: unknown = Reflect.get(Object(this), spelt);
    return Reflect.apply(typeof own === "function" ? own : call, this, args);
  }, name);
}

/** A method that a subclass, or the object itself, has under a name. */
function overrides(object: object, name: string, above: object): unknown {
  for (let at: object | null = object; at !== null && at !== above; at = Object.getPrototypeOf(at)) {
    const member: unknown = Object.getOwnPropertyDescriptor(at, name)?.value;
    if (typeof member === "function") return member;
  }
  return undefined;
}

const named = (call: Callable, name: string): Callable =>
  Object.defineProperty(call, "name", { value: name, configurable: true });

/** One more name of a property. */
function alias(prototype: object, name: string, property: string): void {
  if (Object.hasOwn(prototype, name)) return;
  Object.defineProperty(prototype, name, {
    configurable: true,
    enumerable: false,
    get(this: object): unknown {
      return Reflect.get(this, property);
    },
    set(this: object, value: unknown): void {
      Reflect.set(this, property, value);
    },
  });
}

/** Names that only a program would ask for: tools look for `then` and `toJSON`, which are not there either. */
const deliberate = /^(?:[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*|[a-z][a-z0-9]*(?:_[a-z0-9]+)+)$/;

/**
 * What stands behind a spelled prototype: it is asked for the names that are not there. Attributes in any other case
 * (`Linger`), and fields of the object by their snake_case names, are found; misspelt ones are an error, as in pyzmq,
 * where they would otherwise be without effect.
 */
function guard(base: object, prototype: object, type: string, { attributes }: Spelling): object {
  const find = (name: string, of: object): string | undefined =>
    attributes?.get(name.toLowerCase()) ??
    (camel(name) !== name && camel(name) in of ? camel(name) : undefined);
  const unknown = (name: string): TypeError =>
    typeError(`${type} has no such option: ${name}${didYouMean(name, attributes?.keys() ?? [])}`);
  return new Proxy(Object.create(base) as object, {
    get(target, name, receiver: object) {
      if (typeof name !== "string" || name in target) return Reflect.get(target, name, receiver);
      const found = find(name, receiver);
      if (found !== undefined) return Reflect.get(receiver, found);
      if (attributes !== undefined && deliberate.test(name)) throw unknown(name);
      return undefined;
    },
    set(target, name, value, receiver: object) {
      if (typeof name === "string" && !(name in target)) {
        const found = find(name, receiver);
        if (found !== undefined) return Reflect.set(receiver, found, value);
        // A program's own subclass may have fields of its own.
        const own = Object.getPrototypeOf(receiver) !== prototype || name.startsWith("_");
        if (attributes !== undefined && !own) throw unknown(name);
      }
      return Reflect.set(target, name, value, receiver);
    },
  });
}
