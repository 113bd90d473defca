extension PostgresMigrations {
    static let vector = PostgresMigrations(part: "vector", steps: [], needsVector: true)
}
