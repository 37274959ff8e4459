import { FateIcon } from "@/ui/toast";
import { money, short } from "@/lib/money";
import { cx } from "@/lib/cx";
import { span, timeOfDay } from "@/lib/time";
import { useNow } from "@/live/clock";
import { Ago } from "@/ui/clock";
import { CostMeter } from "@/ui/meter";
import { Fact, Section } from "@/ui/section";
import type { Attempt, Command, Run } from "@/wire/types";

/** Money, pods and orders: the facts a supervisor checks when something feels wrong. */
export function RunSide({ run }: { run: Run }) {
  return (
    <aside aria-label="Facts" tabIndex={0} className="flex w-[292px] shrink-0 flex-col gap-6 overflow-y-auto border-l border-line px-5 py-4 max-desk:w-[240px] max-tablet:w-full max-tablet:border-0 max-tablet:pb-24 wide:w-[400px]">
      <Section title="Cost against the cap">
        <CostMeter spent={run.spentMicro} cap={run.capMicro} currency={run.currency} wide />
        {run.reservedMicro > 0 && <p className="num text-meta text-text-3">{money(run.reservedMicro, run.currency)} more reserved for calls that run</p>}
        <dl className="grid grid-cols-3 gap-3">
          <Fact label="Tokens">{short(run.tokens)}</Fact>
          <Fact label="Steps">{run.stepCap > 0 ? `${run.steps} of ${run.stepCap}` : run.steps}</Fact>
          <Fact label="Age"><Ago at={run.startedAt} /></Fact>
        </dl>
      </Section>
      <Section title="Attempts"><Attempts list={run.attempts} /></Section>
      <Section title="Decisions and their fate"><Commands list={run.commands} /></Section>
      <Section title="Ticket">
        <p className="whitespace-pre-wrap break-words text-text-2">{run.ticket.description}</p>
        <dl className="grid grid-cols-2 gap-3">
          <Fact label="Kind">{run.ticket.kind}, {run.ticket.priority}</Fact>
          {run.ticket.reporter && <Fact label="Reporter">{run.ticket.reporter}</Fact>}
          {run.owner && <Fact label="Started by">{run.owner}</Fact>}
          {run.ticket.labels.length > 0 && <Fact label="Labels">{run.ticket.labels.join(", ")}</Fact>}
          {run.playbook && <Fact label="Playbook">{run.playbook}</Fact>}
          <Fact label="Model">{run.model}</Fact>
        </dl>
      </Section>
    </aside>
  );
}

export const ATTEMPT_TONE: Record<Attempt["state"], string> = {
  created: "text-text-2", pending: "text-text-2", running: "text-working", sealed: "text-done", parked: "text-elsewhere",
  failed: "text-failed", lost: "text-broken", fenced: "text-text-2",
};

function Attempts({ list }: { list: Attempt[] }) {
  const now = useNow();
  if (list.length === 0) return <p className="text-text-3">None yet. A place is needed first.</p>;
  return (
    <ol className="flex flex-col gap-3">
      {[...list].reverse().map((attempt) => (
        <li key={attempt.epoch} className="flex flex-col">
          <span className="flex items-baseline gap-2">
            <span className="num text-text-3">{attempt.epoch}</span>
            <span className={cx("font-medium", ATTEMPT_TONE[attempt.state])}>{attempt.state}</span>
            <span className="num ml-auto text-meta text-text-3">{timeOfDay(attempt.startedAt)}, {span((attempt.endedAt ?? now) - attempt.startedAt)}</span>
          </span>
          <span className="pl-4 text-meta text-text-2">{attempt.reason}</span>
          <span className="mono truncate pl-4 text-micro text-text-3">{[attempt.place, attempt.blame === "none" ? "" : attempt.blame].filter(Boolean).join(", ")}</span>
        </li>
      ))}
    </ol>
  );
}

function Commands({ list }: { list: Command[] }) {
  if (list.length === 0) return <p className="text-text-3">Nobody has steered this run.</p>;
  return (
    <ul className="flex flex-col gap-3">
      {[...list].reverse().map((command) => (
        <li key={command.id} className="flex gap-2">
          <FateIcon fate={command.fate === "applied" ? "applied" : isRefused(command) ? "rejected" : "pending"} />
          <span className="min-w-0 flex-1">
            <span className="font-medium first-letter:uppercase inline-block">{command.verb}</span>
            {command.words && <span className="text-text-2">: {command.words}</span>}
            <span className="block text-meta text-text-3">{[command.by, command.fate, command.why].filter(Boolean).join(", ")}</span>
          </span>
          <Ago at={command.at} className="text-meta text-text-3" />
        </li>
      ))}
    </ul>
  );
}

const isRefused = (command: Command): boolean => command.fate === "rejected" || command.fate === "superseded" || command.fate === "expired";
