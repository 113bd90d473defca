import StoresCore

enum EventCases {
    static let all: [ConformanceCase] = []
}
