-- Take the lock unless somebody else has it. Returns {1}, or {0, token, job, since} of who has it;
-- whoever is going to ask again is listed among those who wait, for as long as he does.
-- KEYS: the lock, who waits for it, what this execution waits for, the names of all locks.
-- ARGV: name, token, job, execution, milliseconds it is kept, milliseconds a wait is listed.
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local holder = redis.call('HGET', KEYS[1], 'token')
if holder and holder ~= ARGV[2] then
    if tonumber(ARGV[6]) > 0 then
        redis.call('ZADD', KEYS[2], now, ARGV[4])
        redis.call('PEXPIRE', KEYS[2], ARGV[6])
        redis.call('HSET', KEYS[3], 'name', ARGV[1])
        redis.call('HSETNX', KEYS[3], 'since', now)
        redis.call('PEXPIRE', KEYS[3], ARGV[6])
    end
    return {0, holder, redis.call('HGET', KEYS[1], 'job'), redis.call('HGET', KEYS[1], 'since')}
end
-- Asked again with the same token: the answer was lost, not the lock.
redis.call('HSET', KEYS[1], 'token', ARGV[2], 'job', ARGV[3])
redis.call('HSETNX', KEYS[1], 'since', now)
redis.call('PEXPIRE', KEYS[1], ARGV[5])
redis.call('SADD', KEYS[4], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[4])
redis.call('DEL', KEYS[3])
return {1}
