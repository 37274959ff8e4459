import type { ComponentType } from "react";
import { BoardTracker } from "@/features/settings/trackers/board";
import { JiraTrackers } from "@/features/settings/trackers/jira";
import { Section } from "@/ui/section";

/** Where tickets come from, one section each: a new kind of tracker adds a line and a file of its own here. */
const SECTIONS: readonly { id: string; title: string; Part: ComponentType }[] = [
  { id: "board", title: "Quarterdeck's own board", Part: BoardTracker },
  { id: "jira", title: "Jira", Part: JiraTrackers },
];

export function Trackers() {
  return (
    <div className="flex flex-col gap-10">
      <p className="prose-measure text-text-2">Tickets are read from these places, and what an agent asks or did is told there too.</p>
      {SECTIONS.map(({ id, title, Part }) => <Section key={id} title={title}><Part /></Section>)}
    </div>
  );
}
