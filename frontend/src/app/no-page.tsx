import { Link, useLocation } from "@tanstack/react-router";
import { SearchX } from "lucide-react";
import { PLACES } from "@/app/nav";
import { reveal } from "@/lib/invisible";
import { Empty } from "@/ui/empty";

/** An address of nothing: which, and what there is instead. */
export function NoPage() {
  const { pathname } = useLocation();
  return (
    <main className="h-full bg-surface">
      <h1 className="sr-only">No such page</h1>
      <Empty icon={<SearchX size={28} strokeWidth={1.5} />} title="No such page"
        action={<nav aria-label="Pages" className="flex flex-wrap justify-center gap-x-4 gap-y-1">{PLACES.map(({ to, label }) => <Link key={to} to={to} className="tap inline-flex items-center text-accent-text hover:underline">{label}</Link>)}</nav>}>
        Nothing is at <span className="mono break-all">{reveal(pathname)}</span>. The address may be mistyped or from another version. These pages are here:
      </Empty>
    </main>
  );
}
