import { Field, Input, Select, TextArea } from "@/ui/field";
import type { TicketBody } from "@/wire/types";

export const KINDS = ["Bug", "Story", "Task", "Chore"] as const;
export const PRIORITIES = ["Highest", "High", "Medium", "Low"] as const;

export type Fields = Required<Pick<TicketBody, "title" | "description" | "kind" | "priority" | "labels">>;

export const labelsOf = (text: string): string[] => [...new Set(text.split(/[,\s]+/).filter(Boolean))];

/** The fields of a ticket, for a new one and for one that is mended. */
export function TicketFields({ value, onChange, disabled = false }: { value: Fields; onChange: (value: Fields) => void; disabled?: boolean }) {
  const set = (part: Partial<Fields>) => onChange({ ...value, ...part });
  const kinds = KINDS.includes(value.kind as (typeof KINDS)[number]) ? KINDS : [...KINDS, value.kind];
  return (
    <fieldset disabled={disabled} className="flex flex-col gap-4">
      <Field label="Title"><Input value={value.title} maxLength={300} onChange={(event) => set({ title: event.target.value })} /></Field>
      <Field label="Description" hint="What is wrong or missing, what should be different, and how to tell: an agent reads nothing else.">
        <TextArea rows={9} value={value.description} onChange={(event) => set({ description: event.target.value })} />
      </Field>
      <div className="grid grid-cols-3 gap-4 max-tablet:grid-cols-1">
        <Field label="Kind"><Select value={value.kind} onChange={(event) => set({ kind: event.target.value })}>{kinds.map((kind) => <option key={kind}>{kind}</option>)}</Select></Field>
        <Field label="Priority">
          <Select value={value.priority} onChange={(event) => set({ priority: PRIORITIES.find((one) => one === event.target.value) ?? "Medium" })}>{PRIORITIES.map((one) => <option key={one}>{one}</option>)}</Select>
        </Field>
        <Field label="Labels"><Labels value={value.labels} onChange={(labels) => set({ labels })} /></Field>
      </div>
    </fieldset>
  );
}

function Labels({ value, onChange }: { value: readonly string[]; onChange: (labels: string[]) => void }) {
  return <Input key={value.length === 0 ? "none" : "some"} defaultValue={value.join(", ")} placeholder="none" onBlur={(event) => onChange(labelsOf(event.target.value))} />;
}
