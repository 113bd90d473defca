/// The event tier's scripts. All its keys are in one slot, so a script may reach any of them.
///
/// - `g`: a hash; `p` the last position that was given out, `d` that of the last event that retention has dropped, `t`
///   how many streams `T` has
/// - `i`: the index, a stream of the server with the entry `POSITION-0` for each event: stream `s`, revision `r`
/// - `s:NAME`: the events of a stream, a stream of the server with the entry `REVISION + 1-0` for each
/// - `m:NAME`: a hash; `n` is the next revision
/// - `d:NAME`: a hash of event ids, each with revision and position
/// - `x`: the ids of dropped events, which are known for a while: the entry `POSITION-0` with stream `s`, id `i`
/// - `T`: the set of removed streams whose events are still in the index, each under a key `t:ID`
///
/// Revisions come from a counter and not from XLEN, which falls when events are dropped. A position is the server's
/// time in microseconds, or the one after the last: a server that comes back without its last writes does not give out
/// again what it gave out for them, and no subscriber passes over what is appended then.
///
/// While the slot moves to another node of a cluster, a key that is not declared may be out of reach, which ends a
/// script in its middle. So an append touches declared keys alone; the others touch what may fail before they write.
/// None is run by the node that the slot is on its way to, see ``RedisPlace/mustBeWhole``.
enum RedisEventScripts {
    private static let common = """
        local function number(value) return string.format('%.0f', value) end

        """

    /// KEYS: `g`, `i`, `s`, `m`, `d`. ARGV: stream, what is expected (`*` any, `-` none, `+` some, `=` exactly),
    /// the revision, now, how many events, how many to keep in all or 0; then for each event id, type, content type,
    /// data, how many fields of metadata, and these. Replies with first and last revision, the last position, and
    /// whether there is something to be tidied.
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
            local given, time = redis.call('HMGET', KEYS[1], 'p', 't'), redis.call('TIME')
            local last = math.max(tonumber(given[1] or '0'), tonumber(time[1]) * 1000000 + tonumber(time[2])) + count
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
            local keep = tonumber(ARGV[6])
            local untidy = given[2] and given[2] ~= '0' and 1 or 0
            if keep > 0 and redis.call('XLEN', KEYS[2]) > keep + math.floor(keep / 100) then untidy = 1 end
            return {'ok', number(next), number(next + count - 1), position, untidy}
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
    /// the last position that was dropped, the last that was given out, how many entries the index had, the last of
    /// them, and the events, each with its stream. An entry without its event belongs to a stream that was deleted.
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
            return {places[1] or '0', places[2] or '0', #entries, last, events}
            """)

    /// KEYS: `m`, `s`, `d`, both of snapshots, `T`, a new key for the events until they are removed, and `g`. From then
    /// on the stream is gone. Replies with 1 when there was one.
    static let delete = RedisScript(
        """
        redis.call('UNLINK', KEYS[4], KEYS[5])
        if redis.call('DEL', KEYS[1]) == 0 then return 0 end
        redis.call('UNLINK', KEYS[3])
        if redis.call('EXISTS', KEYS[2]) == 1 then
          redis.call('RENAME', KEYS[2], KEYS[7])
          redis.call('SADD', KEYS[6], KEYS[7])
          redis.call('HSET', KEYS[8], 't', redis.call('SCARD', KEYS[6]))
        end
        return 1
        """)

    /// KEYS: `g`, `i`, `x`, `T`. ARGV: how many events to keep in all or 0, how many to drop at most, how many dropped
    /// ids to know, how the keys of streams and of ids begin. Does a bounded part of what is left to be done, since
    /// everybody waits meanwhile: drops the oldest events, forgets the oldest ids of dropped ones, and takes events of
    /// removed streams out of the index. Replies with 1 while there are more of these.
    static let tidy = RedisScript(
        common + """
            local keep, most = tonumber(ARGV[1]), tonumber(ARGV[2])
            local surplus = keep > 0 and redis.call('XLEN', KEYS[2]) - keep or 0
            if surplus > 0 then
              -- Bytes are bounded too: an event is read as a whole.
              local room = 33554432
              for _, entry in ipairs(redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', math.min(surplus, most))) do
                local stream, id = ARGV[4] .. entry[2][2], number(tonumber(entry[2][4]) + 1) .. '-0'
                local event = redis.call('XRANGE', stream, id, id)[1]
                if event and event[2][2] .. '-0' == entry[1] then
                  redis.call('HSET', KEYS[1], 'd', event[2][2])
                  redis.call('XADD', KEYS[3], entry[1], 's', entry[2][2], 'i', event[2][4])
                  redis.call('XDEL', stream, id)
                  if redis.call('XLEN', stream) == 0 then redis.call('UNLINK', stream) end
                  for _, field in ipairs(event[2]) do room = room - #field end
                end
                redis.call('XDEL', KEYS[2], entry[1])
                if room <= 0 then break end
              end
            end
            local stale = redis.call('XLEN', KEYS[3]) - tonumber(ARGV[3])
            if stale > 0 then
              for _, entry in ipairs(redis.call('XRANGE', KEYS[3], '-', '+', 'COUNT', math.min(stale, most))) do
                local ids, id = ARGV[5] .. entry[2][2], entry[2][4]
                -- The stream may have been deleted since, and have the id anew.
                local found = redis.call('HGET', ids, id)
                if found and string.match(found, '%d+$') .. '-0' == entry[1] then redis.call('HDEL', ids, id) end
                redis.call('XDEL', KEYS[3], entry[1])
              end
            end
            local removed = redis.call('SRANDMEMBER', KEYS[4])
            if not removed then return 0 end
            for _, entry in ipairs(redis.call('XRANGE', removed, '-', '+', 'COUNT', 500)) do
              redis.call('XDEL', KEYS[2], entry[2][2] .. '-0')
              redis.call('XDEL', removed, entry[1])
            end
            if redis.call('XLEN', removed) == 0 then
              redis.call('UNLINK', removed)
              redis.call('SREM', KEYS[4], removed)
            end
            local left = redis.call('SCARD', KEYS[4])
            redis.call('HSET', KEYS[1], 't', left)
            return left > 0 and 1 or 0
            """)
}
