import { Link } from "@tanstack/react-router";
import { projectName, useRun } from "@/live/hooks";
import { actorWord } from "@/lib/attention";
import { short } from "@/lib/money";
import { Ago } from "@/ui/clock";
import { CostMeter } from "@/ui/meter";
import { Fact, Section } from "@/ui/section";
import { State } from "@/ui/state";
import { PlanView } from "@/features/run/plan";

/** On wide screens the run behind the question stays in sight, so that nobody opens a second tab to be sure. */
export function RunAside({ id, planless }: { id: string; planless: boolean }) {
  const run = useRun(id);
  if (!run) return null;
  return (
    <aside aria-label="The run behind it" tabIndex={0} className="hidden w-[400px] shrink-0 flex-col gap-6 overflow-y-auto border-l border-line px-6 py-5 wide:flex">
      <Section title="The run behind it" aside={<Link to="/runs/$id" params={{ id }} className="text-accent-text hover:underline">Open run</Link>}>
        <p className="text-lead font-medium">{run.ticket.title}</p>
        <State state={run.attention} word={actorWord(run)} />
        <dl className="mt-2 grid grid-cols-2 gap-3">
          <Fact label="Ticket">{run.ticket.key}, {run.ticket.priority}</Fact>
          <Fact label="Project">{projectName(run.project)}</Fact>
          <Fact label="Reporter">{run.ticket.reporter}</Fact>
          <Fact label="Model">{run.model}</Fact>
          <Fact label="Tokens">{short(run.tokens)}</Fact>
          <Fact label="Last event"><Ago at={run.lastEventAt} /></Fact>
        </dl>
      </Section>
      <Section title="Cost" ><CostMeter spent={run.spentMicro} cap={run.capMicro} currency={run.currency} wide /></Section>
      {!planless && run.plan.length > 0 && <Section title="Plan of the run"><PlanView plan={run.plan} short /></Section>}
    </aside>
  );
}
