import { useMutation, useQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";
import { useMe } from "@/app/session";
import { getTrackers, testTracker } from "@/features/settings/api/trackers";
import { Facts } from "@/features/settings/facts";
import { JiraForm } from "@/features/settings/trackers/jira-form";
import { RemoveJira } from "@/features/settings/trackers/jira-remove";
import { SignIn } from "@/features/settings/trackers/jira-sign-in";
import { Accounts, Deliveries, Hooks } from "@/features/settings/trackers/jira-traffic";
import { JiraWatch } from "@/features/settings/trackers/jira-watch";
import { plural } from "@/lib/money";
import { exactTime } from "@/lib/time";
import { useProjects } from "@/live/hooks";
import { Button } from "@/ui/button";
import { Reading } from "@/ui/failure";
import { Fact, Lines, Section } from "@/ui/section";
import type { TrackerView } from "@/wire/types";

/** Jira, Cloud or Data Center: connected, watched, and open about what came in and what waits. */
export function JiraTrackers() {
  const who = useMe();
  return who.owner ? <Connected /> : <p className="text-text-2">The owner of this installation connects Jira.</p>;
}

function Connected() {
  const read = useQuery({ queryKey: ["trackers"], queryFn: getTrackers, refetchInterval: 15_000 });
  const [adding, setAdding] = useState(false);
  return (
    <Reading read={read} what="The trackers could not be read.">
      {(list) => (
        <div className="flex flex-col gap-8">
          {list.length === 0 && !adding && <p className="text-text-2">No Jira is connected yet.</p>}
          {list.map((one) => <Jira key={one.id} tracker={one} />)}
          {adding ? <JiraForm onDone={() => setAdding(false)} /> : <div><Button icon={<Plus size={14} />} onClick={() => setAdding(true)}>Connect Jira</Button></div>}
        </div>
      )}
    </Reading>
  );
}

function Jira({ tracker }: { tracker: TrackerView }) {
  const [editing, setEditing] = useState(false);
  const [removing, setRemoving] = useState(false);
  const test = useMutation({ mutationFn: () => testTracker(tracker.id) });
  return (
    <article aria-label={tracker.name} className="flex flex-col gap-5">
      <header className="flex items-start gap-3 max-tablet:flex-wrap">
        <div className="min-w-0 flex-1">
          <h3 className="font-medium">{tracker.name} <span className="font-normal text-text-3">{tracker.flavour === "cloud" ? "Cloud" : "Data Center"}</span></h3>
          <p className="truncate text-meta text-text-2">{[tracker.baseUrl, tracker.account && `as ${tracker.account}`].filter(Boolean).join(", ")}</p>
        </div>
        <Button disabled={test.isPending} onClick={() => test.mutate()}>Test</Button>
        <Button look="ghost" aria-expanded={editing} onClick={() => setEditing(!editing)}>Edit</Button>
        <Button look="ghost" onClick={() => setRemoving(true)}>Remove</Button>
      </header>
      <Facts facts={test.data} error={test.error} pending={test.isPending} />
      {editing && <JiraForm tracker={tracker} onDone={() => setEditing(false)} />}
      {removing && <RemoveJira tracker={tracker} onClose={() => setRemoving(false)} />}
      {tracker.clientId && <SignIn tracker={tracker} />}
      <Traffic tracker={tracker} />
      <Watches tracker={tracker} />
      <Hooks tracker={tracker} />
      <Deliveries tracker={tracker} />
      <Accounts tracker={tracker} />
    </article>
  );
}

function Traffic({ tracker }: { tracker: TrackerView }) {
  const polls = tracker.watches.flatMap((one) => (one.polledAt === null ? [] : [one.polledAt]));
  return (
    <div className="flex flex-col gap-2">
      <dl className="grid grid-cols-4 gap-4 max-tablet:grid-cols-2">
        <Fact label="Last poll">{polls.length > 0 ? exactTime(Math.max(...polls)) : "never"}</Fact>
        <Fact label="Last webhook">{tracker.lastWebhook === null ? "never" : exactTime(tracker.lastWebhook)}</Fact>
        <Fact label="Waiting to be read">{tracker.waitingReads}</Fact>
        <Fact label="Waiting to be written">{tracker.waitingWrites}{tracker.quietUntil !== null && `, from ${exactTime(tracker.quietUntil)}`}</Fact>
      </dl>
      {tracker.errors.length > 0 && <ul aria-label="What went wrong" className="flex flex-col gap-1 text-needs">{tracker.errors.map((one) => <li key={one} className="break-words">{one}</li>)}</ul>}
    </div>
  );
}

function Watches({ tracker }: { tracker: TrackerView }) {
  const projects = useProjects();
  const [open, setOpen] = useState("");
  return (
    <Section title="Projects that it feeds" level={3}>
      <Lines label="Projects that it feeds">
        {projects.map((project) => {
          const watch = tracker.watches.find((one) => one.project === project.id);
          return (
            <li key={project.id} className="py-1.5">
              <div className="flex min-h-8 items-center gap-3">
                <span className="min-w-0 flex-1 truncate"><span className="font-medium">{project.name}</span> <span className="text-text-2">{watch ? `${plural(watch.spaces.length, "Jira project")}: ${watch.spaces.join(", ")}` : "not fed from here"}</span></span>
                <Button look="ghost" aria-expanded={open === project.id} aria-label={`${watch ? "Change" : "Set up"} ${project.name}`} onClick={() => setOpen(open === project.id ? "" : project.id)}>{watch ? "Change" : "Set up"}</Button>
              </div>
              {open === project.id && <JiraWatch tracker={tracker} project={project} watch={watch} onDone={() => setOpen("")} />}
            </li>
          );
        })}
      </Lines>
    </Section>
  );
}
