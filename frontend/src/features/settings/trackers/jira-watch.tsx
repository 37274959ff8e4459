import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { tryQuery, unwatchProject, watchProject } from "@/features/settings/api/trackers";
import { sayError } from "@/lib/http";
import { plural } from "@/lib/money";
import { Button } from "@/ui/button";
import { Checkbox, Field, Input, Select } from "@/ui/field";
import type { FoundTickets, TrackerView, WatchBody, WatchTriggers, WatchView, WatchWrites } from "@/wire/types";

const TRIGGERS: WatchTriggers = { assigned: true, labels: { "agent:plan": "plan", "agent:implement": "implement" }, statuses: [], jql: "", mention: true };
const WRITES: WatchWrites = { status: true, comment: true, transition: true, link: true, worklog: false, doing: [], waiting: [], review: [], done: [], labels: {}, fields: {} };
const SWITCHES: readonly { key: "status" | "comment" | "transition" | "link" | "worklog"; name: string }[] = [
  { key: "status", name: "Keep one status comment up to date" }, { key: "comment", name: "Ask questions and tell results" }, { key: "transition", name: "Move the ticket" }, { key: "link", name: "Link the proposal" }, { key: "worklog", name: "Log the time that an agent worked" },
];

const words = (text: string): string[] => text.split(",").map((one) => one.trim()).filter(Boolean);
const labelsOf = (text: string): Record<string, string> => Object.fromEntries(words(text).map((one) => { const [label = "", playbook = ""] = one.split("=").map((part) => part.trim()); return [label, playbook === "plan" ? "plan" : "implement"]; }));
const pairs = (text: string): Record<string, string> => Object.fromEntries(words(text).flatMap((one) => { const [name = "", ...rest] = one.split("=").map((part) => part.trim()); return name && rest.length > 0 ? [[name, rest.join("=")]] : []; }));
const pairText = (map: Record<string, string>): string => Object.entries(map).map(([name, value]) => `${name}=${value}`).join(", ");
const labelText = (labels: Record<string, string>): string => Object.entries(labels).map(([label, playbook]) => `${label}=${playbook}`).join(", ");

