import { useQuery } from "@tanstack/react-query";
import { ApiError } from "@/lib/http";
import { getRunSnapshot } from "@/live/api/snapshot";
import { useOpenRun, useRun } from "@/live/hooks";
import type { Run } from "@/wire/types";

/** The run of a page: live from the world, and asked for once more when the world does not hold it (an old one, or none of ours). */
export function useRunPage(id: string): { run: Run | undefined; missing: boolean; error: unknown; again: () => void } {
  useOpenRun(id);
  const run = useRun(id);
  const read = useQuery({ queryKey: ["run", id], queryFn: () => getRunSnapshot(id), enabled: run === undefined, staleTime: 60_000 });
  const missing = (read.error instanceof ApiError && (read.error.status === 404 || read.error.status === 422)) || (read.data !== undefined && read.data.runs.length === 0);
  return { run: run ?? read.data?.runs[0], missing, error: read.error, again: () => void read.refetch() };
}
