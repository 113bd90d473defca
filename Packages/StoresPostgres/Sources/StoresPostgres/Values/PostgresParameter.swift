/// One bound value, sent in binary. A nil is a NULL of the case's type.
///
/// The same SQL text must always come with the same cases, because it is prepared once for each connection.
enum PostgresParameter: Sendable {
    case bool(Bool?)
    case int2(Int16?)
    case int4(Int32?)
    case int8(Int64?)
    case float4(Float?)
    case float8(Double?)
    /// Postgres has no NUL in texts: one is refused with `invalidArgument` before anything is sent.
    case text(String?)
    /// bytea
    case bytes([UInt8]?)
    /// UTF-8 JSON text.
    case jsonb([UInt8]?)
    /// 16 bytes.
    case uuid([UInt8]?)
    case xid8(UInt64?)
    case boolArray([Bool?])
    case int2Array([Int16?])
    case int4Array([Int32?])
    case int8Array([Int64?])
    case float4Array([Float])
    case float8Array([Double?])
    case textArray([String?])
    case bytesArray([[UInt8]?])
    case jsonbArray([[UInt8]?])
    case xid8Array([UInt64?])
    /// pgvector's types; their OIDs differ from database to database.
    case vector([Float]?)
    case halfvec([Float]?)
    case vectorArray([[Float]])
    case halfvecArray([[Float]])
}
