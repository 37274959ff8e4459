import { Square, SquareCheck } from "lucide-react";
import { type ReactNode, useMemo } from "react";
import { reveal } from "@/lib/invisible";
import { type Block, type Inline, type Item, parse } from "@/lib/markdown";
import { cx } from "@/lib/cx";

/** Text of people and trackers, with its Markdown drawn. Nothing in it becomes HTML, no picture is fetched, and a link leads
 * to the web alone. */
export function Markdown({ text, className }: { text: string; className?: string }) {
  const blocks = useMemo(() => parse(reveal(text)), [text]);
  return <div className={cx("prose-measure flex flex-col gap-2.5 break-words [overflow-wrap:anywhere]", className)}>{blocks.map(drawn)}</div>;
}

function drawn(block: Block, index: number): ReactNode {
  switch (block.kind) {
    case "heading":
      // A page has its own headings: one of a comment must not stand among them.
      return <p key={index} className="font-semibold text-text">{spans(block.inner)}</p>;
    case "quote":
      return <blockquote key={index} className="flex flex-col gap-2.5 border-l-2 border-line-strong pl-3">{block.blocks.map(drawn)}</blockquote>;
    case "code":
      return <pre key={index} tabIndex={0} role="region" aria-label="Code" className="mono overflow-x-auto rounded-control bg-sunken px-3 py-2 whitespace-pre text-text">{block.text}</pre>;
    case "rule":
      return <hr key={index} className="border-line" />;
    case "list":
      return <ul key={index} role="list" className="flex flex-col gap-1">{block.items.map(listed)}</ul>;
    case "table":
      return <Grid key={index} head={block.head} rows={block.rows} />;
    default:
      return <p key={index} className="whitespace-pre-wrap">{spans(block.inner)}</p>;
  }
}

function listed(item: Item, index: number): ReactNode {
  return (
    <li key={index} className="flex gap-2" style={{ paddingLeft: item.depth * 16 }}>
      <Mark item={item} />
      <span className="min-w-0 flex-1 whitespace-pre-wrap">{spans(item.inner)}</span>
    </li>
  );
}

function Mark({ item }: { item: Item }) {
  if (item.done === null) return <span aria-hidden={item.mark === ""} className={cx("num shrink-0 text-text-3", item.mark === "" && "w-2 text-center")}>{item.mark || "•"}</span>;
  const Icon = item.done ? SquareCheck : Square;
  return (
    <span className="mt-[3px] shrink-0">
      <Icon size={14} aria-hidden className={item.done ? "text-done" : "text-text-3"} />
      <span className="sr-only">{item.done ? "Done:" : "To do:"}</span>
    </span>
  );
}

function Grid({ head, rows }: { head: Inline[][]; rows: Inline[][][] }) {
  return (
    <div tabIndex={0} role="region" aria-label="Table" className="overflow-x-auto">
      <table className="border-collapse text-left">
        <thead><tr>{head.map((cell, at) => <th key={at} scope="col" className="border border-line px-2 py-1 font-medium text-text">{spans(cell)}</th>)}</tr></thead>
        <tbody>{rows.map((row, at) => <tr key={at}>{row.map((cell, column) => <td key={column} className="border border-line px-2 py-1">{spans(cell)}</td>)}</tr>)}</tbody>
      </table>
    </div>
  );
}

const spans = (inner: Inline[]): ReactNode[] => inner.map(span);

function span(one: Inline, index: number): ReactNode {
  switch (one.kind) {
    case "text":
      return one.text;
    case "code":
      return <code key={index} className="mono rounded-chip bg-sunken px-1 py-px text-text">{one.text}</code>;
    case "strong":
      return <strong key={index} className="font-semibold text-text">{spans(one.inner)}</strong>;
    case "em":
      // The one typeface has no italics: weight says it.
      return <em key={index} className="font-medium not-italic">{spans(one.inner)}</em>;
    case "strike":
      return <s key={index}>{spans(one.inner)}</s>;
    case "link":
      return <a key={index} href={one.to} title={one.to} target="_blank" rel="noreferrer noopener nofollow" className="text-accent-text underline underline-offset-2">{spans(one.inner)}</a>;
  }
}
