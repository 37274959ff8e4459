import { QueryClient } from "@tanstack/react-query";
import { ApiError } from "@/lib/http";
import { onChanged } from "@/live/changed";
import { line } from "@/live/connection";

/** Reads that are not live: fetched by page, kept for a moment, read again when the platform says that they changed. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      refetchOnWindowFocus: true,
      retry: (failures, error) => error instanceof ApiError && error.again && failures < 3,
    },
  },
});

const READS: Record<string, string[]> = {
  ticket: ["tickets"], project: ["projects"], connection: ["connections", "fleet"], member: ["people", "projects"], run: ["fleet"], settings: ["projects"],
};
onChanged(({ what }) => READS[what]?.forEach((key) => void queries.invalidateQueries({ queryKey: [key] })));

// What was read before the line broke may be old.
let was = line.get();
line.watch(() => {
  if (line.get() === "live" && was !== "live" && was !== "starting") void queries.invalidateQueries();
  was = line.get();
});
