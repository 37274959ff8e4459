import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, Suspense, useMemo, useRef, useState } from "react";
import { GitPullRequest, RefreshCw } from "lucide-react";
import { useKeys } from "@/app/keys";
import { useMe } from "@/app/session";
import { getReview } from "@/features/review/api/review";
import type { ViewHandle } from "@/features/review/diff-view";
import { asWords, useDrafts } from "@/features/review/drafts";
import { FileList } from "@/features/review/file-list";
import { ReviewHead, type DiffStyle } from "@/features/review/head";
import { ReviewIntro } from "@/features/review/intro";
import { MergeBar } from "@/features/review/merge-bar";
import { redirectRuns } from "@/features/run/api/redirect-run";
import { ApiError } from "@/lib/http";
import { useOpenRun, useRun } from "@/live/hooks";
import { Banner } from "@/ui/banner";
import { Button } from "@/ui/button";
import { Empty, Skeleton } from "@/ui/empty";
import { Reading } from "@/ui/failure";
import type { Review, Run } from "@/wire/types";

const DiffView = lazy(() => import("@/features/review/diff-view").then((file) => ({ default: file.DiffView })));
const route = getRouteApi("/shell/review/$id");

const LOOKS_MS = 1500;

/** What is shown is one review of one head, read once. If the head moves, the page says so; it never swaps the diff. */
export function ReviewPage() {
  const { id } = route.useParams();
  useOpenRun(id);
  const live = useRun(id);
  const read = useQuery({
    queryKey: ["review", id], queryFn: () => getReview(id), staleTime: Infinity, gcTime: 0, refetchOnWindowFocus: false,
    // Only while a worker looks at the branch, or until it is told how it was merged: the head that is shown stays the one that was opened.
    refetchInterval: ({ state: { data } }) => (data && (data.mergePreview?.looking || (live?.phase === "merged" && !data.landed)) ? LOOKS_MS : false),
  });
  if (read.error instanceof ApiError && read.error.status === 404) return <Nothing id={id} />;
  return (
    <Reading read={read} what="The review could not be read." lines={14}>
      {(review) => <Known key={review.proposal.head} review={review} run={live ?? review.run} onAgain={() => void read.refetch()} />}
    </Reading>
  );
}

function Nothing({ id }: { id: string }) {
  return (
    <>
      <h1 className="sr-only">Review</h1>
      <Empty icon={<GitPullRequest size={28} strokeWidth={1.5} />} title="Nothing to review here" action={<Link to="/runs/$id" params={{ id }} className="text-accent-text hover:underline">Open the run</Link>}>
        This run has not sealed a head. Its page shows the diff so far.
      </Empty>
    </>
  );
}

/** Evidence first, then the code, then one bar that says what will happen to which sha. */
function Known({ review, run, onAgain }: { review: Review; run: Run; onAgain: () => void }) {
  const { proposal, diff } = review;
  const [style, setStyle] = useState<DiffStyle>(() => (innerWidth < 1100 ? "unified" : "split"));
  const who = useMe();
  const box = useDrafts(run.id, proposal.head, who.person.name);
  const reader = useReader(diff.files.map((file) => file.path));
  const moved = run.proposal !== null && run.proposal.head !== proposal.head;
  const fresher = !moved && run.proposal !== null && run.proposal.checks.some((check) => proposal.checks.find((one) => one.name === check.name)?.state !== check.state);
  const send = async () => {
    const words = asWords(box.unsent, proposal.head, diff.files.map((file) => file.path));
    if (await redirectRuns([run.id], words, "enqueue", proposal.head)) box.clear();
  };
  useKeys([{ keys: "u", does: "Split or unified", group: "Review", run: () => setStyle(style === "split" ? "unified" : "split") }]);
  const intro = useMemo(() => <ReviewIntro review={review} />, [review]);
  return (
    <div className="flex h-full flex-col">
      <ReviewHead run={run} proposal={proposal} style={style} onStyle={setStyle} />
      {(moved || fresher) && (
        <Banner tone={moved ? "needs" : "plain"} icon={<RefreshCw size={15} />} action={<Button size="small" onClick={onAgain}>{moved ? "Show what changed" : "Show the new evidence"}</Button>}>
          {moved ? <><span className="mono">{proposal.head.slice(0, 7)}</span> is no longer the head. Merging is off; your drafts stay with the head they were written for.</> : "A check has moved on since this page was read."}
        </Banner>
      )}
      {diff.truncated && <Banner icon={<GitPullRequest size={15} />}>The diff is too large to be shown whole. Files without lines are listed; fetch the branch to read them.</Banner>}
      <div className="hairline-t flex min-h-0 flex-1">
        <FileList files={diff.files} at={reader.at} viewed={reader.viewed} drafts={box.drafts} onJump={reader.jump} onView={reader.mark} />
        <div className="min-w-0 flex-1">
          <Suspense fallback={<Skeleton lines={14} />}>
            <DiffView files={diff.files} style={style} drafts={box.drafts} view={reader.view} viewed={reader.viewed} onPlace={box.place} onWrite={box.write} onDrop={box.drop} header={intro} />
          </Suspense>
        </div>
      </div>
      <MergeBar review={review} run={run} moved={moved} unsent={box.unsent.length} onSend={() => void send()} />
    </div>
  );
}

/** Where the reader is in the files, and which are done. */
function useReader(paths: readonly string[]) {
  const [at, setAt] = useState(0);
  const [viewed, setViewed] = useState<ReadonlySet<string>>(new Set());
  const view = useRef<ViewHandle>(null);
  const jump = (index: number) => {
    const next = Math.max(0, Math.min(paths.length - 1, index));
    const id = paths[next];
    if (id === undefined) return;
    setAt(next);
    view.current?.scrollTo({ type: "item", id, align: "start" });
  };
  const mark = (path: string) => setViewed((before) => flip(before, path));
  useKeys([
    { keys: "j", does: "Next file", group: "Review", run: () => jump(at + 1) },
    { keys: "k", does: "Previous file", group: "Review", run: () => jump(at - 1) },
    { keys: "v", does: "Mark file as viewed", group: "Review", run: () => { const path = paths[at]; if (path !== undefined) { mark(path); jump(at + 1); } } },
  ]);
  return { at, viewed, view, jump, mark };
}

function flip(set: ReadonlySet<string>, path: string): ReadonlySet<string> {
  const next = new Set(set);
  if (!next.delete(path)) next.add(path);
  return next;
}
