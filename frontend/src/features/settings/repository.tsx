import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { getRepositoryLook, testRepository } from "@/features/settings/api/projects";
import { Facts } from "@/features/settings/facts";
import { TakenField } from "@/features/settings/taken";
import { useChange } from "@/features/settings/use-change";
import { Button } from "@/ui/button";
import { exactTime, timeOfDay } from "@/lib/time";
import { Section } from "@/ui/section";
import type { ProjectView, Repository } from "@/wire/types";

const FIELDS: readonly { key: keyof Repository; name: string; hint: string; wide?: boolean }[] = [
  { key: "url", name: "Address", hint: "Where agents clone from, through Quarterdeck", wide: true },
  { key: "branch", name: "Branch", hint: "What runs start from and merge into" },
  {
    key: "install",
    name: "Install command",
    hint: "Once per lock file, with network; fills /environment, e.g. python3 -m venv /environment && /environment/bin/pip install -r requirements.txt",
    wide: true,
  },
  { key: "setup", name: "Setup command", hint: "At each attempt, in a fresh checkout, without network; empty: none" },
  { key: "test", name: "Test command", hint: "What evidence is made with" },
  { key: "report", name: "Test report", hint: "A JUnit file that the tests write; empty: exit code only" },
];

/** Where the code is and how it is tested. What changes is looked at at once: whether it can be read, and what to mend. */
export function RepositoryForm({ project, may }: { project: ProjectView; may: boolean }) {
  const change = useChange(project);
  const check = useCheck(project.id);
  const stands = project.repositorySettings;
  const take = ({ key, name }: (typeof FIELDS)[number]) => (text: string) => {
    const part = (to: string) => (now: ProjectView) => ({ repository: { ...now.repositorySettings, [key]: to } });
    return change(part(text), part(stands[key]), `${name} of ${project.name}: ${text || "none"}`, check.order);
  };
  return (
    <Section title="Repository" level={3}>
      <div className="grid grid-cols-2 gap-4 max-tablet:grid-cols-1">
        {FIELDS.map((field) => (
          <div key={field.key} className={field.wide ? "col-span-full" : undefined}>
            <TakenField label={field.name} hint={field.hint} className="mono" disabled={!may} value={stands[field.key]} take={take(field)} />
          </div>
        ))}
      </div>
      <div className="mt-1"><Button disabled={!may || check.pending} title="Asks the remote for the branch. It runs nothing." onClick={check.order}>Check that it can be read</Button></div>
      <Facts facts={check.look?.facts} error={check.error} pending={check.pending} />
      {check.pending && check.slow && <p className="text-meta text-text-2">The remote has not answered yet. A worker waits for it; you can leave this page and come back.</p>}
      {!check.pending && check.look?.at != null && <p className="text-meta text-text-3">Looked at <time title={exactTime(check.look.at)}>{timeOfDay(check.look.at)}</time></p>}
    </Section>
  );
}

const LOOKS_MS = 1000;
const SLOW_LOOKS = 5;

/** A worker asks the remote; the page reads what it found, and again while it is at it. */
function useCheck(project: string) {
  const reads = useQueryClient();
  const key = ["repository look", project];
  const read = useQuery({ queryKey: key, queryFn: () => getRepositoryLook(project), refetchInterval: ({ state }) => (state.data?.looking ? LOOKS_MS : false) });
  const order = useMutation({
    mutationFn: () => testRepository(project),
    onSuccess: (found) => {
      setSince(Date.now());
      reads.setQueryData(key, found);
    },
  });
  const [since, setSince] = useState(0);
  const pending = order.isPending || read.data?.looking === true;
  const slow = read.dataUpdatedAt - since > SLOW_LOOKS * LOOKS_MS;
  return { look: read.data, error: order.error ?? read.error, pending, slow, order: () => order.mutate() };
}
