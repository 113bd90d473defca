import StoresCore
import Testing

@testable import StoresPostgres

@Suite struct ErrorTests {
    @Test(arguments: [
        ("23505", StoreError.Code.alreadyExists), ("40001", .unavailable), ("40P01", .unavailable),
        ("57014", .timeout), ("57P01", .unavailable), ("53300", .unavailable), ("53100", .unavailable),
        ("25006", .unavailable), ("28P01", .unauthenticated), ("3D000", .notFound), ("42501", .permissionDenied),
        ("42P01", .schemaMismatch), ("22021", .invalidArgument), ("22P02", .invalidArgument),
        ("54000", .tooLarge), ("0A000", .unsupported), ("XX001", .corrupt), ("08006", .unavailable),
        ("F0000", .internal),
    ])
    func aServersErrorHasItsCode(_ state: String, _ code: StoreError.Code) {
        let error = StoreError.postgres(
            PostgresFailure(sqlState: state, message: "secret row"), .write, endpoint: "postgres://h:1/d")
        #expect(error.code == code)
        #expect(error.sqlState == state)
        #expect(!error.description.contains("secret row"))
        #expect(error.debugDescription.contains("secret row"))
    }

    /// What the server reports while it goes on working is rolled back; what went down with the connection may be not.
    @Test func aWriteIsKnownToBeUndoneOrNot() {
        func applied(_ state: String?) -> StoreError.Applied? {
            StoreError.postgres(PostgresFailure(sqlState: state, message: ""), .write, endpoint: "").applied
        }
        #expect(applied("40001") == .no)
        #expect(applied("57014") == .no)
        #expect(applied("57P01") == .unknown)
        #expect(applied(nil) == .unknown)
        #expect(StoreError.notSent(nil, .write).applied == .no)
        #expect(StoreError.lost(nil, .read).applied == nil)
    }

    @Test func codesAreFoundInVerboseMessages() {
        #expect(
            StoreError.sqlState(in: "connection to server at \"h\", port 5 failed: FATAL:  28P01: password …")
                == "28P01")
        #expect(StoreError.sqlState(in: "connection to server at \"h\", port 54321 failed: Connection refused") == nil)
    }

    @Test(arguments: [
        ("could not translate host name \"x\" to address: Unknown host", StoreError.Phase.dns),
        ("connection failed: SSL error: certificate verify failed", .tls),
        ("connection failed: fe_sendauth: no password supplied", .authentication),
        ("connection failed: Connection refused", .tcp),
        ("connection failed: FATAL:  3D000: database \"x\" does not exist", .open),
    ])
    func connectingNamesHowFarItCame(_ message: String, _ phase: StoreError.Phase) {
        #expect(StoreError.connecting(message, phase: .tcp, endpoint: "postgres://h/d").phase == phase)
    }

    private func settings(_ values: [String: String]) throws -> PostgresConfiguration {
        try PostgresConfiguration(Settings(PostgresConfiguration.settings) { values[$0.variable] })
    }

    @Test func theEndpointHasNoSecrets() throws {
        let configuration = try settings([
            "POSTGRES_URL": "postgres://ada:s%40cret@db1:5433,db2:5434/app?sslmode=require&password=other"
        ])
        #expect(configuration.endpoint == "postgres://db1:5433,db2:5434/app")
        try configuration.validate()
    }

    @Test func aURLThatIsNoneIsRefusedAndNotShown() throws {
        let configuration = try settings(["POSTGRES_URL": "postgres://ada:sec ret@[db/app?nonsense"])
        let error = #expect(throws: StoreError.self) { try configuration.validate() }
        #expect(error?.code == .invalidArgument)
        #expect(error.map { String(reflecting: $0).contains("sec") } == false)
    }

    @Test func libpqsVariablesHoldWhereThereIsNoURL() throws {
        let alone = try settings(["PGHOST": "elsewhere", "PGPORT": "7", "PGDATABASE": "d"])
        #expect(alone.url == nil)
        #expect(alone.endpoint == "postgres://elsewhere:7/d")
        #expect(try settings([:]).url == PostgresConfiguration.localURL)
        let both = try settings(["PGHOST": "elsewhere", "POSTGRES_URL": "postgres://here/d"])
        #expect(both.endpoint == "postgres://here:5432/d")
    }

    @Test(arguments: [
        ["POSTGRES_SCHEMA": "pg_x"], ["POSTGRES_SCHEMA": String(repeating: "x", count: 64)],
        ["POSTGRES_POOL_SIZE": "1"], ["POSTGRES_POOL_SIZE": "100000"], ["POSTGRES_CONNECT_TIMEOUT": "0"],
    ])
    func settingsOutOfRangeAreRefused(_ values: [String: String]) {
        let error = #expect(throws: StoreError.self) { try settings(values) }
        #expect(error?.code == .invalidArgument && error?.phase == .configuration)
    }

    /// Of what libpq is given the URL comes first, and nothing follows that it has; what it leaves open counts.
    @Test(arguments: [
        ("postgres://ada:secret@here:7/own", "own", "ada", "here", "7"),
        ("postgres://here", "app", "other", "here", "9"), ("user=ada host=here", "app", "ada", "here", "9"),
    ])
    func theURLGoesBeforeTheVariables(_ url: String, _ database: String, _ user: String, _ host: String, _ port: String)
        throws
    {
        let configuration = try settings([
            "POSTGRES_URL": url, "PGDATABASE": "app", "PGUSER": "other", "PGHOST": "elsewhere", "PGPORT": "9",
        ])
        let keywords = PQConnect(configuration: configuration, endpoint: "").keywords()
        #expect(keywords.first?.name == "dbname" && keywords.first?.value == url)
        var found = configuration.given
        for (name, value) in keywords.dropFirst() { found[name] = value }
        #expect([found["dbname"], found["user"], found["host"], found["port"]] == [database, user, host, port])
    }

    @Test func severalHostsAreNamedOneByOne() throws {
        let configuration = try settings(["POSTGRES_URL": "postgres://ada@db1:1,db2:2/app"])
        #expect(configuration.hosts == [["host": "db1", "port": "1"], ["host": "db2", "port": "2"]])
        let keywords = PQConnect(configuration: configuration, endpoint: "").keywords(configuration.hosts[1])
        #expect(keywords.last { $0.name == "host" }?.value == "db2")
        #expect(keywords.contains { $0 == ("target_session_attrs", "read-write") })
        let preferring = try settings(["POSTGRES_URL": "postgres://db1,db2/app?target_session_attrs=prefer-standby"])
        #expect(preferring.hosts.isEmpty)
    }

    @Test func aConfigurationShowsNoPassword() throws {
        var configuration = try settings(["POSTGRES_URL": "postgres://ada:secret@here/app"])
        configuration.parameters["password"] = "secret"
        var dumped = ""
        dump(configuration, to: &dumped)
        #expect(!"\(configuration) \(String(reflecting: configuration)) \(dumped)".contains("secret"))
    }
}
