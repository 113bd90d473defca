import Testing

@testable import StoresPostgres

@Suite struct Placeholder {}
