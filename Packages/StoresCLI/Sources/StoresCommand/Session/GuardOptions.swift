import ArgumentParser
import StoresCore

/// A write that is refused once a later lease was granted.
struct GuardOptions: ParsableArguments {
    @Option(help: "Only while no later lease of this key was granted.")
    var guardLease: String?

    @Option(help: "The generation of that lease.")
    var generation: Int64?

    func validate() throws {
        guard (guardLease == nil) == (generation == nil) else {
            throw ValidationError("--guard-lease and --generation go together")
        }
    }

    var leaseGuard: LeaseGuard? {
        guard let guardLease, let generation else { return nil }
        return LeaseGuard(key: guardLease, generation: generation)
    }
}
