import ArgumentParser
import StoresCore

/// What every verb of a tier understands.
struct CallOptions: ParsableArguments {
    @Option(help: "The time that each call to the backend may take: 500ms, 5s, 2m.")
    var deadline: DurationArgument?

    @Flag(help: "Errors on stderr as a JSON object.")
    var jsonErrors = false

    @Flag(help: "Say on stderr which backend was taken.")
    var verbose = false
}