/** What feeds one project: which of Jira's projects, what starts a run there, and what is written back. */
export function JiraWatch({ tracker, project, watch, onDone }: { tracker: TrackerView; project: { id: string; name: string }; watch: WatchView | undefined; onDone: () => void }) {
  const [spaces, setSpaces] = useState((watch?.spaces ?? []).join(", "));
  const [query, setQuery] = useState(watch?.query ?? "");
  const [triggers, setTriggers] = useState(watch?.triggers ?? TRIGGERS);
  const [labels, setLabels] = useState(labelText(watch?.triggers.labels ?? TRIGGERS.labels));
  const [statuses, setStatuses] = useState((watch?.triggers.statuses ?? []).join(", "));
  const [writes, setWrites] = useState(watch?.writes ?? WRITES);
  const [stages, setStages] = useState(() => stagesOf(watch?.writes ?? WRITES));
  const [fields, setFields] = useState(pairText(watch?.writes.fields ?? {}));
  const [components, setComponents] = useState(pairText(watch?.repositories.components ?? {}));
  const [byProject, setByProject] = useState(pairText(watch?.repositories.spaces ?? {}));
  const [label, setLabel] = useState(watch?.repositories.label ?? "repo:");
  const [field, setField] = useState(watch?.repositories.field ?? "Repository");
  const [judge, setJudge] = useState(watch?.judge ?? true);
  const [subtasks, setSubtasks] = useState<WatchBody["subtasks"]>((watch?.subtasks ?? "") as WatchBody["subtasks"]);
  const reads = useQueryClient();
  const over = async () => { await reads.invalidateQueries({ queryKey: ["trackers"] }); onDone(); };
  const save = useMutation({
    mutationFn: () => watchProject(project.id, { connection: tracker.id, spaces: words(spaces), query, triggers: { ...triggers, labels: labelsOf(labels), statuses: words(statuses) }, writes: { ...writes, ...writesOf(stages), fields: pairs(fields) }, subtasks: subtasks ?? "", repositories: { components: pairs(components), spaces: pairs(byProject), label: label.trim(), field: field.trim() }, judge }),
    onSuccess: over,
  });
  const stop = useMutation({ mutationFn: () => unwatchProject(project.id), onSuccess: over });
  return (
    <form aria-label={`What feeds ${project.name}`} className="flex flex-col gap-4 py-3" onSubmit={(event) => { event.preventDefault(); save.mutate(); }}>
      <div className="grid grid-cols-2 gap-4 max-tablet:grid-cols-1">
        <Field label="Jira projects" hint="Their keys, with commas between"><Input className="mono" value={spaces} onChange={(event) => setSpaces(event.target.value)} /></Field>
        <Field label="Only tickets that match (JQL)" hint="Empty: all of them"><Input className="mono" spellCheck={false} value={query} onChange={(event) => setQuery(event.target.value)} /></Field>
      </div>
      <Preview tracker={tracker.id} query={query.trim()} spaces={words(spaces)} />
      <fieldset className="flex flex-col gap-3">
        <legend className="pb-1 text-meta font-medium text-text-2">What starts a run</legend>
        <Toggle on={triggers.assigned} set={(assigned) => setTriggers({ ...triggers, assigned })} name={`Assigned to ${tracker.account || "the token's account"}`} />
        <Toggle on={triggers.mention} set={(mention) => setTriggers({ ...triggers, mention })} name="Mentioned in a comment" />
        <Toggle on={judge} set={setJudge} name="The project's model reads first whether the ticket is ready, and may ask" />
        <div className="grid grid-cols-2 gap-4 max-tablet:grid-cols-1">
          <Field label="A label that is newly added" hint="label=plan writes a plan first, label=implement works"><Input className="mono" value={labels} onChange={(event) => setLabels(event.target.value)} /></Field>
          <Field label="Moved to a status" hint="Names, with commas between"><Input value={statuses} onChange={(event) => setStatuses(event.target.value)} /></Field>
          <Field label="Matches a query (JQL)" hint="Each ticket once"><Input className="mono" spellCheck={false} value={triggers.jql} onChange={(event) => setTriggers({ ...triggers, jql: event.target.value })} /></Field>
          <Field label="Sub-tasks"><Select value={subtasks ?? ""} onChange={(event) => setSubtasks(event.target.value as WatchBody["subtasks"])}><option value="">Part of their parent's run</option><option value="order">A run each, one after the other</option><option value="parallel">A run each, all at once</option></Select></Field>
        </div>
      </fieldset>
      <fieldset className="flex flex-col gap-3">
        <legend className="pb-1 text-meta font-medium text-text-2">What is written back</legend>
        {SWITCHES.map(({ key, name }) => <Toggle key={key} on={writes[key]} set={(on) => setWrites({ ...writes, [key]: on })} name={name} />)}
        <Stages stages={stages} set={setStages} />
        <Field label="Given to a screen that asks" hint="Field=value, with commas between, as in Resolution=Done"><Input value={fields} onChange={(event) => setFields(event.target.value)} /></Field>
      </fieldset>
      <fieldset className="flex flex-col gap-3">
        <legend className="pb-1 text-meta font-medium text-text-2">Which repository</legend>
        <p className="text-meta text-text-3">The ticket's own field or label says it best; then its component or Jira project; then the text. Else the ticket is asked.</p>
        <div className="grid grid-cols-2 gap-4 max-tablet:grid-cols-1">
          <Field label="Named by a label that begins with" hint="repo: takes repo:name. Empty: no label is looked at"><Input className="mono" spellCheck={false} value={label} onChange={(event) => setLabel(event.target.value)} /></Field>
          <Field label="Named by the custom field" hint="Empty: no field is looked at"><Input value={field} onChange={(event) => setField(event.target.value)} /></Field>
          <Field label="By component" hint="Component=repository, with commas between"><Input value={components} onChange={(event) => setComponents(event.target.value)} /></Field>
          <Field label="By Jira project" hint="Key=repository, with commas between"><Input className="mono" value={byProject} onChange={(event) => setByProject(event.target.value)} /></Field>
        </div>
      </fieldset>
      {watch && watch.matchesLeft > 0 && <p className="text-needs">{plural(watch.matchesLeft, "ticket")} that match the query were not looked at yet.</p>}
      {(save.error ?? stop.error) && <p role="alert" className="text-failed">{sayError(save.error ?? stop.error)}</p>}
      <div className="flex flex-wrap gap-2">
        <Button look="primary" type="submit" disabled={words(spaces).length === 0 || save.isPending}>{watch ? "Save" : "Watch"}</Button>
        <Button look="ghost" onClick={onDone}>Cancel</Button>
        {watch && <Button look="ghost" onClick={() => stop.mutate()}>Stop watching</Button>}
      </div>
    </form>
  );
}

