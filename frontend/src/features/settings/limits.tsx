import { useState } from "react";
import { useChange } from "@/features/settings/use-change";
import { amountText, microOf, money, plural } from "@/lib/money";
import { Field, Input } from "@/ui/field";
import { Section } from "@/ui/section";
import type { ProjectView } from "@/wire/types";

/** How many agents at once, and what one run may cost before it asks. Taken when the box is left. */
export function LimitFields({ project, may }: { project: ProjectView; may: boolean }) {
  const change = useChange(project);
  const [places, setPlaces] = useState(String(project.places));
  const [cap, setCap] = useState(amountText(project.capMicro));
  const takePlaces = () => {
    const next = Number(places);
    if (!Number.isInteger(next) || next < 0 || next === project.places) return setPlaces(String(project.places));
    void change({ places: next }, { places: project.places }, `${project.name} may hold ${plural(next, "place")}`);
  };
  const takeCap = () => {
    const next = microOf(cap);
    if (next === undefined || next === project.capMicro) return setCap(amountText(project.capMicro));
    void change({ capMicro: next }, { capMicro: project.capMicro }, `Cap for each run of ${project.name}: ${money(next, project.currency)}`);
  };
  return (
    <Section title="Limits" level={3}>
      <div className="grid grid-cols-4 gap-4 max-desk:grid-cols-2 max-tablet:grid-cols-1">
        <Field label="Places" hint="Agents that work at the same time"><Input inputMode="numeric" disabled={!may} value={places} onChange={(event) => setPlaces(event.target.value)} onBlur={takePlaces} /></Field>
        <Field label={`Cap for each run, in ${project.currency}`} hint="At the cap it asks"><Input inputMode="decimal" disabled={!may} value={cap} onChange={(event) => setCap(event.target.value)} onBlur={takeCap} /></Field>
      </div>
    </Section>
  );
}
