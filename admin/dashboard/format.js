// Numbers and times as people read them, the same in every language of the browser.

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const oneDecimal = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const twoDecimals = new Intl.NumberFormat('en', { maximumFractionDigits: 2 });

export const count = (value) => whole.format(value);

/** A rate: three digits are enough. */
export function rate(value) {
  if (value >= 100) return whole.format(value);
  return value >= 10 ? oneDecimal.format(value) : twoDecimals.format(value);
}

/** Seconds as "0.5 ms", "25 ms", "2.5 s"; null is a dash. */
export function latency(seconds) {
  if (seconds === null || seconds === undefined) return '—';
  if (seconds >= 1) return `${oneDecimal.format(seconds)} s`;
  return `${twoDecimals.format(seconds * 1000)} ms`;
}

/** "5 s", "3 min", "2 h", "4 d": one unit, rounded down. */
export function duration(seconds) {
  const value = Math.max(0, seconds);
  if (value < 120) return `${Math.floor(value)} s`;
  if (value < 7200) return `${Math.floor(value / 60)} min`;
  if (value < 172800) return `${Math.floor(value / 3600)} h`;
  return `${Math.floor(value / 86400)} d`;
}

export function bytes(value) {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let amount = value;
  let unit = 0;
  while (amount >= 1000 && unit < units.length - 1) {
    amount /= 1000;
    unit += 1;
  }
  return `${amount >= 100 || unit === 0 ? whole.format(amount) : oneDecimal.format(amount)} ${units[unit]}`;
}

/** The ends of a hash or key; the whole goes into a title. */
export function short(text, head = 8, tail = 6) {
  return text.length <= head + tail + 1 ? text : `${text.slice(0, head)}…${text.slice(-tail)}`;
}

/** Seconds from a time in RFC 3339 to `now`, in milliseconds since 1970. */
export const ageOf = (time, now) => (now - Date.parse(time)) / 1000;

export function plural(number, one, many) {
  return `${count(number)} ${number === 1 ? one : many}`;
}
