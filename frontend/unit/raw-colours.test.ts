import { expect, test } from "vitest";

const FILES = import.meta.glob<string>("../src/**/*.{ts,tsx,css}", { eager: true, query: "?raw", import: "default" });
// The tokens themselves, and the highlighter's copy of them (contrast.mjs compares the two).
const MAY = ["../src/app/theme.css", "../src/features/review/diff-theme.ts"];
// The dimming behind a dialog is the one exception: it has no role of its own.
const RAW = /#[0-9a-f]{6}\b|\brgba?\(|\bhsla?\(|\boklch\((?!0\.2_0\.02_245\/0\.35\))/i;

test("raw colours stand in theme.css alone", () => {
  const files = Object.entries(FILES).filter(([name]) => !MAY.includes(name));
  expect(files.length).toBeGreaterThan(80);
  expect(files.filter(([, text]) => RAW.test(text)).map(([name]) => name)).toEqual([]);
});
