/// What can be wrong with an artifact driver, and the cases that must notice.
enum ArtifactDefect: String, Defect {
    case deadlineIgnored
    case errorsOnTwoLines, leaksConnections, writesLost, bulkStops, listingUnsorted
    case bytesFlipped, sizeWrong, deletedFirst, visibleEarly, etagConstant, conditionsIgnored, partStays
    case missingIsEmpty, etagsIgnored, readersLeak, rangeCut, deleteSaysTrue, prefixIsSegment, delimiterRepeats
    case pathsNormalised, keysFolded, metadataLost, metadataCut, presignUnencoded

    var noticedBy: [String] {
        switch self {
        case .deadlineIgnored: ["X2.artifact.underWay"]
        case .errorsOnTwoLines: ["X1.artifact.errors"]
        case .leaksConnections: ["X2.artifact.leaksNothing"]
        case .writesLost: ["X5.artifact.concurrentEnsures"]
        case .bulkStops: ["X6.artifact.bulk"]
        case .listingUnsorted: ["X9.artifact.totalOrder", "A7.order"]
        case .bytesFlipped: ["A1.streams", "A1.bytes"]
        case .sizeWrong: ["A1.chunksWithoutBytes"]
        case .deletedFirst: ["A4.atomic"]
        case .visibleEarly: ["A4.invisibleUntilDone"]
        case .etagConstant: ["A11.checksum"]
        case .conditionsIgnored: ["A2.ifAbsent", "A2.ifMatch", "A2.oneWins"]
        case .partStays: ["A3.failedBody", "A3.cancelled", "A3.deadline"]
        case .missingIsEmpty: ["A5.missing"]
        case .etagsIgnored: ["A5.ifNoneMatch"]
        case .readersLeak: ["A5.stopsEarly"]
        case .rangeCut: ["A5.ranges"]
        case .deleteSaysTrue: ["A6.delete"]
        case .prefixIsSegment: ["A7.prefix"]
        case .delimiterRepeats: ["A7.delimiter"]
        case .pathsNormalised: ["A8.directories"]
        case .keysFolded: ["X11.artifact.keys"]
        case .metadataLost: ["A9.roundTrips"]
        case .metadataCut: ["A9.refused"]
        case .presignUnencoded: ["A10.presign"]
        }
    }
}
