import ArgumentParser

struct SearchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search", abstract: "Indexes of documents, searched by words.",
        discussion: """
            A document is {"id","fields":{…}}. The types of fields: keyword, text (the same: text:standard), \
            text:english, number, instant, bool. Fields that the index does not declare are kept and can be filtered by.
            """,
        subcommands: [
            SearchEnsure.self, SearchUpsert.self, SearchQueryVerb.self, SearchGet.self, SearchDelete.self,
            SearchCount.self, SearchIndexes.self, SearchDrop.self,
        ])
}
