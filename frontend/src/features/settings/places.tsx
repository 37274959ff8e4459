import { placeOf, placeText, type PlaceText } from "@/features/settings/place-words";
import { TakenField } from "@/features/settings/taken";
import { unreadable, useChange } from "@/features/settings/use-change";
import { amountText, microOf, money } from "@/lib/money";
import { Section } from "@/ui/section";
import type { ProjectView } from "@/wire/types";

/** A project's part of what everybody shares. */
export function QueueFields({ project, may }: { project: ProjectView; may: boolean }) {
  const change = useChange(project);
  const takeWeight = (text: string) => {
    const weight = Number(text);
    if (!Number.isInteger(weight) || weight < 1) return unreadable("A weight is a whole number from 1 on.");
    return change(() => ({ weight }), () => ({ weight: project.weight }), `${project.name} has weight ${weight} in the queue`);
  };
  const takeDaily = (text: string) => {
    const dailyMicro = text.trim() === "" ? 0 : microOf(text);
    if (dailyMicro === undefined) return unreadable("A budget is an amount such as 20.00, or empty.");
    if (dailyMicro === project.dailyMicro) return Promise.resolve(true);
    return change(() => ({ dailyMicro }), () => ({ dailyMicro: project.dailyMicro }), dailyMicro === 0 ? `${project.name} has no budget for a day` : `Budget of ${project.name} for a day: ${money(dailyMicro, project.currency)}`);
  };
  return (
    <Section title="Part of the queue" level={3} aside={project.dailyMicro > 0 && <span className="num">{money(project.spentTodayMicro, project.currency)} of {money(project.dailyMicro, project.currency)} today</span>}>
      <div className="grid grid-cols-4 gap-4 max-desk:grid-cols-2 max-tablet:grid-cols-1">
        <TakenField label="Weight" hint="Its part of the places in all, beside other projects' weights" inputMode="numeric" disabled={!may} value={String(project.weight)} take={takeWeight} />
        <TakenField label={`Budget for a day, in ${project.currency}`} hint="When it is spent no other run starts until 00:00 UTC; empty: no limit" inputMode="decimal" disabled={!may} value={project.dailyMicro ? amountText(project.dailyMicro) : ""} take={takeDaily} />
      </div>
    </Section>
  );
}

const BOXES: readonly { key: keyof PlaceText; name: string; hint: string; wide?: boolean; lines?: boolean; numeric?: boolean }[] = [
  { key: "image", name: "Image", hint: "With pods: the project's own, like registry.example/team/app:1.2; empty: Quarterdeck's", wide: true },
  { key: "cpu", name: "Processors", hint: "Cores; empty: 1", numeric: true },
  { key: "memoryMb", name: "Memory", hint: "MiB; empty: 2048", numeric: true },
  { key: "diskMb", name: "Disk", hint: "MiB; empty: 4096", numeric: true },
  { key: "runtimeClass", name: "Runtime class", hint: "With pods, e.g. gvisor; where the installation names one, that holds" },
  { key: "nodeSelector", name: "Node selector", hint: "With pods: key=value, one a line", lines: true },
  { key: "labels", name: "Labels", hint: "On each pod, e.g. kueue.x-k8s.io/queue-name=agents", lines: true },
];

/** What its places are made with. A run keeps what it was opened with, so this is for the next ones. */
export function PlaceForm({ project, may }: { project: ProjectView; may: boolean }) {
  const stands = placeText(project.place);
  const change = useChange(project);
  const take = ({ key, name }: (typeof BOXES)[number]) => (text: string) => {
    const part = (to: string) => (now: ProjectView) => {
      const place = placeOf({ ...placeText(now.place), [key]: to });
      return typeof place === "string" ? {} : { place };
    };
    if (typeof placeOf({ ...stands, [key]: text }) === "string") return unreadable(`${name} cannot be read as it is written.`);
    return change(part(text), part(stands[key]), `${name} of ${project.name} saved, for runs that start from now on`);
  };
  return (
    <Section title="What its places are made with" level={3} aside="for runs that start from now on">
      <div className="grid grid-cols-4 gap-4 max-desk:grid-cols-2 max-tablet:grid-cols-1">
        {BOXES.map((box) => (
          <div key={box.key} className={box.wide ? "col-span-full" : box.lines ? "col-span-2 max-tablet:col-span-1" : undefined}>
            <TakenField label={box.name} hint={box.hint} disabled={!may} value={stands[box.key]} take={take(box)} className={box.numeric ? "num" : "mono"}
              inputMode={box.numeric ? "decimal" : "text"} {...(box.lines ? { rows: 2 } : {})} />
          </div>
        ))}
      </div>
    </Section>
  );
}
