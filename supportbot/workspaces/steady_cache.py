"""Redis as Django's cache; while it does not answer, allauth counts in the memory of each process.

Our own callers say what becomes of them without a cache; allauth's would fail, and with them each password that is
forgotten and each second factor.
"""

from __future__ import annotations

from typing import Any, ClassVar

import structlog
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)
OF_ALLAUTH = "allauth"  # what its keys begin with: tries, and codes that were used


class SteadyRedisCache(RedisCache):
    """The calls that allauth makes, and what stands in for Redis."""

    memory: ClassVar[LocMemCache] = LocMemCache("allauth", {})

    def add(self, key: Any, *args: Any, **kwargs: Any) -> Any:
        """As Django's."""
        return self._ask("add", key, *args, **kwargs)

    def get(self, key: Any, *args: Any, **kwargs: Any) -> Any:
        """As Django's."""
        return self._ask("get", key, *args, **kwargs)

    def set(self, key: Any, *args: Any, **kwargs: Any) -> Any:
        """As Django's."""
        return self._ask("set", key, *args, **kwargs)

    def delete(self, key: Any, *args: Any, **kwargs: Any) -> Any:
        """As Django's."""
        return self._ask("delete", key, *args, **kwargs)

    def _ask(self, call: str, key: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return getattr(super(), call)(key, *args, **kwargs)
        except RedisError as error:
            if not str(key).startswith(OF_ALLAUTH):
                raise
            log.warning("tries counted in this process", error=repr(error))
            return getattr(self.memory, call)(key, *args, **kwargs)
