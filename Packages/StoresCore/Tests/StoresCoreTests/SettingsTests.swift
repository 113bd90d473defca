import Testing

@testable import StoresCore

struct SettingsTests {
    let descriptions = [
        SettingDescription("X_URL", .url, isRequired: true, example: "http://127.0.0.1:1", summary: "s"),
        SettingDescription("X_KEY", .int, isSecret: true, summary: "s"),
        SettingDescription("X_TIMEOUT", .duration, default: "3s", summary: "s"),
        SettingDescription("X_SIZE", .bytes, default: "64MiB", summary: "s"),
        SettingDescription("X_MODE", .choice, default: "fast", allowed: ["fast", "safe"], summary: "s"),
        SettingDescription("X_ON", .bool, summary: "s"),
    ]

    func settings(_ values: [String: String]) throws(StoreError) -> Settings {
        try Settings(descriptions) { values[$0.variable] }
    }

    @Test func valuesAndDefaults() throws {
        let settings = try settings(["X_URL": "http://h:1", "X_ON": "yes", "X_TIMEOUT": "250ms", "X_MODE": ""])
        #expect(settings.string("X_URL") == "http://h:1")
        #expect(settings.duration("X_TIMEOUT") == .milliseconds(250))
        #expect(settings.bytes("X_SIZE") == 64 << 20)
        #expect(settings.string("X_MODE") == "fast", "empty counts as unset")
        #expect(settings.bool("X_ON") == true)
        #expect(settings.isExplicit("X_TIMEOUT"))
        #expect(!settings.isExplicit("X_SIZE"))
    }

    @Test func everyProblemIsNamedAndNoSecretShown() {
        let error = #expect(throws: StoreError.self) {
            _ = try self.settings(["X_KEY": "hunter2", "X_MODE": "fats", "X_SIZE": "9XB", "X_TIMEOUT": "-1"])
        }
        let message = error?.message ?? ""
        for part in [
            "X_URL is required", "X_KEY is a whole number", "X_MODE is one of fast, safe; did you mean \"fast\"?",
            "X_SIZE", "X_TIMEOUT",
        ] {
            #expect(message.contains(part), "\(message)")
        }
        #expect(!message.contains("hunter2"))
        #expect(error?.phase == .configuration)
    }

    @Test(arguments: [
        ("1", Duration.seconds(1)), ("1.5s", .milliseconds(1500)), ("2m", .seconds(120)), ("1h", .seconds(3600)),
        ("10ms", .milliseconds(10)),
    ])
    func durations(_ text: String, _ duration: Duration) {
        #expect(Settings.parseDuration(text) == duration)
    }

    @Test(arguments: ["", "s", "1d", "nan", "inf", "-1s", "1e99"])
    func notDurations(_ text: String) {
        #expect(Settings.parseDuration(text) == nil)
    }

    @Test func spelling() {
        #expect(Spelling.nearest("qdrnt", among: ["memory", "postgres", "qdrant"]) == "qdrant")
        #expect(Spelling.nearest("sqltie", among: ["sqlite", "file"]) == "sqlite")
        #expect(Spelling.nearest("zzzzzz", among: ["sqlite", "file"]) == nil)
        #expect(Spelling.nearest("", among: ["a"]) == "a")
    }
}

struct DotEnvTests {
    @Test func parses() throws {
        let values = try DotEnv.parse(
            """
            # comment
            A=1
            export B = two words  # comment
            C="quoted # not a comment\\n\\"x\\""
            D='single $HOME \\n'
            E=
            F=a#b
            """)
        #expect(
            values == [
                "A": "1", "B": "two words", "C": "quoted # not a comment\n\"x\"", "D": "single $HOME \\n", "E": "",
                "F": "a#b",
            ])
    }

    @Test(arguments: ["novalue", "1A=x", "A-B=x", "A=\"open", "A='x' y"])
    func refusesWithoutShowing(_ line: String) {
        let error = #expect(throws: StoreError.self) { _ = try DotEnv.parse("OK=1\n\(line)") }
        #expect(error?.message.contains(".env line 2") == true)
        #expect(error?.message.contains("open") == false)
    }

    @Test func realVariablesWin() {
        #expect(DotEnv.merge(["A": "file", "B": "file"], under: ["A": "real"]) == ["A": "real", "B": "file"])
    }
}
