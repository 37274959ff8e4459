import { TakenField } from "@/features/settings/taken";
import { unreadable, useChange } from "@/features/settings/use-change";
import { amountText, microOf, money, plural } from "@/lib/money";
import { Section } from "@/ui/section";
import type { ProjectView } from "@/wire/types";

/** How many agents at once, and what one run may cost before it asks. */
export function LimitFields({ project, may }: { project: ProjectView; may: boolean }) {
  const change = useChange(project);
  const takePlaces = (text: string) => {
    const places = Number(text);
    if (text.trim() === "" || !Number.isInteger(places) || places < 0) return unreadable("Places are a whole number.");
    return change(() => ({ places }), () => ({ places: project.places }), `${project.name} may hold ${plural(places, "place")}`);
  };
  const takeCap = (text: string) => {
    const capMicro = microOf(text);
    if (capMicro === undefined) return unreadable("A cap is an amount such as 5.00.");
    if (capMicro === project.capMicro) return Promise.resolve(true);
    return change(() => ({ capMicro }), () => ({ capMicro: project.capMicro }), `Cap for each run of ${project.name}: ${money(capMicro, project.currency)}`);
  };
  return (
    <Section title="Limits" level={3}>
      <div className="grid grid-cols-4 gap-4 max-desk:grid-cols-2 max-tablet:grid-cols-1">
        <TakenField label="Places" hint="Agents that work at the same time" inputMode="numeric" disabled={!may} value={String(project.places)} take={takePlaces} />
        <TakenField label={`Cap for each run, in ${project.currency}`} hint="At the cap it asks" inputMode="decimal" disabled={!may} value={amountText(project.capMicro)} take={takeCap} />
      </div>
    </Section>
  );
}
