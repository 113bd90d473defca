/// How the adapter reaches its server, and how it names what it keeps there.
public struct MongoConfiguration: Sendable {
    /// The URL as it was given, with its secrets.
    var url: String
    /// The URL without its secrets.
    var endpoint: String
    /// That of the URL's path, or `stores`.
    var database: String
    /// Every collection's name starts with it.
    var collectionPrefix: String
    /// Threads, each with a client of libmongoc's pool.
    var connections: Int
    /// For connecting and for finding a server, unless the URL says otherwise.
    var connectTimeout: Duration
}
