import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { tryQuery, unwatchProject, watchProject } from "@/features/settings/api/trackers";
import { sayError } from "@/lib/http";
import { plural } from "@/lib/money";
import { Button } from "@/ui/button";
import { Checkbox, Field, Input, Select } from "@/ui/field";
import type { FoundTickets, TrackerView, WatchBody, WatchTriggers, WatchView, WatchWrites } from "@/wire/types";

const TRIGGERS: WatchTriggers = { assigned: true, labels: { "agent:plan": "plan", "agent:implement": "implement" }, statuses: [], jql: "", mention: true };
const WRITES: WatchWrites = { status: true, comment: true, transition: true, link: true, doing: [], done: [] };
const SWITCHES: readonly { key: "status" | "comment" | "transition" | "link"; name: string }[] = [
  { key: "status", name: "Keep one status comment up to date" }, { key: "comment", name: "Ask questions and tell results" }, { key: "transition", name: "Move the ticket" }, { key: "link", name: "Link the proposal" },
];

const words = (text: string): string[] => text.split(",").map((one) => one.trim()).filter(Boolean);
const labelsOf = (text: string): Record<string, string> => Object.fromEntries(words(text).map((one) => { const [label = "", playbook = ""] = one.split("=").map((part) => part.trim()); return [label, playbook === "plan" ? "plan" : "implement"]; }));
const labelText = (labels: Record<string, string>): string => Object.entries(labels).map(([label, playbook]) => `${label}=${playbook}`).join(", ");

/** What feeds one project: which of Jira's projects, what starts a run there, and what is written back. */
export function JiraWatch({ tracker, project, watch, onDone }: { tracker: TrackerView; project: { id: string; name: string }; watch: WatchView | undefined; onDone: () => void }) {
  const [spaces, setSpaces] = useState((watch?.spaces ?? []).join(", "));
  const [query, setQuery] = useState(watch?.query ?? "");
  const [triggers, setTriggers] = useState(watch?.triggers ?? TRIGGERS);
  const [labels, setLabels] = useState(labelText(watch?.triggers.labels ?? TRIGGERS.labels));
  const [statuses, setStatuses] = useState((watch?.triggers.statuses ?? []).join(", "));
  const [writes, setWrites] = useState(watch?.writes ?? WRITES);
  const [done, setDone] = useState((watch?.writes.done ?? []).join(", "));
  const [subtasks, setSubtasks] = useState<WatchBody["subtasks"]>((watch?.subtasks ?? "") as WatchBody["subtasks"]);
  const reads = useQueryClient();
  const over = async () => { await reads.invalidateQueries({ queryKey: ["trackers"] }); onDone(); };
  const save = useMutation({
    mutationFn: () => watchProject(project.id, { connection: tracker.id, spaces: words(spaces), query, triggers: { ...triggers, labels: labelsOf(labels), statuses: words(statuses) }, writes: { ...writes, done: words(done) }, subtasks: subtasks ?? "" }),
    onSuccess: over,
  });
  const stop = useMutation({ mutationFn: () => unwatchProject(project.id), onSuccess: over });
  const whole = [words(spaces).length > 0 ? `project in (${words(spaces).map((one) => `"${one}"`).join(", ")})` : "", query.trim() && `(${query.trim()})`].filter(Boolean).join(" AND ");
  return (
    <form aria-label={`What feeds ${project.name}`} className="flex flex-col gap-4 py-3" onSubmit={(event) => { event.preventDefault(); save.mutate(); }}>
      <div className="grid grid-cols-2 gap-4 max-tablet:grid-cols-1">
        <Field label="Jira projects" hint="Their keys, with commas between"><Input className="mono" value={spaces} onChange={(event) => setSpaces(event.target.value)} /></Field>
        <Field label="Only tickets that match (JQL)" hint="Empty: all of them"><Input className="mono" spellCheck={false} value={query} onChange={(event) => setQuery(event.target.value)} /></Field>
      </div>
      <Preview tracker={tracker.id} query={whole} />
      <fieldset className="flex flex-col gap-3">
        <legend className="pb-1 text-meta font-medium text-text-2">What starts a run</legend>
        <Toggle on={triggers.assigned} set={(assigned) => setTriggers({ ...triggers, assigned })} name={`Assigned to ${tracker.account || "the token's account"}`} />
        <Toggle on={triggers.mention} set={(mention) => setTriggers({ ...triggers, mention })} name="Mentioned in a comment" />
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
        <Field label="Status of finished work" hint="Without a name nothing is moved to done"><Input className="max-w-72" value={done} onChange={(event) => setDone(event.target.value)} /></Field>
      </fieldset>
      {(save.error ?? stop.error) && <p role="alert" className="text-failed">{sayError(save.error ?? stop.error)}</p>}
      <div className="flex flex-wrap gap-2">
        <Button look="primary" type="submit" disabled={words(spaces).length === 0 || save.isPending}>{watch ? "Save" : "Watch"}</Button>
        <Button look="ghost" onClick={onDone}>Cancel</Button>
        {watch && <Button look="ghost" onClick={() => stop.mutate()}>Stop watching</Button>}
      </div>
    </form>
  );
}

function Toggle({ on, set, name }: { on: boolean; set: (on: boolean) => void; name: string }) {
  return <span className="flex items-center gap-2"><Checkbox checked={on} onChange={set} label={name} /><span aria-hidden>{name}</span></span>;
}

/** What the query matches now, before anything is saved. */
function Preview({ tracker, query }: { tracker: string; query: string }) {
  const look = useMutation({ mutationFn: () => tryQuery(tracker, query) });
  return (
    <div className="flex flex-col gap-2">
      <div><Button disabled={query === "" || look.isPending} onClick={() => look.mutate()}>Show what matches</Button></div>
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
