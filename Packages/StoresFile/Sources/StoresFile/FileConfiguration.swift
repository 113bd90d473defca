/// Where the artifacts lie, and how sure a write is.
public struct FileConfiguration: Sendable, Hashable {
    /// Relative paths start at the working directory when the backend is opened.
    public var directory: String
    /// Whether a put or delete returns only when the disk has it. A put syncs the file and every directory from there
    /// up to the store's `objects`, whoever made them, so that a key of many segments costs some milliseconds more; a
    /// delete syncs the directory. Without, a power cut can take the last seconds of writes; objects are still whole or
    /// absent where the file system orders a rename behind the data (ext4, APFS, ZFS, btrfs by default), and damage is
    /// detected everywhere.
    public var fsync: Bool
    /// How many calls may block on the disk at the same time.
    public var threads: Int

    public init(directory: String = "./.local-data/artifacts", fsync: Bool = true, threads: Int = 8) {
        self.directory = directory
        self.fsync = fsync
        self.threads = threads
    }
}
