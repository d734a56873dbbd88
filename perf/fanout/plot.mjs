// Bars of delivered events a second, on a logarithmic scale, one group for each number of subscribers.

const colours = { sidecar: '#1f77b4', nchan: '#d95f02', nchan_pipelined: '#e6ab02', gathered: '#7a7a7a', single: '#b5b5b5' };
const width = 760;
const height = 420;
const margin = { left: 84, right: 16, top: 106, bottom: 44 };
const escape = (text) => text.replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c]);

/** The text of an SVG file. */
export function plot({ title, names, systems, counts, all }) {
  const rates = counts.flatMap((count) => systems.map((system) => all[count][system]?.delivered_per_second ?? 0)).filter((rate) => rate > 0);
  const low = Math.floor(Math.log10(Math.min(...rates, 1e4)));
  const high = Math.ceil(Math.log10(Math.max(...rates, 1e5)));
  const y = (rate) => margin.top + (height - margin.top - margin.bottom) * (high - Math.log10(Math.max(rate, 10 ** low))) / (high - low);
  const parts = [];
  const text = (x, at, content, attributes = '') => parts.push(`<text x="${x}" y="${at}" ${attributes}>${escape(content)}</text>`);

  text(margin.left, 24, `${title}: delivered events a second`, 'font-size="16" font-weight="600"');
  systems.forEach((system, i) => {
    const x = margin.left + (i % 2) * 320;
    const at = 40 + Math.floor(i / 2) * 18;
    parts.push(`<rect x="${x}" y="${at}" width="12" height="12" fill="${colours[system]}"/>`);
    text(x + 18, at + 10, names[system]);
  });
  for (let power = low; power <= high; ++power) {
    parts.push(`<line x1="${margin.left}" x2="${width - margin.right}" y1="${y(10 ** power)}" y2="${y(10 ** power)}" stroke="#ddd"/>`);
    text(margin.left - 8, y(10 ** power) + 4, (10 ** power).toLocaleString('en'), 'text-anchor="end"');
  }
  const group = (width - margin.left - margin.right) / counts.length;
  const bar = group * 0.8 / systems.length;
  counts.forEach((count, i) => {
    const left = margin.left + i * group + group * 0.1;
    systems.forEach((system, j) => {
      const rate = all[count][system]?.delivered_per_second;
      if (!rate) return;
      parts.push(`<rect x="${left + j * bar + 2}" y="${y(rate)}" width="${bar - 4}" height="${height - margin.bottom - y(rate)}" fill="${colours[system]}"/>`);
      const label = rate >= 1e6 ? `${(rate / 1e6).toFixed(2)} M` : `${Math.round(rate / 1e3)} k`;
      text(left + j * bar + bar / 2, y(rate) - 4, label, 'text-anchor="middle" font-size="11"');
    });
    text(left + group * 0.4, height - margin.bottom + 20, `${count} subscribers`, 'text-anchor="middle"');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
    `font-family="system-ui, sans-serif" font-size="12" fill="#222"><rect width="100%" height="100%" fill="#fff"/>\n${parts.join('\n')}\n</svg>\n`;
}
