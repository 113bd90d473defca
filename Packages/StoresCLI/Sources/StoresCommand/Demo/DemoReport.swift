import StoresCore

/// What a finished demo shows.
struct DemoReport: Sendable {
    struct Backend: Sendable {
        var tier: Tier
        var adapter: String
        var endpoint: String?
        var counts: [(String, Int)]
        /// Of all calls together.
        var duration: Duration
        var calls: Int
    }

    var run: DemoState
    var isResumed: Bool
    var stream: String
    var backends: [Backend]
    var documents: Int
    /// In this run, also by processes that were interrupted.
    var indexed: Int
    var unchanged: Int
    var removed: Int
    var skipped: [(path: String, reason: String)]
    var answers: [DemoConversation.Answer]

    var jsonValue: Value {
        [
            "run": [
                "number": .int(run.number), "resumed": .bool(isResumed), "attempts": .int(run.attempts),
                "stream": .string(stream),
            ],
            "documents": [
                "total": .int(Int64(documents)), "indexed": .int(Int64(indexed)),
                "unchanged": .int(Int64(unchanged)), "removed": .int(Int64(removed)),
                "skipped": .array(skipped.map { ["path": .string($0.path), "reason": .string($0.reason)] }),
            ],
            "backends": .object(
                Dictionary(backends.map { ($0.tier.rawValue, $0.jsonValue) }, uniquingKeysWith: { $1 })),
            "answers": .array(answers.map(\.jsonValue)),
        ]
    }

    func text(_ style: TextStyle) -> String {
        let again = isResumed ? ", resumed (process \(run.attempts) of it)" : ""
        var text =
            "\(style.bold("Documents"))  \(documents): \(indexed) taken in, \(unchanged) unchanged, \(removed) removed;"
            + " run \(run.number)\(again)\n"
        for (path, reason) in skipped { text += style.yellow("  left out: \(path): \(reason)") + "\n" }
        text += "\n\(style.bold("Stores"))\n"
        let width = backends.map(\.adapter.count).max() ?? 0
        for backend in backends {
            let counts = backend.counts.map { "\($0.1) \($0.0)" }.joined(separator: ", ")
            text +=
                "  \(style.cyan(Self.pad(backend.tier.rawValue, 9)))\(Self.pad(backend.adapter, width))  "
                + "\(Self.pad(counts, 24))  \(Self.pad(Self.milliseconds(backend.duration), 10))"
                + style.dim("\(backend.calls) calls\(backend.endpoint.map { "  \($0)" } ?? "")") + "\n"
        }
        for answer in answers { text += "\n" + answer.text(style) }
        return text
    }

    static func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    static func milliseconds(_ duration: Duration) -> String {
        "\((duration / .microseconds(100)).rounded() / 10) ms"
    }
}

extension DemoReport.Backend {
    var jsonValue: Value {
        var fields: [String: Value] = [
            "adapter": .string(adapter), "milliseconds": duration.jsonMilliseconds, "calls": .int(Int64(calls)),
        ]
        fields["endpoint"] = endpoint.map(Value.string)
        for (name, count) in counts { fields[name] = .int(Int64(count)) }
        return .object(fields)
    }
}

extension DemoConversation.Answer {
    var jsonValue: Value {
        [
            "question": .string(question),
            "hits": .array(
                hits.map { hits in
                    [
                        "by": .string(hits.way), "milliseconds": hits.duration.jsonMilliseconds,
                        "passages": .array(hits.ids.map { passage($0, hits.scores[$0]) }),
                    ]
                }),
        ]
    }

    private func passage(_ id: String, _ score: Double?) -> Value {
        var fields: [String: Value] = ["id": .string(id)]
        fields["score"] = score.map(Value.double)
        if let found = passages[id] {
            fields["document"] = .string(found.document)
            fields["heading"] = .string(found.heading)
            fields["line"] = .int(found.line)
        }
        return .object(fields)
    }

    func text(_ style: TextStyle) -> String {
        var text = "\(style.bold("?")) \(style.bold(question))\n"
        for hits in hits {
            text += "  \(style.cyan("by \(hits.way)"))  \(style.dim(DemoReport.milliseconds(hits.duration)))\n"
            if hits.ids.isEmpty { text += "    nothing\n" }
            for id in hits.ids {
                guard let found = passages[id] else { continue }
                let score = hits.scores[id].map { "\(($0 * 1000).rounded() / 1000)  " } ?? ""
                let heading = found.heading.isEmpty ? "" : "  \(found.heading)"
                text += "    \(score)\(found.document):\(found.line)\(style.dim(heading))\n"
            }
        }
        if let best = hits.last?.ids.first.flatMap({ passages[$0] }) {
            text += "  \(snippet(best, style))\n"
        }
        return text
    }

    /// One line of the passage, with the words that were found.
    private func snippet(_ found: DemoConversation.Found, _ style: TextStyle) -> String {
        let line = (found.highlight ?? found.text).split(whereSeparator: \.isWhitespace).joined(separator: " ")
        let cut = line.count > 200 ? line.prefix(200) + "…" : line[...]
        return String(cut).replacing("<em>", with: style.isColored ? "\u{1B}[1m" : "")
            .replacing("</em>", with: style.isColored ? "\u{1B}[0m" : "")
    }
}
