extension PostgresMigrations {
    static let memory = PostgresMigrations(part: "memory", steps: [])
}
