import { http } from "@/lib/http";
import type { Review } from "@/wire/types";

export const getReview = (run: string): Promise<Review> => http.get<Review>(`/reviews/${encodeURIComponent(run)}`);
