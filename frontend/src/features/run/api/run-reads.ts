import { http } from "@/lib/http";
import type { Checkpoint, DiffView, OfferedFile, RawEvents } from "@/wire/types";

const path = (run: string, what: string): string => `/runs/${encodeURIComponent(run)}/${what}`;

export const getDiff = (run: string): Promise<DiffView> => http.get<DiffView>(path(run, "diff"));
export const getFiles = (run: string): Promise<OfferedFile[]> => http.get<OfferedFile[]>(path(run, "files"));
export const getCheckpoints = (run: string): Promise<Checkpoint[]> => http.get<Checkpoint[]>(path(run, "checkpoints"));
export const getRaw = (run: string, after: number, limit = 500): Promise<RawEvents> => http.get<RawEvents>(`${path(run, "raw")}?after=${after}&limit=${limit}`);
