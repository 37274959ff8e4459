import { useQueryClient } from "@tanstack/react-query";
import { changeProject } from "@/features/settings/api/projects";
import { sayError } from "@/lib/http";
import { notify } from "@/ui/toast";
import type { ProjectPatch, ProjectView } from "@/wire/types";

/** Changes a project at once and offers the way back. What is drawn is what the platform answered. */
export function useChange(project: ProjectView): (patch: ProjectPatch, back: ProjectPatch, text: string) => Promise<boolean> {
  const reads = useQueryClient();
  const put = (next: ProjectView) => reads.setQueryData<ProjectView[]>(["projects"], (all) => all?.map((one) => (one.id === next.id ? next : one)));
  const change = async (patch: ProjectPatch): Promise<boolean> => {
    try {
      put(await changeProject(project.id, patch));
      return true;
    } catch (error) {
      notify({ text: sayError(error), failed: true });
      return false;
    }
  };
  return async (patch, back, text) => {
    if (!(await change(patch))) return false;
    notify({ text, undo: () => void change(back).then((done) => { if (done) notify({ text: "Back as it was." }); }) });
    return true;
  };
}
