"""How often somebody may ask. Kept in memory: a rate that needs a database is one more thing to overload."""

import time
from dataclasses import dataclass, field


@dataclass
class Bucket:
    """Lets `burst` through at once and `per_second` after that."""

    per_second: float
    burst: float
    _level: float = field(default=0.0, init=False)
    _at: float = field(default_factory=time.monotonic, init=False)

    def take(self) -> bool:
        now = time.monotonic()
        self._level = max(0.0, self._level - (now - self._at) * self.per_second)
        self._at = now
        if self._level + 1 > self.burst:
            return False
        self._level += 1
        return True
