/// Documents to try the demo with.
enum DemoDocuments {
    static func write(_ count: Int, to folder: TemporaryFolder) throws {
        for number in 0..<count {
            try folder.write("Docs/page-\(number).md", page(number))
        }
    }

    static func page(_ number: Int, sections: Int = 3) -> String {
        var text = "# Page \(number) about topic\(number)\n\nAn introduction to topic\(number).\n"
        for section in 0..<sections {
            text += "\n## Leases of kind \(number)-\(section)\n\nA lease has a generation number \(section).\n"
            text += "It strictly rises with every grant of topic\(number).\n"
        }
        return text
    }
}
