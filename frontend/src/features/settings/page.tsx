import { getRouteApi } from "@tanstack/react-router";
import { PageHead } from "@/app/page-head";
import { useMe } from "@/app/session";
import { Appearance } from "@/features/settings/appearance";
import { Audit } from "@/features/settings/audit";
import { Installation } from "@/features/settings/installation";
import { Models } from "@/features/settings/models";
import { PARTS, partOf } from "@/features/settings/parts";
import { People } from "@/features/settings/people";
import { Projects } from "@/features/settings/projects";
import { Tokens } from "@/features/settings/tokens";
import { Trackers } from "@/features/settings/trackers";
import { plural } from "@/lib/money";
import { useProjects } from "@/live/hooks";
import { Tabs } from "@/ui/tabs";

const route = getRouteApi("/shell/settings");

export function SettingsPage() {
  const search = route.useSearch();
  const go = route.useNavigate();
  const who = useMe();
  const projects = useProjects();
  const parts = PARTS.filter((name) => name !== "Installation" || who.owner);
  const part = parts.find((name) => name === partOf(search.part)) ?? "Projects";
  return (
    <div className="flex h-full flex-col">
      <PageHead title="Settings" fact={[plural(projects.length, "project"), who.version && `Quarterdeck ${who.version}`].filter(Boolean).join(", ")} />
      <Tabs label="Parts of the settings" value={part} names={parts} onChange={(name) => void go({ search: { part: name }, replace: true })} />
      <div tabIndex={0} role="region" aria-label={part} className="min-h-0 flex-1 overflow-y-auto px-5 py-6 max-tablet:px-4">
        <div className="max-w-[900px]">
          {part === "Projects" && <Projects wanted={search.project} />}
          {part === "Models" && <Models />}
          {part === "Trackers" && <Trackers />}
          {part === "People" && <People />}
          {part === "API tokens" && <Tokens />}
          {part === "Audit" && <Audit />}
          {part === "Installation" && <Installation />}
          {part === "Appearance" && <Appearance />}
        </div>
      </div>
    </div>
  );
}
