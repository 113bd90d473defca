import StoresCore

enum SessionCases {
    static let all: [ConformanceCase] = []
}
