"""GCRA as one Lua script, run by Redis in one step and by its own clock."""

from __future__ import annotations

from typing import Final

__all__ = ["RATE_LIMIT_SCRIPT"]

RATE_LIMIT_SCRIPT: Final = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local interval, tolerance = tonumber(ARGV[1]), tonumber(ARGV[2])
local patience, longest = tonumber(ARGV[3]), tonumber(ARGV[4])
local due = tonumber(redis.call('GET', KEYS[1]) or now)
local latest = now + tolerance + interval + longest
local changed = due > latest
if changed then due = latest end
if due < now then due = now end
local wait = due - tolerance - now
if wait <= 1 then wait = 0 end
if wait <= patience then
  due = due + interval
  changed = true
end
if changed then
  redis.call('SET', KEYS[1], string.format('%.17g', due), 'PX', math.ceil((due - now) / 1000) + 1)
end
return {string.format('%.17g', wait), now}
"""
"""The decisions of :class:`~exai_sre.resilience.rate_limit_engine.GcraEngine`, in microseconds.

``KEYS[1]`` holds the theoretical arrival time and expires when the bucket is full. Arguments: the
interval, the tolerance, the patience of this call and the longest patience of any call. Answer:
how long to wait (the call was counted if that is at most its patience), and the time.

``due`` can only be later than ``latest`` if the clock of the server was put back; the limit then
mends itself within one burst instead of refusing until the old time comes round again.
"""
