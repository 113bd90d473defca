import StoresCore

enum SearchCases {
    static let all: [ConformanceCase] = []
}
