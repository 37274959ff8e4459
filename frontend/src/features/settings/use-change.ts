import { useQueryClient } from "@tanstack/react-query";
import { changeProject } from "@/features/settings/api/projects";
import { sayError } from "@/lib/http";
import { notify } from "@/ui/toast";
import type { ProjectPatch, ProjectView } from "@/wire/types";

/** What changes, made from the project as it stands when its turn has come: a part that is given as a whole keeps what was just changed in it. */
type Part = (now: ProjectView) => ProjectPatch;

/** One change after the other: two boxes left in a moment do not write over each other. */
let before: Promise<unknown> = Promise.resolve();

/** Changes a project at once and offers the way back; `after` follows either. What is drawn is what the platform answered. */
export function useChange(project: ProjectView): (part: Part, back: Part, text: string, after?: () => void) => Promise<boolean> {
  const reads = useQueryClient();
  const stands = () => reads.getQueryData<ProjectView[]>(["projects"])?.find((one) => one.id === project.id) ?? project;
  const put = (next: ProjectView) => reads.setQueryData<ProjectView[]>(["projects"], (all) => all?.map((one) => (one.id === next.id ? next : one)));
  const send = async (part: Part): Promise<boolean> => {
    try {
      put(await changeProject(project.id, part(stands())));
      return true;
    } catch (error) {
      notify({ text: sayError(error), failed: true });
      return false;
    }
  };
  const change = (part: Part): Promise<boolean> => {
    const turn = before.then(() => send(part));
    before = turn;
    return turn;
  };
  return async (part, back, text, after) => {
    if (!(await change(part))) return false;
    notify({ text, undo: () => void change(back).then((done) => { if (done) { notify({ text: "Back as it was." }); after?.(); } }) });
    after?.();
    return true;
  };
}

/** What was typed cannot be sent as it is: said as a refusal of the platform is. */
export function unreadable(text: string): Promise<boolean> {
  notify({ text, failed: true });
  return Promise.resolve(false);
}
