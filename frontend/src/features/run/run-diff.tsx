import { useQuery } from "@tanstack/react-query";
import { FileDiff as FileDiffIcon } from "lucide-react";
import { getDiff } from "@/features/run/api/run-reads";
import { DiffView } from "@/features/review/diff-view";
import { ApiError } from "@/lib/http";
import { useTimeline } from "@/live/hooks";
import { Empty } from "@/ui/empty";
import { Reading } from "@/ui/failure";
import type { Run } from "@/wire/types";

/** The work so far, against the base; read again with each commit. No comments here: those belong to a sealed head. */
export function RunDiff({ run }: { run: Run }) {
  const commits = useTimeline(run.id).filter((event) => event.what === "commit").at(-1)?.seq ?? 0;
  const read = useQuery({ queryKey: ["diff", run.id, commits, run.phase], queryFn: () => getDiff(run.id), placeholderData: (before) => before });
  const none = (read.error instanceof ApiError && read.error.status === 404) || read.data?.files.length === 0;
  if (none) return <Empty icon={<FileDiffIcon size={26} strokeWidth={1.5} />} title="No change yet">The agent has read, but not written. The first commit shows up here by itself.</Empty>;
  return <Reading read={read} what="The diff could not be read.">{(diff) => <DiffView files={diff.files} style="unified" />}</Reading>;
}
