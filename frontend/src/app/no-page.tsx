import { Link } from "@tanstack/react-router";
import { SearchX } from "lucide-react";
import { Empty } from "@/ui/empty";

export function NoPage() {
  return (
    <main className="h-full bg-surface">
      <h1 className="sr-only">No such page</h1>
      <Empty icon={<SearchX size={28} strokeWidth={1.5} />} title="No such page" action={<Link to="/inbox" className="text-accent-text hover:underline">Go to the inbox</Link>}>
        The address is none of ours. Nothing was changed.
      </Empty>
    </main>
  );
}