const STAGES = ["doing", "waiting", "review", "done"] as const;
type Stage = (typeof STAGES)[number];
type Stages = Record<Stage, { statuses: string; label: string }>;
const STAGE_NAMES: Record<Stage, string> = { doing: "Being worked", waiting: "Waiting for an answer", review: "Ready for review", done: "Merged" };

const stagesOf = (writes: WatchWrites): Stages => {
  const of = (stage: Stage) => ({ statuses: writes[stage].join(", "), label: writes.labels[stage] ?? "" });
  return { doing: of("doing"), waiting: of("waiting"), review: of("review"), done: of("done") };
};
const writesOf = (stages: Stages): Pick<WatchWrites, Stage | "labels"> => ({
  doing: words(stages.doing.statuses), waiting: words(stages.waiting.statuses), review: words(stages.review.statuses), done: words(stages.done.statuses),
  labels: Object.fromEntries(STAGES.flatMap((stage) => (stages[stage].label.trim() ? [[stage, stages[stage].label.trim()]] : []))),
});

/** Where a ticket stands at each stage of its run. What is empty is left as it is; nothing is moved to done without a name. */
function Stages({ stages, set }: { stages: Stages; set: (stages: Stages) => void }) {
  const change = (stage: Stage, part: Partial<Stages[Stage]>) => set({ ...stages, [stage]: { ...stages[stage], ...part } });
  return (
    <table className="w-full text-left">
      <caption className="pb-1 text-left text-meta text-text-3">Where a ticket stands at each stage. Empty: it is left as it is.</caption>
      <thead><tr className="text-meta text-text-2"><th scope="col" className="font-medium">Stage</th><th scope="col" className="font-medium">Status</th><th scope="col" className="font-medium">Label</th></tr></thead>
      <tbody>
        {STAGES.map((stage) => (
          <tr key={stage}>
            <th scope="row" className="py-1 pr-3 font-normal">{STAGE_NAMES[stage]}</th>
            <td className="py-1 pr-3"><Input aria-label={`Status: ${STAGE_NAMES[stage]}`} value={stages[stage].statuses} onChange={(event) => change(stage, { statuses: event.target.value })} /></td>
            <td className="py-1"><Input className="mono" aria-label={`Label: ${STAGE_NAMES[stage]}`} value={stages[stage].label} onChange={(event) => change(stage, { label: event.target.value })} /></td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Toggle({ on, set, name }: { on: boolean; set: (on: boolean) => void; name: string }) {
  return <span className="flex items-center gap-2"><Checkbox checked={on} onChange={set} label={name} /><span aria-hidden>{name}</span></span>;
}

/** What the query matches now, before anything is saved. */
function Preview({ tracker, query, spaces }: { tracker: string; query: string; spaces: readonly string[] }) {
  const look = useMutation({ mutationFn: () => tryQuery(tracker, query, spaces) });
  return (
    <div className="flex flex-col gap-2">
      <div><Button disabled={(query === "" && spaces.length === 0) || look.isPending} onClick={() => look.mutate()}>Show what matches</Button></div>
      {look.error && <p role="alert" className="text-failed">{sayError(look.error)}</p>}
      {look.data && <Found found={look.data} />}
    </div>
  );
}

function Found({ found }: { found: FoundTickets }) {
  if (found.error) return <p role="alert" className="text-failed">{found.error}</p>;
  return (
    <div role="status">
      <p className="text-text-2">{plural(found.count, "ticket")} {found.count === 1 ? "matches" : "match"} now.</p>
      <ul aria-label="Matching tickets" className="flex flex-col gap-0.5">
        {found.tickets.map((one) => <li key={one.key} className="flex gap-3"><span className="mono shrink-0 text-text-2">{one.key}</span><span className="min-w-0 flex-1 truncate">{one.title}</span><span className="shrink-0 text-meta text-text-3">{one.status}</span></li>)}
      </ul>
    </div>
  );
}
