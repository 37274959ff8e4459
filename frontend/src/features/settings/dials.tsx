import { useChange } from "@/features/settings/use-change";
import { Section } from "@/ui/section";
import { Select } from "@/ui/field";
import type { Dial, ProjectDials, ProjectView } from "@/wire/types";

const DIALS: readonly { key: keyof ProjectDials; name: string; ask: string; auto: string }[] = [
  { key: "plan", name: "Plan gate", ask: "Ask before work begins", auto: "Work without asking" },
  { key: "permissions", name: "Permissions", ask: "Ask for each", auto: "Allow inside the sandbox" },
  { key: "merging", name: "Merging", ask: "A person merges", auto: "Merge low risk by itself" },
];

/** Three dials a project, each on its own: how much may happen before a person is asked. */
export function Dials({ project, may }: { project: ProjectView; may: boolean }) {
  const change = useChange(project);
  const turn = (dial: (typeof DIALS)[number], to: Dial) =>
    void change((now) => ({ dials: { ...now.dials, [dial.key]: to } }), (now) => ({ dials: { ...now.dials, [dial.key]: project.dials[dial.key] } }), `${dial.name} of ${project.name}: ${dial[to].toLowerCase()}`);
  return (
    <Section title="Dials" level={3} aside="for runs that start from now on">
      <div className="grid grid-cols-3 gap-4 max-desk:grid-cols-2 max-tablet:grid-cols-1">
        {DIALS.map((dial) => (
          <label key={dial.key} className="flex flex-col gap-1.5">
            <span className="text-meta font-medium text-text-2">{dial.name}</span>
            <Select disabled={!may} value={project.dials[dial.key]} onChange={(event) => turn(dial, event.target.value === "auto" ? "auto" : "ask")}>
              <option value="ask">{dial.ask}</option><option value="auto">{dial.auto}</option>
            </Select>
          </label>
        ))}
      </div>
    </Section>
  );
}
