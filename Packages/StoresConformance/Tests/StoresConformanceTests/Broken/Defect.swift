/// What can be wrong with the driver of one tier.
protocol Defect: CaseIterable, RawRepresentable, Sendable where RawValue == String {
    /// Ids of the conformance cases that must notice.
    var noticedBy: [String] { get }
}
