/// What can be wrong with a session driver, and the cases that must notice.
enum SessionDefect: String, Defect {
    case deadlineIgnored
    case errorsOnTwoLines, leaksConnections, writesLost, bulkStops, orderReversed
    case bytesAsText, keepForgets, touchClears, conditionsIgnored, clockStands, deleteSaysTrue
    case prefixIsText, prefixStopsAtThousand, scanIsText, scanByOffset, keysFolded, answersReversed
    case incrementByOne, overflowWraps, readAddWrite, keepLastIgnored, appendsLost, kindsIgnored
    case transactionStepwise, generationReused, leaseShared, fencingIgnored

    var noticedBy: [String] {
        switch self {
        case .deadlineIgnored: ["X2.session.underWay"]
        case .errorsOnTwoLines: ["X1.session.errors"]
        case .leaksConnections: ["X2.session.leaksNothing"]
        case .writesLost: ["X5.session.concurrentEnsures"]
        case .bulkStops: ["X6.session.bulk"]
        case .orderReversed: ["X9.session.totalOrder"]
        case .bytesAsText: ["S1.roundTrips"]
        case .keepForgets: ["S2.expiries"]
        case .touchClears: ["S2.touch"]
        case .conditionsIgnored: ["S3.ifMatch", "S3.oneWins"]
        case .clockStands: ["S4.invisible", "S4.absent", "S7.counterExpires", "S9.expires"]
        case .deleteSaysTrue: ["S5.delete"]
        case .prefixIsText: ["S5.wholeSegments"]
        case .prefixStopsAtThousand: ["S5.prefixMany"]
        case .scanIsText: ["S6.everyKey"]
        case .scanByOffset: ["S6.underChange"]
        case .keysFolded: ["X11.session.keys", "X11.session.prefixes"]
        case .answersReversed: ["S10.batch"]
        case .incrementByOne: ["S7.increment"]
        case .overflowWraps: ["S7.overflow"]
        case .readAddWrite: ["S7.parallelIncrements"]
        case .keepLastIgnored: ["S7.append"]
        case .appendsLost: ["S7.parallelAppends"]
        case .kindsIgnored: ["S7.kinds"]
        case .transactionStepwise: ["S8.allOrNothing", "S8.isolated"]
        case .generationReused: ["S9.oneHolder"]
        case .leaseShared: ["S9.parallel"]
        case .fencingIgnored: ["S9.fencing"]
        }
    }
}
