import { Outlet, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useEffect } from "react";
import { Banners } from "@/app/banners";
import { BottomTabs } from "@/app/bottom-tabs";
import { useKeys } from "@/app/keys";
import { PLACES } from "@/app/nav";
import { assign, open } from "@/app/overlays";
import { Rail, useCount } from "@/app/rail";
import { me, painted, theme, tourDone } from "@/app/session";
import { useMergedNotices } from "@/features/decide/merged";
import { useSignal } from "@/lib/signal";
import { Skeleton } from "@/ui/empty";
import { Notices, undoLast } from "@/ui/toast";

const loadPalette = () => import("@/app/palette");
const Palette = lazy(() => loadPalette().then((file) => ({ default: file.Palette })));
const Help = lazy(() => import("@/app/help").then((file) => ({ default: file.Help })));
const Tour = lazy(() => import("@/app/tour").then((file) => ({ default: file.Tour })));
const Assign = lazy(() => import("@/features/tickets/assign").then((file) => ({ default: file.Assign })));
const NewTicket = lazy(() => import("@/features/tickets/new-ticket").then((file) => ({ default: file.NewTicket })));

/** The frame around every page: rail, banners, the page, and what may lie above it. */
export function Shell() {
  useGlobalKeys();
  useTitle();
  useEffect(() => { setTimeout(() => void loadPalette().catch(() => undefined), 1500); }, []);
  useFirstVisit();
  useMergedNotices();
  const touring = useSignal(open) === "tour";
  return (
    <div className="flex h-full">
      <a href="#page" className="sr-only focus:not-sr-only focus:absolute focus:left-2 focus:top-2 focus:z-50 focus:rounded-control focus:bg-raised focus:px-3 focus:py-2">
        Skip to the page
      </a>
      <Rail />
      <div className="flex min-w-0 flex-1 flex-col bg-surface">
        <Banners />
        <main id="page" className="min-h-0 flex-1 max-tablet:pb-14">
          <Suspense fallback={<Skeleton />}><Outlet /></Suspense>
        </main>
        {touring && <Suspense fallback={null}><Tour /></Suspense>}
      </div>
      <BottomTabs />
      <Notices />
      <Overlays />
    </div>
  );
}

/** The first visit to a site that rehearses is shown around; it never blocks the page, and it comes once. */
function useFirstVisit(): void {
  useEffect(() => { if (me().rehearsal && tourDone.get() === "no" && innerWidth >= 760) open.set("tour"); }, []);
}

/** The tab says how many requests wait: the one number that is worth a glance from another window. */
function useTitle(): void {
  const waiting = useCount("/inbox");
  useEffect(() => { document.title = waiting > 0 ? `(${waiting}) Quarterdeck` : "Quarterdeck"; }, [waiting]);
}

function Overlays() {
  const now = useSignal(open);
  return (
    <Suspense fallback={null}>
      {now === "palette" && <Palette />}
      {now === "help" && <Help />}
      {now === "assign" && <Assign />}
      {now === "ticket" && <NewTicket />}
    </Suspense>
  );
}

function useGlobalKeys(): void {
  const go = useNavigate();
  useKeys([
    { keys: "mod+k", does: "Command palette", group: "Everywhere", run: () => open.set("palette"), whileTyping: true },
    { keys: "?", does: "This help", group: "Everywhere", run: () => open.set("help") },
    { keys: "z", does: "Undo the last decision", group: "Everywhere", run: () => undoLast() },
    { keys: "c", does: "Start a run", group: "Everywhere", run: () => assign() },
    { keys: "n", does: "New ticket", group: "Everywhere", run: () => open.set("ticket") },
    { keys: "g t", does: "Light or dark", group: "Everywhere", run: () => theme.set(painted.get() === "dark" ? "light" : "dark") },
    ...PLACES.map(({ to, label, keys }) => ({ keys, does: `Go to ${label.toLowerCase()}`, group: "Go to", run: () => void go({ to }) })),
  ]);
}
