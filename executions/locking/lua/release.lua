-- Give the lock back, and stop waiting for it. Returns whether it was held under this token.
-- KEYS: the lock, who waits for it, what this execution waits for, the names of all locks.
-- ARGV: name, token, execution.
redis.call('ZREM', KEYS[2], ARGV[3])
redis.call('DEL', KEYS[3])
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[2] then
    return 0
end
redis.call('DEL', KEYS[1])
redis.call('SREM', KEYS[4], ARGV[1])
return 1
