import { open } from "@/app/overlays";
import { theme, useMe, watchesOnly } from "@/app/session";
import { signOut } from "@/app/sign-out";
import { useSignal } from "@/lib/signal";
import { Menu, type MenuItem } from "@/ui/menu";
import { Avatar } from "@/ui/person";

export function UserMenu() {
  const who = useMe();
  const items = useItems();
  return (
    <Menu
      side="top" items={items}
      trigger={
        <button type="button" className="flex h-9 items-center gap-2 rounded-control px-2 text-left hover:bg-hover max-desk:justify-center max-desk:px-0">
          <Avatar name={who.person.name} size={22} />
          <span className="min-w-0 flex-1 max-desk:sr-only">
            <span className="block truncate text-meta font-medium">{who.person.name}</span>
            <span className="block truncate text-micro text-text-3">{who.owner ? "owner" : watchesOnly(who) ? "watches" : "supervises"}</span>
          </span>
        </button>
      }
    />
  );
}

function useItems(): MenuItem[] {
  const now = useSignal(theme);
  const next = now === "system" ? "light" : now === "light" ? "dark" : "system";
  return [
    { label: `Theme: ${now}`, note: `Next: ${next}`, onPick: () => theme.set(next) },
    { label: "Keys on this page", keys: "?", onPick: () => open.set("help") },
    { label: "Show me around", onPick: () => open.set("tour") },
    { label: "Sign out", onPick: signOut },
  ];
}
