import { useMutation, useQueryClient } from "@tanstack/react-query";
import { removeTracker } from "@/features/settings/api/trackers";
import { ApiError, sayError } from "@/lib/http";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { notify } from "@/ui/toast";
import type { TrackerView } from "@/wire/types";

/** Says what stays and what goes. Runs at work on its tickets are named first, and go on only if that is confirmed. */
export function RemoveJira({ tracker, onClose }: { tracker: TrackerView; onClose: () => void }) {
  const reads = useQueryClient();
  const remove = useMutation({
    mutationFn: (confirmed: boolean) => removeTracker(tracker.id, confirmed),
    onSuccess: async () => {
      onClose();
      notify({ text: `${tracker.name} was removed.` });
      await Promise.all([reads.invalidateQueries({ queryKey: ["trackers"] }), reads.invalidateQueries({ queryKey: ["tickets"] })]);
    },
  });
  const held = remove.error instanceof ApiError && remove.error.refused.reason === "in_use";
  return (
    <Dialog open onClose={onClose} title={`Remove ${tracker.name}?`} note="Its key, its webhooks' secrets and its people are deleted here; webhooks that we registered are taken back. Tickets that runs worked on stay as they are now, with their runs; the others go, and come again if you connect it again. Nothing in Jira is changed."
      footer={<><Button look="ghost" onClick={onClose}>Keep it</Button><Button look="danger" disabled={remove.isPending} onClick={() => remove.mutate(held)}>{held ? "Remove it all the same" : `Remove ${tracker.name}`}</Button></>}>
      {remove.error && <p role="alert" className="text-failed">{sayError(remove.error)}</p>}
    </Dialog>
  );
}
