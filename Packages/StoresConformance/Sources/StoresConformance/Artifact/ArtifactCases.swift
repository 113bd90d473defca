import StoresCore

enum ArtifactCases {
    static let all: [ConformanceCase] = []
}
