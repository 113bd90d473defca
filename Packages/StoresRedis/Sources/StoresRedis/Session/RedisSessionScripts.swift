/// The session tier's scripts. Each runs as one step on the server; keys and values are arguments.
///
/// Their replies begin with a word: `ok`, `conflict` with the etag that is there, `kind` with what the key holds,
/// `fenced` with the latest generation, `foreign` for what this library did not write.
enum RedisSessionScripts {
    /// What all share. `entry` gives kind, etag and expiry of what is visible, and whether something expired is in the
    /// way. Positions are those of `RedisEntry`, counted from 1.
    private static let common = """
        local never = '0000000000000000000'
        local function entry(key, now)
          local head = redis.pcall('GETRANGE', key, 0, 42)
          local kind = 'a value'
          if type(head) == 'table' then
            local found = redis.call('TYPE', key).ok
            if found == 'hash' then
              kind = 'a counter'
              head = redis.call('HGET', key, 'h')
            elseif found == 'list' then
              kind = 'a list'
              head = redis.call('LINDEX', key, 0)
            end
          elseif head == '' then
            return nil
          end
          if type(head) ~= 'string' or string.sub(head, 1, 3) ~= 'v1 ' then return 'foreign' end
          local expires = string.sub(head, 20, 38)
          if expires ~= never and tonumber(expires) <= now then return nil, nil, nil, true end
          return kind, string.sub(head, 4, 18), expires
        end
        local function refused(kind, etag, condition, wanted)
          if kind == 'foreign' then return {'foreign'} end
          if condition == 'a' and kind then return {'conflict', etag} end
          if condition == 'm' and (not kind or etag ~= wanted) then return {'conflict', etag or false} end
        end
        local function fenced(key, generation)
          local current = redis.call('HGET', key, 'g') or '0'
          if current ~= generation or current == '0' then return {'fenced', current} end
        end
        local function head(etag, expires)
          return 'v1 ' .. etag .. ' ' .. expires .. ' 000 '
        end
        local function expiry(key, mode, ttl)
          if mode == 'n' or (mode == 'a' and ttl == '0') then redis.call('PERSIST', key)
          elseif mode == 'a' then redis.call('PEXPIRE', key, ttl) end
        end
        local function put(key, kind, old, mode, ttl, text)
          if mode == 'k' and kind then
            redis.call('SET', key, string.sub(text, 1, 19) .. old .. string.sub(text, 39), 'KEEPTTL')
            return old
          end
          if ttl ~= '0' then redis.call('SET', key, text, 'PX', ttl) else redis.call('SET', key, text) end
          return string.sub(text, 20, 38)
        end

        """

    /// KEYS: entry, and lease for a guard. ARGV: now in 19 digits, condition, etag wanted, mode, ttl, the entry as it
    /// is to be kept, and generation for a guard.
    ///
    /// It begins with what most writes come to, which needs none of the functions: to make them, and a table to reply
    /// with, would cost the server a third more. Then it replies with 1.
    static let set = RedisScript(
        """
        if ARGV[4] ~= 'k' and not KEYS[2] then
          local head = redis.pcall('GETRANGE', KEYS[1], 0, 37)
          local stands = ARGV[2] == 'a' and head == ''
          if ARGV[2] == 'm' and type(head) == 'string' and string.sub(head, 1, 18) == 'v1 ' .. ARGV[3] then
            local expires = string.sub(head, 20, 38)
            stands = expires == '0000000000000000000' or expires > ARGV[1]
          end
          if stands then
            if ARGV[5] == '0' then redis.call('SET', KEYS[1], ARGV[6])
            else redis.call('SET', KEYS[1], ARGV[6], 'PX', ARGV[5]) end
            return 1
          end
        end

        """ + common + """
            if KEYS[2] then
              local stop = fenced(KEYS[2], ARGV[7])
              if stop then return stop end
            end
            local kind, etag, old = entry(KEYS[1], tonumber(ARGV[1]))
            local stop = refused(kind, etag, ARGV[2], ARGV[3])
            if stop then return stop end
            if kind and kind ~= 'a value' then return {'kind', kind} end
            return {'ok', put(KEYS[1], kind, old, unpack(ARGV, 4, 6))}
            """)

    /// KEYS: entry. ARGV: now. Replies with head and content of what a plain GET can't read.
    static let read = RedisScript(
        common + """
            local kind, etag, expires = entry(KEYS[1], tonumber(ARGV[1]))
            if not kind then return false end
            if kind == 'a counter' then return {'ok', etag, expires, redis.call('HGET', KEYS[1], 'n')} end
            if kind == 'a value' then return {'value', redis.call('GET', KEYS[1])} end
            if kind == 'foreign' then return {'foreign'} end
            return {'kind', kind}
            """)

    /// KEYS: entry. ARGV: now. Replies with 1 when it was visible.
    static let delete = RedisScript(
        common + """
            local kind = entry(KEYS[1], tonumber(ARGV[1]))
            redis.call('UNLINK', KEYS[1])
            return kind and 1 or 0
            """)

    /// KEYS: entry. ARGV: now, mode, expires, ttl.
    static let touch = RedisScript(
        common + """
            local kind, etag, old = entry(KEYS[1], tonumber(ARGV[1]))
            if not kind then return false end
            if kind == 'foreign' then return {'foreign'} end
            local mode, expires = ARGV[2], ARGV[3]
            if mode == 'k' then return {'ok', old} end
            if kind == 'a value' then redis.call('SETRANGE', KEYS[1], 19, expires)
            elseif kind == 'a counter' then redis.call('HSET', KEYS[1], 'h', head(etag, expires))
            else redis.call('LSET', KEYS[1], 0, head(etag, expires)) end
            expiry(KEYS[1], mode, ARGV[4])
            return {'ok', expires}
            """)

