/// What can be wrong with a memory driver, and the cases that must notice.
enum MemoryDefect: String, Defect {
    case deadlineIgnored, minScoreStrict, versionsAnew
    case errorsOnTwoLines, leaksConnections, writesLost, bulkStops, listingUnsorted
    case sourceLost, createdAnew, getUnordered, conditionsIgnored, versionStuck, scopesJoined, deepScopesRefused
    case forgetKeepsHistory, forgetStopsAtThousand, deletesUnrecorded, historyGaps, clockStands, clockLate
    case recallEmpty, firstPutStays, similarityOff, limitBeforeScope, idsFolded
    case missingIsNotEqual, notIsFalseOnMissing, integersAsDoubles, stringsFoldCase, prefixAsPattern, emptyInIsTrue
    case deepFiltersIgnored, dotsSplit

    var noticedBy: [String] {
        switch self {
        case .minScoreStrict: ["M7.ownScore"]
        case .versionsAnew: ["M3.afterDelete"]
        case .deadlineIgnored: ["X2.memory.underWay"]
        case .errorsOnTwoLines: ["X1.memory.errors"]
        case .leaksConnections: ["X2.memory.leaksNothing"]
        case .writesLost: ["X5.memory.concurrentEnsures"]
        case .bulkStops: ["X6.memory.bulk"]
        case .listingUnsorted: ["X9.memory.totalOrder", "M7.list"]
        case .sourceLost: ["M1.roundTrips"]
        case .createdAnew: ["M1.replaces"]
        case .getUnordered: ["M1.inOrder"]
        case .conditionsIgnored: ["M3.ifVersion", "M3.oneWins"]
        case .versionStuck: ["M3.noneIsLost"]
        case .scopesJoined: ["M2.wholeSegments"]
        case .deepScopesRefused: ["M2.limits"]
        case .forgetKeepsHistory: ["M5.forget"]
        case .forgetStopsAtThousand: ["M5.forgetMany"]
        case .deletesUnrecorded: ["M4.everyWrite"]
        case .historyGaps: ["M4.atomic", "M4.following"]
        case .clockStands: ["M6.invisible", "M6.startsAnew", "M6.sweep"]
        case .clockLate: ["M6.exactInstant"]
        case .recallEmpty: ["M7.byText"]
        case .firstPutStays: ["M7.textFollowsWrites"]
        case .similarityOff: ["M7.byVector"]
        case .limitBeforeScope: ["M7.lowSelectivity"]
        case .idsFolded: ["X11.memory.ids", "X11.memory.scopes"]
        case .missingIsNotEqual: ["F1.memory.everyNode", "F9.memory.oracle"]
        case .notIsFalseOnMissing: ["F2.memory.missingIsNull", "F8.memory.inFull"]
        case .integersAsDoubles: ["F4.memory.kinds"]
        case .stringsFoldCase: ["F5.memory.strings"]
        case .prefixAsPattern: ["X11.memory.filters"]
        case .emptyInIsTrue: ["F3.memory.empty"]
        case .deepFiltersIgnored: ["F7.memory.atTheLimit"]
        case .dotsSplit: ["F6.memory.literalNames", "F6.memory.nested"]
        }
    }
}
