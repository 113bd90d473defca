import StoresCommand

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

@main
struct Stores {
    static func main() async {
        exit(await CommandLineTool.main())
    }
}
