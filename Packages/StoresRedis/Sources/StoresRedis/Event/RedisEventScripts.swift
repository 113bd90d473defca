/// The event tier's scripts. All its keys are in one slot, so a script may reach any of them.
///
/// - `g`: a hash; `p` the last position that was given out, `d` the last that retention has dropped
///
/// A position is the server's time in microseconds, or the one after the last: when the server comes back without its
/// last writes, those that it gave out for them are not given out again, and no subscriber passes over what follows.
///
/// - `i`: the index, a stream of the server with the entry `POSITION-0` for each event: stream `s`, revision `r`
/// - `s:NAME`: the events of a stream, a stream of the server with the entry `REVISION + 1-0` for each
/// - `m:NAME`: a hash; `n` is the next revision
/// - `d:NAME`: a hash of event ids, each with revision and position
///
/// Revisions come from a counter and not from XLEN, which falls when events are dropped.
enum RedisEventScripts {
    private static let common = """
        local function number(value) return string.format('%.0f', value) end

        """

    /// KEYS: `g`, `i`, `s`, `m`, `d`. ARGV: stream, what is expected (`*` any, `-` none, `+` some, `=` exactly), the
    /// revision, now, how many events, how many to keep in all or 0; then for each event id, type, content type, data,
    /// how many fields of metadata, and these.
    static let append = RedisScript(
        common + """
            local count, place = tonumber(ARGV[5]), 7
            local starts = {}
            for event = 1, count do
              starts[event] = place
              place = place + 5 + 2 * tonumber(ARGV[place + 4])
            end
            local known, first, inOrder, position = 0, nil, true, nil
            for event = 1, count do
              local found = redis.call('HGET', KEYS[5], ARGV[starts[event]])
              if found then
                local revision
                revision, position = string.match(found, '^(%d+) (%d+)$')
                known = known + 1
                first = first or tonumber(revision)
                inOrder = inOrder and tonumber(revision) == first + event - 1
              end
            end
            if known == count and inOrder then
              return {'again', number(first), number(first + count - 1), position}
            elseif known > 0 then
              return {'partial'}
            end
            local next = tonumber(redis.call('HGET', KEYS[4], 'n') or '0')
            local expected = ARGV[2]
            if (expected == '-' and next > 0) or (expected == '+' and next == 0)
              or (expected == '=' and (next == 0 or tonumber(ARGV[3]) ~= next - 1)) then
              return {'conflict', next > 0 and number(next - 1) or false}
            end
            local keep = tonumber(ARGV[6])
            local function drop(surplus)
              -- Not without bound, since everybody waits: the rest is for the next appends.
              if keep == 0 or surplus <= 0 then return end
              surplus = math.min(surplus, count + 1000)
              local streams = string.sub(KEYS[3], 1, #KEYS[3] - #ARGV[1])
              local ids = string.sub(KEYS[5], 1, #KEYS[5] - #ARGV[1])
              for _, entry in ipairs(redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', surplus)) do
                local name, id = entry[2][2], number(tonumber(entry[2][4]) + 1) .. '-0'
                local event = redis.call('XRANGE', streams .. name, id, id)[1]
                if event and event[2][2] .. '-0' == entry[1] then
                  redis.call('HDEL', ids .. name, event[2][4])
                  redis.call('XDEL', streams .. name, id)
                end
                redis.call('XDEL', KEYS[2], entry[1])
                redis.call('HSET', KEYS[1], 'd', string.sub(entry[1], 1, -3))
              end
            end
            -- Before anything is written, since other streams may be out of reach while slots move.
            drop(redis.call('XLEN', KEYS[2]) + count - keep)
            local time = redis.call('TIME')
            local last = tonumber(redis.call('HGET', KEYS[1], 'p') or '0')
            last = math.max(last, tonumber(time[1]) * 1000000 + tonumber(time[2])) + count
            redis.call('HSET', KEYS[1], 'p', number(last))
            for event = 1, count do
              local at = starts[event]
              local revision = number(next + event - 1)
              position = number(last - count + event)
              local fields = {
                'p', position, 'i', ARGV[at], 't', ARGV[at + 1], 'c', ARGV[at + 2], 'a', ARGV[4], 'd', ARGV[at + 3]
              }
              for field = 1, 2 * tonumber(ARGV[at + 4]), 2 do
                fields[#fields + 1] = 'm:' .. ARGV[at + 4 + field]
                fields[#fields + 1] = ARGV[at + 5 + field]
              end
              redis.call('XADD', KEYS[2], position .. '-0', 's', ARGV[1], 'r', revision)
              redis.call('XADD', KEYS[3], number(next + event) .. '-0', unpack(fields))
              redis.call('HSET', KEYS[5], ARGV[at], revision .. ' ' .. position)
            end
            redis.call('HSET', KEYS[4], 'n', number(next + count))
            if count > keep then drop(redis.call('XLEN', KEYS[2]) - keep) end
            return {'ok', number(next), number(next + count - 1), position}
            """)

