/// What can be wrong with an event driver, and the cases that must notice.
enum EventDefect: String, Defect {
    case deadlineIgnored, runVersionsAnew
    case errorsOnTwoLines, leaksConnections, writesLost, batchCut, readReversed
    case revisionsFromOne, dataAsText, conflictsKeepFirst, resultOff, expectationsIgnored
    case againNotSaid, overlapAppended, missingExists, fromExclusive, backwardIsForward, oldestLost, oldestLies
    case deleteSaysTrue, streamsFolded, typesTrimmed, readAllRepeats, readAllSkips, afterInclusive, headIsStart
    case readAllEmpty, waitsOn, runVersionsIgnored, runsUnsorted, generationReused, clockStands, leaseShared
    case fencingIgnored, leasesOfSessions, snapshotsOldestFirst

    var noticedBy: [String] {
        switch self {
        case .runVersionsAnew: ["E8.afterDelete"]
        case .deadlineIgnored: ["X2.event.underWay"]
        case .errorsOnTwoLines: ["X1.event.errors"]
        case .leaksConnections: ["X2.event.leaksNothing"]
        case .writesLost: ["X5.event.concurrentEnsures"]
        case .batchCut: ["X6.event.bulk"]
        case .readReversed: ["X9.event.totalOrder"]
        case .revisionsFromOne: ["E1.fromZero"]
        case .dataAsText: ["E2.roundTrips"]
        case .conflictsKeepFirst: ["E2.allOrNothing"]
        case .resultOff: ["E2.parallel"]
        case .expectationsIgnored: ["E1.expectations", "E3.oneWins"]
        case .againNotSaid: ["E4.again", "E4.parallel"]
        case .overlapAppended: ["E4.partialOverlap"]
        case .missingExists: ["E5.missing"]
        case .fromExclusive: ["E5.forward"]
        case .backwardIsForward: ["E5.backward"]
        case .oldestLost: ["E11.keepsAll"]
        case .oldestLies: ["E11.saysSo"]
        case .deleteSaysTrue: ["E5.deleteStream"]
        case .streamsFolded: ["X11.event.streams"]
        case .typesTrimmed: ["X11.event.ids"]
        case .readAllRepeats: ["E6.readAll", "E7.fromPosition"]
        case .readAllSkips: ["E6.noSkip"]
        case .afterInclusive: ["E7.resumes"]
        case .headIsStart: ["E7.now"]
        case .readAllEmpty: ["E7.checkpoints"]
        case .waitsOn: ["E7.cancelled"]
        case .runVersionsIgnored: ["E8.saveAndLoad", "E8.oneWins"]
        case .runsUnsorted: ["E8.list"]
        case .generationReused: ["E8.oneHolder"]
        case .clockStands: ["E8.expires"]
        case .leaseShared: ["E8.parallel"]
        case .fencingIgnored: ["E8.fencing"]
        case .leasesOfSessions: ["E8.apart"]
        case .snapshotsOldestFirst: ["E9.newest"]
        }
    }
}