    /// KEYS: entry. ARGV: now, amount, mode, expires, ttl, etag.
    static let increment = RedisScript(
        common + """
            local kind, etag, old, stale = entry(KEYS[1], tonumber(ARGV[1]))
            if kind == 'foreign' then return {'foreign'} end
            if kind and kind ~= 'a counter' then return {'kind', kind} end
            if stale then redis.call('UNLINK', KEYS[1]) end
            local mode, expires = ARGV[3], ARGV[4]
            if mode == 'k' then expires = kind and old or never end
            local sum = redis.pcall('HINCRBY', KEYS[1], 'n', ARGV[2])
            if type(sum) == 'table' then return string.find(sum.err, 'overflow') and {'overflow'} or sum end
            redis.call('HSET', KEYS[1], 'h', head(ARGV[6], expires))
            expiry(KEYS[1], mode, ARGV[5])
            return {'ok', redis.call('HGET', KEYS[1], 'n')}
            """)

    /// KEYS: entry. ARGV: now, how many to keep, mode, expires, ttl, etag, elements.
    static let append = RedisScript(
        common + """
            local kind, etag, old, stale = entry(KEYS[1], tonumber(ARGV[1]))
            if kind == 'foreign' then return {'foreign'} end
            if kind and kind ~= 'a list' then return {'kind', kind} end
            if stale then redis.call('UNLINK', KEYS[1]) end
            local mode, expires = ARGV[3], ARGV[4]
            if mode == 'k' then expires = kind and old or never end
            for first = 7, #ARGV, 1000 do
              redis.call('RPUSH', KEYS[1], unpack(ARGV, first, math.min(first + 999, #ARGV)))
            end
            if kind then redis.call('LPOP', KEYS[1]) end
            redis.call('LTRIM', KEYS[1], '-' .. ARGV[2], -1)
            local count = redis.call('LLEN', KEYS[1])
            redis.call('LPUSH', KEYS[1], head(ARGV[6], expires))
            expiry(KEYS[1], mode, ARGV[5])
            return {'ok', count}
            """)

    /// KEYS: entry. ARGV: now, how many.
    static let elements = RedisScript(
        common + """
            local kind = entry(KEYS[1], tonumber(ARGV[1]))
            if not kind then return false end
            if kind == 'foreign' then return {'foreign'} end
            if kind ~= 'a list' then return {'kind', kind} end
            local count = math.min(tonumber(ARGV[2]), redis.call('LLEN', KEYS[1]) - 1)
            return {'ok', redis.call('LRANGE', KEYS[1], -count, -1)}
            """)

    /// KEYS: an entry for each operation, then the leases of guards. ARGV: now, how many operations, then for each its
    /// kind (`s`, `d`, `c`), condition, etag wanted, and for `s` mode, ttl, the entry as it is to be kept, the number
    /// of its lease among KEYS or 0, and the generation.
    static let transact = RedisScript(
        common + """
            local now, count = tonumber(ARGV[1]), tonumber(ARGV[2])
            local at, place, kinds, olds = {}, 3, {}, {}
            for number = 1, count do
              at[number] = place
              local write = ARGV[place] == 's'
              if write and ARGV[place + 6] ~= '0' then
                local stop = fenced(KEYS[tonumber(ARGV[place + 6])], ARGV[place + 7])
                if stop then return {'stop', number, stop} end
              end
              local kind, etag, old = entry(KEYS[number], now)
              local stop = refused(kind, etag, ARGV[place + 1], ARGV[place + 2])
              if stop then return {'stop', number, stop} end
              kinds[number], olds[number] = kind or false, old
              place = place + (write and 8 or 3)
            end
            for number = 1, count do
              if ARGV[at[number]] == 's' and kinds[number] and kinds[number] ~= 'a value' then
                return {'stop', number, {'kind', kinds[number]}}
              end
            end
            local done = {'ok'}
            for number = 1, count do
              local place, key = at[number], KEYS[number]
              if ARGV[place] == 's' then
                done[number + 1] = put(key, kinds[number], olds[number], unpack(ARGV, place + 3, place + 5))
              elseif ARGV[place] == 'd' then
                redis.call('UNLINK', key)
                done[number + 1] = kinds[number] and 1 or 0
              else
                done[number + 1] = 0
              end
            end
            return done
            """)

    /// KEYS: where one slot is meant, a key of it. ARGV: now, position, the process that gave it out, how many places
    /// of the key space to look at, pattern, the one key that is meant exactly or nothing, how the others begin, and
    /// whether to delete them. Replies with the next position, how many were visible, unless they were deleted, which,
    /// and the process. A position of another process begins anew.
    ///
    /// What a node has left of a slot that is not its own is out of reach, and nobody's.
    static let scan = RedisScript(
        common + """
            local now, exact, start = tonumber(ARGV[1]), ARGV[6], ARGV[7]
            local process = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or ''
            local position = process == ARGV[3] and ARGV[2] or '0'
            local page = redis.call('SCAN', position, 'MATCH', ARGV[5], 'COUNT', ARGV[4])
            local found, count = {}, 0
            for _, key in ipairs(page[2]) do
              if key == exact or string.sub(key, 1, #start) == start then
                local reached, kind = pcall(entry, key, now)
                if reached then
                  if kind and kind ~= 'foreign' then
                    count = count + 1
                    if ARGV[8] == '0' then found[count] = key end
                  end
                  if ARGV[8] == '1' then redis.call('UNLINK', key) end
                else
                  local text = type(kind) == 'table' and kind.err or tostring(kind)
                  if not string.find(text, 'non local key') and not string.find(text, 'undeclared keys') then
                    return redis.error_reply(text)
                  end
                end
              end
            end
            return {page[1], count, found, process}
            """)
}