    /// KEYS: `s`, `m`. ARGV: from which entry, direction (`f`, `b`), how many. Replies with the next revision, the
    /// oldest entry's id, and the entries; with nothing when there is no stream.
    static let read = RedisScript(
        """
        local next = redis.call('HGET', KEYS[2], 'n')
        if not next then return false end
        local oldest = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
        local entries
        if ARGV[2] == 'f' then entries = redis.call('XRANGE', KEYS[1], ARGV[1], '+', 'COUNT', ARGV[3])
        else entries = redis.call('XREVRANGE', KEYS[1], ARGV[1], '-', 'COUNT', ARGV[3]) end
        return {next, oldest and oldest[1] or false, entries}
        """)

    /// KEYS: `g`, `i`. ARGV: from which entry of the index, how many, and how the keys of streams begin. Replies with
    /// the last position that was dropped, how many entries the index had, the last of them, the events, each with
    /// its stream, and the last position that was given out. An entry without its event belongs to a stream that was
    /// deleted.
    static let readAll = RedisScript(
        common + """
            local entries = redis.call('XRANGE', KEYS[2], ARGV[1], '+', 'COUNT', ARGV[2])
            local events, last = {}, false
            for _, entry in ipairs(entries) do
              last = entry[1]
              local id = number(tonumber(entry[2][4]) + 1) .. '-0'
              local event = redis.call('XRANGE', ARGV[3] .. entry[2][2], id, id)[1]
              if event and event[2][2] .. '-0' == entry[1] then events[#events + 1] = {entry[2][2], event} end
            end
            local places = redis.call('HMGET', KEYS[1], 'd', 'p')
            return {places[1] or '0', #entries, last, events, places[2] or '0'}
            """)

    /// KEYS: `m`, `s`, `d`, both of snapshots, the set of what is being removed, and a new key for the events until
    /// they are. From then on the stream is gone. Replies with 1 when there was one.
    static let delete = RedisScript(
        """
        redis.call('UNLINK', KEYS[4], KEYS[5])
        if redis.call('DEL', KEYS[1]) == 0 then return 0 end
        redis.call('UNLINK', KEYS[3])
        if redis.call('EXISTS', KEYS[2]) == 1 then
          redis.call('RENAME', KEYS[2], KEYS[7])
          redis.call('SADD', KEYS[6], KEYS[7])
        end
        return 1
        """)

    /// KEYS: `i`, the set of what is being removed. ARGV: how many events. Takes some events of removed streams out of
    /// the index; replies with 1 while there is more.
    static let sweep = RedisScript(
        """
        local removed = redis.call('SRANDMEMBER', KEYS[2])
        if not removed then return 0 end
        for _, entry in ipairs(redis.call('XRANGE', removed, '-', '+', 'COUNT', ARGV[1])) do
          redis.call('XDEL', KEYS[1], entry[2][2] .. '-0')
          redis.call('XDEL', removed, entry[1])
        end
        if redis.call('XLEN', removed) == 0 then
          redis.call('UNLINK', removed)
          redis.call('SREM', KEYS[2], removed)
        end
        return redis.call('EXISTS', KEYS[2])
        """)
}
