import { Link } from "@tanstack/react-router";
import { open } from "@/app/overlays";
import { actorWord } from "@/lib/attention";
import { projectName, useRun } from "@/live/hooks";
import { cx } from "@/lib/cx";
import { reveal } from "@/lib/invisible";
import { Chip } from "@/ui/chip";
import { Ago } from "@/ui/clock";
import type { Attention, TicketView } from "@/wire/types";

export function TicketRows({ tickets, current, onPick }: { tickets: readonly TicketView[]; current: string | undefined; onPick: (id: string) => void }) {
  return (
    <ul aria-label="Tickets" className="p-1.5 pb-16">
      {tickets.map((ticket) => <TicketRow key={ticket.id} ticket={ticket} here={ticket.id === current} onPick={() => onPick(ticket.id)} />)}
    </ul>
  );
}

function TicketRow({ ticket, here, onPick }: { ticket: TicketView; here: boolean; onPick: () => void }) {
  return (
    <li className={cx("relative rounded-control", here ? "tablet:bg-selected" : "hover:bg-hover")}>
      <button type="button" onClick={onPick} aria-current={here ? "true" : undefined} className="flex w-full flex-col gap-1 px-2.5 py-2 text-left">
        <span className="flex w-full items-baseline gap-2">
          <span className="mono shrink-0 text-text-2">{ticket.key}</span>
          <span className="min-w-0 flex-1 truncate font-medium">{reveal(ticket.title)}</span>
          <Fitness ticket={ticket} />
        </span>
        <span className="flex w-full items-center gap-2 text-meta text-text-3">
          <span className="truncate">{[projectName(ticket.project), ticket.kind, ticket.priority, ...ticket.labels].filter(Boolean).map(reveal).join(" · ")}</span>
          <Ago at={ticket.updated} className="ml-auto" />
        </span>
        {ticket.note && ticket.status !== "done" && <span className="w-full truncate text-meta text-needs">{reveal(ticket.note)}</span>}
      </button>
    </li>
  );
}

const RUN_TONE = { "needs-you": "needs", working: "working", elsewhere: "plain", ready: "ready", done: "done", failed: "failed", paused: "plain", broken: "broken" } as const;
const RUN_WORD: Partial<Record<Attention, string>> = { "needs-you": "needs you", ready: "in review", broken: "no contact" };

/** One word: an agent has it, could have it, or what is missing is said in the ticket. */
export function Fitness({ ticket }: { ticket: TicketView }) {
  const run = useRun(ticket.openRun ?? "");
  if (ticket.openRun !== null) return run ? <Chip tone={RUN_TONE[run.attention]}>{RUN_WORD[run.attention] ?? actorWord(run).toLowerCase()}</Chip> : <Chip>has a run</Chip>;
  if (ticket.status === "done") return <Chip tone="done">done</Chip>;
  return ticket.readiness.ready ? <Chip>ready</Chip> : <Chip tone="needs">not ready</Chip>;
}

/** What will come of giving this to an agent, where that is known already; with the place that changes it. */
export function Note({ text }: { text: string }) {
  return (
    <p className="prose-measure text-meta text-needs">
      {text} <Link to="/settings" search={{ part: "Models" }} onClick={() => open.set(null)} className="whitespace-nowrap text-accent-text underline">Add a model</Link>
    </p>
  );
}
