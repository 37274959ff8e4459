import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { open } from "@/app/overlays";
import { mayDecide, useMe } from "@/app/session";
import { getProjects } from "@/features/settings/api/projects";
import { createTicket } from "@/features/tickets/api/write-ticket";
import { TicketFields, type Fields } from "@/features/tickets/form";
import { Note } from "@/features/tickets/rows";
import { sayError } from "@/lib/http";
import { useProjects } from "@/live/hooks";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field, Select } from "@/ui/field";

const BLANK: Fields = { title: "", description: "", kind: "Task", priority: "Medium", labels: [] };

/** A ticket on the board of our own. It is only written; giving it to an agent is a step of its own. */
export function NewTicket() {
  const who = useMe();
  const projects = useProjects().filter((project) => mayDecide(who, project.id));
  const [project, setProject] = useState(projects[0]?.id ?? "");
  const [value, setValue] = useState(BLANK);
  const settings = useQuery({ queryKey: ["projects"], queryFn: getProjects });
  // An endpoint alone changes nothing: a project works with a model once it routes work to one.
  const rehearses = settings.data?.some((one) => one.id === project && !Object.values(one.routes).some(Boolean)) ?? false;
  const go = useNavigate();
  const reads = useQueryClient();
  const close = () => open.set(null);
  const write = useMutation({
    mutationFn: () => createTicket({ project, ...value }),
    onSuccess: async (ticket) => {
      close();
      await reads.invalidateQueries({ queryKey: ["tickets"] });
      void go({ to: "/tickets", search: { ticket: ticket.id } });
    },
  });
  return (
    <Dialog open side onClose={close} title="New ticket" note="It is only written down. Starting a run on it is a step of its own."
      footer={<><Button look="ghost" onClick={close}>Cancel</Button><Button look="primary" disabled={value.title.trim() === "" || project === "" || write.isPending} onClick={() => write.mutate()}>Create ticket</Button></>}>
      {projects.length === 0
        ? <p className="text-text-2">Writing a ticket needs the right to supervise a project.</p>
        : (
          <div className="flex flex-col gap-4">
            <Field label="Project"><Select value={project} onChange={(event) => setProject(event.target.value)}>{projects.map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}</Select></Field>
            {rehearses && <Note text="The rehearsal model plays the sample's tickets only: an agent would read this one and give up until the project has a model." />}
            <TicketFields value={value} onChange={setValue} />
            {write.error && <p role="alert" className="text-failed">{sayError(write.error)}</p>}
          </div>
        )}
    </Dialog>
  );
}
