extension PostgresMigrations {
    static let search = PostgresMigrations(part: "search", steps: [])
}
