import { http } from "@/lib/http";
import type { Effect, SitePatch, SiteView } from "@/wire/types";

const path = (id: string, word: string): string => `/effects/${encodeURIComponent(id)}/${word}`;

export const getSite = (): Promise<SiteView> => http.getRaw<SiteView>("/site");
export const changeSite = (body: SitePatch): Promise<SiteView> => http.patch<SiteView>("/site", body);
export const getEffects = (): Promise<Effect[]> => http.get<Effect[]>("/effects");
export const tryAgain = (id: string): Promise<void> => http.post<void>(path(id, "again"));
export const giveUp = (id: string): Promise<void> => http.post<void>(path(id, "drop"));
