import { FateIcon } from "@/ui/toast";
import { didWhat } from "@/lib/attention";
import { money, short } from "@/lib/money";
import { cx } from "@/lib/cx";
import { exactTime, span, timeOfDay } from "@/lib/time";
import { useNow } from "@/live/clock";
import { Ago } from "@/ui/clock";
import { Markdown } from "@/ui/markdown";
import { CostMeter } from "@/ui/meter";
import { Fact, Section } from "@/ui/section";
import type { Attempt, Command, Run } from "@/wire/types";

/** Money, pods and orders: the facts a supervisor checks when something feels wrong. */
export function RunSide({ run }: { run: Run }) {
  return (
    <aside aria-label="Facts" tabIndex={0} className="flex w-[292px] shrink-0 flex-col gap-6 overflow-y-auto border-l border-line px-5 py-4 max-desk:w-[240px] max-tablet:w-full max-tablet:px-4 max-tablet:border-0 max-tablet:pb-24 wide:w-[400px]">
      <Section title="Cost against the cap">
        <CostMeter spent={run.spentMicro} cap={run.capMicro} currency={run.currency} wide />
        {run.reservedMicro > 0 && <p className="num text-meta text-text-3">{money(run.reservedMicro, run.currency)} more reserved for calls that run</p>}
        <dl className="grid grid-cols-3 gap-3">
          <Fact label="Tokens">{short(run.tokens)}</Fact>
          <Fact label="Steps">{run.stepCap > 0 ? `${run.steps} of ${run.stepCap}` : run.steps}</Fact>
          <Fact label="Age"><Age since={run.startedAt} /></Fact>
        </dl>
      </Section>
      <Section title="Attempts"><Attempts list={run.attempts} /></Section>
      <Section title="Decisions and their fate"><Commands list={run.commands} /></Section>
      <Section title="Ticket">
        <Markdown text={run.ticket.description} className="text-text-2" />
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

/** Ticks alone: the page beside it stays as it is. */
const Age = ({ since }: { since: number }) => <time dateTime={new Date(since).toISOString()} title={exactTime(since)}>{span(useNow() - since)}</time>;

export const ATTEMPT_TONE: Record<Attempt["state"], string> = {
  created: "text-text-2", pending: "text-text-2", running: "text-working", sealed: "text-done", parked: "text-elsewhere",
  failed: "text-failed", lost: "text-broken", fenced: "text-text-2",
};

/** How an attempt stands, in a person's words. */
export const ATTEMPT_WORD: Record<Attempt["state"], string> = {
  created: "wanted", pending: "waits for its place", running: "at work", sealed: "sealed its work", parked: "gave its place back",
  failed: "failed", lost: "lost", fenced: "replaced",
};

const REASON: Readonly<Record<string, string>> = { waiting: "while it waits for an answer", paused: "a person paused the run", terminated: "its place was taken away from outside" };
const BLAMED: Readonly<Record<string, string>> = { infrastructure: "the infrastructure", agent: "the agent", configuration: "the settings" };

/** A person ended the run: nothing replaces it. */
const stopped = ({ state, reason }: Pick<Attempt, "state" | "reason">): boolean => state === "fenced" && reason === "stopped";

/** Why it ended, unless the state says so already, and whose doing that was. */
const why = ({ state, reason, blame }: Attempt): string =>
  [stopped({ state, reason }) || reason.replaceAll("_", " ") === state ? "" : (REASON[reason] ?? reason.replaceAll("_", " ")).replace(/\.$/, ""), blame === "none" ? "" : `laid on ${BLAMED[blame] ?? blame}`].filter(Boolean).join(", ");

function Attempts({ list }: { list: Attempt[] }) {
  const now = useNow();
  if (list.length === 0) return <p className="text-text-3">None yet. A place is needed first.</p>;
  return (
    <ol className="flex flex-col gap-3">
      {[...list].reverse().map((attempt) => (
        <li key={attempt.epoch} className="flex flex-col" title={attempt.place}>
          <span className="flex items-baseline gap-2">
            <span className="num text-text-3">{attempt.epoch}</span>
            <span className={cx("font-medium", ATTEMPT_TONE[attempt.state])}>{stopped(attempt) ? "stopped" : ATTEMPT_WORD[attempt.state]}</span>
            <span className="num ml-auto text-meta text-text-3">{timeOfDay(attempt.startedAt)}, {span((attempt.endedAt ?? now) - attempt.startedAt)}</span>
          </span>
          {why(attempt) && <span className="break-words pl-4 text-meta text-text-2">{why(attempt)}</span>}
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
            <span className="font-medium">{command.by} {didWhat(command)}</span>
            {command.words && <span className="text-text-2">: {command.words}</span>}
            <span className="block text-meta text-text-3">{[FATE[command.fate], command.why].filter(Boolean).join(": ")}{command.endedAt !== null && <span title={exactTime(command.endedAt)}>, {timeOfDay(command.endedAt)}</span>}</span>
          </span>
          <Ago at={command.at} className="text-meta text-text-3" />
        </li>
      ))}
    </ul>
  );
}

/** What became of it. That it arrived is said by the reason beside it. */
const FATE: Record<Command["fate"], string> = {
  pending: "on its way", delivered: "with the agent", applied: "", rejected: "refused", superseded: "overtaken", expired: "too late",
};

const isRefused = (command: Command): boolean => command.fate === "rejected" || command.fate === "superseded" || command.fate === "expired";
