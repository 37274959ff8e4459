import { useChange } from "@/features/settings/use-change";
import { Select } from "@/ui/field";
import { Section } from "@/ui/section";
import type { ConnectionView, ProjectView } from "@/wire/types";

const KINDS: readonly { key: string; name: string }[] = [
  { key: "plan", name: "Understanding and planning" }, { key: "edit", name: "Changing code" }, { key: "small", name: "Small things" },
];

/** Which model does which kind of work. A model without a price cannot be picked: its spend could not be counted. */
export function Routes({ project, may, connections }: { project: ProjectView; may: boolean; connections: readonly ConnectionView[] }) {
  const change = useChange(project);
  const models = connections.flatMap((one) => one.models.map((model) => ({
    value: `${one.id}/${model.name}`, label: `${model.name}, ${one.name}`, priced: model.inMicroPerMTok !== null && model.outMicroPerMTok !== null,
  })));
  const route = (kind: (typeof KINDS)[number], to: string) =>
    void change((now) => ({ routes: { ...now.routes, [kind.key]: to } }), (now) => ({ routes: { ...now.routes, [kind.key]: project.routes[kind.key] ?? "" } }), `${kind.name} in ${project.name}: ${models.find((one) => one.value === to)?.label ?? "not set"}`);
  return (
    <Section title="Models by kind of work" level={3}>
      <div className="grid grid-cols-3 gap-4 max-tablet:grid-cols-1">
        {KINDS.map((kind) => (
          <label key={kind.key} className="flex flex-col gap-1.5">
            <span className="text-meta font-medium text-text-2">{kind.name}</span>
            <Select disabled={!may} value={project.routes[kind.key] ?? ""} onChange={(event) => route(kind, event.target.value)}>
              <option value="">{models.length === 0 ? "Rehearsal" : "Not set"}</option>
              {models.map((one) => <option key={one.value} value={one.value} disabled={!one.priced}>{one.priced ? one.label : `${one.label} (no price)`}</option>)}
            </Select>
          </label>
        ))}
      </div>
    </Section>
  );
}
