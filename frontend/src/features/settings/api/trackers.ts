import { http } from "@/lib/http";
import type { FoundTickets, OneWord, SettingFact, TrackerBody, TrackerDelivery, TrackerPatch, TrackerView, WatchBody } from "@/wire/types";

const path = (id: string): string => `/trackers/${encodeURIComponent(id)}`;

export const getTrackers = (): Promise<TrackerView[]> => http.get<TrackerView[]>("/trackers");
export const connectTracker = (body: TrackerBody): Promise<TrackerView> => http.post<TrackerView>("/trackers", body);
export const changeTracker = (id: string, body: TrackerPatch): Promise<TrackerView> => http.patch<TrackerView>(path(id), body);
export const removeTracker = (id: string, confirmed: boolean): Promise<void> => http.delete<void>(`${path(id)}${confirmed ? "?confirmed=true" : ""}`);
export const testTracker = (id: string): Promise<SettingFact[]> => http.post<SettingFact[]>(`${path(id)}/test`);
export const signIn = (id: string): Promise<OneWord> => http.post<OneWord>(`${path(id)}/sign-in`);
export const signOut = (id: string): Promise<void> => http.delete<void>(`${path(id)}/sign-in`);
export const chooseSite = (id: string, site: string): Promise<TrackerView> => http.put<TrackerView>(`${path(id)}/site`, { site });
export const newSecret = (id: string): Promise<OneWord> => http.post<OneWord>(`${path(id)}/secret`);
export const linkCode = (id: string): Promise<OneWord> => http.post<OneWord>(`${path(id)}/link`);
export const tryQuery = (id: string, query: string, spaces: readonly string[]): Promise<FoundTickets> => http.post<FoundTickets>(`${path(id)}/preview`, { query, spaces });
export const getDeliveries = (id: string): Promise<TrackerDelivery[]> => http.get<TrackerDelivery[]>(`${path(id)}/deliveries`);
export const deliverAgain = (id: string, delivery: string): Promise<void> => http.post<void>(`${path(id)}/deliveries/${encodeURIComponent(delivery)}/again`);
export const allowPerson = (id: string, account: string, allowed: boolean): Promise<TrackerView> => http.put<TrackerView>(`${path(id)}/people/${encodeURIComponent(account)}`, { allowed });
export const watchProject = (project: string, body: WatchBody): Promise<TrackerView> => http.put<TrackerView>(`/projects/${encodeURIComponent(project)}/watch`, body);
export const unwatchProject = (project: string): Promise<void> => http.delete<void>(`/projects/${encodeURIComponent(project)}/watch`);
