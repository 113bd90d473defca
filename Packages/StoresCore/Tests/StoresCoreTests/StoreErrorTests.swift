import Testing

@testable import StoresCore

struct StoreErrorTests {
    @Test func descriptionIsOneSafeLineAndNamesTheRemedy() {
        struct Native: Error, CustomStringConvertible { var description: String { "row (1, 'ada@example.org')" } }
        let error = StoreError(
            .unavailable, "connection refused", remedy: "set QDRANT_URL", tier: .vector, adapter: "qdrant",
            operation: "query", endpoint: "http://ada:s3cret@db:6333/x?api_key=k3y&tls=true", resource: "docs\n",
            applied: .unknown, underlying: Native())
        #expect(
            error.description
                == "unavailable [vector.qdrant.query] \"docs\\u{a}\" at http://db:6333/x?api_key=***&tls=true: "
                + "connection refused (applied: unknown); set QDRANT_URL")
        #expect(!error.description.contains("ada"))
        #expect(error.debugDescription.contains("ada@example.org"))
        #expect("\(error)" == error.description)
        #expect(String(reflecting: error) == error.debugDescription)
    }

    @Test(arguments: [
        (
            "postgres://ada:pw@db:5432/app?sslmode=require&password=x",
            "postgres://db:5432/app?sslmode=require&password=***"
        ),
        ("redis://:p@ss/w?rd@host:1", "redis://host:1"),
        ("mongodb://u:p@a:1,b:2/db?replicaSet=r", "mongodb://a:1,b:2/db?replicaSet=r"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("/var/lib/x.sqlite", "/var/lib/x.sqlite"),
    ])
    func endpoints(_ raw: String, _ shown: String) {
        #expect(Redaction.endpoint(raw) == shown)
    }

    @Test func secretsInFreeText() {
        let text = Redaction.secrets(
            in:
                "failed for postgres://u:pw1@h/db with password=pw2 and {\"api_key\": \"pw3\"} Authorization: Bearer pw4"
        )
        for secret in ["pw1", "pw2", "pw3", "pw4"] { #expect(!text.contains(secret), "\(text)") }
    }

    @Test(arguments: [
        ("", ""), ("nothing: of = the kind", "nothing: of = the kind"),
        ("tokens: 3, secretary = x", "tokens: 3, secretary = x"),
        ("the password=geheim was wrong", "the password=*** was wrong"), ("PassWord : x.y", "PassWord : ***"),
        ("mypwd=1;sig=2&signature=3", "mypwd=***;sig=***&signature=***"), ("{'api-key': 'a b'}", "{'api-key': ***}"),
        (#"{"access_key":"a, b","accountkey" = "c"}"#, #"{"access_key":***,"accountkey" = ***}"#),
        (#"token="unclosed, x"#, "token=***, x"), ("secret=, x", "secret=, x"), ("secret= ", "secret= "),
        ("Authorization: Basic dTpw, x", "Authorization: ***, x"),
        ("authorization=bearer ; x", "authorization=*** ; x"),
        ("token=http://u:p@h/x", "token=***"),
        ("http://h/?token=a&n=1#password=b", "http://h/?token=***&n=1#password=***"),
        ("password\u{A0}=\u{2003}x", "password\u{A0}=\u{2003}***"), ("token=a\r\nsecret=b", "token=***\r\nsecret=***"),
        // Together with the mark each is another character than "=" or "@".
        ("password=\u{301}x", "password=***"), ("redis://s3cret@\u{301}h", "redis://***@\u{301}h"),
    ])
    func valuesInFreeText(_ raw: String, _ shown: String) {
        #expect(Redaction.secrets(in: raw) == shown)
    }

    @Test(arguments: [
        ("at postgres://ada:p@ss@db/x: no", "at postgres://***@db/x: no"),
        ("redis://s3cret@h", "redis://***@h"), ("redis://s3@cret@h:1 is down", "redis://***@h:1 is down"),
        ("http://u:a@b/c@h/x", "http://***@h/x"),
        ("GET http://h/a and ada@example.org", "GET http://h/a and ada@example.org"),
        ("at https://h?key=1@2 and 1://u:p@h", "at https://***@2 and 1://u:p@h"),
        ("a://u:p@h, b+c://q@h and c://h", "a://***@h, b+c://***@h and c://h"),
        ("a://u:p@h,b://u:q@h", "a://***@h"),
    ])
    func userInformationInFreeText(_ raw: String, _ shown: String) {
        #expect(Redaction.secrets(in: raw) == shown)
    }

    @Test func anEndpointIsRedactedOnceAndStays() {
        let error = StoreError(.unavailable, "x").filling(endpoint: "http://ada:pw@db")
        #expect(error.endpoint == "http://db")
        #expect(error.filling(tier: .vector, endpoint: "http://other").endpoint == "http://db")
    }

    @Test func underlyingSecretsAreMaskedInDebug() {
        struct Native: Error { var message = "could not connect: password=hunter2" }
        let error = StoreError(.unavailable, "x", underlying: Native())
        #expect(!error.debugDescription.contains("hunter2"), "\(error.debugDescription)")
    }

    @Test func retryability() {
        #expect(StoreError(.unavailable, "x").isRetryable)
        #expect(StoreError(.rateLimited, "x").isRetryable)
        #expect(StoreError(.timeout, "x").isRetryable)
        #expect(!StoreError(.conflict, "x").isRetryable)
        #expect(!StoreError(.unavailable, "x", isRetryable: false).isRetryable)
        #expect(!StoreError(.unauthenticated, "x", isRetryable: true).isRetryable, "authentication never is")
    }

    @Test func fillingKeepsWhatTheDriverSaid() {
        let error = StoreError(.conflict, "x", adapter: "a", conflict: .version(current: 3))
            .filling(tier: .memory, adapter: "b", remedy: "r")
        #expect(error.adapter == "a")
        #expect(error.tier == .memory)
        #expect(error.remedy == "r")
        #expect(error.conflict == .version(current: 3))
    }

    @Test func bulkResultThrowsTheFirstFailureWithTheCount() {
        let bulk = BulkResult(
            succeeded: ["a"],
            failed: [
                BulkFailure(id: "b", error: StoreError(.conflict, "stale")),
                BulkFailure(id: "c", error: StoreError(.tooLarge, "big")),
            ])
        let error = #expect(throws: StoreError.self) { try bulk.throwIfFailed() }
        #expect(error?.message == "2 of 3 items failed; the first: stale")
        #expect(error?.resource == "b")
        #expect(error?.applied == .unknown, "one item took effect")
    }

    @Test func whatABulkThrowsKeepsWhatTheFailuresSay() {
        func thrown(_ errors: StoreError...) -> StoreError? {
            let failed = errors.enumerated().map { BulkFailure(id: "\($0)", error: $1) }
            return #expect(throws: StoreError.self) { try BulkResult(failed: failed).throwIfFailed() }
        }
        let busy = StoreError(.rateLimited, "x", applied: .no, retryAfter: .seconds(2))
        let busier = StoreError(.rateLimited, "x", applied: .no, retryAfter: .seconds(5))
        #expect(thrown(busy, busier)?.isRetryable == true)
        #expect(thrown(busy, busier)?.retryAfter == .seconds(5))
        #expect(thrown(busy, busier)?.applied == .no)
        #expect(thrown(busy, StoreError(.conflict, "x", applied: .no))?.isRetryable == false)
        let stale = StoreError(.conflict, "x", conflict: .version(current: 3))
        #expect(thrown(stale, busy)?.conflict == .version(current: 3))
        #expect(thrown(StoreError(.unavailable, "x", isRetryable: false), busy)?.isRetryable == false)
    }
}
