-- Keep the lock for longer, and note its fencing number if one is given. Returns whether it is held
-- under this token.
-- KEYS: the lock. ARGV: token, milliseconds it is kept, fencing number or ''.
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then
    return 0
end
if ARGV[3] ~= '' then
    redis.call('HSET', KEYS[1], 'fence', ARGV[3])
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
