// Prints what a first visit to the inbox loads, and the largest lazy parts. Fails above the budget.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const BUDGET = 200;
const manifest = JSON.parse(readFileSync("dist/.vite/manifest.json", "utf8"));
const gz = (file) => gzipSync(readFileSync(`dist/${file}`), { level: 9 }).length / 1024;
const closure = (key, seen = new Set()) => {
  if (seen.has(key)) return seen;
  seen.add(key);
  (manifest[key].imports ?? []).forEach((next) => closure(next, seen));
  return seen;
};
const files = (keys) => [...new Set([...keys].map((key) => manifest[key].file))];
const sum = (list) => list.reduce((total, file) => total + gz(file), 0);
const first = files(new Set([...closure("index.html"), ...closure("src/features/inbox/page.tsx")]));
const css = [...new Set([manifest["index.html"], manifest["src/features/inbox/page.tsx"]].flatMap((part) => part.css ?? []))];
console.log(`first load (inbox): ${sum(first).toFixed(1)} KB gz JS in ${first.length} files, ${sum(css).toFixed(1)} KB gz CSS`);
for (const [label, key] of [["board", "src/features/board/page.tsx"], ["run", "src/features/run/page.tsx"], ["review", "src/features/review/page.tsx"], ["diff viewer", "src/features/review/diff-view.tsx"], ["terminal", "src/features/run/terminal.tsx"], ["tickets", "src/features/tickets/page.tsx"], ["settings", "src/features/settings/page.tsx"], ["palette", "src/app/palette.tsx"]]) {
  if (manifest[key]) console.log(`  then ${label}: +${sum(files(closure(key)).filter((file) => !first.includes(file))).toFixed(1)} KB gz`);
}
if (sum(first) > BUDGET) { console.error(`over the budget of ${BUDGET} KB`); process.exit(1); }
