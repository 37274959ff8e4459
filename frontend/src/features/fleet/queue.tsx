import { Link } from "@tanstack/react-router";
import { span } from "@/lib/time";
import { useNow } from "@/live/clock";
import { Lines } from "@/ui/section";
import type { QueueEntry } from "@/wire/types";

export function QueueTable({ queue }: { queue: readonly QueueEntry[] }) {
  if (queue.length === 0) return <p className="text-text-2">Nobody waits for a place.</p>;
  return <Lines label="Queue">{queue.map((entry) => <QueueRow key={entry.run} entry={entry} />)}</Lines>;
}

function QueueRow({ entry }: { entry: QueueEntry }) {
  const now = useNow();
  return (
    <li className="flex min-h-11 items-center gap-3 py-1.5">
      <span className="mono w-16 shrink-0 text-text-2">{entry.ticketKey}</span>
      <span className="min-w-0 flex-1">
        <Link to="/runs/$id" params={{ id: entry.run }} className="block truncate font-medium hover:underline">{entry.title || entry.ticketKey}</Link>
        <span className="block text-meta text-text-2">{entry.reason}</span>
      </span>
      <span className="num shrink-0 text-right text-meta text-text-2">
        {entry.expected !== null && entry.expected > now ? `starts in about ${span(entry.expected - now)}` : entry.ahead === 0 ? "next" : `${entry.ahead} before it`}
      </span>
    </li>
  );
}
