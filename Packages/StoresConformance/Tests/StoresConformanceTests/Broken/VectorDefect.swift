/// What can be wrong with a vector driver, and the cases that must notice.
enum VectorDefect: String, Defect {
    case deadlineIgnored, deleteIgnoresFilter, mostFiltersRefused
    case similarityInverted, similarityOff, orderByIDAlone, tiesUnordered, limitIgnored, limitBeforeFilter
    case minScoreStrict, upsertMerges, firstWins, documentLost, everythingIncluded, vectorsRounded
    case namespacesIgnored, deleteIgnoresNamespace, deleteStopsAtThousand, deleteCountsAsked, deleteMissingThrows
    case deleteAllKeepsSome, scrollRepeats, scrollSkips, scrollIgnoresFilter, scrollStopsEarly
    case shapeIgnored, ensureEmpties, verifyCreates, dropKeepsRecords, listingUnsorted
    case idsCaseFolded, idsNormalised, namesCaseFolded, missingIsNotEqual, notIsFalseOnMissing, integersAsDoubles
    case stringsFoldCase, prefixAsPattern, invalidPathMatchesAll, emptyInIsTrue, deepFiltersIgnored
    case duplicatesStay, errorsOnTwoLines, leaksConnections, hybridIsVector, vectorsReversed
    case dotsSplit, textQueryEmpty, receiptLies, failureSwallowed, metadataFlattened, acceptedLost

    /// Ids of conformance cases.
    var noticedBy: [String] {
        switch self {
        case .deleteIgnoresFilter: ["V10.deleteWhere"]
        case .mostFiltersRefused: ["F9.vector.oracle"]
        case .deadlineIgnored: ["X2.vector.underWay"]
        case .similarityInverted:
            ["V6.cosine", "V6.dot", "V6.euclidean", "V9.exact", "V9.approximate", "V7.inclusiveCosine"]
        case .similarityOff: ["V6.cosine", "V6.dot", "V6.euclidean", "V6.dotScore"]
        case .orderByIDAlone: ["V8.order", "V9.exact"]
        case .tiesUnordered: ["V8.order", "X9.vector.totalOrder"]
        case .limitIgnored: ["V8.limit", "V9.limitIsReached"]
        case .limitBeforeFilter: ["V9.lowSelectivity"]
        case .minScoreStrict: ["V7.inclusive", "V7.ownScore.cosine", "V7.ownScore.euclidean"]
        case .upsertMerges: ["V4.replacesWhole"]
        case .duplicatesStay: ["V4.lastWins"]
        case .firstWins: ["V4.replacesWhole"]
        case .documentLost: ["V13.onlyWhenAsked"]
        case .everythingIncluded: ["V13.onlyWhenAsked"]
        case .vectorsRounded: ["V13.bitForBit"]
        case .namespacesIgnored: ["V11.confined", "X11.vector.namespaces"]
        case .deleteIgnoresNamespace: ["V11.deletesConfined"]
        case .deleteStopsAtThousand: ["V10.deleteWhere"]
        case .deleteCountsAsked: ["V10.missingIds"]
        case .deleteMissingThrows: ["V10.missingIds"]
        case .deleteAllKeepsSome: ["V10.deleteAll"]
        case .scrollRepeats: ["V14.everyRecord"]
        case .scrollSkips: ["V14.everyRecord", "V14.underChange"]
        case .scrollIgnoresFilter: ["V14.filtered"]
        case .scrollStopsEarly: ["V14.everyRecord"]
        case .shapeIgnored: ["V2.schemaMismatch"]
        case .ensureEmpties: ["V2.neverRebuilt"]
        case .verifyCreates: ["V2.verifyCreatesNothing"]
        case .dropKeepsRecords: ["V2.listAndDrop"]
        case .listingUnsorted: ["V2.listAndDrop"]
        case .idsCaseFolded: ["X11.vector.ids"]
        case .idsNormalised: ["V1.idsRoundTrip", "X11.vector.ids"]
        case .namesCaseFolded: ["X11.vector.collections"]
        case .missingIsNotEqual: ["F1.vector.everyNode", "F2.vector.missingIsNull", "F9.vector.oracle"]
        case .notIsFalseOnMissing: ["F2.vector.missingIsNull", "F8.vector.inFull", "F9.vector.oracle"]
        case .integersAsDoubles: ["F4.vector.kinds"]
        case .stringsFoldCase: ["F5.vector.strings"]
        case .prefixAsPattern: ["F5.vector.strings", "X11.vector.filters"]
        case .invalidPathMatchesAll: ["X11.vector.filters"]
        case .emptyInIsTrue: ["F3.vector.empty"]
        case .deepFiltersIgnored: ["F7.vector.atTheLimit"]
        case .dotsSplit: ["F6.vector.literalNames", "F6.vector.nested"]
        case .textQueryEmpty: ["V12.text"]
        case .receiptLies: ["V5.searchable", "X5.vector.concurrentEnsures"]
        case .failureSwallowed: ["X6.vector.bulk"]
        case .errorsOnTwoLines: ["X1.vector.errors"]
        case .leaksConnections: ["X2.vector.leaksNothing"]
        case .hybridIsVector: ["V12.hybrid"]
        case .vectorsReversed: ["V13.direction"]
        case .metadataFlattened: ["V13.metadataRoundTrips"]
        case .acceptedLost: ["V5.accepted"]
        }
    }
}
