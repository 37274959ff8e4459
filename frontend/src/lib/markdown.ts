// Text of people and trackers, read as the small Markdown they write. It is read into plain data and never into HTML: what is
// not known here stays the text it was. Every pattern is bounded, so that no text makes the page wait.

export type Inline =
  | { kind: "text" | "code"; text: string }
  | { kind: "strong" | "em" | "strike"; inner: Inline[] }
  | { kind: "link"; inner: Inline[]; to: string };

export type Block =
  | { kind: "paragraph"; inner: Inline[] }
  | { kind: "heading"; level: number; inner: Inline[] }
  | { kind: "quote"; blocks: Block[] }
  | { kind: "code"; text: string }
  | { kind: "rule" }
  | { kind: "list"; items: Item[] }
  | { kind: "table"; head: Inline[][]; rows: Inline[][][] };

export interface Item { depth: number; mark: string; done: boolean | null; inner: Inline[] }

/** Longer than anybody reads on a page; it is shown as it was written. */
const MOST = 40_000;
const DEEPEST = 6;

const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const HEADING = /^ {0,3}(#{1,6})[ \t]+(.+)$/;
const RULE = /^ {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*$/;
const ITEM = /^([ \t]{0,40})([-*+]|\d{1,9}[.)])[ \t]+(.*)$/;
const TASK = /^\[([ xX])\][ \t]+(.*)$/;
const DIVIDER = /^[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/;

const INLINE = new RegExp(
  [
    /(?<ticks>`{1,5})(?<code>[^`](?:.{0,2000}?[^`])?)\k<ticks>(?!`)/,
    /!?\[(?<label>[^[\]]{1,500})\]\((?<to>[^\s()<>]{1,2000}(?:\([^\s()<>]{0,200}\)[^\s()<>]{0,500})?)\)/,
    /(?<bare>\bhttps?:\/\/[^\s<>"'`|\\]{1,2000})/,
    /\*\*(?<strong>(?=\S).{1,500}?(?<=\S))\*\*/,
    /(?<![\p{L}\p{N}_])__(?<strong2>(?=\S).{1,500}?(?<=\S))__(?![\p{L}\p{N}_]|[./]\p{L})/u,
    /~~(?<strike>(?=\S).{1,500}?(?<=\S))~~/,
    /(?<![\p{L}\p{N}_*/.])\*(?<em>(?=[^\s*]).{1,500}?(?<=[^\s*]))\*(?![\p{L}\p{N}*])/u,
    /(?<![\p{L}\p{N}_])_(?<em2>(?=[^\s_]).{1,500}?(?<=[^\s_]))_(?![\p{L}\p{N}_])/u,
    /\\(?<escaped>[\\`*_{}[\]()#+\-.!|>~])/,
  ].map((one) => one.source).join("|"),
  "gsu",
);

/** Only where a browser goes by itself and runs nothing; null for every other address. */
export function safeAddress(to: string): string | null {
  const found = URL.canParse(to) ? new URL(to) : null;
  return found !== null && ["http:", "https:", "mailto:"].includes(found.protocol) ? found.href : null;
}

export function inline(text: string, depth = 0): Inline[] {
  if (depth > DEEPEST) return plain(text);
  const found: Inline[] = [];
  let after = 0;
  for (const match of text.matchAll(INLINE)) {
    found.push(...plain(text.slice(after, match.index)), ...read(match, depth));
    after = match.index + match[0].length;
  }
  return [...found, ...plain(text.slice(after))];
}

const plain = (text: string): Inline[] => (text === "" ? [] : [{ kind: "text", text }]);

function read(match: RegExpMatchArray, depth: number): Inline[] {
  const { code, label, to, bare, strong, strong2, strike, em, em2, escaped } = match.groups!;
  if (code !== undefined) return [{ kind: "code", text: code }];
  if (label !== undefined) return link(match[0], label, to!, depth);
  if (bare !== undefined) return bareLink(bare);
  if (escaped !== undefined) return plain(escaped);
  if (strike !== undefined) return [{ kind: "strike", inner: inline(strike, depth + 1) }];
  const loud = strong ?? strong2;
  return [{ kind: loud === undefined ? "em" : "strong", inner: inline(loud ?? em ?? em2 ?? "", depth + 1) }];
}

/** A link whose words are an address of another place says where it leads. A picture is never fetched: it is a link to it. */
function link(written: string, label: string, to: string, depth: number): Inline[] {
  const address = safeAddress(to);
  if (address === null) return plain(written);
  const lies = /^(?:https?:\/\/|www\.|[\w-]+(?:\.[\w-]+)+(?:\/|$))/i.test(label.trim()) && label.trim() !== to;
  const words: Inline[] = lies ? plain(`${label} (${to})`) : inline(label, depth + 1).filter((one) => one.kind !== "link");
  return [{ kind: "link", inner: words, to: address }];
}

/** A point or bracket after an address belongs to the sentence. */
function bareLink(written: string): Inline[] {
  const to = written.replace(/[.,;:!?)\]*_~]{1,20}$/, "");
  const address = safeAddress(to);
  return address === null ? plain(written) : [{ kind: "link", inner: plain(to), to: address }, ...plain(written.slice(to.length))];
}

export function parse(text: string, depth = 0): Block[] {
  if (text.length > MOST || depth > DEEPEST) return [{ kind: "paragraph", inner: plain(text) }];
  const lines = text.replace(/\r\n?/g, "\n").split("\n");
  const blocks: Block[] = [];
  for (let at = 0; at < lines.length; ) {
    if (lines[at]!.trim() === "") { at += 1; continue; }
    const [block, next] = one(lines, at, depth);
    blocks.push(block);
    at = next;
  }
  return blocks;
}

/** The block that begins on this line, and the line after it. */
function one(lines: string[], at: number, depth: number): [Block, number] {
  const line = lines[at]!;
  const heading = HEADING.exec(line);
  if (FENCE.test(line)) return fenced(lines, at);
  if (heading) return [{ kind: "heading", level: heading[1]!.length, inner: inline(heading[2]!.replace(/[ \t]#+[ \t]*$/, "")) }, at + 1];
  if (RULE.test(line)) return [{ kind: "rule" }, at + 1];
  if (/^ {0,3}>/.test(line)) {
    const end = until(lines, at, (next) => !/^ {0,3}>/.test(next));
    return [{ kind: "quote", blocks: parse(lines.slice(at, end).map((next) => next.replace(/^ {0,3}> ?/, "")).join("\n"), depth + 1) }, end];
  }
  if (ITEM.test(line)) return list(lines, at);
  if (tableAt(lines, at)) return table(lines, at);
  const end = until(lines, at + 1, (next, index) => next.trim() === "" || starts(next) || tableAt(lines, index));
  return [{ kind: "paragraph", inner: inline(lines.slice(at, end).join("\n")) }, end];
}

const starts = (line: string): boolean => FENCE.test(line) || HEADING.test(line) || RULE.test(line) || ITEM.test(line) || /^ {0,3}>/.test(line);

function until(lines: string[], from: number, ends: (line: string, index: number) => boolean): number {
  let at = from;
  while (at < lines.length && !ends(lines[at]!, at)) at += 1;
  return at;
}

function fenced(lines: string[], at: number): [Block, number] {
  const mark = FENCE.exec(lines[at]!)![1]!;
  const end = until(lines, at + 1, (line) => line.trim().startsWith(mark) && line.trim() === mark[0]!.repeat(line.trim().length));
  return [{ kind: "code", text: lines.slice(at + 1, end).join("\n") }, end + 1];
}

/** Items with their depth; a line that goes on belongs to the item before it. */
function list(lines: string[], at: number): [Block, number] {
  const items: { indent: number; mark: string; text: string }[] = [];
  const end = until(lines, at, (line, index) => {
    const found = RULE.test(line) ? null : ITEM.exec(line);
    if (found) items.push({ indent: found[1]!.replaceAll("\t", "    ").length, mark: found[2]!, text: found[3]! });
    else if (line.trim() === "") return !ITEM.test(lines[index + 1] ?? "");
    else if (starts(line)) return true;
    else items.at(-1)!.text += `\n${line.trim()}`;
    return false;
  });
  const indents = [...new Set(items.map((item) => item.indent))].sort((a, b) => a - b);
  return [{ kind: "list", items: items.map((item) => task(item.text, item.mark, Math.min(indents.indexOf(item.indent), DEEPEST))) }, end];
}

function task(text: string, mark: string, depth: number): Item {
  const found = TASK.exec(text.split("\n", 1)[0]!);
  const rest = found ? found[2]! + text.slice(text.split("\n", 1)[0]!.length) : text;
  return { depth, mark: /\d/.test(mark) ? mark : "", done: found ? found[1] !== " " : null, inner: inline(rest) };
}

const tableAt = (lines: string[], at: number): boolean =>
  lines[at]!.includes("|") && (lines[at + 1] ?? "").includes("-") && (lines[at + 1] ?? "").includes("|") && DIVIDER.test(lines[at + 1]!);

function table(lines: string[], at: number): [Block, number] {
  const end = until(lines, at + 2, (line) => !line.includes("|") || line.trim() === "");
  const cells = (line: string): Inline[][] =>
    line.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((cell) => inline(cell.trim()));
  return [{ kind: "table", head: cells(lines[at]!), rows: lines.slice(at + 2, end).map(cells) }, end];
}
