import { http } from "@/lib/http";
import type { ConnectionBody, ConnectionPatch, ConnectionView, SettingFact } from "@/wire/types";

const path = (id: string): string => `/connections/${encodeURIComponent(id)}`;

export const getConnections = (): Promise<ConnectionView[]> => http.get<ConnectionView[]>("/connections");
export const createConnection = (body: ConnectionBody): Promise<ConnectionView> => http.post<ConnectionView>("/connections", body);
export const changeConnection = (id: string, body: ConnectionPatch): Promise<ConnectionView> => http.patch<ConnectionView>(path(id), body);
export const removeConnection = (id: string): Promise<void> => http.delete<void>(path(id));
export const testConnection = (id: string): Promise<SettingFact[]> => http.post<SettingFact[]>(`${path(id)}/test`);
