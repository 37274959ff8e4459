import { Link } from "@tanstack/react-router";
import { RadioGroup } from "radix-ui";
import { PlanEditor } from "@/features/inbox/plan-editor";
import { choiceOf, choosable, isMoney, LIMIT, planOf, raises } from "@/features/inbox/answers";
import { Amount } from "@/features/inbox/amount";
import type { Triage } from "@/features/inbox/use-triage";
import { PlanView } from "@/features/run/plan";
import { placesOf } from "@/features/run/places-of";
import { ProofTable } from "@/features/review/evidence";
import { useRun } from "@/live/hooks";
import { Ago } from "@/ui/clock";
import { Chip } from "@/ui/chip";
import { Kbd } from "@/ui/kbd";
import { CostMeter, StepTicks } from "@/ui/meter";
import { Fact, Lines, Section } from "@/ui/section";
import { cx } from "@/lib/cx";
import { reveal } from "@/lib/invisible";
import { money, plural } from "@/lib/money";
import { didWhat } from "@/lib/attention";
import type { Command, PlanStep, Quote, Request, Run } from "@/wire/types";

/** What each kind needs to be decided on, and nothing more. The order is the order of doubt: what, how sure, what else. */
export function KindBody({ request, run, triage }: { request: Request; run: Run; triage: Triage }) {
  return (
    <>
      {request.quotes.map((quote) => <QuoteBlock key={quote.title} quote={quote} />)}
      {request.command && <CommandLine command={request.command} />}
      {request.kind === "plan" ? <PlanFacts request={request} run={run} plan={planOf(request, triage.picks)} /> : request.kind !== "review" && <Facts request={request} />}
      {request.kind === "budget" && <CostMeter spent={run.spentMicro} cap={run.capMicro} currency={run.currency} wide />}
      {choosable(request) && <Choices request={request} triage={triage} />}
      {raises(request, triage.picks) && isMoney(request) && <Amount key={request.id} request={request} run={run} triage={triage} />}
      {request.kind === "plan" && (triage.composer === "plan"
        ? <PlanEditor plan={planOf(request, triage.picks)} onDraft={triage.editPlan} onDone={() => triage.compose("none")} />
        : <Section title="Plan" {...(triage.picks.plans[request.id] ? { aside: "your version" } : {})}><PlanView plan={planOf(request, triage.picks)} /></Section>)}
      {request.kind === "review" && run.proposal && <ProofTable proposal={run.proposal} />}
      {request.runs.length > 1 && <Targets ids={request.runs} />}
      <EarlierWords run={run} until={request.decided?.at} />
      <RunStrip run={run} />
    </>
  );
}

const FACT_TONE = { plain: "", warn: "text-needs font-medium", good: "text-done font-medium" };
const GRID = "grid grid-cols-4 gap-x-6 gap-y-3 max-wide:max-desk:grid-cols-2 max-tablet:grid-cols-2";
function Facts({ request }: { request: Request }) {
  // What ran out stands in the question and in the meter already.
  const facts = request.facts.filter((fact) => fact.label !== LIMIT);
  if (facts.length === 0) return null;
  return <dl className={GRID}>{facts.map((fact) => <FactLine key={fact.label} fact={fact} />)}</dl>;
}

const FactLine = ({ fact }: { fact: Request["facts"][number] }) => <Fact label={fact.label}><span className={FACT_TONE[fact.tone]}>{fact.value}</span></Fact>;

/** What a plan comes to: how much of the code it names, who else is there, and what such runs cost and took. */
function PlanFacts({ request, run, plan }: { request: Request; run: Run; plan: readonly PlanStep[] }) {
  const files = new Set(plan.flatMap(placesOf).map((place) => place.path)).size;
  return (
    <dl className={GRID}>
      <Fact label="It names">{plural(plan.length, "step")}{files > 0 && `, ${plural(files, "file")}`}</Fact>
      <Fact label="Overlap">{run.overlaps.length > 0 ? <span className={FACT_TONE.warn}>{run.overlaps.join(", ")}</span> : "with no other open run"}</Fact>
      {request.facts.map((fact) => <FactLine key={fact.label} fact={fact} />)}
    </dl>
  );
}

function CommandLine({ command }: { command: string }) {
  return (
    <pre tabIndex={0} aria-label="Command that is asked for" className="overflow-x-auto rounded-control bg-sunken px-3 py-2 text-meta ring-1 ring-inset ring-line">
      <span aria-hidden className="select-none text-text-3">$ </span>{reveal(command)}
    </pre>
  );
}

