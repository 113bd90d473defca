/// What can be wrong with a search driver, and the cases that must notice.
enum SearchDefect: String, Defect {
    case deadlineIgnored
    case errorsOnTwoLines, leaksConnections, writesLost, bulkStops, tiesReversed
    case shapeIgnored, verifyCreates, getUnordered, matchNeedsAll, phraseIsMatch, prefixIsMatch, mustNotIgnored
    case matchIsPhrase, hitsReversed, highlightsLost, facetsOfPage, pagesRepeat, upsertMerges, deleteStopsAtThousand
    case acceptedLost, idsFolded, queryLanguage, namesFolded
    case missingIsNotEqual, notIsFalseOnMissing, integersAsDoubles, stringsFoldCase, prefixAsPattern, emptyInIsTrue
    case deepFiltersIgnored, dotsSplit

    var noticedBy: [String] {
        switch self {
        case .deadlineIgnored: ["X2.search.underWay"]
        case .errorsOnTwoLines: ["X1.search.errors"]
        case .leaksConnections: ["X2.search.leaksNothing"]
        case .writesLost: ["X5.search.concurrentEnsures"]
        case .bulkStops: ["X6.search.bulk"]
        case .tiesReversed: ["X9.search.totalOrder"]
        case .shapeIgnored: ["T1.mismatch"]
        case .verifyCreates: ["T1.verifyAndDrop"]
        case .getUnordered: ["T1.values"]
        case .matchNeedsAll: ["T2.match"]
        case .phraseIsMatch: ["T2.phrase"]
        case .prefixIsMatch: ["T2.prefix"]
        case .mustNotIgnored: ["T2.boolean"]
        case .matchIsPhrase: ["T2.english"]
        case .hitsReversed: ["T3.rank"]
        case .highlightsLost: ["T3.highlights"]
        case .facetsOfPage: ["T3.facets"]
        case .pagesRepeat: ["T2.paging"]
        case .upsertMerges: ["T4.replaces"]
        case .deleteStopsAtThousand: ["T4.deletes"]
        case .acceptedLost: ["T4.accepted"]
        case .idsFolded: ["X11.search.ids"]
        case .queryLanguage: ["X11.search.queries"]
        case .namesFolded: ["X11.search.indexes"]
        case .missingIsNotEqual: ["F1.search.everyNode", "F9.search.oracle"]
        case .notIsFalseOnMissing: ["F2.search.missingIsNull", "F8.search.inFull"]
        case .integersAsDoubles: ["F4.search.kinds"]
        case .stringsFoldCase: ["F5.search.strings"]
        case .prefixAsPattern: ["X11.search.filters"]
        case .emptyInIsTrue: ["F3.search.empty"]
        case .deepFiltersIgnored: ["F7.search.atTheLimit"]
        case .dotsSplit: ["F6.search.literalNames", "F6.search.nested"]
        }
    }
}
