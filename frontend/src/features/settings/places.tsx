import { useState } from "react";
import { placeOf, placeText, type PlaceText } from "@/features/settings/place-words";
import { useChange } from "@/features/settings/use-change";
import { amountText, microOf, money } from "@/lib/money";
import { Button } from "@/ui/button";
import { Field, Input, TextArea } from "@/ui/field";
import { Section } from "@/ui/section";
import type { ProjectView } from "@/wire/types";

/** A project's part of what everybody shares. Taken when the box is left. */
export function QueueFields({ project, may }: { project: ProjectView; may: boolean }) {
  const change = useChange(project);
  const [weight, setWeight] = useState(String(project.weight));
  const [daily, setDaily] = useState(project.dailyMicro ? amountText(project.dailyMicro) : "");
  const takeWeight = () => {
    const next = Number(weight);
    if (!Number.isInteger(next) || next < 1 || next === project.weight) return setWeight(String(project.weight));
    void change({ weight: next }, { weight: project.weight }, `${project.name} has weight ${next} in the queue`);
  };
  const takeDaily = () => {
    const next = daily.trim() === "" ? 0 : microOf(daily);
    if (next === undefined || next === project.dailyMicro) return setDaily(project.dailyMicro ? amountText(project.dailyMicro) : "");
    void change({ dailyMicro: next }, { dailyMicro: project.dailyMicro }, next === 0 ? `${project.name} has no budget for a day` : `Budget of ${project.name} for a day: ${money(next, project.currency)}`);
  };
  return (
    <Section title="Part of the queue" level={3} aside={project.dailyMicro > 0 && <span className="num">{money(project.spentTodayMicro, project.currency)} of {money(project.dailyMicro, project.currency)} today</span>}>
      <div className="grid grid-cols-4 gap-4 max-desk:grid-cols-2 max-tablet:grid-cols-1">
        <Field label="Weight" hint="Its part of the places in all, beside other projects' weights"><Input inputMode="numeric" disabled={!may} value={weight} onChange={(event) => setWeight(event.target.value)} onBlur={takeWeight} /></Field>
        <Field label={`Budget for a day, in ${project.currency}`} hint="When it is spent no other run starts until 00:00 UTC; empty: no limit"><Input inputMode="decimal" disabled={!may} value={daily} onChange={(event) => setDaily(event.target.value)} onBlur={takeDaily} /></Field>
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
  const [text, setText] = useState(stands);
  const change = useChange(project);
  const place = placeOf(text);
  const dirty = BOXES.some((box) => text[box.key] !== stands[box.key]);
  const save = () => {
    if (typeof place !== "string") void change({ place }, { place: project.place }, `Places of ${project.name} saved, for runs that start from now on`);
  };
  return (
    <Section title="What its places are made with" level={3} aside="for runs that start from now on">
      <div className="grid grid-cols-4 gap-4 max-desk:grid-cols-2 max-tablet:grid-cols-1">
        {BOXES.map((box) => (
          <div key={box.key} className={box.wide ? "col-span-full" : box.lines ? "col-span-2 max-tablet:col-span-1" : undefined}>
            <Field label={box.name} hint={box.hint}>
              {box.lines
                ? <TextArea className="mono" rows={2} disabled={!may} spellCheck={false} value={text[box.key]} onChange={(event) => setText({ ...text, [box.key]: event.target.value })} />
                : <Input className={box.numeric ? "num" : "mono"} inputMode={box.numeric ? "decimal" : "text"} disabled={!may} spellCheck={false} value={text[box.key]} onChange={(event) => setText({ ...text, [box.key]: event.target.value })} />}
            </Field>
          </div>
        ))}
      </div>
      {typeof place === "string" && <p role="alert" className="text-failed">{place} cannot be read as it is written.</p>}
      {dirty && (
        <div className="mt-1 flex gap-2">
          <Button look="primary" disabled={!may || typeof place === "string"} onClick={save}>Save places</Button>
          <Button look="ghost" onClick={() => setText(stands)}>Leave them as they were</Button>
        </div>
      )}
    </Section>
  );
}
