import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMayDecide } from "@/app/session";
import { prioritise } from "@/features/fleet/api/fleet";
import { sayError } from "@/lib/http";
import { span } from "@/lib/time";
import { useNow } from "@/live/clock";
import { Select } from "@/ui/field";
import { Lines } from "@/ui/section";
import { notify } from "@/ui/toast";
import type { QueueEntry } from "@/wire/types";

const PRIORITIES = ["Highest", "High", "Medium", "Low"] as const;

/** Who waits for a place, in the order in which places go round, and why. */
export function QueueTable({ queue }: { queue: readonly QueueEntry[] }) {
  if (queue.length === 0) return <p className="text-text-2">Nobody waits for a place.</p>;
  return <Lines label="Queue">{queue.map((entry, i) => <QueueRow key={entry.run} entry={entry} at={i + 1} />)}</Lines>;
}

function QueueRow({ entry, at }: { entry: QueueEntry; at: number }) {
  const now = useNow();
  return (
    <li className="flex items-start gap-3 py-2">
      <span className="num w-5 shrink-0 text-right leading-5 text-text-3" aria-label={`Position ${at}`}>{at}</span>
      <span className="min-w-0 flex-1">
        <span className="flex items-baseline gap-2">
          <span className="mono shrink-0 text-text-2">{entry.ticketKey}</span>
          <Link to="/runs/$id" params={{ id: entry.run }} className="min-w-0 truncate font-medium hover:underline">{entry.title || entry.ticketKey}</Link>
        </span>
        <span className="block text-meta text-text-2">{entry.reason}</span>
      </span>
      <span className="flex shrink-0 flex-col items-end gap-1">
        <Priority entry={entry} />
        <span className="num text-meta text-text-3">{entry.expected !== null && entry.expected > now ? `starts in about ${span(entry.expected - now)}` : `waits ${span(now - entry.since)}`}</span>
      </span>
    </li>
  );
}

/** Who may decide says which run is wanted more; for everybody else it is a word. */
function Priority({ entry }: { entry: QueueEntry }) {
  const may = useMayDecide(entry.project);
  const reads = useQueryClient();
  const change = useMutation({
    mutationFn: (word: QueueEntry["priority"]) => prioritise(entry.run, word),
    onSuccess: () => reads.invalidateQueries({ queryKey: ["fleet"] }),
    onError: (error) => notify({ text: sayError(error), failed: true }),
  });
  if (!may) return <span className="text-meta text-text-2">{entry.priority}</span>;
  return (
    <Select aria-label={`Priority of ${entry.ticketKey}`} disabled={change.isPending} value={entry.priority} onChange={(event) => change.mutate(PRIORITIES.find((word) => word === event.target.value) ?? "Medium")}>
      {PRIORITIES.map((word) => <option key={word} value={word}>{word}</option>)}
    </Select>
  );
}
