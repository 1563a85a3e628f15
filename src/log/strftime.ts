/** C's strftime, in local time, for the date formats of log lines. */

const two = (number: number): string => String(number).padStart(2, "0");
const names = (options: Intl.DateTimeFormatOptions, date: Date): string =>
  new Intl.DateTimeFormat("en-US", options).format(date);

function offset(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}${two(size % 60)}`;
}

const dayOfYear = (date: Date): number =>
  Math.round(
    (Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) - Date.UTC(date.getFullYear(), 0, 0)) /
      864e5,
  );

/** Weeks that begin on a day (0 is Sunday); what is before the first is week 0. */
const week = (date: Date, first: number): number =>
  Math.floor((dayOfYear(date) + 6 - ((date.getDay() - first + 7) % 7)) / 7);

const directives: Readonly<Record<string, (date: Date) => string>> = {
  a: (date) => names({ weekday: "short" }, date),
  A: (date) => names({ weekday: "long" }, date),
  b: (date) => names({ month: "short" }, date),
  B: (date) => names({ month: "long" }, date),
  c: (date) =>
    strftime(date, "%a %b ") + String(date.getDate()).padStart(2, " ") + strftime(date, " %H:%M:%S %Y"),
  d: (date) => two(date.getDate()),
  D: (date) => strftime(date, "%m/%d/%y"),
  e: (date) => String(date.getDate()).padStart(2, " "),
  f: (date) => `${String(date.getMilliseconds()).padStart(3, "0")}000`,
  F: (date) => strftime(date, "%Y-%m-%d"),
  h: (date) => names({ month: "short" }, date),
  H: (date) => two(date.getHours()),
  I: (date) => two(date.getHours() % 12 || 12),
  j: (date) => String(dayOfYear(date)).padStart(3, "0"),
  m: (date) => two(date.getMonth() + 1),
  M: (date) => two(date.getMinutes()),
  n: () => "\n",
  p: (date) => (date.getHours() < 12 ? "AM" : "PM"),
  R: (date) => strftime(date, "%H:%M"),
  s: (date) => String(Math.floor(date.getTime() / 1000)),
  S: (date) => two(date.getSeconds()),
  t: () => "\t",
  T: (date) => strftime(date, "%H:%M:%S"),
  u: (date) => String(date.getDay() || 7),
  U: (date) => two(week(date, 0)),
  w: (date) => String(date.getDay()),
  W: (date) => two(week(date, 1)),
  x: (date) => strftime(date, "%m/%d/%y"),
  X: (date) => strftime(date, "%H:%M:%S"),
  y: (date) => two(date.getFullYear() % 100),
  Y: (date) => String(date.getFullYear()),
  z: offset,
  Z: (date) => names({ timeZoneName: "short" }, date).split(", ").at(-1) as string,
  "%": () => "%",
};

/** Formats a date. A directive that is not known stays as it is. */
export function strftime(date: Date, format: string): string {
  return format.replace(
    /%([a-zA-Z%])/g,
    (directive, letter: string) => directives[letter]?.(date) ?? directive,
  );
}
