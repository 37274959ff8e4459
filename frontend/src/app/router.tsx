import { createRootRoute, createRoute, createRouter, lazyRouteComponent, notFound, Outlet, redirect } from "@tanstack/react-router";
import { Broken } from "@/app/broken";
import { NoPage } from "@/app/no-page";
import { Shell } from "@/app/shell";
import { parseFilter } from "@/features/board/filter";
import { whereOf } from "@/features/settings/parts";

const root = createRootRoute({ component: () => <Outlet /> });
const shell = createRoute({ getParentRoute: () => root, id: "shell", component: Shell });
const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

const home = createRoute({ getParentRoute: () => root, path: "/", beforeLoad: () => { throw redirect({ to: "/inbox" }); } });
const inbox = createRoute({
  getParentRoute: () => shell, path: "/inbox",
  validateSearch: (raw: Record<string, unknown>): { request?: string; tab?: string; mark?: "reviews" } => ({
    ...(raw["mark"] === "reviews" ? { mark: "reviews" } : {}),
    ...(text(raw["request"]) ? { request: text(raw["request"])! } : {}), ...(text(raw["tab"]) ? { tab: text(raw["tab"])! } : {}),
  }),
  component: lazyRouteComponent(() => import("@/features/inbox/page"), "InboxPage"),
});
const board = createRoute({
  getParentRoute: () => shell, path: "/board", validateSearch: parseFilter,
  component: lazyRouteComponent(() => import("@/features/board/page"), "BoardPage"),
});
const list = createRoute({
  getParentRoute: () => shell, path: "/list", validateSearch: parseFilter,
  component: lazyRouteComponent(() => import("@/features/board/list-page"), "ListPage"),
});
const run = createRoute({
  getParentRoute: () => shell, path: "/runs/$id",
  validateSearch: (raw: Record<string, unknown>): { tab?: string } => (text(raw["tab"]) ? { tab: text(raw["tab"])! } : {}),
  component: lazyRouteComponent(() => import("@/features/run/page"), "RunPage"),
});
const reviews = createRoute({
  getParentRoute: () => shell, path: "/review", component: lazyRouteComponent(() => import("@/features/review/queue"), "ReviewQueue"),
});
const review = createRoute({
  getParentRoute: () => shell, path: "/review/$id", component: lazyRouteComponent(() => import("@/features/review/page"), "ReviewPage"),
});
const fleet = createRoute({
  getParentRoute: () => shell, path: "/fleet", component: lazyRouteComponent(() => import("@/features/fleet/page"), "FleetPage"),
});
const tickets = createRoute({
  getParentRoute: () => shell, path: "/tickets",
  validateSearch: (raw: Record<string, unknown>): { ticket?: string; q?: string; project?: string } => ({
    ...(text(raw["ticket"]) ? { ticket: text(raw["ticket"])! } : {}), ...(text(raw["q"]) ? { q: text(raw["q"])! } : {}),
    ...(text(raw["project"]) ? { project: text(raw["project"])! } : {}),
  }),
  component: lazyRouteComponent(() => import("@/features/tickets/page"), "TicketsPage"),
});
const settings = createRoute({
  getParentRoute: () => shell, path: "/settings",
  validateSearch: (raw: Record<string, unknown>): { part?: string; project?: string } => ({
    ...(text(raw["part"]) ? { part: text(raw["part"])! } : {}), ...(text(raw["project"]) ? { project: text(raw["project"])! } : {}),
  }),
  component: lazyRouteComponent(() => import("@/features/settings/page"), "SettingsPage"),
});
/** Addresses that people guess lead where they mean: /settings/projects, /projects, /projects/LARK. */
const guess = (path: string): never => {
  const search = whereOf(path);
  if (search === undefined) throw notFound();
  throw redirect({ to: "/settings", search, replace: true });
};
const guessed = [
  createRoute({ getParentRoute: () => shell, path: "/settings/$part", beforeLoad: ({ params }) => guess(params.part) }),
  createRoute({ getParentRoute: () => shell, path: "/settings/$part/$name", beforeLoad: ({ params }) => guess(`${params.part}/${params.name}`) }),
  createRoute({ getParentRoute: () => shell, path: "/projects", beforeLoad: () => guess("projects") }),
  createRoute({ getParentRoute: () => shell, path: "/projects/$name", beforeLoad: ({ params }) => guess(`projects/${params.name}`) }),
];

const tree = root.addChildren([home, shell.addChildren([inbox, board, list, run, reviews, review, tickets, fleet, settings, ...guessed])]);
export const router = createRouter({ routeTree: tree, defaultPreload: "intent", scrollRestoration: false, defaultNotFoundComponent: NoPage, defaultErrorComponent: Broken });

declare module "@tanstack/react-router" {
  interface Register { router: typeof router }
}
