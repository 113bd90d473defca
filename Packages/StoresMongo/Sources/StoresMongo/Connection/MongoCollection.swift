/// The collections, by their names after the prefix.
enum MongoCollection: String, CaseIterable {
    case sessions
    case sessionLeases = "session_leases"
    case events, runs, snapshots
    case facts
    case factLines = "fact_lines"
}
