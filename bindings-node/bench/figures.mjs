// Medians and quartiles, and tables of them.

export function quartiles(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part) => {
    const place = part * (sorted.length - 1);
    const [low, high] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
    return low + (high - low) * (place - Math.floor(place));
  };
  return { low: at(0.25), median: at(0.5), high: at(0.75) };
}

const digits = (value) => (Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2);
const number = (value) => new Intl.NumberFormat('en', {
  maximumFractionDigits: digits(value),
  signDisplay: 'negative',
});
export const text = (value) => number(value).format(value);

/** `median (quartile to quartile)`. */
export function spread(values) {
  const { low, median, high } = quartiles(values);
  return `${text(median)} (${text(low)} to ${text(high)})`;
}

/** Prints a table of Markdown. */
export function table(title, head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const rule = line(head.map((_, i) => (i === 0 ? '---' : '---:')));
  console.log(['', `### ${title}`, line(head), rule, ...rows.map(line), ''].join('\n'));
}