function QuoteBlock({ quote }: { quote: Quote }) {
  return (
    <figure className="flex flex-col gap-1">
      <figcaption className={cx("text-meta", quote.tone === "hostile" ? "font-medium text-failed" : "text-text-3")}>{quote.title}</figcaption>
      <pre tabIndex={0} aria-label={quote.title} className="overflow-x-auto whitespace-pre-wrap rounded-control bg-sunken px-3 py-2 text-meta leading-[18px] ring-1 ring-inset ring-line">{reveal(quote.lines)}</pre>
    </figure>
  );
}

/** Where the run stands, in one line; on wide screens the whole run stands beside the question instead. */
function RunStrip({ run }: { run: Run }) {
  const done = run.plan.filter((step) => step.state === "done").length;
  return (
    <Section title="The run behind it" className="wide:hidden" aside={<Link to="/runs/$id" params={{ id: run.id }} className="text-accent-text hover:underline">Open run</Link>}>
      <dl className="grid grid-cols-4 gap-x-6 gap-y-3 max-tablet:grid-cols-2">
        <Fact label="Plan">{run.plan.length === 0 ? "none yet" : <span className="inline-flex items-center gap-2">{done} of {run.plan.length} <StepTicks done={done} total={run.plan.length} active={run.attention === "working"} /></span>}</Fact>
        <Fact label="Cost">{money(run.spentMicro, run.currency)} of {money(run.capMicro, run.currency)}</Fact>
        <Fact label="Started"><Ago at={run.startedAt} /></Fact>
        <Fact label="Model">{run.model}</Fact>
      </dl>
    </Section>
  );
}

function Choices({ request, triage }: { request: Request; triage: Triage }) {
  return (
    <RadioGroup.Root value={choiceOf(request, triage.picks) ?? ""} disabled={request.state === "decided"} onValueChange={triage.choose} aria-label="Answers" className="flex flex-col gap-1.5">
      {request.choices.map((choice, i) => (
        <RadioGroup.Item key={choice.id} value={choice.id}
          className={cx("flex items-start gap-3 rounded-control px-3 py-2 text-left ring-1 ring-inset ring-line hover:bg-hover", "data-[state=checked]:bg-selected data-[state=checked]:ring-accent")}>
          <span className="mt-0.5 grid size-4 shrink-0 place-items-center rounded-full ring-1 ring-inset ring-control">
            <RadioGroup.Indicator className="size-2 rounded-full bg-accent" />
          </span>
          <span className="min-w-0 flex-1">
            <span className="font-medium">{choice.label}</span>
            {choice.suggested && request.kind !== "budget" && <span className="ml-2 text-meta text-text-3">suggested by the agent</span>}
            <span className="block text-text-2">{choice.effect}</span>
          </span>
          <Kbd>{String(i + 1)}</Kbd>
        </RadioGroup.Item>
      ))}
    </RadioGroup.Root>
  );
}

function Targets({ ids }: { ids: string[] }) {
  return (
    <Section title={`${ids.length} runs ask the same`} aside="One answer, a receipt for each">
      <Lines label="Runs in this request">{ids.map((id) => <Target key={id} id={id} />)}</Lines>
    </Section>
  );
}

function Target({ id }: { id: string }) {
  const run = useRun(id);
  if (!run) return null;
  return (
    <li className="flex h-9 items-center gap-3">
      <span className="mono w-16 shrink-0 text-text-2">{run.ticket.key}</span>
      <span className="min-w-0 flex-1 truncate">{run.ticket.title}</span>
      <Ago at={run.since} className="text-meta text-text-3" />
    </li>
  );
}

/** What people said to this run before; of a decided request what was said before it: its own decision stands above. */
function EarlierWords({ run, until }: { run: Run; until: number | undefined }) {
  const earlier = until === undefined ? run.commands : run.commands.filter((command) => command.at < until - SAME_MS);
  if (earlier.length === 0) return null;
  return <Section title="What was decided before"><Lines label="Earlier decisions">{earlier.map((command) => <EarlierLine key={command.id} command={command} />)}</Lines></Section>;
}

// A decision and its command are written in one transaction, with two readings of the clock.
const SAME_MS = 1000;

function EarlierLine({ command }: { command: Command }) {
  return (
    <li className="flex min-h-9 items-baseline gap-3 py-1.5">
      <span className="min-w-0 flex-1">
        <span className="font-medium">{command.by}</span> {didWhat(command)}{command.words && <span className="text-text-2">: “{command.words}”</span>}
      </span>
      {command.fate !== "applied" && <Chip tone={command.fate === "rejected" ? "failed" : "plain"}>{command.fate === "pending" ? "on its way" : command.fate}</Chip>}
      <Ago at={command.at} className="text-meta text-text-3" />
    </li>
  );
}
