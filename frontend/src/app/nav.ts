import { Columns3, GitMerge, Inbox, List, Server, Settings, SquareCheckBig, type LucideIcon } from "lucide-react";

export type PageName = "/inbox" | "/board" | "/list" | "/review" | "/tickets" | "/fleet" | "/settings";
export interface Place { to: PageName; label: string; icon: LucideIcon; keys: string; phone: boolean }

export const PLACES: readonly Place[] = [
  { to: "/inbox", label: "Inbox", icon: Inbox, keys: "g i", phone: true },
  { to: "/board", label: "Board", icon: Columns3, keys: "g b", phone: true },
  { to: "/list", label: "List", icon: List, keys: "g l", phone: false },
  { to: "/review", label: "Review", icon: GitMerge, keys: "g r", phone: true },
  { to: "/tickets", label: "Tickets", icon: SquareCheckBig, keys: "g k", phone: false },
  { to: "/fleet", label: "Fleet", icon: Server, keys: "g f", phone: true },
  { to: "/settings", label: "Settings", icon: Settings, keys: "g s", phone: true },
];
