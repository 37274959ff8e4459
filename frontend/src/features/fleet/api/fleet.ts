import { http } from "@/lib/http";
import type { Fleet } from "@/wire/types";

export const getFleet = (): Promise<Fleet> => http.get<Fleet>("/fleet");
