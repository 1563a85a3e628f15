/** The %-format of log messages, held against Python's own. */
import { execFileSync } from "node:child_process";
import { log } from "nodezmq";
import { expect, onTestFinished, test } from "vitest";
import { python } from "./support/python.js";

/** `template % args`, by a handler. */
function percent(template: string, args: unknown): string {
  const handler = new log.PUBHandler("inproc://format");
  onTestFinished(() => handler.ctx.destroy(0));
  handler.setFormatter("%(message)s");
  return handler.format({ msg: template, args, topic: "" });
}

test("prints numbers, text and padding as Python does", () => {
  const cases: [string, (number | string | boolean)[]][] = [];
  for (const number of [
    0, 1, -1, 42, -255, 3.5, -2.25, 0.5, 0.125, 1.25, 1e22, 1e6, 123456789, 1e-5, 0.0001, 1e16, 1.5e300, 100,
    1200000,
  ]) {
    for (const directive of [
      "%d",
      "%i",
      "%5d",
      "%-5d|",
      "%05d",
      "%+d",
      "% d",
      "%x",
      "%#x",
      "%X",
      "%08x",
      "%#010x",
      "%o",
      "%#o",
      "%.4d",
    ]) {
      if (/[xXo]/.test(directive) && !Number.isInteger(number)) continue;
      cases.push([directive, [number]]);
    }
    for (const directive of [
      "%f",
      "%.2f",
      "%10.3f|",
      "%-10.1f|",
      "%+.1f",
      "%e",
      "%.3e",
      "%E",
      "%g",
      "%.3g",
      "%G",
      "%#g",
      "%010.2f",
      "%.0f",
      "%.0e",
      "%.15g",
    ]) {
      cases.push([directive, [number]]);
    }
    cases.push(["%*d|%-*d|", [7, number, 7, number]], ["%.*f", [3, number]]);
  }
  for (const text of ["", "a", "tøp", "long text"]) {
    for (const directive of ["%s", "%5s|", "%-5s|", "%.3s", "%10.2s|"]) cases.push([directive, [text]]);
  }
  cases.push(["%s%%%s", ["a", "b"]], ["%c%c", [65, "z"]], ["%d%%", [5]], ["%d", [true]], ["%ld %hd", [1, 2]]);
  const script = `
import json, sys
def num(x): return int(x) if isinstance(x, float) and x.is_integer() else x
print(json.dumps([t % tuple(map(num, a)) for t, a in json.load(sys.stdin)]))`;
  const expected = JSON.parse(
    execFileSync(python(), ["-c", script], { input: JSON.stringify(cases), encoding: "utf8" }),
  );
  const got = cases.map(([template, args]) => percent(template, args));
  expect(cases.map((one, i) => [...one, got[i]])).toEqual(cases.map((one, i) => [...one, expected[i]]));
}, 60_000);

test("names arguments", () => {
  expect(percent("%(a)s %(b)05.1f", { a: "x", b: 2 })).toBe("x 002.0");
  expect(percent("%(a)s %(b)05.1f", [{ a: "x", b: 2 }])).toBe("x 002.0");
  expect(percent("%(missing)s", { a: 1 })).toBe("%(missing)s");
});

test("shows values that Python does not have", () => {
  expect(percent("%s %s %s", [null, undefined, 10n])).toBe("null undefined 10");
  expect(percent("%r %s", ["q", { a: 1 }])).toBe("'q' { a: 1 }");
  expect(percent("%j %O", [{ a: "x" }, { b: 1 }])).toBe('{"a":"x"} { b: 1 }');
  expect(percent("%d %x %f", [12345678901234567890n, 255n, 3n])).toBe("12345678901234567890 ff 3.000000");
  expect(
    percent("%d %f %e %05d", [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]),
  ).toBe("nan inf -inf   nan");
  expect(percent("%s", [new Error("e")])).toBe("Error: e");
  expect(percent("%s", [() => 1])).toContain("Function");
});

test("loses nothing where Python raises", () => {
  expect(percent("%s and %s", ["one"])).toBe("one and %s");
  expect(percent("one", ["two", { three: 3 }])).toBe("one two { three: 3 }");
  expect(percent("%d", ["text"])).toBe("text");
  expect(percent("%d", [{}])).toBe("{}");
  expect(percent("%y %", ["x"])).toBe("%y % x");
  expect(percent("%s", { a: 1 })).toBe("%s");
});
