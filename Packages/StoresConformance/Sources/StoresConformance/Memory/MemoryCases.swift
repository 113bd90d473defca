import StoresCore

enum MemoryCases {
    static let all: [ConformanceCase] = []
}
